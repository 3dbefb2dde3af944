#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "engine/base/error_text.h"

namespace rowan::errors {

// --- exec

namespace {

absl::Status KeysError(absl::StatusCode code, std::string_view reason, const std::vector<std::string>& paths,
                       std::string_view model, const std::vector<std::string>& keys, const std::string& message) {
  ErrorDetails details{.reason = reason};
  details.metadata = {
      {"model", Str(model)}, {"keys", Limited(keys, 100)}, {"path", paths.empty() ? "" : paths.front()}};
  for (size_t i = 0; i < paths.size() && i < 100; ++i) {
    details.violations.emplace_back(paths[i], i < keys.size() ? message + " (" + keys[i] + ")" : message);
  }
  std::string text = paths.empty() ? "" : paths.front() + ": ";
  text += message;
  if (!keys.empty()) text += ": " + Limited(keys, 20);
  return MakeError(code, text + ".", details);
}

}  // namespace

absl::Status RelatedNotFound(const std::vector<std::string>& paths, std::string_view model,
                             const std::vector<std::string>& keys) {
  return KeysError(absl::StatusCode::kNotFound, "RELATED_NOT_FOUND", paths, model, keys,
                   "there is no " + Str(model) + " with this key; create it first, or connect another");
}

absl::Status AlreadyOwned(const std::vector<std::string>& paths, std::string_view model,
                          const std::vector<std::string>& keys) {
  return KeysError(absl::StatusCode::kFailedPrecondition, "ALREADY_OWNED", paths, model, keys,
                   "this " + Str(model) + " belongs to another record; disconnect it there first");
}

absl::Status NotConnected(const std::vector<std::string>& paths, std::string_view model,
                          const std::vector<std::string>& keys) {
  return KeysError(absl::StatusCode::kNotFound, "NOT_CONNECTED", paths, model, keys,
                   "no " + Str(model) + (keys.empty() ? "" : " with this key") +
                       " is related here; connect it first, or leave the verb out");
}

absl::Status ExpectationFailed(std::string_view path, std::string_view expected, int64_t matched) {
  return RequestError("EXPECTATION_FAILED", Str(path),
                      absl::StrCat("the request expects ", Str(expected), " records and matches ", matched,
                                   ". Nothing was written. Change the filter, or what is expected."),
                      {{"expected", Str(expected)}, {"matched", std::to_string(matched)}},
                      absl::StatusCode::kFailedPrecondition);
}

absl::Status StaleVersion(std::string_view path, std::string_view model, std::string_view given,
                          std::string_view current) {
  return RequestError("STALE_VERSION", Str(path),
                      "the " + Str(model) + " has version " + Str(current) + " by now, not " + Str(given) +
                          ". Read it again, and send the change with its version.",
                      {{"model", Str(model)}, {"given", Str(given)}, {"current", Str(current)}},
                      absl::StatusCode::kAborted);
}

absl::Status RelationOccupied(std::string_view path, std::string_view model, std::string_view incumbent) {
  return RequestError(
      "RELATION_OCCUPIED", Str(path),
      Str(model) + " " + Str(incumbent) +
          " is in this place and cannot be related to nothing. Connect it elsewhere or delete it first.",
      {{"model", Str(model)}, {"incumbent", Str(incumbent)}}, absl::StatusCode::kFailedPrecondition);
}

absl::Status MultiParentConnect(std::string_view path, int64_t matched, std::string_view way_out) {
  return RequestError("MULTI_PARENT_CONNECT", Str(path),
                      absl::StrCat("the filter matches ", matched, " rows, but this is for one. Narrow the filter to one row",
                                   Str(way_out), "."),
                      {{"matched", std::to_string(matched)}}, absl::StatusCode::kFailedPrecondition);
}

absl::Status ReplyTooLarge(int64_t limit_bytes) {
  return MakeError(absl::StatusCode::kResourceExhausted,
                   absl::StrCat("the reply would be larger than ", limit_bytes,
                                " bytes. Ask for a smaller page, select less, or use Stream."),
                   {.reason = "REPLY_TOO_LARGE", .metadata = {{"limit_bytes", std::to_string(limit_bytes)}}});
}

absl::Status TooManyReturned(int64_t limit_rows) {
  return MakeError(absl::StatusCode::kResourceExhausted,
                   absl::StrCat("more than ", limit_rows,
                                " records would be returned. Leave `returning` out, or narrow the filter."),
                   {.reason = "REPLY_TOO_LARGE", .metadata = {{"limit_rows", std::to_string(limit_rows)}}});
}

// --- database

absl::Status UniqueViolation(std::string_view constraint, std::string_view model, std::string_view fields) {
  const std::string what = fields.empty() ? "a unique key" : Str(fields);
  return MakeError(absl::StatusCode::kAlreadyExists,
                   "another " + (model.empty() ? "row" : Str(model)) + " has the same " + what +
                       ". Send another value, or update that row.",
                   {.reason = "UNIQUE_VIOLATION",
                    .metadata = {{"constraint", Str(constraint)}, {"model", Str(model)}, {"fields", Str(fields)}}});
}

absl::Status ForeignKeyRestrict(std::string_view constraint, std::string_view model, std::string_view relation) {
  const std::string what = model.empty()
                               ? "other rows"
                               : Str(model) + (relation.empty() ? " rows" : " rows (relation " + Str(relation) + ")");
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   what + " still refer to the row. Delete or reconnect them first, or declare another on_delete.",
                   {.reason = "FOREIGN_KEY_RESTRICT",
                    .metadata = {{"constraint", Str(constraint)}, {"model", Str(model)}, {"relation", Str(relation)}}});
}

absl::Status NotNullViolation(std::string_view place, std::string_view model, std::string_view field) {
  return RequestError("NULL_NOT_ALLOWED", field.empty() ? Str(place) : Str(place) + "." + Str(field),
                      (model.empty() ? "a column" : Str(model) + "." + Str(field)) + " cannot be null. Send a value.",
                      {{"model", Str(model)}, {"field", Str(field)}});
}

absl::Status CheckViolation(std::string_view place, std::string_view constraint, std::string_view model) {
  return RequestError("CHECK_VIOLATION", Str(place),
                      constraint.empty()
                          ? "no partition of " + (model.empty() ? "the table" : Str(model)) + " takes the row. Add one."
                          : "the CHECK " + Str(constraint) + (model.empty() ? "" : " of " + Str(model)) +
                                " refuses a value.",
                      {{"constraint", Str(constraint)}, {"model", Str(model)}});
}

absl::Status InvalidValue(std::string_view sqlstate) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "PostgreSQL refuses a value of the request (SQLSTATE " + Str(sqlstate) +
                       "), for example because it is out of range.",
                   {.reason = "INVALID_VALUE", .metadata = {{"sqlstate", Str(sqlstate)}}});
}

absl::Status OperatorMissing() {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "a native type of a field has no such operator or function in PostgreSQL. Compare the field's text with"
                   " contains, startsWith, endsWith, like or regex, or leave it out of filter, order, group_by and"
                   " aggregates.",
                   {.reason = "OPERATOR_NOT_ALLOWED"});
}

absl::Status TransactionConflict(int attempts) {
  return Retryable(absl::StatusCode::kAborted, "TRANSACTION_CONFLICT",
                   absl::StrCat("concurrent transactions interfered ", attempts, " times.", kNothingWritten),
                   {{"attempts", std::to_string(attempts)}}, absl::Milliseconds(50));
}

absl::Status Deadlock(int attempts) {
  return Retryable(
      absl::StatusCode::kAborted, "DEADLOCK",
      absl::StrCat("PostgreSQL broke a deadlock ", attempts, " times.", kNothingWritten),
      {{"attempts", std::to_string(attempts)}}, absl::Milliseconds(50));
}

absl::Status LockTimeout() {
  return Retryable(absl::StatusCode::kAborted, "LOCK_TIMEOUT",
                   absl::StrCat("a lock was not to be had in time.", kNothingWritten), {},
                   absl::Milliseconds(100));
}

absl::Status DeadlineExceeded() {
  return MakeError(
      absl::StatusCode::kDeadlineExceeded,
      absl::StrCat("the deadline, or the server's time limit, passed before the answer was complete.",
                   kNothingCommitted),
      {.reason = "DEADLINE_EXCEEDED"});
}

absl::Status Cancelled() {
  return MakeError(absl::StatusCode::kCancelled, absl::StrCat("the client cancelled the call.", kNothingCommitted),
                   {.reason = "CANCELLED"});
}

absl::Status PoolExhausted(std::string_view pool) {
  return Retryable(absl::StatusCode::kResourceExhausted, "POOL_EXHAUSTED",
                   "the server is at its limit (" + Str(pool) + "). Send the request again a little later.",
                   {{"pool", Str(pool)}}, absl::Milliseconds(200));
}

absl::Status DatabaseExhausted(std::string_view sqlstate) {
  return Retryable(absl::StatusCode::kResourceExhausted, "DATABASE_EXHAUSTED",
                   "PostgreSQL is out of memory, disk or connections. Send the request again later.",
                   {{"sqlstate", Str(sqlstate)}}, absl::Seconds(1));
}

absl::Status DatabaseUnavailable() {
  return Retryable(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE",
                   absl::StrCat("PostgreSQL cannot be reached at the moment.", kNothingSent), {},
                   absl::Seconds(1));
}

absl::Status CommitOutcomeUnknown() {
  return MakeError(absl::StatusCode::kUnavailable,
                   "the connection to PostgreSQL was lost while committing: the write took place or it did not. Read "
                   "before sending it again.",
                   {.reason = "COMMIT_OUTCOME_UNKNOWN"});
}

absl::Status DatabasePermissionDenied(std::string_view model) {
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "the server's database role may not do this" + (model.empty() ? "" : " with " + Str(model)) + ".",
                   {.reason = "DATABASE_PERMISSION_DENIED", .metadata = {{"model", Str(model)}}});
}

absl::Status SchemaDrift(std::string_view schema, std::string_view version) {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "the database no longer matches the registered schema " + Str(schema) +
                       ". Somebody changed its tables by other means.",
                   {.reason = "SCHEMA_DRIFT", .metadata = {{"schema", Str(schema)}, {"version", Str(version)}}});
}

absl::Status ShuttingDown() {
  return Retryable(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                   "the server is shutting down. Send the request to another one.", {}, absl::Seconds(1));
}

absl::Status StreamStalled(absl::Duration patience) {
  const std::string seconds = absl::StrCat(absl::ToInt64Seconds(patience));
  return Retryable(absl::StatusCode::kAborted, "STREAM_STALLED",
                   "the next message of the stream was not taken within " + seconds +
                       " seconds. Resume the stream with its last resume token.",
                   {{"seconds", seconds}}, absl::Seconds(1));
}

absl::Status TransactionTimeout(std::string_view limit, absl::Duration patience) {
  const std::string seconds = absl::StrCat(absl::ToDoubleSeconds(patience));
  const std::string what = limit == "idle" ? "the client was silent for " : "the transaction took longer than ";
  return MakeError(absl::StatusCode::kAborted,
                   what + seconds + " seconds, so all was rolled back. Begin again, and do not wait in between.",
                   {.reason = "TRANSACTION_TIMEOUT", .metadata = {{"limit", Str(limit)}, {"seconds", seconds}}});
}

absl::Status Internal(std::string_view cause_for_log) {
  absl::Status status =
      MakeError(absl::StatusCode::kInternal, "the server failed. Its log has the cause under the request id.",
                {.reason = "INTERNAL"});
  status.SetPayload(kCause, absl::Cord(absl::string_view(cause_for_log.data(), cause_for_log.size())));
  return status;
}

std::string InternalCause(const absl::Status& status) {
  const auto payload = status.GetPayload(kCause);
  return payload ? std::string(*payload) : "";
}

}  // namespace rowan::errors
