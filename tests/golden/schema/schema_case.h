// Golden files of schemas: cases of a schema, and what compiling it and creating its tables gives.
//
//   ==== a belongs_to adds its foreign key
//   schema: t
//   models: {…}
//   ----
//   model User "public"."users"
//   …
//
// A schema is a YAML document, or after a line `proto` a textproto of rowan.v1.Schema. Two schemas with a line `----
// then` between them are a change: what is expected are the steps from the first to the second. `---- then, with rows` and
// `---- then, with many rows` say how full all tables are, lines `allow: <step>` and `leave out: <step>` after it what the
// request allows. `refused: <reason>` says that the plan is fine, but the rows of schema_change_test.cc or PostgreSQL are not.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/store/plan_migration.h"

namespace rowan::golden {

struct SchemaCase {
  std::string title;
  std::string before;  // empty when the case is no change
  std::string rows;    // "", ", with rows" or ", with many rows"
  std::vector<std::string> allowed;
  std::vector<std::string> left_out;
  std::string refused;  // the reason, or ""
  std::string schema;
  std::string expected;
};

struct SchemaFile {
  std::string path;
  std::vector<SchemaCase> cases;
};

// Returns the .golden files of the folder in the order of their paths.
absl::StatusOr<std::vector<SchemaFile>> ReadSchemaFiles(const std::string& folder);

void WriteSchemaFile(const SchemaFile& file);

// Reads a case's schema.
absl::StatusOr<v1::Schema> ParseSchema(const std::string& text);

// Returns a plan as the files write it: a line that begins with "-- " for each step, and its SQL.
std::string StepsText(const store::Migration& migration);

// What happens to a case: the catalog as text, notices and steps, or the errors with reasons and paths.
std::string Outcome(const SchemaCase& golden);

}  // namespace rowan::golden
