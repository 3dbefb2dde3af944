// Puts the steps of a migration together. Private to engine/store.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/errors.h"
#include "engine/store/compare_images.h"
#include "engine/store/order_renames.h"
#include "engine/store/plan_migration.h"

namespace rowan::store {

// The order of steps that run in one transaction.
enum class Phase {
  kSchemas,
  kRenames,
  kTypes,
  kDropForeignKeys,
  kDropChecks,
  kDropIndexes,
  kDropKeys,
  kDropTables,
  kDropComputed,
  kDropColumns,
  kNames,
  kTables,
  kColumns,
  kDropDefaults,
  kAlterTypes,
  kDefaults,
  kComputed,
  kFillNulls,
  kNullability,
  kIdentities,
  kKeys,
  kChecks,
  kForeignKeys,
  kIndexes,
  kDropTypes
};

// When a step runs if some of the plan are run without long locks.
enum class Timing {
  kLabels,  // before everything, in a transaction of its own
  kEarly,   // in the first transaction
  kOnline,  // in between, by itself
  kLast     // in the last transaction
};

// What the names of checks begin with that prove NOT NULL for a while.
inline constexpr char kNotNullPrefix[] = "rowan_not_null_";

class MigrationPlanner {
 public:
  explicit MigrationPlanner(const MigrationRequest& request);

  absl::StatusOr<Migration> Run();

 private:
  struct PlannedStep {
    SchemaStep step;
    Phase phase;
    Timing timing;
    bool drop;  // may be left out
    ObjectName new_table{};  // of a step that is on one which others cannot notice yet
  };
  using ColumnName = std::pair<ObjectName, std::string>;

  // A constraint or an index that is to be called otherwise.
  struct PlannedName {
    std::string what;  // "unique key"
    ObjectName table;
    std::string path;
    Rename rename;
  };

  // plan_migration.cc
  void PlanRenames();
  void Survey();
  void PlanDrops();
  void PlanPartDrops(const TableImage& known, const TableImage& live, const TableImage& wanted);
  void CheckNames();
  void CheckRenames();
  void CheckAllowed();
  void PartLarge();
  Migration Arranged();

  // plan_remakes.cc
  void PlanRemakes();
  // Drops what is made again of the table because it is, or may be, over the column, and takes it from live_.
  void RemakeExpressions(const ObjectName& name, const std::string& column);
  void RemakeColumn(const ObjectName& name, const std::string& column);

  // plan_tables.cc: one function per kind of difference
  void Plan(const Difference& difference);
  void PlanTable(const Difference& difference);
  void PlanNewColumn(const Difference& difference);
  void PlanType(const Difference& difference);
  void PlanNullability(const Difference& difference);
  void PlanDefault(const Difference& difference);
  void PlanLabels(const Difference& difference);
  // Whether a step may use one of the labels.
  bool UsesLabels(const ObjectName& type, const std::vector<std::string>& labels) const;
  void ReplaceType(const EnumImage& live, const EnumImage& wanted);

  // plan_constraints.cc
  void PlanKey(const Difference& difference);
  void PlanCheck(const Difference& difference);
  void PlanForeignKey(const Difference& difference);
  void PlanIndex(const Difference& difference);
  // Makes the indexes whose work is done by what the plan drops.
  void PlanUnservedIndexes();
  void PlanName(const Difference& difference);
  void PlanNames();
  // Whether the check can be added at first and rows be looked at later.
  bool IsCheckedOnline(const TableImage& live, const CheckImage& check) const;
  void AddCheckStep(const TableImage& live, const CheckImage& check);
  void AddForeignKeyStep(const TableImage* live, const TableImage& wanted, const ForeignKeyImage& key);
  void AddIndexStep(const TableImage* live, const TableImage& wanted, const IndexImage& index);
  void DropForeignKeyStep(const TableImage& live, const ForeignKeyImage& key, const std::string& path,
                          const std::string& why);
  // `in_the_way`: of another step, so that it cannot be left out.
  void DropIndexStep(const TableImage& live, const IndexImage& index, const std::string& path, bool in_the_way);
  // Drops the live foreign keys that `touched` says yes to and that stay, and adds them again.
  using Touches = std::function<bool(const TableImage&, const ForeignKeyImage&)>;
  void RecreateForeignKeys(const Touches& touched, const std::string& why);
  void RecreateForeignKeysOfRetyped();
  // A check that the column has a value, validated without a long lock, under which NOT NULL takes but a moment.
  void ProveNotNull(const TableImage& live, const ColumnImage& column);

  // Adds a step and returns it for the rest to be filled in.
  SchemaStep& Add(Phase phase, Timing timing, std::string description, std::string sql, const std::string& path);
  void Refuse(std::string reason, const std::string& path, std::string message, const std::string& what);

  // "users", or "sales.orders" outside of the schema's own.
  std::string Name(const ObjectName& table) const;
  std::string Name(const ObjectName& table, const std::string& column) const;
  bool IsOnline(const TableImage& live) const;
  // Whether nothing about the columns of the table changes but what runs early.
  bool IsStable(const TableImage& live, const std::vector<std::string>& columns) const;
  // Whether the foreign key has something to refer to from the first stage on.
  bool HasKey(const ForeignKeyImage& key) const;
  bool IsDropped(const ObjectName& table, const std::string& column) const;
  // Whether the table is dropped and nobody asked to leave that out.
  bool Goes(const ObjectName& table) const;
  // Whether the wanted labels are the live ones, in their order, and maybe more.
  static bool KeepsLabels(const EnumImage& live, const EnumImage& wanted);
  Timing EarlyIf(bool early) const { return early ? Timing::kEarly : Timing::kLast; }

  const MigrationRequest& request_;
  Renames renames_;
  DatabaseImage live_;   // with the new names
  DatabaseImage known_;  // likewise
  DatabaseImage registered_;
  std::vector<Difference> differences_;

  std::set<ObjectName> renamed_tables_;
  std::set<ColumnName> renamed_columns_;
  std::map<ColumnName, bool> retyped_;     // whether foreign keys over it have to be made again
  std::set<ColumnName> early_columns_;
  std::set<ObjectName> early_tables_;
  std::set<ObjectName> replaced_types_;
  std::set<ColumnName> dropped_columns_;
  std::set<ObjectName> dropped_tables_;
  std::set<std::pair<ObjectName, std::string>> dropped_foreign_keys_;
  std::set<std::pair<ObjectName, std::string>> added_foreign_keys_;
  std::set<ObjectName> dropped_indexes_;
  std::vector<std::pair<const TableImage*, const ColumnImage*>> new_columns_;

  std::set<ColumnName> computed_;                        // columns that are dropped and computed anew
  std::set<std::pair<ObjectName, std::string>> remade_;  // checks, by table
  std::set<std::pair<ObjectName, std::string>> proofs_;  // checks that prove NOT NULL, by table
  std::set<ObjectName> taken_;                           // names of tables, keys and indexes that are there at first
  std::set<ObjectName> freed_;                           // names that others may take

  std::vector<PlannedName> names_;

  std::vector<PlannedStep> steps_;
  std::vector<std::string> unused_;
  bool parted_ = false;  // into more stages than others' requests need
  std::vector<errors::SchemaProblem> refused_;
};

}  // namespace rowan::store
