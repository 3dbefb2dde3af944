// What a database has beside what a schema says of it, where plans get cheaper by knowing it. Private to engine/store.
#pragma once

#include "engine/catalog/catalog.h"

namespace pqxx {
class transaction_base;
}

namespace rowan::store {

// Fills in Field::sequence, ForeignKey::enforced and Junction::target_enforced of a catalog that nobody else has yet. Throws
// what libpqxx throws.
void NoteFacts(pqxx::transaction_base& transaction, Catalog& catalog);

}  // namespace rowan::store
