// Settings of the store's transactions. Private to engine/store. Everything throws what libpqxx throws.
#pragma once

#include <chrono>
#include <string>

namespace pqxx {
class transaction_base;
}

namespace rowan::store {

void SetLocal(pqxx::transaction_base& transaction, const std::string& setting, const std::string& value);

// `statement_timeout` zero: no limit.
void Configure(pqxx::transaction_base& transaction, std::chrono::milliseconds lock_timeout,
               std::chrono::milliseconds statement_timeout);

// Returns the search_path in which a schema's expressions are read: its own PostgreSQL schema, then where extensions
// usually are.
std::string SearchPath(const std::string& database_schema);

}  // namespace rowan::store
