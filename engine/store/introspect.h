// The image of a live database -> a schema as a person would write it: what follows from the rules of names and
// defaults (docs/reference/schemas.md) is left out.
//
//   DatabaseImage  --Introspect-->  v1::Schema + what it cannot hold or holds in another way
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/store/database_image.h"
#include "rowan/v1/schema.pb.h"
#include "rowan/v1/schema_service.pb.h"

namespace rowan::store {

struct IntrospectOptions {
  std::string name;                 // the schema's; "database" when it is empty
  std::vector<std::string> tables;  // the only ones to look at, as "table" or "schema.table"; empty: all
};

struct Introspection {
  v1::Schema schema;                        // compiles
  std::vector<v1::Diagnostic> diagnostics;  // by path; each by its name in the database
};

// Returns the PostgreSQL schema that models belong to when they name none: "public" when it is one of them, otherwise
// the first; "public" for none.
std::string HomeSchema(const std::set<std::string>& schemas);

// Turns the image into a schema. What would not compile is left out, with a diagnostic. Equal images give equal
// results, byte for byte. Errors: SchemaInvalid for a name that no schema can have. Pure.
absl::StatusOr<Introspection> Introspect(const DatabaseImage& image, const IntrospectOptions& options);

}  // namespace rowan::store
