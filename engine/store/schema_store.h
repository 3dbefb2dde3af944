// The registry of schemas in PostgreSQL, and the only writer of DDL.
//
// Applying is under an advisory lock, one at a time in a database. As far as PostgreSQL allows it is one transaction:
// registry and tables change together or not at all. What has to be several stages (see plan_migration.h) leaves a note in
// the registry, and the same call again goes on from there.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/store/compare_images.h"
#include "engine/store/introspect.h"
#include "engine/store/plan_migration.h"

namespace rowan::store {

struct StoreOptions {
  std::string conninfo;  // libpq's: keywords or URI
  // How long applying waits for the advisory lock, and for each lock on a table at a time. A table's lock is tried for
  // lock_attempts times, with pauses in between in which those who waited behind get their turn. Errors with LOCK_TIMEOUT
  // after it.
  std::chrono::milliseconds lock_timeout{5000};
  int lock_attempts = 5;
  // Takes what the driver said about an error, for the log: the first line, which holds no values. Called from any
  // thread; may be empty.
  std::function<void(const std::string& message)> log;
};

enum class Adopt { kNo, kOff, kWarn, kEnforce };

struct ApplyOptions {
  // Do everything but commit.
  bool validate_only = false;
  // The version that must be current, or "" for not registered; unset: any.
  std::optional<std::string> expected_version;
  // Who applies, for the history.
  std::string actor;
  // How long one statement may take; zero: no limit.
  std::chrono::milliseconds statement_timeout{0};
  std::set<std::string> allow_data_loss;  // descriptions of steps
  std::set<std::string> leave_out;
  Online online = Online::kAuto;
  Adopt adopt = Adopt::kNo;
  // The schema is a version of the history that is gone back to.
  bool earlier = false;
};

// How a part of the schema differs from the database. As rowan.v1.SchemaDifference.
struct SchemaDifference {
  Gravity gravity = Gravity::kNotice;
  std::string kind;
  std::string path;
  std::string object;
  std::string expected;
  std::string found;
};

struct ApplyResult {
  std::vector<SchemaStep> steps;  // done, or to be done for validate_only
  bool applied = false;           // a new version was committed
  absl::Time apply_time;          // of the current version; for validate_only of a new version, the time of the attempt
  v1::Schema canonical;           // with the numbers of fields and relations
  std::vector<SchemaDifference> differences;  // of a schema that was adopted
  std::vector<std::string> unused;            // of allow_data_loss and leave_out
  bool tried = true;                          // false for validate_only of steps that cannot be undone
};

// A registered schema as it was read back.
struct StoredSchema {
  std::string name;
  std::string version;
  absl::Time apply_time;
  // An error when the stored content is damaged or no longer compiles; the other schemas are not affected. With the numbers
  // of fields and relations.
  absl::StatusOr<CompiledSchema> compiled;
};

// One time that a version was applied.
struct HistoryEntry {
  int64_t id = 0;  // greater for later ones
  std::string version;
  absl::Time apply_time;
  std::string applied_by;
  std::string checksum;
  std::vector<SchemaStep> steps;
  bool adopted = false;
};

// Thread-safe: every call opens a connection of its own and closes it. Errors of all functions: DatabaseUnavailable,
// DatabasePermissionDenied, LockTimeout and others of the database, Internal.
class SchemaStore {
 public:
  // Connects, and creates the registry in a database that has none.
  static absl::StatusOr<std::unique_ptr<SchemaStore>> Open(StoreOptions options);

  // Returns the current version of each registered schema.
  absl::StatusOr<std::map<std::string, std::string>> Versions() const;

  // Returns the registered schemas that `wanted` says yes to, by name.
  absl::StatusOr<std::vector<StoredSchema>> Load(
      const std::function<bool(const std::string& name, const std::string& version)>& wanted) const;

  // Returns a version that the schema was at. Error: UnknownVersion at `path`.
  absl::StatusOr<StoredSchema> LoadVersion(const std::string& name, const std::string& version,
                                           const std::string& path) const;

  // Returns at most `count` entries of a schema's history before the entry of the id (0: the end), the latest first.
  absl::StatusOr<std::vector<HistoryEntry>> History(const std::string& name, int64_t before, int count) const;

  // Notes in a catalog that is about to be served what its plans can make use of: foreign keys that are there, and sequences.
  // Whatever goes wrong, they do without.
  void NoteFacts(Catalog& catalog) const;

  // Returns the secret that all servers of this database seal tokens with; the first one makes it up.
  absl::StatusOr<std::string> TokenSecret() const;

  // Brings the database to the schema and registers it. The version that is current already changes nothing.
  // Errors: VersionMismatch, ChangeRefused, AdoptionMismatch, TableExists,
  // DataConflict, SchemaInvalid (an expression that PostgreSQL refuses), CommitOutcomeUnknown.
  absl::StatusOr<ApplyResult> Apply(const CompiledSchema& schema, const ApplyOptions& options) const;

  // Returns how the schema differs from the database, errors first.
  absl::StatusOr<std::vector<SchemaDifference>> FindDrift(const Catalog& schema) const;

  // Reads a schema off the database; see introspect_database.h.
  absl::StatusOr<Introspection> Introspect(const std::vector<std::string>& database_schemas,
                                           IntrospectOptions options) const;

 private:
  explicit SchemaStore(StoreOptions options) : options_(std::move(options)) {}

  const StoreOptions options_;
};

}  // namespace rowan::store
