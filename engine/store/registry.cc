#include "engine/store/registry.h"

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/schema_version.h"

namespace rowan::store {
namespace {

constexpr int kRegistryFormat = 1;

// What registries of earlier versions may lack is added to them.
constexpr const char* kTables[] = {
    R"sql(CREATE SCHEMA IF NOT EXISTS "rowan")sql",
    R"sql(CREATE TABLE IF NOT EXISTS "rowan"."registry" ("format" integer NOT NULL))sql",
    R"sql(CREATE TABLE IF NOT EXISTS "rowan"."schemas" ("name" text PRIMARY KEY, "version" text NOT NULL,
      "content" bytea NOT NULL, "checksum" text NOT NULL, "applied_at" timestamptz NOT NULL, "applied_by" text NOT NULL))sql",
    R"sql(CREATE TABLE IF NOT EXISTS "rowan"."schema_history" ("id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      "name" text NOT NULL, "version" text NOT NULL, "content" bytea NOT NULL, "checksum" text NOT NULL,
      "steps" jsonb NOT NULL, "applied_at" timestamptz NOT NULL, "applied_by" text NOT NULL))sql",
    R"sql(ALTER TABLE "rowan"."schema_history" ADD COLUMN IF NOT EXISTS "adopted" boolean NOT NULL DEFAULT false)sql",
    R"sql(CREATE INDEX IF NOT EXISTS "schema_history_name" ON "rowan"."schema_history" ("name", "id"))sql",
    R"sql(CREATE TABLE IF NOT EXISTS "rowan"."schema_attempts" ("name" text PRIMARY KEY, "content" bytea NOT NULL,
      "begun_at" timestamptz NOT NULL, "begun_by" text NOT NULL))sql",
    R"sql(ALTER TABLE "rowan"."schemas" ADD COLUMN IF NOT EXISTS "numbers" jsonb NOT NULL DEFAULT '{}')sql",
    R"sql(ALTER TABLE "rowan"."schema_history" ADD COLUMN IF NOT EXISTS "numbers" jsonb NOT NULL DEFAULT '{}')sql",
    R"sql(CREATE TABLE IF NOT EXISTS "rowan"."given_numbers" ("schema" text NOT NULL, "model" text NOT NULL,
      "member" text NOT NULL, "kind" text NOT NULL, "number" integer NOT NULL,
      PRIMARY KEY ("schema", "model", "member", "kind", "number")))sql",
    R"sql(CREATE TABLE IF NOT EXISTS "rowan"."requests" ("schema" text NOT NULL, "request_id" text NOT NULL,
      "fingerprint" text NOT NULL, "answer" bytea, "expires_at" timestamptz NOT NULL, PRIMARY KEY ("schema", "request_id")))sql",
    R"sql(CREATE INDEX IF NOT EXISTS "requests_expires_at" ON "rowan"."requests" ("expires_at"))sql",
    R"sql(CREATE TABLE IF NOT EXISTS "rowan"."secrets" ("name" text PRIMARY KEY, "value" bytea NOT NULL))sql",
};

// What the newest registry has and earlier ones lack.
constexpr const char* kIsWhole = R"sql(SELECT to_regclass('"rowan"."given_numbers"') IS NOT NULL)sql";

constexpr const char* kColumns =
    R"sql("name", "version", encode("content", 'hex') AS content, "checksum", "numbers",
          (extract(epoch FROM "applied_at") * 1000000)::bigint AS applied, "applied_by")sql";

RegistryRow RowOf(const pqxx::row& row) {
  return {.name = row["name"].as<std::string>(),
          .version = row["version"].as<std::string>(),
          .content = absl::HexStringToBytes(row["content"].as<std::string>()),
          .checksum = row["checksum"].as<std::string>(),
          .numbers = row["numbers"].as<std::string>(),
          .apply_time = absl::FromUnixMicros(row["applied"].as<int64_t>()),
          .applied_by = row["applied_by"].as<std::string>()};
}

RegistryRow HistoryRowOf(const pqxx::row& row) {
  RegistryRow entry = RowOf(row);
  entry.id = row["id"].as<int64_t>();
  entry.steps = row["steps"].as<std::string>();
  entry.adopted = row["adopted"].as<bool>();
  return entry;
}

}  // namespace

bool TryLockRegistry(pqxx::transaction_base& transaction) {
  // By the simple protocol, since the extended one's portal would keep its snapshot.
  return transaction.exec(absl::StrCat("SELECT pg_try_advisory_xact_lock(", kApplyLock, ")"))[0][0].as<bool>();
}

absl::Status AwaitRegistry(std::chrono::milliseconds patience, const std::function<absl::StatusOr<bool>()>& attempt) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    ROWAN_ASSIGN_OR_RETURN(const bool locked, attempt());
    if (locked) return absl::OkStatus();
    if (std::chrono::steady_clock::now() >= until) return errors::LockTimeout();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

absl::StatusOr<bool> CreateRegistry(pqxx::transaction_base& transaction) {
  if (!transaction.exec_params(kIsWhole)[0][0].as<bool>()) {
    if (!TryLockRegistry(transaction)) return false;
    for (const char* sql : kTables) transaction.exec_params(sql);
    transaction.exec_params(
        R"sql(INSERT INTO "rowan"."registry" SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM "rowan"."registry"))sql",
        kRegistryFormat);
  }
  const pqxx::result format = transaction.exec_params(R"sql(SELECT "format" FROM "rowan"."registry")sql");
  if (format.size() != 1 || format[0][0].as<int>() != kRegistryFormat) {
    return errors::Internal("the registry in this database has a format that this version does not know");
  }
  return true;
}

std::map<std::string, std::string> ReadVersions(pqxx::transaction_base& transaction) {
  std::map<std::string, std::string> versions;
  const pqxx::result rows = transaction.exec_params(R"sql(SELECT "name", "version" FROM "rowan"."schemas")sql");
  for (const auto& row : rows) versions.emplace(row[0].as<std::string>(), row[1].as<std::string>());
  return versions;
}

std::vector<RegistryRow> ReadSchemas(pqxx::transaction_base& transaction, const std::string& name) {
  const pqxx::result result = transaction.exec_params(
      absl::StrCat("SELECT ", kColumns, R"sql( FROM "rowan"."schemas" WHERE "name" = $1)sql"), name);
  std::vector<RegistryRow> rows;
  for (const auto& row : result) rows.push_back(RowOf(row));
  return rows;
}

std::vector<RegistryRow> ReadHistory(pqxx::transaction_base& transaction, const std::string& name, int64_t before,
                                     int count) {
  const pqxx::result result = transaction.exec_params(
      absl::StrCat("SELECT ", kColumns,
                   R"sql(, "id", "steps", "adopted" FROM "rowan"."schema_history"
                         WHERE "name" = $1 AND ($2 = 0 OR "id" < $2) ORDER BY "id" DESC LIMIT $3)sql"),
      name, before, count);
  std::vector<RegistryRow> rows;
  for (const auto& row : result) rows.push_back(HistoryRowOf(row));
  return rows;
}

std::optional<RegistryRow> FindVersion(pqxx::transaction_base& transaction, const std::string& name,
                                       const std::string& version) {
  const pqxx::result result = transaction.exec_params(
      absl::StrCat("SELECT ", kColumns,
                   R"sql(, "id", "steps", "adopted" FROM "rowan"."schema_history"
                         WHERE "name" = $1 AND "version" = $2 ORDER BY "id" DESC LIMIT 1)sql"),
      name, version);
  if (result.empty()) return std::nullopt;
  return HistoryRowOf(result[0]);
}

std::optional<std::string> ReadAttempt(pqxx::transaction_base& transaction, const std::string& name) {
  const pqxx::result result = transaction.exec_params(
      R"sql(SELECT encode("content", 'hex') FROM "rowan"."schema_attempts" WHERE "name" = $1)sql", name);
  if (result.empty()) return std::nullopt;
  return absl::HexStringToBytes(result[0][0].as<std::string>());
}

void WriteAttempt(pqxx::transaction_base& transaction, const std::string& name, const std::string& content,
                  const std::string& actor) {
  transaction.exec_params(
      R"sql(INSERT INTO "rowan"."schema_attempts" VALUES ($1, decode($2, 'hex'), now(), $3) ON CONFLICT ("name") DO UPDATE
            SET "content" = excluded."content", "begun_at" = excluded."begun_at", "begun_by" = excluded."begun_by")sql",
      name, absl::BytesToHexString(content), actor);
}

absl::Time Register(pqxx::transaction_base& transaction, const CompiledSchema& schema, const MemberNumbers& numbers,
                    const std::vector<SchemaStep>& steps, bool adopted, const std::string& actor) {
  const std::string content = CanonicalContent(schema.canonical);
  const std::string hex = absl::BytesToHexString(content);
  const std::string checksum = ContentHash(content);
  const std::string numbers_json = NumbersToJson(numbers);
  const std::string& name = schema.canonical.name();
  const std::string& version = schema.canonical.version();
  transaction.exec_params(
      R"sql(INSERT INTO "rowan"."schema_history"
              ("name", "version", "content", "checksum", "numbers", "steps", "applied_at", "applied_by", "adopted")
            VALUES ($1, $2, decode($3, 'hex'), $4, $5::jsonb, $6::jsonb, now(), $7, $8))sql",
      name, version, hex, checksum, numbers_json, StepsToJson(steps), actor, adopted);
  const pqxx::result result = transaction.exec_params(
      R"sql(INSERT INTO "rowan"."schemas" ("name", "version", "content", "checksum", "numbers", "applied_at", "applied_by")
            VALUES ($1, $2, decode($3, 'hex'), $4, $5::jsonb, now(), $6)
            ON CONFLICT ("name") DO UPDATE SET "version" = excluded."version", "content" = excluded."content",
              "checksum" = excluded."checksum", "numbers" = excluded."numbers", "applied_at" = excluded."applied_at",
              "applied_by" = excluded."applied_by"
            RETURNING (extract(epoch FROM "applied_at") * 1000000)::bigint)sql",
      name, version, hex, checksum, numbers_json, actor);
  transaction.exec_params(R"sql(DELETE FROM "rowan"."schema_attempts" WHERE "name" = $1)sql", name);
  transaction.exec_params("SELECT pg_notify($1, $2)", kSchemasChannel, name);
  return absl::FromUnixMicros(result[0][0].as<int64_t>());
}

absl::StatusOr<CompiledSchema> Recompile(const RegistryRow& row) {
  v1::Schema schema;
  if (ContentHash(row.content) != row.checksum || !schema.ParseFromString(row.content)) {
    return errors::Internal(absl::StrCat("the stored content of schema ", row.name, " is damaged"));
  }
  return CompileSchema(schema);
}

std::string StepsToJson(const std::vector<SchemaStep>& steps) {
  nlohmann::json json = nlohmann::json::array();
  for (const SchemaStep& step : steps) {
    json.push_back({{"description", step.description},
                    {"sql", step.sql},
                    {"path", step.path},
                    {"lock", static_cast<int>(step.lock)},
                    {"risk", static_cast<int>(step.risk)},
                    {"explanation", step.explanation},
                    {"stage", step.stage},
                    {"alone", step.alone}});
  }
  return json.dump();
}

std::vector<SchemaStep> StepsFromJson(const std::string& text) {
  std::vector<SchemaStep> steps;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array()) return steps;
  for (const nlohmann::json& entry : json) {
    SchemaStep step;
    step.description = entry.value("description", "");
    step.sql = entry.value("sql", "");
    step.path = entry.value("path", "");
    step.lock = static_cast<TableLock>(entry.value("lock", 0));
    step.risk = static_cast<StepRisk>(entry.value("risk", 0));
    step.explanation = entry.value("explanation", "");
    step.stage = entry.value("stage", 1);
    step.alone = entry.value("alone", false);
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace rowan::store
