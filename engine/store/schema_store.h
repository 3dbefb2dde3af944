// The registry of schemas in PostgreSQL, and the only writer of DDL.
//
//   "rowan"."registry"        one row: the format of these tables
//   "rowan"."schemas"         the current version of each schema: canonical content and its checksum
//   "rowan"."schema_history"  every version applied: content, steps, when, by whom
//   "rowan"."requests"        the answers of requests with an id, for as long as they are kept
//
// Applying is one transaction under an advisory lock: registry and tables change together or not at all, one apply at a
// time in a database.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/store/plan_migration.h"

namespace rowan::store {

struct StoreOptions {
  std::string conninfo;  // libpq's: keywords or URI
  // How long applying waits for the advisory lock and for each table. Errors with LOCK_TIMEOUT after it.
  std::chrono::milliseconds lock_timeout{5000};
  // Takes what the driver said about an error, for the log: the first line, which holds no values. Called from any
  // thread; may be empty.
  std::function<void(const std::string& message)> log;
};

struct ApplyOptions {
  // Do everything but commit.
  bool validate_only = false;
  // The version that must be current, or "" for not registered; unset: any.
  std::optional<std::string> expected_version;
  // Who applies, for the history.
  std::string actor;
  // How long one statement may take; zero: no limit.
  std::chrono::milliseconds statement_timeout{0};
};

struct ApplyResult {
  std::vector<SchemaStep> steps;  // done, or to be done for validate_only
  bool applied = false;           // a new version was committed
  absl::Time apply_time;          // of the current version; for validate_only of a new version, the time of the attempt
};

// A registered schema as it was read back.
struct StoredSchema {
  std::string name;
  std::string version;
  absl::Time apply_time;
  // An error when the stored content is damaged or no longer compiles; the other schemas are not affected.
  absl::StatusOr<CompiledSchema> compiled;
};

// Thread-safe: every call opens a connection of its own and closes it. Errors of all functions: DatabaseUnavailable,
// DatabasePermissionDenied, LockTimeout and others of the database, Internal.
class SchemaStore {
 public:
  // Connects, and creates the registry in a database that has none.
  static absl::StatusOr<std::unique_ptr<SchemaStore>> Open(StoreOptions options);

  // Returns all registered schemas by name.
  absl::StatusOr<std::vector<StoredSchema>> LoadAll() const;

  // Returns the secret that all servers of this database seal tokens with; the first one makes it up.
  absl::StatusOr<std::string> TokenSecret() const;

  // Brings the database to the schema and registers it. The version that is current already changes nothing. Errors:
  // VersionMismatch, UnsupportedChange, TableExists, DataConflict, SchemaInvalid (an expression that PostgreSQL
  // refuses), CommitOutcomeUnknown.
  absl::StatusOr<ApplyResult> Apply(const CompiledSchema& schema, const ApplyOptions& options) const;

 private:
  explicit SchemaStore(StoreOptions options) : options_(std::move(options)) {}

  const StoreOptions options_;
};

}  // namespace rowan::store
