// One apply of a schema, on connections of its own. Private to engine/store.
#pragma once

#include "engine/store/schema_store.h"

namespace rowan::store {

// As SchemaStore::Apply.
absl::StatusOr<ApplyResult> ApplySchema(const StoreOptions& store, const ApplyOptions& options, const CompiledSchema& schema);

// As SchemaStore::FindDrift.
absl::StatusOr<std::vector<SchemaDifference>> FindDrift(const StoreOptions& store, const Catalog& schema);

}  // namespace rowan::store
