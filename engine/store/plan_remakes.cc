// What has to be dropped and made again so that something else can change: computed columns, and checks and partial indexes
// over columns that are not what they were.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/identifier.h"
#include "engine/catalog/naming.h"
#include "engine/store/migration_planner.h"
#include "engine/store/render_ddl.h"

namespace rowan::store {
namespace {

// Whether the expression may be over the column. It is where it is not; then it is made again for nothing.
bool Mentions(const std::string& expression, const std::string& column) {
  return expression.find(column) != std::string::npos;
}

bool Holds(const std::vector<std::string>& columns, const std::string& column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

}  // namespace

void MigrationPlanner::PlanRemakes() {
  std::set<ColumnName> replaced;  // of another type, which has operators of its own
  std::set<ColumnName> changed;
  std::set<ColumnName> computed;  // otherwise than before
  for (const Difference& difference : differences_) {
    if (difference.kind == DifferenceKind::kLabels && !KeepsLabels(*difference.live_enum, *difference.wanted_enum)) {
      for (const auto& [name, table] : live_.tables) {
        for (const ColumnImage& column : table.columns) {
          const ObjectName type{column.type.native_schema, column.type.native_name};
          if (type == difference.wanted_enum->name) replaced.insert({name, column.name});
        }
      }
    } else if (difference.kind == DifferenceKind::kType) {
      const ColumnName column{difference.table, difference.wanted_column->name};
      changed.insert(column);
      const bool own = !difference.live_column->type.native_name.empty() || !difference.wanted_column->type.native_name.empty();
      if (own && !difference.wanted_table->read_only) replaced.insert(column);
    } else if (difference.kind == DifferenceKind::kDefault && difference.wanted_column->source == ColumnSource::kGenerated) {
      computed.insert({difference.table, difference.wanted_column->name});
    }
  }
  changed.insert(replaced.begin(), replaced.end());
  for (const auto& [table, column] : changed) {
    const TableImage* live = live_.FindTable(table);
    const TableImage* wanted = request_.wanted.FindTable(table);
    if (wanted == nullptr || wanted->read_only) continue;
    for (const ColumnImage& other : wanted->columns) {
      const bool over = other.name == column || Mentions(other.expression, column);
      if (other.source == ColumnSource::kGenerated && over && live->FindColumn(other.name) != nullptr) computed.insert({table, other.name});
    }
  }
  for (const auto& [table, column] : replaced) RemakeExpressions(table, column);
  for (const auto& [table, column] : computed) {
    RemakeExpressions(table, column);
    RemakeColumn(table, column);
  }
  if (!replaced.empty() || !computed.empty()) differences_ = CompareImages(live_, request_.wanted);
}

void MigrationPlanner::RemakeExpressions(const ObjectName& name, const std::string& column) {
  const TableImage* wanted = request_.wanted.FindTable(name);
  if (wanted == nullptr) return;
  TableImage& live = live_.tables.at(name);
  live.checks.erase(std::remove_if(live.checks.begin(), live.checks.end(),
                                   [&](const CheckImage& check) {
                                     const CheckImage* same = FindSame(*wanted, check);
                                     if (same == nullptr || !Mentions(check.expression, column)) return false;
                                     remade_.insert({name, same->name});
                                     Add(Phase::kDropChecks, Timing::kLast,
                                         absl::StrCat("drop check ", Printable(check.name), " of ", Name(name)),
                                         DropConstraint(name, check.name), same->path)
                                         .lock = TableLock::kAccessExclusive;
                                     return true;
                                   }),
                    live.checks.end());
  live.indexes.erase(std::remove_if(live.indexes.begin(), live.indexes.end(),
                                    [&](const IndexImage& index) {
                                      const IndexImage* same = FindSame(*wanted, index);
                                      if (same == nullptr || !Mentions(index.predicate, column)) return false;
                                      DropIndexStep(live, index, same->path, true);
                                      return true;
                                    }),
                     live.indexes.end());
}

void MigrationPlanner::RemakeColumn(const ObjectName& name, const std::string& column) {
  RecreateForeignKeys(
      [&](const TableImage&, const ForeignKeyImage& key) { return key.target == name && Holds(key.references, column); },
      "a column that it refers to is computed anew");
  TableImage& live = live_.tables.at(name);
  const ColumnImage& wanted = *request_.wanted.FindTable(name)->FindColumn(column);
  const bool lossy = live.FindColumn(column)->source != ColumnSource::kGenerated;
  SchemaStep& step = Add(Phase::kDropComputed, Timing::kLast, absl::StrCat("drop column ", Name(name, column)),
                         DropColumn(name, column), wanted.path);
  step.lock = TableLock::kAccessExclusive;
  step.risk = lossy ? StepRisk::kLossy : StepRisk::kBreaking;
  step.explanation = lossy ? "the column is computed from now on" : "the column is computed anew";
  // PostgreSQL drops with the column what is over it.
  const auto forget = [&](auto& parts) {
    parts.erase(std::remove_if(parts.begin(), parts.end(), [&](const auto& part) { return Holds(part.columns, column); }),
                parts.end());
  };
  forget(live.keys);
  forget(live.indexes);
  forget(live.foreign_keys);
  live.columns.erase(std::remove_if(live.columns.begin(), live.columns.end(),
                                    [&](const ColumnImage& other) { return other.name == column; }),
                     live.columns.end());
  computed_.insert({name, column});
}

}  // namespace rowan::store
