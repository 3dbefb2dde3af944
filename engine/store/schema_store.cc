#include "engine/store/schema_store.h"

#include <openssl/rand.h>

#include <array>
#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/escaping.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/store/apply_schema.h"
#include "engine/store/connection.h"
#include "engine/store/driver_errors.h"
#include "engine/store/introspect_database.h"
#include "engine/store/note_facts.h"
#include "engine/store/registry.h"

namespace rowan::store {
namespace {

// Runs `work` in a transaction of its own and commits it.
template <typename Work>
absl::Status InTransaction(const StoreOptions& options, Work work) {
  const SchemaStep* const step = nullptr;
  return Guarded(options.log, step, [&]() -> absl::Status {
    pqxx::connection connection(options.conninfo);
    pqxx::work transaction(connection);
    Configure(transaction, options.lock_timeout, std::chrono::milliseconds(0));
    ROWAN_RETURN_IF_ERROR(work(transaction));
    transaction.commit();
    return absl::OkStatus();
  });
}

StoredSchema Stored(pqxx::transaction_base& transaction, const RegistryRow& row) {
  StoredSchema stored{row.name, row.version, row.apply_time, Recompile(row)};
  if (!stored.compiled.ok()) return stored;
  FillNumbers(transaction, NumbersFromJson(row.numbers), stored.compiled->canonical);
  store::NoteFacts(transaction, *stored.compiled->catalog);
  return stored;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SchemaStore>> SchemaStore::Open(StoreOptions options) {
  ROWAN_RETURN_IF_ERROR(AwaitRegistry(options.lock_timeout, [&]() -> absl::StatusOr<bool> {
    bool whole = false;
    ROWAN_RETURN_IF_ERROR(InTransaction(options, [&](pqxx::work& transaction) -> absl::Status {
      ROWAN_ASSIGN_OR_RETURN(whole, CreateRegistry(transaction));
      return absl::OkStatus();
    }));
    return whole;
  }));
  return std::unique_ptr<SchemaStore>(new SchemaStore(std::move(options)));
}

absl::StatusOr<std::string> SchemaStore::TokenSecret() const {
  std::string secret;
  ROWAN_RETURN_IF_ERROR(InTransaction(options_, [&](pqxx::work& transaction) -> absl::Status {
    const std::string read = "SELECT encode(\"value\", 'hex') FROM \"rowan\".\"secrets\" WHERE \"name\" = 'tokens'";
    pqxx::result found = transaction.exec_params(read);
    if (found.empty()) {
      std::array<unsigned char, 32> bytes;
      if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
        return errors::Internal("no random bytes are to be had");
      }
      const std::string hex =
          absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
      transaction.exec_params(
          "INSERT INTO \"rowan\".\"secrets\" VALUES ('tokens', decode($1, 'hex')) ON CONFLICT DO NOTHING", hex);
      // Another server may have been faster.
      found = transaction.exec_params(read);
    }
    if (found.size() != 1) return errors::Internal("the registry holds no secret for tokens");
    secret = absl::HexStringToBytes(found[0][0].as<std::string>());
    return absl::OkStatus();
  }));
  return secret;
}

void SchemaStore::NoteFacts(Catalog& catalog) const {
  // The store logs what is wrong.
  InTransaction(options_, [&](pqxx::work& transaction) {
    store::NoteFacts(transaction, catalog);
    return absl::OkStatus();
  }).IgnoreError();
}

absl::StatusOr<std::map<std::string, std::string>> SchemaStore::Versions() const {
  std::map<std::string, std::string> versions;
  ROWAN_RETURN_IF_ERROR(InTransaction(options_, [&](pqxx::work& transaction) {
    versions = ReadVersions(transaction);
    return absl::OkStatus();
  }));
  return versions;
}

absl::StatusOr<std::vector<StoredSchema>> SchemaStore::Load(
    const std::function<bool(const std::string& name, const std::string& version)>& wanted) const {
  std::vector<StoredSchema> schemas;
  ROWAN_RETURN_IF_ERROR(InTransaction(options_, [&](pqxx::work& transaction) {
    for (const auto& [name, version] : ReadVersions(transaction)) {
      if (!wanted(name, version)) continue;
      for (const RegistryRow& row : ReadSchemas(transaction, name)) schemas.push_back(Stored(transaction, row));
    }
    return absl::OkStatus();
  }));
  return schemas;
}

absl::StatusOr<StoredSchema> SchemaStore::LoadVersion(const std::string& name, const std::string& version,
                                                      const std::string& path) const {
  std::optional<StoredSchema> stored;
  ROWAN_RETURN_IF_ERROR(InTransaction(options_, [&](pqxx::work& transaction) -> absl::Status {
    const std::optional<RegistryRow> row = FindVersion(transaction, name, version);
    if (!row.has_value()) return errors::UnknownVersion(path, name, version);
    stored = Stored(transaction, *row);
    return absl::OkStatus();
  }));
  return *std::move(stored);
}

absl::StatusOr<std::vector<HistoryEntry>> SchemaStore::History(const std::string& name, int64_t before,
                                                               int count) const {
  std::vector<HistoryEntry> entries;
  ROWAN_RETURN_IF_ERROR(InTransaction(options_, [&](pqxx::work& transaction) {
    for (const RegistryRow& row : ReadHistory(transaction, name, before, count)) {
      entries.push_back({.id = row.id,
                         .version = row.version,
                         .apply_time = row.apply_time,
                         .applied_by = row.applied_by,
                         .checksum = row.checksum,
                         .steps = StepsFromJson(row.steps),
                         .adopted = row.adopted});
    }
    return absl::OkStatus();
  }));
  return entries;
}

absl::StatusOr<ApplyResult> SchemaStore::Apply(const CompiledSchema& schema, const ApplyOptions& options) const {
  return ApplySchema(options_, options, schema);
}

absl::StatusOr<std::vector<SchemaDifference>> SchemaStore::FindDrift(const Catalog& schema) const {
  return store::FindDrift(options_, schema);
}

absl::StatusOr<Introspection> SchemaStore::Introspect(const std::vector<std::string>& database_schemas,
                                                      IntrospectOptions options) const {
  return IntrospectDatabase(options_, database_schemas, std::move(options));
}

}  // namespace rowan::store
