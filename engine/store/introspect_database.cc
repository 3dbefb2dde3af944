#include "engine/store/introspect_database.h"

#include <algorithm>
#include <pqxx/pqxx>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "engine/base/errors.h"
#include "engine/base/path.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/naming.h"
#include "engine/store/connection.h"
#include "engine/store/driver_errors.h"
#include "engine/store/read_image.h"

namespace rowan::store {
namespace {

bool IsSchemaName(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && absl::ascii_isalpha(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; });
}

// Reserved schemas count as unknown: no schema of Rowan's can be over their tables.
absl::Status CheckKnown(const std::vector<std::string>& asked, const std::set<std::string>& existing) {
  const Path path("database_schemas");
  for (size_t i = 0; i < asked.size(); ++i) {
    if (existing.count(asked[i]) != 0) continue;
    return errors::UnknownDatabaseSchema(path.Index(static_cast<int>(i)), asked[i], {existing.begin(), existing.end()});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Introspection> IntrospectDatabase(const StoreOptions& store,
                                                 const std::vector<std::string>& database_schemas,
                                                 IntrospectOptions options) {
  const SchemaStep* const step = nullptr;
  DatabaseImage image;
  ROWAN_RETURN_IF_ERROR(Guarded(store.log, step, [&]() -> absl::Status {
    pqxx::connection connection(store.conninfo);
    connection.set_client_encoding("UTF8");
    pqxx::work transaction(connection);
    transaction.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    Configure(transaction, store.lock_timeout, std::chrono::milliseconds(0));
    const std::set<std::string> existing = FindSchemas(transaction, {});
    ROWAN_RETURN_IF_ERROR(CheckKnown(database_schemas, existing));
    const std::set<std::string> asked(database_schemas.begin(), database_schemas.end());
    SetLocal(transaction, "search_path", SearchPath(HomeSchema(asked.empty() ? existing : asked)));
    if (options.name.empty()) {
      const auto name = transaction.exec_params("SELECT current_database()")[0][0].as<std::string>();
      if (IsSchemaName(name)) options.name = name;
    }
    image = ReadImage(transaction, asked);
    return absl::OkStatus();
  }));
  return Introspect(image, options);
}

}  // namespace rowan::store
