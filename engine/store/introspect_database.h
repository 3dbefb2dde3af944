// A live database -> a schema: reads its image and introspects that.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/store/introspect.h"
#include "engine/store/schema_store.h"

namespace rowan::store {

// Looks at the PostgreSQL schemas of the names, or when none are given at all but PostgreSQL's and Rowan's own. An
// empty name in `options` is the database's where a schema can have it. Changes nothing. Errors: UnknownDatabaseSchema
// at database_schemas[i], SchemaInvalid for the name, those of the database.
absl::StatusOr<Introspection> IntrospectDatabase(const StoreOptions& store,
                                                 const std::vector<std::string>& database_schemas,
                                                 IntrospectOptions options);

}  // namespace rowan::store
