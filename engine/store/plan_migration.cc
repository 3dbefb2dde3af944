#include "engine/store/plan_migration.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/identifier.h"
#include "engine/catalog/naming.h"
#include "engine/store/migration_planner.h"
#include "engine/store/order_renames.h"
#include "engine/store/render_ddl.h"
#include "engine/store/type_change.h"

namespace rowan::store {
namespace {

std::vector<std::string> AsList(const std::string& name) {
  return name.empty() ? std::vector<std::string>() : std::vector<std::string>{name};
}

// About how many locks the step takes: on tables, their indexes, TOAST tables and sequences.
int LocksOf(Phase phase, const SchemaStep& step) {
  const bool whole_table = phase == Phase::kTables || phase == Phase::kDropTables;
  return whole_table ? 5 + static_cast<int>(step.creates.size()) : 2;
}

}  // namespace

MigrationPlanner::MigrationPlanner(const MigrationRequest& request) : request_(request), renames_(request.renames) {
  Renames of_known = renames_;
  Renames of_registered = renames_;
  for (const auto& [name, table] : request.live.tables) {
    taken_.insert(name);
    for (const KeyImage& key : table.keys) taken_.insert({name.schema, key.name});
    for (const IndexImage& index : table.indexes) {
      if (index.valid) taken_.insert({name.schema, index.name});
    }
  }
  live_ = Renamed(request.live, renames_);
  known_ = Renamed(request.known, of_known);
  registered_ = Renamed(request.registered, of_registered);
}

absl::StatusOr<Migration> MigrationPlanner::Run() {
  PlanRenames();
  differences_ = CompareImages(live_, request_.wanted);
  PlanRemakes();
  Survey();
  for (const Difference& difference : differences_) {
    if (difference.kind != DifferenceKind::kName) Plan(difference);
  }
  RecreateForeignKeysOfRetyped();
  // What is made again has its name already.
  for (const Difference& difference : differences_) {
    if (difference.kind == DifferenceKind::kName) Plan(difference);
  }
  PlanNames();
  PlanDrops();
  PlanUnservedIndexes();
  CheckNames();
  CheckRenames();
  CheckAllowed();
  if (!refused_.empty()) return errors::ChangeRefused(refused_);
  return Arranged();
}

SchemaStep& MigrationPlanner::Add(Phase phase, Timing timing, std::string description, std::string sql,
                                  const std::string& path) {
  PlannedStep& planned = steps_.emplace_back(PlannedStep{{}, phase, timing, false});
  planned.step.description = std::move(description);
  planned.step.sql = std::move(sql);
  planned.step.path = path;
  return planned.step;
}

void MigrationPlanner::Refuse(std::string reason, const std::string& path, std::string message,
                              const std::string& what) {
  refused_.push_back({std::move(reason), path, std::move(message), {{"step", what}}});
}

std::string MigrationPlanner::Name(const ObjectName& table) const {
  const std::string name = Printable(table.name);
  return table.schema == request_.default_schema ? name : absl::StrCat(Printable(table.schema), ".", name);
}

std::string MigrationPlanner::Name(const ObjectName& table, const std::string& column) const {
  return absl::StrCat(Name(table), ".", Printable(column));
}

bool MigrationPlanner::IsOnline(const TableImage& live) const {
  if (live.kind != TableKind::kTable) return false;  // PostgreSQL cannot, for the parts of a partitioned table
  switch (request_.online) {
    case Online::kAuto:
      return live.bytes >= kOnlineBytes;
    case Online::kAlways:
      return live.bytes > 0;
    case Online::kNever:
      return false;
  }
  return false;
}

bool MigrationPlanner::IsStable(const TableImage& live, const std::vector<std::string>& columns) const {
  if (renamed_tables_.count(live.name) != 0) return false;
  return std::all_of(columns.begin(), columns.end(), [&](const std::string& name) {
    const ColumnName column{live.name, name};
    if (early_columns_.count(column) != 0) return true;
    return live.FindColumn(name) != nullptr && renamed_columns_.count(column) == 0 && retyped_.count(column) == 0;
  });
}

bool MigrationPlanner::IsDropped(const ObjectName& table, const std::string& column) const {
  return dropped_columns_.count({table, column}) != 0;
}

bool MigrationPlanner::Goes(const ObjectName& table) const {
  return dropped_tables_.count(table) != 0 && request_.leave_out.count(absl::StrCat("drop table ", Name(table))) == 0;
}

void MigrationPlanner::PlanRenames() {
  const auto add = [&](std::string description, std::string sql, const std::string& path) {
    SchemaStep& step = Add(Phase::kRenames, Timing::kLast, std::move(description), std::move(sql), path);
    step.lock = TableLock::kAccessExclusive;
    step.risk = StepRisk::kBreaking;
    step.explanation = "requests of the earlier version look for the earlier name";
  };
  std::vector<Rename> tables;
  for (const TableRename& rename : renames_.tables) {
    renamed_tables_.insert(rename.to);
    tables.push_back({{{rename.from.schema, ""}, rename.from.name}, {{rename.to.schema, ""}, rename.to.name}, tables.size()});
  }
  for (const Rename& rename : OrderRenames(std::move(tables))) {
    const std::string& path = renames_.tables[rename.which].path;
    ObjectName table{rename.from.first.schema, rename.from.second};
    const ObjectName to{rename.to.first.schema, rename.to.second};
    const auto move = [&] {
      if (table.schema == to.schema) return;
      add(absl::StrCat("move table ", Name(table), " to schema ", Printable(to.schema)), MoveTable(table, to.schema), path);
      table.schema = to.schema;
    };
    const bool in_the_way = request_.live.FindTable({to.schema, table.name}) != nullptr;
    if (!in_the_way) move();
    if (table.name != to.name) {
      add(absl::StrCat("rename table ", Name(table), " to ", Printable(to.name)), RenameTable(table, to.name), path);
      table.name = to.name;
    }
    move();
  }
  std::vector<Rename> columns;
  for (const ColumnRename& rename : renames_.columns) {
    renamed_columns_.insert({rename.table, rename.to});
    columns.push_back({{rename.table, rename.from}, {rename.table, rename.to}, columns.size()});
  }
  for (const Rename& rename : OrderRenames(std::move(columns))) {
    const auto& [table, from] = rename.from;
    add(absl::StrCat("rename column ", Name(table, from), " to ", Printable(rename.to.second)),
        RenameColumn(table, from, rename.to.second), renames_.columns[rename.which].path);
  }
}

// Finds out what changes before steps are planned that depend on it.
void MigrationPlanner::Survey() {
  for (const Difference& difference : differences_) {
    const ObjectName& table = difference.table;
    switch (difference.kind) {
      case DifferenceKind::kTableMissing:
        if (std::none_of(difference.wanted_table->keys.begin(), difference.wanted_table->keys.end(),
                         [&](const KeyImage& key) { return taken_.count({table.schema, key.name}) != 0; }) &&
            taken_.count(table) == 0) {
          early_tables_.insert(table);
        }
        break;
      case DifferenceKind::kColumnMissing: {
        const ColumnImage& column = *difference.wanted_column;
        const TableImage* before = request_.live.FindTable(table);
        // What a column is computed from may change, and all rows are written anyway.
        const bool computed = column.source == ColumnSource::kGenerated;
        const bool unnoticed = !computed && (column.nullable || column.source != ColumnSource::kNothing);
        if (unnoticed && renamed_tables_.count(table) == 0 && before->FindColumn(column.name) == nullptr) {
          early_columns_.insert({table, column.name});
        }
        new_columns_.emplace_back(difference.wanted_table, &column);
        break;
      }
      case DifferenceKind::kType: {
        const Scalar from = difference.live_column->type.scalar;
        const Scalar to = difference.wanted_column->type.scalar;
        const auto integer = [](Scalar scalar) {
          return scalar == Scalar::kInt16 || scalar == Scalar::kInt32 || scalar == Scalar::kInt64;
        };
        retyped_.emplace(ColumnName(table, difference.wanted_column->name), !integer(from) || !integer(to));
        break;
      }
      default:  // the rest depends on nothing
        break;
    }
  }
  for (const auto& [name, known] : known_.tables) {
    const TableImage* live = live_.FindTable(name);
    if (live == nullptr || known.read_only) continue;
    const TableImage* wanted = request_.wanted.FindTable(name);
    if (wanted == nullptr) {
      dropped_tables_.insert(name);
      continue;
    }
    for (const ColumnImage& column : known.columns) {
      if (wanted->FindColumn(column.name) == nullptr && live->FindColumn(column.name) != nullptr) {
        dropped_columns_.insert({name, column.name});
      }
    }
  }
}

void MigrationPlanner::PlanDrops() {
  const auto drop = [&](Phase phase, std::string description, std::string sql, const std::string& path) -> SchemaStep& {
    SchemaStep& step = Add(phase, Timing::kLast, std::move(description), std::move(sql), path);
    steps_.back().drop = true;
    step.lock = TableLock::kAccessExclusive;
    return step;
  };
  const auto rate = [](bool held, const char* loss, SchemaStep& step) {
    step.risk = held ? StepRisk::kLossy : StepRisk::kSafe;
    step.explanation = held ? loss : "left over from an apply that did not get to its end";
  };
  for (const auto& [name, known] : known_.tables) {
    const TableImage* live = live_.FindTable(name);
    if (live == nullptr || known.read_only) continue;
    if (dropped_tables_.count(name) == 0) {
      PlanPartDrops(known, *live, *request_.wanted.FindTable(name));
      for (const ColumnImage& column : known.columns) {
        if (!IsDropped(name, column.name)) continue;
        const TableImage* before = registered_.FindTable(name);
        const bool held = before != nullptr && before->FindColumn(column.name) != nullptr;
        // What is computed goes before what it is computed from.
        const bool computed = live->FindColumn(column.name)->source == ColumnSource::kGenerated;
        rate(held, "the values of the column are lost",
             drop(computed ? Phase::kDropComputed : Phase::kDropColumns, absl::StrCat("drop column ", Name(name, column.name)),
                  DropColumn(name, column.name), column.path));
      }
      continue;
    }
    // Tables that refer to each other go in any order once nothing binds them.
    for (const ForeignKeyImage& key : live->foreign_keys) {
      if (key.target != name && Goes(key.target)) DropForeignKeyStep(*live, key, known.path, "the table that it refers to is dropped");
    }
    rate(registered_.FindTable(name) != nullptr, "all rows of the table are lost",
         drop(Phase::kDropTables, absl::StrCat("drop table ", Name(name)), DropTable(*live), known.path));
  }
  for (const auto& [name, known] : known_.enums) {
    if (request_.wanted.enums.count(name) != 0 || live_.enums.count(name) == 0) continue;
    SchemaStep& step = drop(Phase::kDropTypes, absl::StrCat("drop type ", Name(name)), DropType(name), known.path);
    step.lock = TableLock::kNone;
  }
}

void MigrationPlanner::PlanPartDrops(const TableImage& known, const TableImage& live, const TableImage& wanted) {
  // What is over nothing but dropped columns goes with them.
  const auto goes_along = [&](const std::vector<std::string>& columns) {
    return !columns.empty() && std::all_of(columns.begin(), columns.end(),
                                           [&](const std::string& column) { return IsDropped(live.name, column); });
  };
  const auto is_key = [&](const std::vector<std::string>& columns) {
    return std::any_of(wanted.keys.begin(), wanted.keys.end(),
                       [&](const KeyImage& key) { return SameColumns(key.columns, columns); });
  };
  const auto drop = [&](Phase phase, const std::string& what, const std::string& name, const std::string& path) {
    freed_.insert({live.name.schema, name});
    SchemaStep& step = Add(phase, Timing::kLast, absl::StrCat("drop ", what, " ", Printable(name), " of ", Name(live.name)),
                           DropConstraint(live.name, name), path);
    steps_.back().drop = true;
    step.lock = TableLock::kAccessExclusive;
  };
  for (const KeyImage& key : known.keys) {
    const KeyImage* found = FindSame(live, key);
    if (key.primary || found == nullptr || is_key(key.columns) || goes_along(key.columns)) continue;
    drop(Phase::kDropKeys, "unique key", found->name, key.path);
  }
  for (const CheckImage& check : known.checks) {
    const auto of_name = [&](const TableImage& table) {
      const auto same = std::find_if(table.checks.begin(), table.checks.end(),
                                     [&](const CheckImage& other) { return other.name == check.name; });
      return same == table.checks.end() ? FindSame(table, check) : &*same;
    };
    const CheckImage* found = of_name(live);
    if (found == nullptr || of_name(wanted) != nullptr || goes_along(AsList(check.enum_column))) continue;
    if (FindSame(wanted, *found) != nullptr) continue;  // under another name, which it gets
    drop(Phase::kDropChecks, "check", found->name, check.path);
  }
  for (const ForeignKeyImage& key : known.foreign_keys) {
    const ForeignKeyImage* found = FindSame(live, key);
    if (found == nullptr || FindSame(wanted, key) != nullptr) continue;
    if (Goes(key.target)) {
      DropForeignKeyStep(live, *found, key.path, "the table that it refers to is dropped");
    } else if (!goes_along(key.columns)) {
      DropForeignKeyStep(live, *found, key.path, "");
    }
  }
  for (const IndexImage& index : known.indexes) {
    const auto named = std::find_if(live.indexes.begin(), live.indexes.end(),
                                    [&](const IndexImage& other) { return other.name == index.name; });
    if (named == live.indexes.end() || FindSame(wanted, *named) != nullptr || goes_along(index.columns)) continue;
    // What does a key's work is not made again as one.
    if (named->unique && named->predicate.empty() && is_key(index.columns)) continue;
    const bool replaced = std::any_of(wanted.indexes.begin(), wanted.indexes.end(),
                                      [&](const IndexImage& other) { return other.name == index.name; });
    if (!replaced) DropIndexStep(live, *named, index.path, false);
  }
  for (const CheckImage& check : live.checks) {
    // Left over from an apply that did not get to its end and that nobody wants any more.
    const bool proof = check.name.rfind(kNotNullPrefix, 0) == 0;
    if (proof && proofs_.count({live.name, check.name}) == 0) drop(Phase::kDropChecks, "check", check.name, wanted.path);
  }
}

// Refuses to take over what is not Rowan's. Names that the plan frees may be taken.
void MigrationPlanner::CheckNames() {
  std::set<ObjectName> taken;
  for (const auto& [name, table] : live_.tables) {
    if (dropped_tables_.count(name) != 0) continue;
    taken.insert(name);
    for (const KeyImage& key : table.keys) taken.insert({name.schema, key.name});
    for (const IndexImage& index : table.indexes) taken.insert({name.schema, index.name});
  }
  for (const auto& [name, type] : live_.enums) {
    if (replaced_types_.count(name) == 0) taken.insert(name);
  }
  for (const ObjectName& name : freed_) taken.erase(name);
  for (const PlannedStep& planned : steps_) {
    for (const ObjectName& name : planned.step.creates) {
      if (taken.count(name) == 0) continue;
      Refuse("TABLE_EXISTS", planned.step.path,
             absl::StrCat("\"", Printable(name.name),
                          "\" exists already and does not belong to this schema. Name another, remove it, or adopt the "
                          "tables that are there"),
             planned.step.description);
    }
  }
  // A table that is there, as wanted or not, and that no version of the schema had.
  for (const auto& [name, wanted] : request_.wanted.tables) {
    if (wanted.read_only || live_.FindTable(name) == nullptr || known_.FindTable(name) != nullptr) continue;
    Refuse("TABLE_EXISTS", wanted.path,
           absl::StrCat("\"", Name(name),
                        "\" exists already and does not belong to this schema. Name another, remove it, or adopt it"),
           absl::StrCat("create table ", Name(name)));
  }
  for (const auto& [name, wanted] : request_.wanted.enums) {
    if (live_.enums.count(name) == 0 || known_.enums.count(name) != 0) continue;
    Refuse("TABLE_EXISTS", wanted.path,
           absl::StrCat("\"", Name(name),
                        "\" exists already and does not belong to this schema. Name another type, remove it, or adopt it"),
           absl::StrCat("create type ", Name(name)));
  }
}

// Something that is gone and something like it that is new may be one thing under two names.
void MigrationPlanner::CheckRenames() {
  const auto decided = [&](const std::string& description) {
    return request_.allow_data_loss.count(description) != 0 || request_.leave_out.count(description) != 0;
  };
  const auto ask = [&](const std::string& description, const std::string& path, const std::string& former) {
    if (decided(description)) return;
    Refuse("AMBIGUOUS_RENAME", path,
           absl::StrCat("was it called ", former, "? Then say so with `renamed_from`; otherwise allow \"", description,
                        "\" by name"),
           description);
  };
  const auto last_part = [](const std::string& path) { return path.substr(path.rfind('.') + 1); };
  for (const auto& [table, added] : new_columns_) {
    const TableImage* known = known_.FindTable(table->name);
    if (known == nullptr || computed_.count({table->name, added->name}) != 0) continue;
    for (const ColumnImage& gone : known->columns) {
      if (!IsDropped(table->name, gone.name)) continue;
      const TypeChange change = TypeChangeOf(gone.type, added->type);
      if (change != TypeChange::kNone && change != TypeChange::kWidening) continue;
      ask(absl::StrCat("drop column ", Name(table->name, gone.name)), added->path, last_part(gone.path));
    }
  }
  for (const ObjectName& name : dropped_tables_) {
    const TableImage& gone = *known_.FindTable(name);
    for (const auto& [other, wanted] : request_.wanted.tables) {
      if (live_.FindTable(other) != nullptr || wanted.read_only || gone.junction != wanted.junction) continue;
      const auto common = std::count_if(gone.columns.begin(), gone.columns.end(), [&](const ColumnImage& column) {
        const ColumnImage* same = wanted.FindColumn(column.name);
        return same != nullptr && SqlType(same->type) == SqlType(column.type);
      });
      const bool alike = static_cast<size_t>(2 * common) > std::max(gone.columns.size(), wanted.columns.size());
      if (alike) ask(absl::StrCat("drop table ", Name(name)), wanted.path, last_part(gone.path));
    }
  }
}

void MigrationPlanner::CheckAllowed() {
  const auto find_unused = [&](const std::set<std::string>& names, bool drops) {
    for (const std::string& name : names) {
      const bool used = std::any_of(steps_.begin(), steps_.end(), [&](const PlannedStep& planned) {
        return planned.step.description == name && (planned.drop || !drops);
      });
      if (!used) unused_.push_back(name);
    }
  };
  find_unused(request_.allow_data_loss, false);
  find_unused(request_.leave_out, true);
  steps_.erase(std::remove_if(steps_.begin(), steps_.end(),
                              [&](const PlannedStep& planned) {
                                return planned.drop && request_.leave_out.count(planned.step.description) != 0;
                              }),
               steps_.end());
  for (const PlannedStep& planned : steps_) {
    const SchemaStep& step = planned.step;
    if (step.risk != StepRisk::kLossy || request_.allow_data_loss.count(step.description) != 0) continue;
    const bool asked = std::any_of(refused_.begin(), refused_.end(), [&](const errors::SchemaProblem& problem) {
      return problem.metadata.at("step") == step.description;
    });
    if (asked) continue;
    Refuse("DATA_LOSS", step.path,
           absl::StrCat("\"", step.description, "\" can lose data (", step.explanation, "): allow it by this name",
                        planned.drop ? ", or leave it out" : ""),
           step.description);
  }
}

// Moves what is on new tables to the front where the plan is too large for one transaction.
void MigrationPlanner::PartLarge() {
  int locks = 0;
  for (const PlannedStep& planned : steps_) locks += LocksOf(planned.phase, planned.step);
  if (locks <= request_.most_locks) return;
  for (PlannedStep& planned : steps_) {
    const bool free = std::none_of(planned.step.creates.begin(), planned.step.creates.end(),
                                   [&](const ObjectName& name) { return taken_.count(name) != 0; });
    if (free && early_tables_.count(planned.new_table) != 0 && planned.timing == Timing::kLast) planned.timing = Timing::kEarly;
  }
  parted_ = true;
}

Migration MigrationPlanner::Arranged() {
  Migration migration;
  migration.unused = std::move(unused_);
  PartLarge();
  const bool online = parted_ || std::any_of(steps_.begin(), steps_.end(),
                                  [](const PlannedStep& planned) { return planned.timing == Timing::kOnline; });
  if (!online) {
    for (PlannedStep& planned : steps_) {
      if (planned.timing == Timing::kEarly) planned.timing = Timing::kLast;
    }
  }
  std::stable_sort(steps_.begin(), steps_.end(), [](const PlannedStep& a, const PlannedStep& b) {
    return std::pair(a.timing, a.phase) < std::pair(b.timing, b.phase);
  });
  // Small parts, once there are several: each tells all sessions of the database what changed, and those that cannot keep up
  // have to find out everything anew, which their requests wait for.
  const int most_locks = parted_ ? std::max(request_.most_locks / 8, 1) : request_.most_locks;
  int stage = 0;
  int locks = 0;
  const PlannedStep* before = nullptr;
  for (PlannedStep& planned : steps_) {
    const int more = LocksOf(planned.phase, planned.step);
    const bool same = before != nullptr && before->timing == planned.timing && planned.timing != Timing::kOnline;
    if (!same || locks + more > most_locks) {
      ++stage;
      locks = 0;
    }
    locks += more;
    planned.step.stage = stage;
    before = &planned;
  }
  for (PlannedStep& planned : steps_) migration.steps.push_back(std::move(planned.step));
  return migration;
}

absl::StatusOr<Migration> PlanMigration(const MigrationRequest& request) {
  return MigrationPlanner(request).Run();
}

}  // namespace rowan::store
