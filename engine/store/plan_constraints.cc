// Differences of keys, checks, foreign keys, indexes and names -> steps.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/identifier.h"
#include "engine/catalog/naming.h"
#include "engine/store/migration_planner.h"
#include "engine/store/render_ddl.h"

namespace rowan::store {
namespace {

// Rows that are there may not allow a new constraint; without any it takes but a moment.
void RateConstraint(const TableImage& live, std::string explanation, SchemaStep& step) {
  if (live.bytes == 0) return;
  step.risk = StepRisk::kMayFail;
  step.explanation = std::move(explanation);
}

}  // namespace

void MigrationPlanner::PlanKey(const Difference& difference) {
  const TableImage& live = *difference.live_table;
  const KeyImage& key = *difference.wanted_key;
  const std::string what = absl::StrCat(key.primary ? "primary key " : "unique key ", Printable(key.name));
  if (difference.live_key != nullptr) {
    const KeyImage& former = *difference.live_key;
    RecreateForeignKeys(
        [&](const TableImage&, const ForeignKeyImage& foreign_key) {
          return foreign_key.target == live.name && SameColumns(foreign_key.references, former.columns);
        },
        "the key that it refers to is replaced");
    SchemaStep& step = Add(Phase::kDropKeys, Timing::kLast,
                           absl::StrCat("drop primary key ", Printable(former.name), " of ", Name(live.name)),
                           DropConstraint(live.name, former.name), key.path);
    step.lock = TableLock::kAccessExclusive;
    step.risk = StepRisk::kBreaking;
    step.explanation = "another key takes its place";
    freed_.insert({live.name.schema, former.name});
  }
  // What an earlier attempt left of the index goes on from there, or is built again.
  const auto left = std::find_if(live.indexes.begin(), live.indexes.end(),
                                 [&](const IndexImage& index) { return index.name == key.name; });
  const bool built = left != live.indexes.end() && left->valid && left->plain && left->unique &&
                     left->predicate.empty() && left->columns == key.columns;
  if (left != live.indexes.end() && !built) DropIndexStep(live, *left, key.path, true);
  const bool taken = taken_.count({live.name.schema, key.name}) != 0;
  const bool online = IsOnline(live) && !taken && IsStable(live, key.columns);
  if (!built && !online) {
    SchemaStep& step = Add(Phase::kKeys, Timing::kLast, absl::StrCat("add ", what, " to ", Name(live.name)),
                           AddKey(live.name, key), key.path);
    step.lock = TableLock::kAccessExclusive;
    step.creates = {{live.name.schema, key.name}};
    if (live.bytes > 0) {
      step.risk = StepRisk::kBlocking;
      step.explanation = "all rows are read to build its index; it fails if two have the same values";
    }
    return;
  }
  if (!built) {
    IndexImage index;
    index.name = key.name;
    index.columns = key.columns;
    index.unique = true;
    SchemaStep& step = Add(Phase::kIndexes, Timing::kOnline,
                           absl::StrCat("create unique index ", Printable(key.name), " on ", Name(live.name)),
                           CreateIndex(live.name, index, true), key.path);
    step.lock = TableLock::kShareUpdateExclusive;
    step.risk = StepRisk::kMayFail;
    step.explanation = "built while reads and writes go on; it fails if two rows have the same values";
    step.alone = true;
    step.creates = {{live.name.schema, key.name}};
  }
  SchemaStep& step = Add(Phase::kKeys, Timing::kLast, absl::StrCat("add ", what, " to ", Name(live.name)),
                         AddKeyUsing(live.name, key, key.name), key.path);
  step.lock = TableLock::kAccessExclusive;
  step.explanation = "takes over the index that is there";
}

void MigrationPlanner::ProveNotNull(const TableImage& live, const ColumnImage& column) {
  CheckImage proof;
  proof.name = Shortened(absl::StrCat(kNotNullPrefix, column.name));
  proof.expression = QuoteIdentifier(column.name) + " IS NOT NULL";
  const auto left = std::find_if(live.checks.begin(), live.checks.end(),
                                 [&](const CheckImage& check) { return check.name == proof.name; });
  proofs_.insert({live.name, proof.name});
  const std::string name = Name(live.name, column.name);
  if (left == live.checks.end()) {
    SchemaStep& step = Add(Phase::kChecks, Timing::kEarly, absl::StrCat("check new rows for ", name),
                           AddCheck(live.name, proof, false), column.path);
    step.lock = TableLock::kAccessExclusive;
    step.risk = StepRisk::kBreaking;
    step.explanation = "from now on writes have to give a value";
  }
  if (left == live.checks.end() || !left->validated) {
    SchemaStep& step = Add(Phase::kChecks, Timing::kOnline, absl::StrCat("check all rows for ", name),
                           ValidateConstraint(live.name, proof.name), column.path);
    step.lock = TableLock::kShareUpdateExclusive;
    step.risk = StepRisk::kMayFail;
    step.explanation = "rows are read while reads and writes go on; it fails if one has no value";
  }
  Add(Phase::kIdentities, Timing::kLast, absl::StrCat("drop the check for ", name), DropConstraint(live.name, proof.name),
      column.path)
      .lock = TableLock::kAccessExclusive;
}

void MigrationPlanner::PlanCheck(const Difference& difference) {
  const TableImage& live = *difference.live_table;
  const CheckImage& check = *difference.wanted_check;
  if (difference.kind == DifferenceKind::kCheckNotValidated) {
    SchemaStep& step = Add(Phase::kChecks, Timing::kOnline,
                           absl::StrCat("validate check ", Printable(difference.live_check->name), " of ", Name(live.name)),
                           ValidateConstraint(live.name, difference.live_check->name), check.path);
    step.lock = TableLock::kShareUpdateExclusive;
    step.risk = StepRisk::kMayFail;
    step.explanation = "rows are read while reads and writes go on; it fails if one does not pass";
    return;
  }
  if (difference.kind == DifferenceKind::kCheckDiffers) {
    const std::string& former = difference.live_check->name;
    Add(Phase::kDropChecks, EarlyIf(IsCheckedOnline(live, check)), absl::StrCat("drop check ", Printable(former), " of ", Name(live.name)),
        DropConstraint(live.name, former), check.path)
        .lock = TableLock::kAccessExclusive;
  }
  AddCheckStep(live, check);
}

bool MigrationPlanner::IsCheckedOnline(const TableImage& live, const CheckImage& check) const {
  // Which columns a check is over is in its expression only, so all of the table's have to stay as they are.
  std::vector<std::string> columns;
  const TableImage& wanted = *request_.wanted.FindTable(live.name);
  for (const ColumnImage& column : wanted.columns) columns.push_back(column.name);
  return IsOnline(live) && remade_.count({live.name, check.name}) == 0 && IsStable(live, columns);
}

void MigrationPlanner::AddCheckStep(const TableImage& live, const CheckImage& check) {
  const std::string what = absl::StrCat("check ", Printable(check.name));
  const bool online = IsCheckedOnline(live, check);
  SchemaStep& step = Add(Phase::kChecks, EarlyIf(online), absl::StrCat("add ", what, " to ", Name(live.name)),
                         AddCheck(live.name, check, !online), check.path);
  step.lock = TableLock::kAccessExclusive;
  step.authored = check.enum_column.empty();
  if (!online) return RateConstraint(live, "all rows are read meanwhile; it fails if one does not pass", step);
  step.explanation = "rows that are there are not looked at yet";
  SchemaStep& validate = Add(Phase::kChecks, Timing::kOnline, absl::StrCat("validate ", what, " of ", Name(live.name)),
                             ValidateConstraint(live.name, check.name), check.path);
  validate.lock = TableLock::kShareUpdateExclusive;
  validate.risk = StepRisk::kMayFail;
  validate.explanation = "rows are read while reads and writes go on; it fails if one does not pass";
}

void MigrationPlanner::PlanForeignKey(const Difference& difference) {
  const TableImage& live = *difference.live_table;
  const ForeignKeyImage& key = *difference.wanted_foreign_key;
  const ForeignKeyImage* former = difference.live_foreign_key;
  if (difference.kind == DifferenceKind::kForeignKeyNotValidated) {
    SchemaStep& step = Add(Phase::kForeignKeys, Timing::kOnline,
                           absl::StrCat("validate foreign key ", Printable(former->name), " of ", Name(live.name)),
                           ValidateConstraint(live.name, former->name), key.path);
    step.lock = TableLock::kShareUpdateExclusive;
    step.risk = StepRisk::kMayFail;
    step.explanation = "rows are read while reads and writes go on; it fails if one refers to nothing";
    return;
  }
  if (former != nullptr) {
    DropForeignKeyStep(live, *former, key.path, difference.kind == DifferenceKind::kAction ? "its actions change" : "another one has its name");
  }
  AddForeignKeyStep(&live, *difference.wanted_table, key);
}

bool MigrationPlanner::HasKey(const ForeignKeyImage& key) const {
  if (early_tables_.count(key.target) != 0) return true;
  const TableImage* target = request_.live.FindTable(key.target);
  return target != nullptr && renamed_tables_.count(key.target) == 0 && IsStable(*target, key.references) &&
         std::any_of(target->keys.begin(), target->keys.end(),
                     [&](const KeyImage& other) { return SameColumns(other.columns, key.references); });
}

void MigrationPlanner::AddForeignKeyStep(const TableImage* live, const TableImage& wanted, const ForeignKeyImage& key) {
  if (!added_foreign_keys_.insert({wanted.name, key.name}).second) return;
  const std::string what = absl::StrCat("foreign key ", Printable(key.name));
  const std::string description = absl::StrCat("add ", what, " to ", Name(wanted.name));
  const TableImage* target = live_.FindTable(key.target);
  bool online = live != nullptr && IsOnline(*live) && IsStable(*live, key.columns) &&
                dropped_foreign_keys_.count({live->name, key.name}) == 0;
  if (online && target != nullptr) {
    const bool keyed = std::any_of(target->keys.begin(), target->keys.end(), [&](const KeyImage& other) {
      return SameColumns(other.columns, key.references);
    });
    online = keyed && target->kind == TableKind::kTable && IsStable(*target, key.references);
  } else if (online) {
    online = early_tables_.count(key.target) != 0;
  }
  SchemaStep& step = Add(Phase::kForeignKeys, EarlyIf(online), description, AddForeignKey(wanted.name, key, !online), key.path);
  step.lock = live == nullptr && target == nullptr ? TableLock::kNone : TableLock::kShareRowExclusive;
  if (live == nullptr) return;
  if (!online) return RateConstraint(*live, "all rows are read while writes wait; it fails if one refers to nothing", step);
  step.explanation = "rows that are there are not looked at yet";
  SchemaStep& validate = Add(Phase::kForeignKeys, Timing::kOnline, absl::StrCat("validate ", what, " of ", Name(wanted.name)),
                             ValidateConstraint(wanted.name, key.name), key.path);
  validate.lock = TableLock::kShareUpdateExclusive;
  validate.risk = StepRisk::kMayFail;
  validate.explanation = "rows are read while reads and writes go on; it fails if one refers to nothing";
}

void MigrationPlanner::DropForeignKeyStep(const TableImage& live, const ForeignKeyImage& key, const std::string& path,
                                          const std::string& why) {
  if (!dropped_foreign_keys_.insert({live.name, key.name}).second) return;
  SchemaStep& step = Add(Phase::kDropForeignKeys, Timing::kLast,
                         absl::StrCat("drop foreign key ", Printable(key.name), " of ", Name(live.name)),
                         DropConstraint(live.name, key.name), path);
  steps_.back().drop = why.empty();
  step.lock = TableLock::kAccessExclusive;
  step.explanation = why;
}

void MigrationPlanner::RecreateForeignKeys(const Touches& touched, const std::string& why) {
  for (const auto& [name, live] : live_.tables) {
    const TableImage* wanted = request_.wanted.FindTable(name);
    if (wanted == nullptr) continue;
    for (const ForeignKeyImage& key : live.foreign_keys) {
      if (!touched(live, key) || dropped_foreign_keys_.count({name, key.name}) != 0) continue;
      const ForeignKeyImage* again = FindSame(*wanted, key);
      if (again == nullptr) continue;  // it is among the drops
      DropForeignKeyStep(live, key, again->path, why);
      AddForeignKeyStep(&live, *wanted, *again);
    }
  }
}

void MigrationPlanner::RecreateForeignKeysOfRetyped() {
  const auto any = [&](const ObjectName& table, const std::vector<std::string>& columns) {
    return std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
      const auto found = retyped_.find({table, column});
      return found != retyped_.end() && found->second;
    });
  };
  RecreateForeignKeys(
      [&](const TableImage& table, const ForeignKeyImage& key) {
        return any(table.name, key.columns) || any(key.target, key.references);
      },
      "the type of its columns changes");
}

void MigrationPlanner::PlanIndex(const Difference& difference) {
  const TableImage& live = *difference.live_table;
  const IndexImage* former = difference.live_index;
  if (former != nullptr) {
    const TableImage* known = known_.FindTable(live.name);
    const bool ours = !former->valid || (known != nullptr && std::any_of(known->indexes.begin(), known->indexes.end(), [&](const IndexImage& index) {
                                           return index.name == former->name;
                                         }));
    if (!ours) {
      return Refuse("TABLE_EXISTS", difference.path,
                    absl::StrCat("there is another index \"", Printable(former->name), "\" in the database: give this one another name"),
                    absl::StrCat("create index ", Printable(former->name), " on ", Name(live.name)));
    }
    DropIndexStep(live, *former, difference.path, true);
  }
  AddIndexStep(&live, *difference.wanted_table, *difference.wanted_index);
}

void MigrationPlanner::PlanUnservedIndexes() {
  for (const auto& [name, wanted] : request_.wanted.tables) {
    const TableImage* live = live_.FindTable(name);
    if (live == nullptr || wanted.read_only) continue;
    const TableImage* known = known_.FindTable(name);
    const auto loses_column = [&](const std::vector<std::string>& columns) {
      return std::any_of(columns.begin(), columns.end(), [&](const std::string& column) { return IsDropped(name, column); });
    };
    TableImage left = *live;
    std::erase_if(left.keys, [&](const KeyImage& key) {
      const bool ours = key.primary || (known != nullptr && FindSame(*known, key) != nullptr);
      return loses_column(key.columns) || (ours && FindSame(wanted, key) == nullptr);
    });
    std::erase_if(left.indexes, [&](const IndexImage& index) {
      return loses_column(index.columns) || dropped_indexes_.count({name.schema, index.name}) != 0;
    });
    for (const IndexImage& index : wanted.indexes) {
      if (!IsServed(*live, index) || IsServed(left, index)) continue;
      const auto namesake = std::find_if(live->indexes.begin(), live->indexes.end(),
                                         [&](const IndexImage& other) { return other.name == index.name; });
      if (namesake != live->indexes.end()) DropIndexStep(*live, *namesake, index.path, true);
      AddIndexStep(live, wanted, index);
    }
  }
}

void MigrationPlanner::AddIndexStep(const TableImage* live, const TableImage& wanted, const IndexImage& index) {
  // Which columns a predicate is over is in its expression only.
  std::vector<std::string> columns = index.columns;
  if (!index.predicate.empty()) {
    for (const ColumnImage& column : wanted.columns) columns.push_back(column.name);
  }
  const bool taken = taken_.count({wanted.name.schema, index.name}) != 0;
  const bool online = live != nullptr && IsOnline(*live) && !taken && IsStable(*live, columns);
  SchemaStep& step = Add(Phase::kIndexes, online ? Timing::kOnline : Timing::kLast,
                         absl::StrCat("create ", index.unique ? "unique " : "", "index ", Printable(index.name), " on ", Name(wanted.name)),
                         CreateIndex(wanted.name, index, online), index.path);
  step.alone = online;
  step.creates = {{wanted.name.schema, index.name}};
  step.authored = !index.predicate.empty();
  if (live == nullptr) return;
  step.lock = online ? TableLock::kShareUpdateExclusive : TableLock::kShare;
  if (live->bytes == 0) return;
  step.risk = online ? (index.unique ? StepRisk::kMayFail : StepRisk::kSafe) : StepRisk::kBlocking;
  step.explanation = online ? "built while reads and writes go on" : "writes wait until it is built";
  if (index.unique) absl::StrAppend(&step.explanation, "; it fails if two rows have the same values");
}

void MigrationPlanner::DropIndexStep(const TableImage& live, const IndexImage& index, const std::string& path, bool in_the_way) {
  if (!dropped_indexes_.insert({live.name.schema, index.name}).second) return;
  const bool online = IsOnline(live) && !index.valid;
  freed_.insert({live.name.schema, index.name});
  SchemaStep& step = Add(Phase::kDropIndexes, online ? Timing::kOnline : Timing::kLast,
                         absl::StrCat("drop index ", Printable(index.name), " of ", Name(live.name)),
                         DropIndex({live.name.schema, index.name}, online), path);
  steps_.back().drop = index.valid && !in_the_way;
  step.alone = online;
  step.lock = online ? TableLock::kShareUpdateExclusive : TableLock::kAccessExclusive;
  if (!index.valid) step.explanation = "left over from a build that failed";
}

void MigrationPlanner::PlanName(const Difference& difference) {
  const TableImage& live = *difference.live_table;
  // Keys and indexes are relations, of which a PostgreSQL schema has one of a name. Other constraints are their table's.
  const auto add = [&](const char* what, const ObjectName& space, const std::string& from, const std::string& to) {
    names_.push_back({what, live.name, difference.path, {{space, from}, {space, to}, names_.size()}});
    freed_.insert({live.name.schema, from});
  };
  const ObjectName schema{live.name.schema, ""};
  if (difference.wanted_key != nullptr) {
    add("key", schema, difference.live_key->name, difference.wanted_key->name);
  } else if (difference.wanted_check != nullptr) {
    add("check", live.name, difference.live_check->name, difference.wanted_check->name);
  } else if (difference.wanted_foreign_key != nullptr) {
    if (dropped_foreign_keys_.count({live.name, difference.live_foreign_key->name}) != 0) return;
    add("foreign key", live.name, difference.live_foreign_key->name, difference.wanted_foreign_key->name);
  } else {
    add("index", schema, difference.live_index->name, difference.wanted_index->name);
  }
}

void MigrationPlanner::PlanNames() {
  std::vector<Rename> renames;
  for (const PlannedName& planned : names_) renames.push_back(planned.rename);
  for (const Rename& rename : OrderRenames(std::move(renames))) {
    const PlannedName& planned = names_[rename.which];
    const std::string& from = rename.from.second;
    const std::string& to = rename.to.second;
    const bool index = planned.what == "index";
    SchemaStep& step = Add(Phase::kNames, Timing::kLast,
                           absl::StrCat("rename ", planned.what, " ", Printable(from), " of ", Name(planned.table), " to ", Printable(to)),
                           index ? RenameIndex({planned.table.schema, from}, to) : RenameConstraint(planned.table, from, to),
                           planned.path);
    step.lock = index ? TableLock::kShareUpdateExclusive : TableLock::kAccessExclusive;
  }
}

}  // namespace rowan::store
