// Differences of tables, columns and types -> steps.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/identifier.h"
#include "engine/catalog/naming.h"
#include "engine/store/migration_planner.h"
#include "engine/store/render_ddl.h"
#include "engine/store/type_change.h"

namespace rowan::store {
namespace {

// Whether the expression calls a function: a parenthesis right after a name.
bool Calls(const std::string& expression) {
  for (size_t at = expression.find('(', 1); at != std::string::npos; at = expression.find('(', at + 1)) {
    const char before = expression[at - 1];
    if (absl::ascii_isalnum(static_cast<unsigned char>(before)) || before == '_' || before == '"') return true;
  }
  return false;
}

// Whether rows that are there get a value each of their own, so that all are written.
bool WritesRows(const ColumnImage& column) {
  switch (column.source) {
    case ColumnSource::kNothing:
      return false;
    case ColumnSource::kExpression:
      // Literals and the time of the transaction are the same for all rows, and so is what calls nothing.
      return column.authored ? Calls(column.expression) : column.expression == "gen_random_uuid()";
    case ColumnSource::kIdentity:
    case ColumnSource::kGenerated:
      return true;
  }
  return true;
}

}  // namespace

void MigrationPlanner::Plan(const Difference& difference) {
  switch (difference.kind) {
    case DifferenceKind::kSchemaMissing:
      Add(Phase::kSchemas, Timing::kEarly, absl::StrCat("create schema ", Printable(difference.table.schema)),
          CreateSchema(difference.table.schema), difference.path);
      return;
    case DifferenceKind::kEnumMissing: {
      const EnumImage& type = *difference.wanted_enum;
      Add(Phase::kTypes, Timing::kEarly, absl::StrCat("create type ", Name(type.name)), CreateType(type), type.path)
          .creates = {type.name};
      return;
    }
    case DifferenceKind::kLabels:
      return PlanLabels(difference);
    case DifferenceKind::kTableMissing:
      return PlanTable(difference);
    case DifferenceKind::kTableKind:
      return Refuse("UNSUPPORTED_CHANGE", difference.path,
                    absl::StrCat("there is ", difference.found,
                                 " of this name in the database, and the model is to be a table. Mark the model "
                                 "`read_only`, or name another table"),
                    absl::StrCat("create table ", Name(difference.table)));
    case DifferenceKind::kColumnMissing:
      return PlanNewColumn(difference);
    case DifferenceKind::kColumnUnknown:
      return;  // either Rowan's, then it is among the drops, or somebody else's
    case DifferenceKind::kType:
      return PlanType(difference);
    case DifferenceKind::kNullability:
      return PlanNullability(difference);
    case DifferenceKind::kDefault:
      return PlanDefault(difference);
    case DifferenceKind::kKeyMissing:
      return PlanKey(difference);
    case DifferenceKind::kIndexMissing:
    case DifferenceKind::kIndexInvalid:
      return PlanIndex(difference);
    case DifferenceKind::kCheckMissing:
    case DifferenceKind::kCheckDiffers:
    case DifferenceKind::kCheckNotValidated:
      return PlanCheck(difference);
    case DifferenceKind::kForeignKeyMissing:
    case DifferenceKind::kForeignKeyNotValidated:
    case DifferenceKind::kAction:
      return PlanForeignKey(difference);
    case DifferenceKind::kName:
      return PlanName(difference);
  }
}

void MigrationPlanner::PlanTable(const Difference& difference) {
  const TableImage& table = *difference.wanted_table;
  if (table.read_only) {
    return Refuse("UNSUPPORTED_CHANGE", table.path,
                  absl::StrCat("the model is read-only, so its table is others' to make, and there is no ",
                               Name(table.name), " in the database"),
                  absl::StrCat("create table ", Name(table.name)));
  }
  SchemaStep& step = Add(Phase::kTables, EarlyIf(early_tables_.count(table.name) != 0),
                         absl::StrCat(table.junction ? "create junction " : "create table ", Name(table.name)),
                         CreateTable(table), table.path);
  step.creates = {table.name};
  for (const KeyImage& key : table.keys) step.creates.push_back({table.name.schema, key.name});
  step.authored = true;
  for (const ForeignKeyImage& key : table.foreign_keys) {
    AddForeignKeyStep(nullptr, table, key);
    if (HasKey(key)) steps_.back().new_table = table.name;
  }
  for (const IndexImage& index : table.indexes) {
    AddIndexStep(nullptr, table, index);
    steps_.back().new_table = table.name;
  }
}

void MigrationPlanner::PlanNewColumn(const Difference& difference) {
  const TableImage& live = *difference.live_table;
  const ColumnImage& column = *difference.wanted_column;
  if (difference.wanted_table->read_only) {
    return Refuse("UNSUPPORTED_CHANGE", column.path,
                  absl::StrCat("the model is read-only, so its table is others' to change, and it has no column ",
                               Printable(column.name)),
                  absl::StrCat("add column ", Name(live.name, column.name)));
  }
  SchemaStep& step =
      Add(column.source == ColumnSource::kGenerated ? Phase::kComputed : Phase::kColumns, EarlyIf(early_columns_.count({live.name, column.name}) != 0),
          absl::StrCat("add column ", Name(live.name, column.name)), AddColumn(live.name, column), column.path);
  step.lock = TableLock::kAccessExclusive;
  step.authored = column.source == ColumnSource::kExpression || column.source == ColumnSource::kGenerated;
  if (live.bytes == 0) return;
  if (!column.nullable && column.source == ColumnSource::kNothing) {
    step.risk = StepRisk::kMayFail;
    step.explanation = "rows that are there have no value for it: give a default, or make it optional";
  } else if (WritesRows(column)) {
    step.risk = StepRisk::kBlocking;
    step.explanation = "every row gets a value of its own, so all are written";
  } else {
    step.explanation = "rows that are there are not written";
  }
}

void MigrationPlanner::PlanType(const Difference& difference) {
  const TableImage& live = *difference.live_table;
  const ColumnImage& from = *difference.live_column;
  const ColumnImage& to = *difference.wanted_column;
  const std::string description = absl::StrCat("change type of ", Name(live.name, to.name));
  const TypeChange change = TypeChangeOf(from.type, to.type);
  if (change == TypeChange::kImpossible || difference.wanted_table->read_only) {
    return Refuse("UNSUPPORTED_CHANGE", to.path,
                  absl::StrCat("a value of ", SqlType(from.type), " cannot become one of ", SqlType(to.type),
                               ": add a field, copy what you need, and drop this one later"),
                  description);
  }
  const std::string conversion = ConversionOf(from.type, to.type, QuoteIdentifier(to.name));
  // A default of the former type is in the way of the new one.
  if (from.source == ColumnSource::kExpression) {
    Add(Phase::kDropDefaults, Timing::kLast, absl::StrCat("drop former default of ", Name(live.name, to.name)),
        DropSource(live.name, from), to.path)
        .lock = TableLock::kAccessExclusive;
    if (to.source == ColumnSource::kExpression) {
      SchemaStep& step = Add(Phase::kDefaults, Timing::kLast, absl::StrCat("set default of ", Name(live.name, to.name)),
                             SetSource(live.name, to), to.path);
      step.lock = TableLock::kAccessExclusive;
      step.authored = true;
    }
  }
  SchemaStep& step =
      Add(Phase::kAlterTypes, Timing::kLast, description, SetType(live.name, to, conversion), to.path);
  step.lock = TableLock::kAccessExclusive;
  step.risk = StepRisk::kBreaking;
  step.explanation = absl::StrCat("from ", SqlType(from.type), " to ", SqlType(to.type));
  if (change == TypeChange::kRewriting) absl::StrAppend(&step.explanation, "; all rows are written again meanwhile");
  if (change == TypeChange::kNarrowing) {
    step.risk = StepRisk::kLossy;
    absl::StrAppend(&step.explanation, ", which may not hold every value");
  }
  const bool whole = to.type.scalar == Scalar::kInt16 || to.type.scalar == Scalar::kInt32 || to.type.scalar == Scalar::kInt64;
  if (from.serial && whole && !from.sequence.empty()) {
    ColumnImage column = to;
    column.sequence = from.sequence;
    Add(Phase::kAlterTypes, Timing::kLast, absl::StrCat("change type of the sequence of ", Name(live.name, to.name)),
        SetSequenceType(column), to.path);
  }
}

void MigrationPlanner::PlanNullability(const Difference& difference) {
  const TableImage& live = *difference.live_table;
  const ColumnImage& column = *difference.wanted_column;
  const std::string name = Name(live.name, column.name);
  if (column.nullable) {
    Add(Phase::kNullability, Timing::kLast, absl::StrCat("let ", name, " be null"), DropNotNull(live.name, column.name),
        column.path)
        .lock = TableLock::kAccessExclusive;
    return;
  }
  const bool fill = column.source == ColumnSource::kExpression && live.bytes > 0;
  if (fill) {
    SchemaStep& step = Add(Phase::kFillNulls, Timing::kLast, absl::StrCat("fill nulls of ", name),
                           FillNulls(live.name, column), column.path);
    step.lock = TableLock::kNone;
    step.risk = StepRisk::kBlocking;
    step.explanation = "rows without a value get the default";
  }
  // What fills nulls runs last, so there is nothing to prove before.
  const bool online = !fill && IsOnline(live) && IsStable(live, {column.name});
  if (online) ProveNotNull(live, column);
  SchemaStep& step = Add(Phase::kNullability, Timing::kLast, absl::StrCat("require ", name),
                         SetNotNull(live.name, column.name), column.path);
  step.lock = TableLock::kAccessExclusive;
  if (live.bytes == 0) return;
  step.risk = online ? StepRisk::kSafe : StepRisk::kBlocking;
  step.explanation = online ? "a validated check tells that no row is null" : "all rows are read meanwhile";
  if (!fill && column.source != ColumnSource::kIdentity) {
    step.risk = StepRisk::kLossy;
    step.explanation = "rows may have no value, and no default says what they get instead";
  }
}

void MigrationPlanner::PlanDefault(const Difference& difference) {
  const TableImage& live = *difference.live_table;
  const ColumnImage& from = *difference.live_column;
  const ColumnImage& to = *difference.wanted_column;
  const std::string name = Name(live.name, to.name);
  const auto add = [&](Phase phase, const std::string& description, std::string sql) -> SchemaStep& {
    SchemaStep& step = Add(phase, Timing::kLast, absl::StrCat(description, name), std::move(sql), to.path);
    step.lock = TableLock::kAccessExclusive;
    return step;
  };
  const bool both_expressions = from.source == ColumnSource::kExpression && to.source == ColumnSource::kExpression;
  if (from.source == ColumnSource::kGenerated) {
    add(Phase::kDropComputed, "keep what was computed of ", DropGenerated(live.name, to.name));
  } else if (from.source != ColumnSource::kNothing && !both_expressions &&
             !(from.source == ColumnSource::kExpression && retyped_.count({live.name, to.name}) != 0)) {
    add(Phase::kDropDefaults, from.source == ColumnSource::kIdentity ? "drop identity of " : "drop default of ",
        DropSource(live.name, from));
  }
  if (to.source == ColumnSource::kExpression) {
    // A change of the type sets it already.
    if (from.source == ColumnSource::kExpression && retyped_.count({live.name, to.name}) != 0) return;
    add(Phase::kDefaults, "set default of ", SetSource(live.name, to)).authored = true;
  } else if (to.source == ColumnSource::kIdentity) {
    add(Phase::kIdentities, "set identity of ", SetSource(live.name, to));
    SchemaStep& step =
        Add(Phase::kIdentities, Timing::kLast, absl::StrCat("advance identity of ", name), AdvanceIdentity(live.name, to.name), to.path);
    step.explanation = "new numbers come after those that are there";
  }
}

bool MigrationPlanner::KeepsLabels(const EnumImage& live, const EnumImage& wanted) {
  std::vector<std::string> kept;
  for (const std::string& label : wanted.labels) {
    if (std::find(live.labels.begin(), live.labels.end(), label) != live.labels.end()) kept.push_back(label);
  }
  return kept == live.labels;
}

void MigrationPlanner::PlanLabels(const Difference& difference) {
  const EnumImage& live = *difference.live_enum;
  const EnumImage& wanted = *difference.wanted_enum;
  if (!KeepsLabels(live, wanted)) return ReplaceType(live, wanted);
  // PostgreSQL lets no transaction use a label that it added itself.
  std::vector<std::string> added;
  for (const std::string& label : wanted.labels) {
    if (std::find(live.labels.begin(), live.labels.end(), label) == live.labels.end()) added.push_back(label);
  }
  const bool used = UsesLabels(wanted.name, added);
  for (size_t i = 0; i < wanted.labels.size(); ++i) {
    const std::string& label = wanted.labels[i];
    if (std::find(added.begin(), added.end(), label) == added.end()) continue;
    // Those before it are there by now; a first one goes before the first that was there.
    const bool before = i == 0 && !live.labels.empty();
    const std::string neighbour = i > 0 ? wanted.labels[i - 1] : before ? live.labels.front() : "";
    SchemaStep& step = Add(Phase::kTypes, used ? Timing::kLabels : Timing::kEarly,
                           absl::StrCat("add label ", Printable(label), " to ", Name(wanted.name)),
                           AddLabel(wanted.name, label, before, neighbour), wanted.path);
    if (used) step.explanation = "a later step uses it, which PostgreSQL allows in another transaction only";
  }
}

bool MigrationPlanner::UsesLabels(const ObjectName& type, const std::vector<std::string>& labels) const {
  const auto of_type = [&](const ColumnImage& column) {
    return column.type.native_schema == type.schema && column.type.native_name == type.name;
  };
  const auto holds = [&](const std::string& expression) {
    return std::any_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return expression.find(QuoteLiteral(label)) != std::string::npos;
    });
  };
  // Values of another type that are converted may become any of them.
  const bool converted = std::any_of(differences_.begin(), differences_.end(), [&](const Difference& difference) {
    return difference.kind == DifferenceKind::kType && of_type(*difference.wanted_column);
  });
  return converted || std::any_of(request_.wanted.tables.begin(), request_.wanted.tables.end(), [&](const auto& named) {
           const TableImage& table = named.second;
           return std::any_of(table.columns.begin(), table.columns.end(), [&](const ColumnImage& column) {
                    // Which labels a literal of an array has is not looked at.
                    return holds(column.expression) || (of_type(column) && column.type.array && !column.expression.empty());
                  }) ||
                  std::any_of(table.checks.begin(), table.checks.end(), [&](const CheckImage& check) { return holds(check.expression); }) ||
                  std::any_of(table.indexes.begin(), table.indexes.end(), [&](const IndexImage& index) { return holds(index.predicate); });
         });
}

// Labels cannot be taken away or change places: the type is made anew, and all columns of it take the new one.
void MigrationPlanner::ReplaceType(const EnumImage& live, const EnumImage& wanted) {
  const ObjectName former{wanted.name.schema, Shortened(wanted.name.name + "_former")};
  std::vector<std::string> gone;
  for (const std::string& label : live.labels) {
    if (std::find(wanted.labels.begin(), wanted.labels.end(), label) == wanted.labels.end()) gone.push_back(label);
  }
  replaced_types_.insert(wanted.name);
  SchemaStep& step = Add(Phase::kTypes, Timing::kLast, absl::StrCat("change labels of ", Name(wanted.name)),
                         RenameType(wanted.name, former.name), wanted.path);
  step.risk = gone.empty() ? StepRisk::kBreaking : StepRisk::kLossy;
  step.explanation = gone.empty() ? "the labels change places"
                                  : absl::StrCat("rows with ", absl::StrJoin(gone, ", "), " do not fit any more");
  Add(Phase::kTypes, Timing::kLast, absl::StrCat("create type ", Name(wanted.name)), CreateType(wanted), wanted.path);
  for (const auto& [name, table] : live_.tables) {
    if (table.kind == TableKind::kView || table.kind == TableKind::kMaterializedView || dropped_tables_.count(name) != 0) continue;
    for (const ColumnImage& column : table.columns) {
      const Type& type = column.type;
      if (type.native_name != wanted.name.name || type.native_schema != wanted.name.schema || IsDropped(name, column.name)) continue;
      const TableImage* wanted_table = request_.wanted.FindTable(name);
      const ColumnImage* after = wanted_table == nullptr ? nullptr : wanted_table->FindColumn(column.name);
      // A column of another type from now on is converted by its own step.
      if (after != nullptr && SqlType(after->type) != SqlType(type)) continue;
      if (column.source == ColumnSource::kExpression) {
        Add(Phase::kDropDefaults, Timing::kLast, absl::StrCat("drop former default of ", Name(name, column.name)),
            DropSource(name, column), wanted.path)
            .lock = TableLock::kAccessExclusive;
        const ColumnImage& source = after == nullptr ? column : *after;
        if (source.source == ColumnSource::kExpression) {
          Add(Phase::kDefaults, Timing::kLast, absl::StrCat("set default of ", Name(name, column.name)),
              SetSource(name, source), wanted.path)
              .lock = TableLock::kAccessExclusive;
        }
      }
      retyped_.emplace(ColumnName(name, column.name), true);
      const std::string text = QuoteIdentifier(column.name) + (type.array ? "::text[]::" : "::text::") + SqlType(type);
      SchemaStep& change = Add(Phase::kAlterTypes, Timing::kLast, absl::StrCat("change type of ", Name(name, column.name)),
                               SetType(name, column, text), wanted.path);
      change.lock = TableLock::kAccessExclusive;
      change.risk = StepRisk::kBreaking;
      change.explanation = "all rows are written again meanwhile";
    }
  }
  Add(Phase::kDropTypes, Timing::kLast, absl::StrCat("drop type ", Name(former)), DropType(former), wanted.path);
}

}  // namespace rowan::store
