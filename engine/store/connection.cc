#include "engine/store/connection.h"

#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "engine/base/identifier.h"

namespace rowan::store {

void SetLocal(pqxx::transaction_base& transaction, const std::string& setting, const std::string& value) {
  transaction.exec_params("SELECT set_config($1, $2, true)", setting, value);
}

void Configure(pqxx::transaction_base& transaction, std::chrono::milliseconds lock_timeout,
               std::chrono::milliseconds statement_timeout) {
  SetLocal(transaction, "lock_timeout", absl::StrCat(lock_timeout.count()));
  SetLocal(transaction, "standard_conforming_strings", "on");
  SetLocal(transaction, "client_min_messages", "error");
  // What is converted between moments and local times is read as UTC.
  SetLocal(transaction, "TimeZone", "UTC");
  if (statement_timeout.count() > 0) {
    SetLocal(transaction, "statement_timeout", absl::StrCat(statement_timeout.count()));
  }
}

std::string SearchPath(const std::string& database_schema) {
  return absl::StrCat(QuoteIdentifier(database_schema), database_schema == "public" ? "" : ", public");
}

}  // namespace rowan::store
