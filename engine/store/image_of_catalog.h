// A catalog -> what the database should look like: the one place that says what a schema means in DDL. Junctions are
// tables like all others, and an enum without a native type is a text with a check.
#pragma once

#include "engine/catalog/catalog.h"
#include "engine/store/database_image.h"

namespace rowan::store {

// Never fails. Pure. Expressions are as the schema's author wrote them, and those of defaults as SQL.
DatabaseImage ImageOf(const Catalog& catalog);

}  // namespace rowan::store
