#include "engine/store/schema_store.h"

#include <openssl/rand.h>

#include <array>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/identifier.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/schema_version.h"
#include "engine/store/driver_errors.h"

namespace rowan::store {
namespace {

// The advisory lock that all appliers of a database take: "rowan" in ASCII.
constexpr int64_t kApplyLock = 0x726f77616e;
constexpr int kRegistryFormat = 1;

constexpr const char* kRegistryTables[] = {
    "CREATE SCHEMA IF NOT EXISTS \"rowan\"",
    "CREATE TABLE \"rowan\".\"registry\" (\"format\" integer NOT NULL)",
    "CREATE TABLE \"rowan\".\"schemas\" (\"name\" text PRIMARY KEY, \"version\" text NOT NULL, \"content\" bytea NOT "
    "NULL, "
    "\"checksum\" text NOT NULL, \"applied_at\" timestamptz NOT NULL, \"applied_by\" text NOT NULL)",
    "CREATE TABLE \"rowan\".\"schema_history\" (\"id\" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"name\" text "
    "NOT NULL, "
    "\"version\" text NOT NULL, \"content\" bytea NOT NULL, \"checksum\" text NOT NULL, \"steps\" jsonb NOT NULL, "
    "\"applied_at\" timestamptz NOT NULL, \"applied_by\" text NOT NULL)",
    "CREATE INDEX \"schema_history_name\" ON \"rowan\".\"schema_history\" (\"name\", \"id\")",
};

constexpr const char* kMicroseconds = "(extract(epoch FROM \"applied_at\") * 1000000)::bigint";

// Runs one statement by the extended protocol, which refuses several in one text, whatever a schema's author wrote into
// it.
template <typename... Values>
pqxx::result Run(pqxx::transaction_base& transaction, const std::string& sql, const Values&... values) {
  return transaction.exec_params(sql, values...);
}

void SetLocal(pqxx::transaction_base& transaction, const std::string& setting, const std::string& value) {
  Run(transaction, "SELECT set_config($1, $2, true)", setting, value);
}

// The answers of requests that happen once; see exec/kept_answer.h. Registries of earlier versions lack it.
void CreateRequests(pqxx::transaction_base& transaction) {
  if (Run(transaction, "SELECT to_regclass('\"rowan\".\"requests\"') IS NOT NULL")[0][0].as<bool>()) return;
  Run(transaction, "SELECT pg_advisory_xact_lock($1)", kApplyLock);
  Run(transaction,
      "CREATE TABLE IF NOT EXISTS \"rowan\".\"requests\" (\"schema\" text NOT NULL, \"request_id\" text NOT NULL, "
      "\"fingerprint\" text NOT NULL, \"answer\" bytea, \"expires_at\" timestamptz NOT NULL, "
      "PRIMARY KEY (\"schema\", \"request_id\"))");
  Run(transaction,
      "CREATE INDEX IF NOT EXISTS \"requests_expires_at\" ON \"rowan\".\"requests\" (\"expires_at\")");
}

absl::Status CreateRegistry(pqxx::transaction_base& transaction) {
  const std::string find = "SELECT to_regclass('\"rowan\".\"schemas\"') IS NOT NULL";
  if (!Run(transaction, find)[0][0].as<bool>()) {
    Run(transaction, "SELECT pg_advisory_xact_lock($1)", kApplyLock);
    // Another server may have been faster.
    if (!Run(transaction, find)[0][0].as<bool>()) {
      for (const char* sql : kRegistryTables) Run(transaction, sql);
      Run(transaction, "INSERT INTO \"rowan\".\"registry\" VALUES ($1)", kRegistryFormat);
    }
  }
  const pqxx::result format = Run(transaction, "SELECT \"format\" FROM \"rowan\".\"registry\"");
  if (format.size() != 1 || format[0][0].as<int>() != kRegistryFormat) {
    return errors::Internal("the registry in this database has a format that this version does not know");
  }
  CreateRequests(transaction);
  return absl::OkStatus();
}

// What the registry holds of one schema.
struct Row {
  std::string name;
  std::string version;
  std::string content;
  std::string checksum;
  absl::Time apply_time;
};

std::vector<Row> ReadRows(pqxx::transaction_base& transaction, const std::optional<std::string>& name) {
  const std::string select = absl::StrCat("SELECT \"name\", \"version\", encode(\"content\", 'hex'), \"checksum\", ",
                                          kMicroseconds, " FROM \"rowan\".\"schemas\"");
  const pqxx::result result = name.has_value() ? Run(transaction, select + " WHERE \"name\" = $1", *name)
                                               : Run(transaction, select + " ORDER BY \"name\" COLLATE \"C\"");
  std::vector<Row> rows;
  for (const auto& row : result) {
    rows.push_back({row[0].as<std::string>(), row[1].as<std::string>(),
                    absl::HexStringToBytes(row[2].as<std::string>()), row[3].as<std::string>(),
                    absl::FromUnixMicros(row[4].as<int64_t>())});
  }
  return rows;
}

absl::StatusOr<CompiledSchema> Recompile(const Row& row) {
  v1::Schema schema;
  if (ContentHash(row.content) != row.checksum || !schema.ParseFromString(row.content)) {
    return errors::Internal(absl::StrCat("the stored content of schema ", row.name, " is damaged"));
  }
  return CompileSchema(schema);
}

// Refuses to take over what is not Rowan's. Two steps never create one name, as compilation sees to that.
absl::Status CheckFree(pqxx::transaction_base& transaction, const std::string& database_schema,
                       const std::vector<SchemaStep>& steps) {
  std::set<std::string> taken;
  const pqxx::result names =
      Run(transaction,
          "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 "
          "UNION SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $1",
          database_schema);
  for (const auto& row : names) taken.insert(row[0].as<std::string>());
  for (const SchemaStep& step : steps) {
    for (const std::string& name : step.creates) {
      if (taken.count(name) != 0) return errors::TableExists(step.path, name);
    }
  }
  return absl::OkStatus();
}

std::string StepsJson(const std::vector<SchemaStep>& steps) {
  nlohmann::json json = nlohmann::json::array();
  for (const SchemaStep& step : steps) json.push_back({{"description", step.description}, {"sql", step.sql}});
  return json.dump();
}

absl::Time Register(pqxx::transaction_base& transaction, const CompiledSchema& schema,
                    const std::vector<SchemaStep>& steps, const std::string& actor) {
  const std::string content = CanonicalContent(schema.canonical);
  const std::string hex = absl::BytesToHexString(content);
  const std::string checksum = ContentHash(content);
  const std::string& name = schema.canonical.name();
  const std::string& version = schema.canonical.version();
  Run(transaction,
      "INSERT INTO \"rowan\".\"schema_history\" (\"name\", \"version\", \"content\", \"checksum\", \"steps\", "
      "\"applied_at\", \"applied_by\") "
      "VALUES ($1, $2, decode($3, 'hex'), $4, $5::jsonb, now(), $6)",
      name, version, hex, checksum, StepsJson(steps), actor);
  const pqxx::result result =
      Run(transaction,
          absl::StrCat("INSERT INTO \"rowan\".\"schemas\" VALUES ($1, $2, decode($3, 'hex'), $4, now(), $5) ON "
                       "CONFLICT (\"name\") DO UPDATE SET "
                       "\"version\" = excluded.\"version\", \"content\" = excluded.\"content\", \"checksum\" = "
                       "excluded.\"checksum\", "
                       "\"applied_at\" = excluded.\"applied_at\", \"applied_by\" = excluded.\"applied_by\" RETURNING ",
                       kMicroseconds),
          name, version, hex, checksum, actor);
  return absl::FromUnixMicros(result[0][0].as<int64_t>());
}

void Configure(pqxx::transaction_base& transaction, const StoreOptions& options,
               std::chrono::milliseconds statement_timeout) {
  SetLocal(transaction, "lock_timeout", absl::StrCat(options.lock_timeout.count()));
  SetLocal(transaction, "standard_conforming_strings", "on");
  SetLocal(transaction, "client_min_messages", "error");
  if (statement_timeout.count() > 0)
    SetLocal(transaction, "statement_timeout", absl::StrCat(statement_timeout.count()));
}

bool SchemaExists(pqxx::transaction_base& transaction, const std::string& name) {
  return !Run(transaction, "SELECT 1 FROM pg_namespace WHERE nspname = $1", name).empty();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SchemaStore>> SchemaStore::Open(StoreOptions options) {
  const SchemaStep* const step = nullptr;
  ROWAN_RETURN_IF_ERROR(Guarded(options.log, step, [&]() -> absl::Status {
    pqxx::connection connection(options.conninfo);
    pqxx::work transaction(connection);
    Configure(transaction, options, std::chrono::milliseconds(0));
    ROWAN_RETURN_IF_ERROR(CreateRegistry(transaction));
    transaction.commit();
    return absl::OkStatus();
  }));
  return std::unique_ptr<SchemaStore>(new SchemaStore(std::move(options)));
}

absl::StatusOr<std::string> SchemaStore::TokenSecret() const {
  const SchemaStep* const step = nullptr;
  std::string secret;
  ROWAN_RETURN_IF_ERROR(Guarded(options_.log, step, [&]() -> absl::Status {
    pqxx::connection connection(options_.conninfo);
    pqxx::work transaction(connection);
    Configure(transaction, options_, std::chrono::milliseconds(0));
    if (!Run(transaction, "SELECT to_regclass('\"rowan\".\"secrets\"') IS NOT NULL")[0][0].as<bool>()) {
      Run(transaction, "SELECT pg_advisory_xact_lock($1)", kApplyLock);
      Run(transaction,
          "CREATE TABLE IF NOT EXISTS \"rowan\".\"secrets\" (\"name\" text PRIMARY KEY, \"value\" bytea NOT NULL)");
    }
    const std::string read = "SELECT encode(\"value\", 'hex') FROM \"rowan\".\"secrets\" WHERE \"name\" = 'tokens'";
    pqxx::result found = Run(transaction, read);
    if (found.empty()) {
      std::array<unsigned char, 32> bytes;
      if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
        return errors::Internal("no random bytes are to be had");
      }
      const std::string hex = absl::BytesToHexString(
          absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
      Run(transaction,
          "INSERT INTO \"rowan\".\"secrets\" VALUES ('tokens', decode($1, 'hex')) ON CONFLICT DO NOTHING", hex);
      // Another server may have been faster.
      found = Run(transaction, read);
    }
    if (found.size() != 1) return errors::Internal("the registry holds no secret for tokens");
    secret = absl::HexStringToBytes(found[0][0].as<std::string>());
    transaction.commit();
    return absl::OkStatus();
  }));
  return secret;
}

absl::StatusOr<std::vector<StoredSchema>> SchemaStore::LoadAll() const {
  const SchemaStep* const step = nullptr;
  std::vector<Row> rows;
  ROWAN_RETURN_IF_ERROR(Guarded(options_.log, step, [&]() -> absl::Status {
    pqxx::connection connection(options_.conninfo);
    pqxx::read_transaction transaction(connection);
    rows = ReadRows(transaction, std::nullopt);
    return absl::OkStatus();
  }));
  std::vector<StoredSchema> schemas;
  for (const Row& row : rows) schemas.push_back({row.name, row.version, row.apply_time, Recompile(row)});
  return schemas;
}

absl::StatusOr<ApplyResult> SchemaStore::Apply(const CompiledSchema& schema, const ApplyOptions& options) const {
  ApplyResult applied;
  const SchemaStep* running = nullptr;
  const std::string& name = schema.canonical.name();
  const std::string& version = schema.canonical.version();
  ROWAN_RETURN_IF_ERROR(Guarded(options_.log, running, [&]() -> absl::Status {
    pqxx::connection connection(options_.conninfo);
    pqxx::work transaction(connection);
    Configure(transaction, options_, options.statement_timeout);
    Run(transaction, "SELECT pg_advisory_xact_lock($1)", kApplyLock);
    const std::vector<Row> rows = ReadRows(transaction, name);
    const std::string current = rows.empty() ? "" : rows[0].version;
    if (options.expected_version.has_value() && *options.expected_version != current) {
      return errors::VersionMismatch(name, *options.expected_version, current);
    }
    if (current == version) {
      applied.apply_time = rows[0].apply_time;
      return absl::OkStatus();
    }
    CompiledSchema registered;
    if (!rows.empty()) {
      ROWAN_ASSIGN_OR_RETURN(registered, Recompile(rows[0]));
    }
    const std::string& database_schema = schema.catalog->database_schema;
    ROWAN_ASSIGN_OR_RETURN(applied.steps, PlanMigration(registered.catalog.get(), *schema.catalog,
                                                        SchemaExists(transaction, database_schema)));
    ROWAN_RETURN_IF_ERROR(CheckFree(transaction, database_schema, applied.steps));
    // What authors write in checks and predicates means the tables of their schema.
    SetLocal(transaction, "search_path", QuoteIdentifier(database_schema));
    for (const SchemaStep& step : applied.steps) {
      running = &step;
      Run(transaction, step.sql);
    }
    running = nullptr;
    applied.apply_time = Register(transaction, schema, applied.steps, options.actor);
    if (options.validate_only) return absl::OkStatus();  // the transaction's destructor rolls back
    transaction.commit();
    applied.applied = true;
    return absl::OkStatus();
  }));
  return applied;
}

}  // namespace rowan::store
