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
#include "engine/store/enum_check.h"
#include "engine/store/normalize_image.h"
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

// Requests run defaults in a search_path of PostgreSQL's own schema alone: what else they name has to have its schema.
void QualifyDefaults(pqxx::work& transaction, DatabaseImage& image) {
  SetLocal(transaction, "search_path", "pg_catalog");
  const pqxx::result rows = transaction.exec(
      "SELECT n.nspname, c.relname, a.attname, pg_get_expr(coalesce(d.adbin, t.typdefaultbin), c.oid) "
      "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
      "JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
      "WHERE a.attnum > 0 AND a.attgenerated = '' AND (d.oid IS NOT NULL OR t.typdefaultbin IS NOT NULL)");
  for (const auto& row : rows) {
    const auto table = image.tables.find({row[0].as<std::string>(), row[1].as<std::string>()});
    if (table == image.tables.end()) continue;
    for (ColumnImage& column : table->second.columns) {
      if (column.name != row[2].as<std::string>() || column.source != ColumnSource::kExpression) continue;
      column.expression = WithoutOuterParentheses(row[3].as<std::string>());
    }
  }
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
    transaction.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
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
    Settle(transaction, image);
    QualifyDefaults(transaction, image);
    return absl::OkStatus();
  }));
  return Introspect(image, options);
}

}  // namespace rowan::store
