// From one catalog to another: the ordered steps that bring the database along. Additive changes only; everything else
// is refused.
//
//   (none)      -> blog v1    CREATE TYPE …, CREATE TABLE …, junctions, then foreign keys, then indexes
//   blog v1     -> blog v2    ALTER TABLE … ADD COLUMN …, ADD CONSTRAINT …, CREATE INDEX …, new tables as above
//
// Tables come before all foreign keys, so that models may refer to each other in any order and in circles.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/catalog/catalog.h"

namespace rowan::store {

// One change of the database.
struct SchemaStep {
  std::string description;  // "create table users"
  std::string sql;          // one statement, without a semicolon
  std::string path;         // the part of the schema that asks for it: "models.User"
  // What the step creates beside constraints, and must not exist before: names of tables and indexes, or of a type.
  std::vector<std::string> creates;
  // Whether the step holds an SQL expression that the schema's author wrote.
  bool authored = false;
};

// Plans the way from `from`, or from nothing when it is null, to `to`. `schema_exists` tells whether PostgreSQL has the
// schema that the tables go to. The same input gives the same steps. Errors: UnsupportedChange, which lists every
// change that is not additive. Pure.
absl::StatusOr<std::vector<SchemaStep>> PlanMigration(const Catalog* from, const Catalog& to, bool schema_exists);

}  // namespace rowan::store
