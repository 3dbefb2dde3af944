// Whether requests of an earlier version can go on once a later one is current.
#pragma once

#include <optional>

#include "engine/catalog/catalog.h"
#include "engine/store/schema_store.h"

namespace rowan::store {

// Returns the first thing that `earlier` needs of the database and `current` no longer has, or has in another way: a table,
// a column or its type; a column that may not be null any more; a new one that inserts have to give. Pure.
std::optional<SchemaDifference> FindIncompatibility(const Catalog& earlier, const Catalog& current);

}  // namespace rowan::store
