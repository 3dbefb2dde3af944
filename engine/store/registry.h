// The registry's tables in the PostgreSQL schema "rowan": reading and writing them inside a transaction of the caller.
// Private to engine/store. Everything throws what libpqxx throws.
//
//   registry        one row: the format of these tables
//   schemas         the current version of each schema: canonical content, its checksum, and the numbers of its members
//   schema_history  every version applied: the same, and the steps, when, by whom
//   schema_attempts what an apply in several stages is on its way to; gone when it got there
//   given_numbers   all numbers that fields and relations have or had in typed messages (see member_numbers.h)
//   requests        the answers of requests with an id, for as long as they are kept (see exec/kept_answer.h)
//   secrets         what tokens are sealed with
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/store/member_numbers.h"
#include "engine/store/plan_migration.h"

namespace pqxx {
class transaction_base;
}

namespace rowan::store {

// The advisory lock that all who write the registry of a database take.
inline constexpr int64_t kApplyLock = 0x726f77616e;

// The channel on which servers tell each other that a schema has a new version; the payload is the schema's name.
inline constexpr char kSchemasChannel[] = "rowan_schemas";

// Tries to take the lock for the rest of the transaction, and returns whether it was free. Where it was not, the transaction is to
// end before the next try: an index that somebody builds concurrently waits for the end of every transaction that it met in a
// statement, and whoever builds it may be who has the lock.
bool TryLockRegistry(pqxx::transaction_base& transaction);

// Calls `attempt`, which takes the lock in a transaction of its own, until it returns true or fails. Error: LockTimeout.
absl::Status AwaitRegistry(std::chrono::milliseconds patience, const std::function<absl::StatusOr<bool>()>& attempt);

// Creates what is missing of the registry, under the lock; false when that is not free. Error: Internal for a format of a later
// version.
absl::StatusOr<bool> CreateRegistry(pqxx::transaction_base& transaction);

// A version of a schema as the registry has it.
struct RegistryRow {
  std::string name;
  std::string version;
  std::string content;
  std::string checksum;
  std::string numbers;      // as JSON
  absl::Time apply_time;
  std::string applied_by;
  int64_t id = 0;           // of an entry of the history
  std::string steps;        // of an entry of the history, as JSON
  bool adopted = false;     // of an entry of the history
};

// Returns the current versions by the names of the schemas.
std::map<std::string, std::string> ReadVersions(pqxx::transaction_base& transaction);

// Returns the current version of the schema; empty when it is not registered.
std::vector<RegistryRow> ReadSchemas(pqxx::transaction_base& transaction, const std::string& name);

// Returns at most `count` entries of the history of a schema before the entry `before` (0: the end), the latest first.
std::vector<RegistryRow> ReadHistory(pqxx::transaction_base& transaction, const std::string& name, int64_t before,
                                     int count);

// Returns the latest entry of the version, if there is one.
std::optional<RegistryRow> FindVersion(pqxx::transaction_base& transaction, const std::string& name,
                                       const std::string& version);

// Returns the content of what an apply was on its way to when it failed, if there is one.
std::optional<std::string> ReadAttempt(pqxx::transaction_base& transaction, const std::string& name);
void WriteAttempt(pqxx::transaction_base& transaction, const std::string& name, const std::string& content,
                  const std::string& actor);

// Makes the schema the current version, adds it to the history, and tells the other servers. Attempts are over with it.
// Returns when it was applied.
absl::Time Register(pqxx::transaction_base& transaction, const CompiledSchema& schema, const MemberNumbers& numbers,
                    const std::vector<SchemaStep>& steps, bool adopted, const std::string& actor);

// Returns the compiled content of a row. Errors: Internal when it is damaged, or what CompileSchema says.
absl::StatusOr<CompiledSchema> Recompile(const RegistryRow& row);

// The steps of a plan as the history keeps them, and back.
std::string StepsToJson(const std::vector<SchemaStep>& steps);
std::vector<SchemaStep> StepsFromJson(const std::string& json);

}  // namespace rowan::store
