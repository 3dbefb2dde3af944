// The live database -> its image. Reads pg_catalog only; a handful of statements whatever the number of tables.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "engine/store/database_image.h"

namespace pqxx {
class transaction_base;
}

namespace rowan::store {

// Returns those of the names that are PostgreSQL schemas, or when none are given all but PostgreSQL's and Rowan's own.
std::set<std::string> FindSchemas(pqxx::transaction_base& transaction, const std::set<std::string>& names);

// Reads the PostgreSQL schemas that FindSchemas finds.
// Foreign keys that lead to other schemas are there, their targets are not. Expressions are as PostgreSQL writes them
// with the transaction's search_path. Throws what libpqxx throws.
DatabaseImage ReadImage(pqxx::transaction_base& transaction, const std::set<std::string>& schemas);

}  // namespace rowan::store
