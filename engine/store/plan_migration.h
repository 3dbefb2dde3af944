// From the database as it is to what a schema wants: the ordered steps.
//
//   wanted and live differ        -> create, alter, validate
//   known, live and not wanted    -> drop, if the request allows it by name
//   live, neither known nor wanted -> left alone
//
// `known` is what Rowan made or took over here: the registered version's image, and that of an apply that did not get to
// its end. Since steps come from the live database, an apply that failed half-way is simply planned again.
//
// Without long locks to avoid, all steps are one stage: one transaction. Otherwise (see online) the stages are
//
//   1     what others cannot notice: new tables, columns, types; constraints NOT VALID
//   2 …   each VALIDATE by itself, each index built concurrently
//   last  all the rest: renames, changes of types, NOT NULL, drops
//
// and before them one for labels of native enums that a later step uses, as PostgreSQL demands. A plan that would take more
// locks than PostgreSQL has room for is parted into more stages, new tables and all that is on them first.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/store/database_image.h"
#include "engine/store/match_catalogs.h"

namespace rowan::store {

enum class TableLock { kNone, kShareUpdateExclusive, kShare, kShareRowExclusive, kAccessExclusive };
enum class StepRisk { kSafe, kMayFail, kBlocking, kBreaking, kLossy };

// One change of the database. As rowan.v1.SchemaStep.
struct SchemaStep {
  std::string description;  // "create table users"; no two of a plan have the same
  std::string sql;          // one statement, without a semicolon
  std::string path;         // the part of the schema that asks for it: "models.User"
  TableLock lock = TableLock::kNone;
  StepRisk risk = StepRisk::kSafe;
  std::string explanation;
  int stage = 1;
  bool alone = false;
  // What the step creates beside constraints, for messages: names of tables and indexes, or of a type.
  std::vector<ObjectName> creates;
  // Whether the step holds an SQL expression that the schema's author wrote.
  bool authored = false;
};

enum class Online { kAuto, kAlways, kNever };

// Tables of this many bytes and more are changed without long locks where it says AUTO.
inline constexpr int64_t kOnlineBytes = 8 << 20;

struct MigrationRequest {
  const DatabaseImage& live;
  const DatabaseImage& wanted;  // its expressions as PostgreSQL would write them, where live ones may be the same
  const DatabaseImage& known;
  const DatabaseImage& registered;  // the part of `known` that requests could write to: what is more, holds no data
  Renames renames;              // from known to wanted
  std::string default_schema;   // whose tables are described without their schema
  std::set<std::string> allow_data_loss;  // descriptions of steps
  std::set<std::string> leave_out;
  Online online = Online::kAuto;
  // How many locks one transaction may take, as far as they can be foreseen. At least 1.
  int most_locks = 2000;
};

struct Migration {
  std::vector<SchemaStep> steps;
  // Those of allow_data_loss and leave_out that no step has the description of.
  std::vector<std::string> unused;
};

// The same request gives the same steps. Errors: DataLoss, AmbiguousRename, UnsupportedChange, TableExists, each with all
// that it is about. Pure.
absl::StatusOr<Migration> PlanMigration(const MigrationRequest& request);

}  // namespace rowan::store
