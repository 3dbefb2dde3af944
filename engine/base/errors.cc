#include "engine/base/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/nearest.h"
#include "google/rpc/error_details.pb.h"

namespace rowan {
namespace {

constexpr char kErrorInfo[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequest[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kRetryInfo[] = "type.googleapis.com/google.rpc.RetryInfo";
// The cause of an Internal error. Not a google.rpc type: the transport leaves it out of the answer.
constexpr char kCause[] = "rowan/cause";

// Makes client-supplied text fit for a message: at most 64 bytes, printable, valid UTF-8.
std::string Quotable(std::string_view text) {
  const bool cut = text.size() > 64;
  std::string clean;
  for (size_t i = 0; i < text.size() && i < 64;) {
    const unsigned char lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    bool valid = lead < 0x80 || (lead >= 0xc2 && lead <= 0xf4);
    for (size_t k = 1; k < length; ++k) {
      valid = valid && i + k < text.size() && (static_cast<unsigned char>(text[i + k]) & 0xc0) == 0x80;
    }
    if (valid && length > 2) {
      // The shortest form only, no surrogates, nothing beyond U+10FFFF.
      const unsigned char next = static_cast<unsigned char>(text[i + 1]);
      valid = !(lead == 0xe0 && next < 0xa0) && !(lead == 0xed && next > 0x9f) && !(lead == 0xf0 && next < 0x90) &&
              !(lead == 0xf4 && next > 0x8f);
    }
    if (valid && i + length > 64) break;
    if (!valid || lead < 0x20 || lead == 0x7f) {
      clean += '?';
      ++i;
      continue;
    }
    clean.append(text.substr(i, length));
    i += length;
  }
  return cut ? clean + "…" : clean;
}

std::string Quoted(std::string_view text) {
  return "\"" + Quotable(text) + "\"";
}

// `a, b, c and 4 more`
std::string Listed(const errors::Names& names) {
  constexpr size_t kMost = 20;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kMost; ++i) {
    if (i > 0) text += ", ";
    text.append(names[i]);
  }
  if (names.size() > kMost) text += " and " + std::to_string(names.size() - kMost) + " more";
  return text.empty() ? "none" : text;
}

struct NamesHint {
  std::string text;     // "; did you mean name? Existing: …"
  std::string nearest;  // "name, nae"
};

NamesHint Hint(std::string_view name, const errors::Names& existing) {
  const std::vector<std::string> near = NearestNames(name, existing);
  NamesHint hint;
  hint.nearest = absl::StrJoin(near, ", ");
  if (!near.empty()) hint.text = " Did you mean " + absl::StrJoin(near, " or ") + "?";
  hint.text += " There are: " + Listed(existing) + ".";
  return hint;
}

std::string Str(std::string_view text) {
  return std::string(text);
}

// An error of a request at one place.
absl::Status RequestError(std::string_view reason, std::string path, const std::string& message,
                          std::map<std::string, std::string> metadata = {},
                          absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
  metadata["path"] = path;
  const std::string located = path.empty() ? message : path + ": " + message;
  return MakeError(code, located, {.reason = reason, .metadata = std::move(metadata), .violations = {{path, message}}});
}

absl::Status Retryable(absl::StatusCode code, std::string_view reason, std::string_view message,
                       std::map<std::string, std::string> metadata, absl::Duration delay) {
  return MakeError(code, message, {.reason = reason, .metadata = std::move(metadata), .retry_delay = delay});
}

std::string Limited(const std::vector<std::string>& items, size_t most) {
  std::string text;
  for (size_t i = 0; i < items.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + items[i];
  if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
  return text;
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view message, const ErrorDetails& details) {
  absl::Status status(code, absl::string_view(message.data(), message.size()));
  google::rpc::ErrorInfo info;
  info.set_reason(Str(details.reason));
  info.set_domain("rowan");
  for (const auto& [key, value] : details.metadata) (*info.mutable_metadata())[key] = value;
  status.SetPayload(kErrorInfo, absl::Cord(info.SerializeAsString()));
  if (!details.violations.empty()) {
    google::rpc::BadRequest bad;
    for (const auto& [path, description] : details.violations) {
      google::rpc::BadRequest::FieldViolation& violation = *bad.add_field_violations();
      violation.set_field(path);
      violation.set_description(description);
    }
    status.SetPayload(kBadRequest, absl::Cord(bad.SerializeAsString()));
  }
  if (details.retry_delay) {
    google::rpc::RetryInfo retry;
    const int64_t nanoseconds = absl::ToInt64Nanoseconds(*details.retry_delay);
    retry.mutable_retry_delay()->set_seconds(nanoseconds / 1'000'000'000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanoseconds % 1'000'000'000));
    status.SetPayload(kRetryInfo, absl::Cord(retry.SerializeAsString()));
  }
  return status;
}

namespace {

google::rpc::ErrorInfo InfoOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  if (const auto payload = status.GetPayload(kErrorInfo)) info.ParseFromString(std::string(*payload));
  return info;
}

}  // namespace

std::string ErrorReasonOf(const absl::Status& status) {
  return InfoOf(status).reason();
}

std::map<std::string, std::string> ErrorMetadataOf(const absl::Status& status) {
  const google::rpc::ErrorInfo info = InfoOf(status);
  return {info.metadata().begin(), info.metadata().end()};
}

namespace errors {

// --- bind: names

absl::Status MissingArgument(const Path& path, std::string_view what) {
  return RequestError("MISSING_ARGUMENT", path.Text(), "is empty. Send " + Str(what) + ".");
}

absl::Status UnknownSchema(std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_SCHEMA", "schema", "there is no schema " + Quoted(name) + "." + hint.text,
                      {{"schema", Quotable(name)}, {"nearest", hint.nearest}}, absl::StatusCode::kNotFound);
}

absl::Status UnknownModel(const Path& path, std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_MODEL", path.Text(), "there is no model " + Quoted(name) + "." + hint.text,
                      {{"name", Quotable(name)}, {"nearest", hint.nearest}});
}

absl::Status UnknownField(const Path& path, std::string_view model, std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_FIELD", path.Text(), Str(model) + " has no field " + Quoted(name) + "." + hint.text,
                      {{"model", Str(model)}, {"name", Quotable(name)}, {"nearest", hint.nearest}});
}

absl::Status UnknownRelation(const Path& path, std::string_view model, std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_RELATION", path.Text(),
                      Str(model) + " has no relation " + Quoted(name) + "." + hint.text,
                      {{"model", Str(model)}, {"name", Quotable(name)}, {"nearest", hint.nearest}});
}

absl::Status EmptySelection(const Path& path, std::string_view model, const Names& fields) {
  return RequestError(
      "EMPTY_SELECTION", path.Text(),
      "nothing is selected of " + Str(model) + ". Select fields by name, or \"*\" for all: " + Listed(fields) + ".",
      {{"model", Str(model)}});
}

absl::Status DuplicateName(const Path& path, std::string_view name) {
  return RequestError("DUPLICATE_NAME", path.Text(),
                      Quoted(name) + " is there twice. Give one of them an alias, or leave it out.",
                      {{"name", Quotable(name)}});
}

// --- bind: filters, orders, pages

absl::Status EmptyFilter(const Path& path) {
  return RequestError(
      "EMPTY_FILTER", path.Text(),
      "a filter has no condition. Send all_of, any_of, not, field or relation, or leave the filter out.");
}

absl::Status MissingOperator(const Path& path, std::string_view allowed) {
  return RequestError("MISSING_OPERATOR", path.Text(),
                      "a comparison has no operator. Send one of: " + Str(allowed) + ".", {{"allowed", Str(allowed)}});
}

absl::Status MissingValue(const Path& path) {
  return RequestError("MISSING_VALUE", path.Text(), "a value has no kind. Set one; null_value is null.");
}

absl::Status OperatorNotAllowed(const Path& path, std::string_view op, std::string_view type,
                                std::string_view allowed) {
  return RequestError("OPERATOR_NOT_ALLOWED", path.Text(),
                      Str(type) + " has no operator " + Str(op) + ". It has: " + Str(allowed) + ".",
                      {{"operator", Str(op)}, {"type", Str(type)}, {"allowed", Str(allowed)}});
}

absl::Status QuantifierNotAllowed(const Path& path, std::string_view quantifier, std::string_view relation,
                                  std::string_view allowed) {
  return RequestError(
      "QUANTIFIER_NOT_ALLOWED", path.Text(),
      "relation " + Str(relation) + " cannot be filtered with " + Str(quantifier) + ". Use " + Str(allowed) + ".",
      {{"relation", Str(relation)}, {"quantifier", Str(quantifier)}, {"allowed", Str(allowed)}});
}

absl::Status NullOperand(const Path& path, std::string_view op) {
  return RequestError("NULL_NOT_ALLOWED", path.Text(),
                      "null cannot be compared with " + Str(op) + ". Use eq or ne with null, or isNull.",
                      {{"operator", Str(op)}});
}

absl::Status NotOrderable(const Path& path, std::string_view field, std::string_view type) {
  return RequestError("NOT_ORDERABLE", path.Text(), "field " + Str(field) + " of type " + Str(type) + " has no order.",
                      {{"field", Str(field)}, {"type", Str(type)}});
}

absl::Status PageOnToOne(const Path& path, std::string_view relation) {
  return RequestError(
      "PAGE_ON_TO_ONE", path.Text(),
      "relation " + Str(relation) + " leads to one record, which has no order and no page. Leave them out.",
      {{"relation", Str(relation)}});
}

absl::Status LimitOutOfRange(const Path& path, int64_t value, int64_t max) {
  return RequestError("LIMIT_OUT_OF_RANGE", path.Text(), absl::StrCat(value, " is not within 0 and ", max, "."),
                      {{"min", "0"}, {"max", std::to_string(max)}});
}

absl::Status DepthExceeded(const Path& path, std::string_view what, int limit) {
  return RequestError("DEPTH_EXCEEDED", path.Text(),
                      Str(what) + absl::StrCat(" are nested more than ", limit, " levels deep. Split the request."),
                      {{"limit", std::to_string(limit)}});
}

absl::Status TooManyNodes(const Path& path, int limit, std::string_view what) {
  return RequestError("TOO_MANY_NODES", path.Text(),
                      absl::StrCat("the request holds more than ", limit, " ", Str(what), ". Split it."),
                      {{"limit", std::to_string(limit)}});
}

absl::Status CursorMismatch(const Path& path) {
  return RequestError("CURSOR_MISMATCH", path.Text(),
                      "the token was not given for this query, or the schema changed since. A token goes with the same "
                      "model, filter, order and distinct_on. Begin again without it.");
}

absl::Status InvalidRegex(const Path& path, std::string_view why) {
  return RequestError("INVALID_REGEX", path.Text(),
                      "the regular expression is not accepted: " + Str(why) +
                          ". Use what RE2 and PostgreSQL share: literals, classes, groups, |, * + ? {n,m}, ^ $.");
}

absl::Status AggregateNotAllowed(const Path& path, std::string_view function, std::string_view type,
                                 std::string_view allowed) {
  return RequestError("AGGREGATE_NOT_ALLOWED", path.Text(),
                      Str(type) + " has no " + Str(function) + ". It has: " + Str(allowed) + ".",
                      {{"function", Str(function)}, {"type", Str(type)}, {"allowed", Str(allowed)}});
}

absl::Status NotOrderableRelation(const Path& path, std::string_view relation, std::string_view why) {
  return RequestError("NOT_ORDERABLE", path.Text(), "relation " + Str(relation) + " " + Str(why) + ".",
                      {{"relation", Str(relation)}});
}

// --- values

absl::Status TypeMismatch(const Path& path, std::string_view expected, std::string_view got) {
  return RequestError("TYPE_MISMATCH", path.Text(), "expects " + Str(expected) + ", got " + Str(got) + ".",
                      {{"expected", Str(expected)}, {"got", Str(got)}});
}

absl::Status ValueOutOfRange(const Path& path, std::string_view type, std::string_view why) {
  return RequestError("VALUE_OUT_OF_RANGE", path.Text(), "the value does not fit " + Str(type) + ": " + Str(why) + ".",
                      {{"type", Str(type)}});
}

absl::Status MalformedValue(const Path& path, std::string_view type, std::string_view why) {
  return RequestError("MALFORMED_VALUE", path.Text(), "the value is no " + Str(type) + ": " + Str(why) + ".",
                      {{"type", Str(type)}});
}

// --- bind: writes

absl::Status NullNotAllowed(const Path& path, std::string_view model, std::string_view field) {
  return RequestError("NULL_NOT_ALLOWED", path.Text(), Str(model) + "." + Str(field) + " cannot be null. Send a value.",
                      {{"model", Str(model)}, {"field", Str(field)}});
}

absl::Status RequiredField(const Path& path, std::string_view model, std::string_view field, std::string_view instead) {
  return RequestError("REQUIRED_FIELD", path.Text(),
                      Str(model) + "." + Str(field) + " is required. Send " + Str(instead) + ".",
                      {{"model", Str(model)}, {"field", Str(field)}});
}

absl::Status ReadOnlyField(const Path& path, std::string_view model, std::string_view field) {
  return RequestError("READ_ONLY_FIELD", path.Text(), Str(model) + "." + Str(field) + " is read-only. Leave it out.",
                      {{"model", Str(model)}, {"field", Str(field)}});
}

absl::Status ConflictingInput(const Path& path, std::string_view other, std::string_view why) {
  const std::string what = other.empty() ? "this contradicts the rest of the request: "
                                         : "this and " + Str(other) + " contradict each other: ";
  return RequestError("CONFLICTING_INPUT", path.Text(), what + Str(why) + ". Leave one of them out.",
                      {{"other", Str(other)}});
}

absl::Status EmptyMutation(const Path& path) {
  return RequestError("EMPTY_MUTATION", path.Text(), "there is nothing to write. Send at least one field or relation.");
}

absl::Status EmptyRelationWrite(const Path& path, std::string_view allowed) {
  return RequestError("EMPTY_RELATION_WRITE", path.Text(),
                      "the relation write has no verb. Send one of: " + Str(allowed) + ".",
                      {{"allowed", Str(allowed)}});
}

absl::Status VerbNotAllowed(const Path& path, std::string_view verb, std::string_view relation,
                            std::string_view allowed, std::string_view why) {
  return RequestError("VERB_NOT_ALLOWED", path.Text(),
                      Str(verb) + " cannot be used here: " + Str(why) + ". Use " + Str(allowed) + ".",
                      {{"relation", Str(relation)}, {"verb", Str(verb)}, {"allowed", Str(allowed)}});
}

absl::Status TooManyRelated(const Path& path, std::string_view relation) {
  return RequestError("TOO_MANY_RELATED", path.Text(),
                      "relation " + Str(relation) + " leads to one record. Send one verb with one record or key.",
                      {{"relation", Str(relation)}});
}

absl::Status NotAKey(const Path& path, std::string_view model, std::string_view keys) {
  return RequestError("NOT_A_KEY", path.Text(),
                      "this is no key of " + Str(model) + ". Its keys are: " + Str(keys) + ".",
                      {{"model", Str(model)}, {"keys", Str(keys)}});
}

absl::Status DisconnectRequired(const Path& path, std::string_view model, std::string_view relation) {
  return RequestError(
      "DISCONNECT_REQUIRED", path.Text(),
      "the foreign key of " + Str(model) + "." + Str(relation) +
          " is required, so its rows cannot be related to nothing. Connect them elsewhere, or delete them.",
      {{"model", Str(model)}, {"relation", Str(relation)}});
}

absl::Status UnguardedMutation(const Path& path, std::string_view verb) {
  return RequestError(
      "UNGUARDED_MUTATION", path.Text(),
      "the " + Str(verb) + " has no filter and would touch every row. Send a filter, or all_rows: true.", {},
      absl::StatusCode::kFailedPrecondition);
}

absl::Status UnorderableWrite(const Path& path) {
  return RequestError(
      "UNORDERABLE_WRITE", path.Text(),
      "the new rows refer to each other in a circle. Insert one without the relation and connect it afterwards.", {},
      absl::StatusCode::kFailedPrecondition);
}

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

absl::Status RelationOccupied(std::string_view path, std::string_view model, std::string_view incumbent) {
  return RequestError(
      "RELATION_OCCUPIED", Str(path),
      Str(model) + " " + Str(incumbent) +
          " is in this place and cannot be related to nothing. Connect it elsewhere or delete it first.",
      {{"model", Str(model)}, {"incumbent", Str(incumbent)}}, absl::StatusCode::kFailedPrecondition);
}

absl::Status MultiParentConnect(std::string_view path, int64_t matched) {
  return RequestError("MULTI_PARENT_CONNECT", Str(path),
                      absl::StrCat("the filter matches ", matched,
                                   " rows, but this relation takes one parent. Narrow the filter to one row."),
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

absl::Status NotNullViolation(std::string_view model, std::string_view field) {
  return RequestError("NULL_NOT_ALLOWED", field.empty() ? "data" : "data." + Str(field),
                      (model.empty() ? "a column" : Str(model) + "." + Str(field)) + " cannot be null. Send a value.",
                      {{"model", Str(model)}, {"field", Str(field)}});
}

absl::Status CheckViolation(std::string_view constraint, std::string_view model) {
  return RequestError("CHECK_VIOLATION", "data",
                      "the CHECK " + Str(constraint) + (model.empty() ? "" : " of " + Str(model)) + " refuses a value.",
                      {{"constraint", Str(constraint)}, {"model", Str(model)}});
}

absl::Status InvalidValue(std::string_view sqlstate) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "PostgreSQL refuses a value of the request (SQLSTATE " + Str(sqlstate) +
                       "), for example because it is out of range.",
                   {.reason = "INVALID_VALUE", .metadata = {{"sqlstate", Str(sqlstate)}}});
}

absl::Status TransactionConflict(int attempts) {
  return Retryable(absl::StatusCode::kAborted, "TRANSACTION_CONFLICT",
                   absl::StrCat("concurrent transactions interfered ", attempts,
                                " times. Nothing was written; send the request again."),
                   {{"attempts", std::to_string(attempts)}}, absl::Milliseconds(50));
}

absl::Status Deadlock(int attempts) {
  return Retryable(
      absl::StatusCode::kAborted, "DEADLOCK",
      absl::StrCat("PostgreSQL broke a deadlock ", attempts, " times. Nothing was written; send the request again."),
      {{"attempts", std::to_string(attempts)}}, absl::Milliseconds(50));
}

absl::Status LockTimeout() {
  return Retryable(absl::StatusCode::kAborted, "LOCK_TIMEOUT",
                   "a lock was not to be had in time. Nothing was written; send the request again.", {},
                   absl::Milliseconds(100));
}

absl::Status DeadlineExceeded() {
  return MakeError(
      absl::StatusCode::kDeadlineExceeded,
      "the deadline, or the server's time limit, passed before the answer was complete. Nothing was committed.",
      {.reason = "DEADLINE_EXCEEDED"});
}

absl::Status Cancelled() {
  return MakeError(absl::StatusCode::kCancelled, "the client cancelled the call. Nothing was committed.",
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
                   "PostgreSQL cannot be reached at the moment. Nothing was committed; send the request again.", {},
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

// --- schemas

namespace {

absl::Status Problems(absl::StatusCode code, std::string_view reason, const std::string& title,
                      const std::vector<SchemaProblem>& problems) {
  ErrorDetails details{.reason = reason};
  if (!problems.empty()) {
    details.metadata = problems.front().metadata;
    details.metadata["path"] = problems.front().path;
  }
  std::string message = title;
  constexpr size_t kShown = 5;
  for (size_t i = 0; i < problems.size(); ++i) {
    const SchemaProblem& problem = problems[i];
    details.violations.emplace_back(problem.path, "[" + problem.reason + "] " + problem.message);
    if (i < kShown) message += (i == 0 ? ": " : "; ") + problem.path + ": " + problem.message;
  }
  if (problems.size() > kShown) message += "; and " + std::to_string(problems.size() - kShown) + " more";
  return MakeError(code, message, details);
}

}  // namespace

absl::Status SchemaInvalid(const std::vector<SchemaProblem>& problems) {
  return Problems(absl::StatusCode::kInvalidArgument,
                  problems.empty() ? "SCHEMA_INVALID" : std::string_view(problems.front().reason),
                  "the schema is invalid", problems);
}

absl::Status UnsupportedChange(const std::vector<SchemaProblem>& problems) {
  return Problems(absl::StatusCode::kFailedPrecondition, "UNSUPPORTED_CHANGE",
                  "this change of the schema is not supported yet", problems);
}

absl::Status VersionMismatch(std::string_view schema, std::string_view expected, std::string_view current) {
  return MakeError(
      absl::StatusCode::kAborted,
      "schema " + Str(schema) + " is at version " + Quoted(current) + ", not " + Quoted(expected) +
          ": another change came first. Read it and send yours on top.",
      {.reason = "VERSION_MISMATCH",
       .metadata = {{"schema", Str(schema)}, {"expected", Quotable(expected)}, {"current", Str(current)}}});
}

absl::Status TableExists(std::string_view path, std::string_view table) {
  return RequestError("TABLE_EXISTS", Str(path),
                      Quoted(table) + " exists already and does not belong to this schema. Name another, or remove it.",
                      {{"table", Quotable(table)}}, absl::StatusCode::kFailedPrecondition);
}

absl::Status DataConflict(std::string_view path, std::string_view sqlstate, std::string_view what) {
  return RequestError("DATA_CONFLICT", Str(path), "the rows in the database do not allow this: " + Str(what) + ".",
                      {{"sqlstate", Str(sqlstate)}}, absl::StatusCode::kFailedPrecondition);
}

}  // namespace errors
}  // namespace rowan
