// The error catalogue: one function per error that a client can see, grouped by the stage that finds it. Each returns
// an absl::Status whose message says what was wrong, what exists and what to send instead, and whose payloads are the
// google.rpc details (ErrorInfo, and BadRequest or RetryInfo where they belong) under their type URLs, so that the
// transport only has to copy them. Reasons are those of rowan.v1.ErrorReason, where each has a literal example.
//
// Add an error: a value in error.proto, a function here, its text in errors_*.cc, a row in errors_test.cc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/base/path.h"

namespace rowan {

// What the details of an error say. `path` goes into the metadata too.
struct ErrorDetails {
  std::string_view reason;
  std::map<std::string, std::string> metadata;
  // BadRequest's violations, {path, description}.
  std::vector<std::pair<std::string, std::string>> violations;
  std::optional<absl::Duration> retry_delay;
};

// Makes an error with details. The functions below are the only callers, beside tests.
absl::Status MakeError(absl::StatusCode code, std::string_view message, const ErrorDetails& details);

// Returns the reason that an error carries, or "" when it carries none.
std::string ErrorReasonOf(const absl::Status& status);

// Returns the ErrorInfo metadata that an error carries.
std::map<std::string, std::string> ErrorMetadataOf(const absl::Status& status);

namespace errors {

using Names = std::vector<std::string_view>;

// --- bind: names. `existing` are all names that could have been meant.
absl::Status MissingArgument(const Path& path, std::string_view what);
absl::Status UnknownSchema(std::string_view name, const Names& existing);
absl::Status UnknownModel(const Path& path, std::string_view name, const Names& existing);
absl::Status UnknownField(const Path& path, std::string_view model, std::string_view name, const Names& existing);
absl::Status UnknownRelation(const Path& path, std::string_view model, std::string_view name, const Names& existing);
absl::Status EmptySelection(const Path& path, std::string_view model, const Names& fields);
absl::Status DuplicateName(const Path& path, std::string_view name);

// --- bind: filters, orders, pages
absl::Status EmptyFilter(const Path& path);
absl::Status MissingOperator(const Path& path, std::string_view allowed);
absl::Status MissingValue(const Path& path);
absl::Status OperatorNotAllowed(const Path& path, std::string_view op, std::string_view type, std::string_view allowed);
absl::Status QuantifierNotAllowed(const Path& path, std::string_view quantifier, std::string_view relation,
                                  std::string_view allowed);
absl::Status NullOperand(const Path& path, std::string_view op);
absl::Status NotOrderable(const Path& path, std::string_view field, std::string_view type);
absl::Status PageOnToOne(const Path& path, std::string_view relation);
absl::Status LimitOutOfRange(const Path& path, int64_t value, int64_t max);
absl::Status DepthExceeded(const Path& path, std::string_view what, int limit);
absl::Status TooManyNodes(const Path& path, int limit, std::string_view what);
absl::Status CursorMismatch(const Path& path);
absl::Status InvalidRegex(const Path& path, std::string_view why);
absl::Status AggregateNotAllowed(const Path& path, std::string_view function, std::string_view type,
                                 std::string_view allowed);
absl::Status DuplicateOrder(const Path& path, std::string_view name);
// A relation that an order or a group key cannot go through; `why` ends the sentence.
absl::Status NotOrderableRelation(const Path& path, std::string_view relation, std::string_view why);

// --- values (types)
absl::Status TypeMismatch(const Path& path, std::string_view expected, std::string_view got);
absl::Status ValueOutOfRange(const Path& path, std::string_view type, std::string_view why);
absl::Status MalformedValue(const Path& path, std::string_view type, std::string_view why);

// --- bind: writes
absl::Status NullNotAllowed(const Path& path, std::string_view model, std::string_view field);
absl::Status RequiredField(const Path& path, std::string_view model, std::string_view field, std::string_view instead);
absl::Status ReadOnlyField(const Path& path, std::string_view model, std::string_view field);
absl::Status ConflictingInput(const Path& path, std::string_view other, std::string_view why);
absl::Status EmptyMutation(const Path& path);
absl::Status EmptyRelationWrite(const Path& path, std::string_view allowed);
absl::Status VerbNotAllowed(const Path& path, std::string_view verb, std::string_view relation,
                            std::string_view allowed, std::string_view why);
absl::Status ReadOnlyModel(const Path& path, std::string_view model);
absl::Status TooManyRelated(const Path& path, std::string_view relation);
// `keys`: the model's keys as "id | name | (a, b)".
absl::Status NotAKey(const Path& path, std::string_view model, std::string_view keys);
absl::Status DisconnectRequired(const Path& path, std::string_view model, std::string_view relation);
absl::Status UnguardedMutation(const Path& path, std::string_view verb);
absl::Status UnorderableWrite(const Path& path);
// `allowed`: the changes that the field takes, or "none; …".
absl::Status ChangeNotAllowed(const Path& path, std::string_view type, std::string_view allowed);
absl::Status UnknownRecord(const Path& path, std::string_view name, const Names& existing);

// --- exec. Paths are text here: they were kept from bind.
// `keys` are the missing keys of one node, `paths` where each was named.
absl::Status RelatedNotFound(const std::vector<std::string>& paths, std::string_view model,
                             const std::vector<std::string>& keys);
absl::Status AlreadyOwned(const std::vector<std::string>& paths, std::string_view model,
                          const std::vector<std::string>& keys);
// `keys` is empty for the current row of a to-one relation.
absl::Status NotConnected(const std::vector<std::string>& paths, std::string_view model,
                          const std::vector<std::string>& keys);
// `expected`: "exactly 1".
absl::Status ExpectationFailed(std::string_view path, std::string_view expected, int64_t matched);
absl::Status StaleVersion(std::string_view path, std::string_view model, std::string_view given,
                          std::string_view current);
absl::Status RelationOccupied(std::string_view path, std::string_view model, std::string_view incumbent);
// `way_out`: what else can be done, as the end of a sentence, or "".
absl::Status MultiParentConnect(std::string_view path, int64_t matched, std::string_view way_out);
absl::Status ReplyTooLarge(int64_t limit_bytes);
absl::Status TooManyReturned(int64_t limit_rows);

// --- database. The names are the catalog's, or empty when the database names none that the catalog knows.
absl::Status UniqueViolation(std::string_view constraint, std::string_view model, std::string_view fields);
absl::Status ForeignKeyRestrict(std::string_view constraint, std::string_view model, std::string_view relation);
// `place`: where the rows stand in the request, "data".
absl::Status NotNullViolation(std::string_view place, std::string_view model, std::string_view field);
absl::Status CheckViolation(std::string_view place, std::string_view constraint, std::string_view model);
absl::Status InvalidValue(std::string_view sqlstate);
// A native type has not the operator or function that the request needs.
absl::Status OperatorMissing();
absl::Status TransactionConflict(int attempts);
absl::Status Deadlock(int attempts);
absl::Status LockTimeout();
absl::Status DeadlineExceeded();
absl::Status Cancelled();
absl::Status PoolExhausted(std::string_view pool);
absl::Status DatabaseExhausted(std::string_view sqlstate);
absl::Status DatabaseUnavailable();
absl::Status CommitOutcomeUnknown();
absl::Status DatabasePermissionDenied(std::string_view model);
absl::Status SchemaDrift(std::string_view schema, std::string_view version);
absl::Status ShuttingDown();
absl::Status StreamStalled(absl::Duration patience);
// `limit`: which one passed, "idle" or "total".
absl::Status TransactionTimeout(std::string_view limit, absl::Duration patience);
// The cause is for the log; the client sees generic text.
absl::Status Internal(std::string_view cause_for_log);

// Returns the cause that Internal was given, or "" for other errors.
std::string InternalCause(const absl::Status& status);

// --- schemas. One invalid schema gives one error that lists everything; `reason` is the first one's.
struct SchemaProblem {
  std::string reason;
  std::string path;
  std::string message;
  std::map<std::string, std::string> metadata;
};
absl::Status SchemaInvalid(const std::vector<SchemaProblem>& problems);
// Steps that are not done; the reason is the first one's: UNSUPPORTED_CHANGE, TABLE_EXISTS, AMBIGUOUS_RENAME or DATA_LOSS.
absl::Status ChangeRefused(const std::vector<SchemaProblem>& problems);
// The error of a change in several stages, after its first one: the same, but for what it says is left. `done` are the
// steps of the stages before, in their words.
absl::Status InStage(const absl::Status& status, int stage, int stages, const std::vector<std::string>& done);
absl::Status AdoptionMismatch(const std::vector<SchemaProblem>& problems);
absl::Status UnknownVersion(std::string_view path, std::string_view schema, std::string_view version);
absl::Status VersionMismatch(std::string_view schema, std::string_view expected, std::string_view current);
// `part` is the part of the version that the database no longer fits, `object` what it is there.
absl::Status VersionIncompatible(std::string_view schema, std::string_view version, std::string_view current,
                                 std::string_view part, std::string_view object);
// `existing` are the PostgreSQL schemas that the database has.
absl::Status UnknownDatabaseSchema(const Path& path, std::string_view name, const Names& existing);
absl::Status TableExists(std::string_view path, std::string_view table);
absl::Status DataConflict(std::string_view path, std::string_view sqlstate, std::string_view what);

}  // namespace errors
}  // namespace rowan
