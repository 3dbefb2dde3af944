#include "engine/base/errors_transaction.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "engine/base/error_text.h"
#include "google/rpc/error_details.pb.h"

namespace rowan {
namespace {

constexpr char kErrorInfo[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequest[] = "type.googleapis.com/google.rpc.BadRequest";

template <typename Message>
bool ReadPayload(const absl::Status& status, const char* url, Message& message) {
  const auto payload = status.GetPayload(url);
  return payload && message.ParseFromString(std::string(*payload));
}

// Whether the request is to blame.
bool IsOfRequest(absl::StatusCode code) {
  return code == absl::StatusCode::kInvalidArgument || code == absl::StatusCode::kNotFound ||
         code == absl::StatusCode::kAlreadyExists || code == absl::StatusCode::kFailedPrecondition;
}

}  // namespace

absl::Status WithPathPrefix(const absl::Status& status, std::string_view prefix) {
  google::rpc::ErrorInfo info;
  if (status.ok() || !ReadPayload(status, kErrorInfo, info)) return status;
  const auto found = info.metadata().find("path");
  const std::string path = found == info.metadata().end() ? "" : found->second;
  if (path.empty() && !IsOfRequest(status.code())) return status;
  const auto moved_path = [&](const std::string& inner) {
    return inner.empty() ? Str(prefix) : Str(prefix) + "." + inner;
  };
  std::string message(status.message());
  const bool located = !path.empty() && message.starts_with(path + ":");
  message = located ? Str(prefix) + "." + message : Str(prefix) + ": " + message;

  absl::Status moved(status.code(), message);
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { moved.SetPayload(url, payload); });
  (*info.mutable_metadata())["path"] = moved_path(path);
  moved.SetPayload(kErrorInfo, absl::Cord(info.SerializeAsString()));
  google::rpc::BadRequest bad;
  if (ReadPayload(status, kBadRequest, bad)) {
    for (google::rpc::BadRequest::FieldViolation& violation : *bad.mutable_field_violations()) {
      violation.set_field(moved_path(violation.field()));
    }
    moved.SetPayload(kBadRequest, absl::Cord(bad.SerializeAsString()));
  }
  return moved;
}

namespace errors {

absl::Status UnknownReference(std::string_view path, std::string_view reference, std::string_view why) {
  return RequestError("UNKNOWN_REFERENCE", Str(path), "the reference " + Quoted(reference) + " " + Str(why) + ".",
                      {{"reference", Quotable(reference)}});
}

absl::Status EmptyReference(std::string_view path, std::string_view reference) {
  return RequestError("EMPTY_REFERENCE", Str(path),
                      "the reference " + Quoted(reference) +
                          " leads to a record that is not there. Give the earlier operation `expect`, or refer to all "
                          "of its records with [].",
                      {{"reference", Quotable(reference)}}, absl::StatusCode::kFailedPrecondition);
}

absl::Status TransactionMisuse(std::string_view path, std::string_view why) {
  return RequestError("TRANSACTION_MISUSE", Str(path), Str(why) + ".");
}

absl::Status UnexpectedExistence(std::string_view path, bool expected) {
  return RequestError("EXPECTATION_FAILED", Str(path),
                      expected ? "there is no such record, and the request expects one."
                               : "there is such a record, and the request expects none.",
                      {{"expected", expected ? "true" : "false"}, {"matched", expected ? "0" : "1"}},
                      absl::StatusCode::kFailedPrecondition);
}

absl::Status KeyReused() {
  return RequestError("KEY_REUSED", "request_id",
                      "another request was sent under this request_id. Send the same one again, or take a new id.");
}

absl::Status CommitOutcomeUnknown(std::string_view request_id) {
  if (request_id.empty()) return CommitOutcomeUnknown();
  return MakeError(absl::StatusCode::kUnavailable,
                   "the connection to PostgreSQL was lost while committing: the write took place or it did not. Send the "
                   "request again with the same request_id: it happens once.",
                   {.reason = "COMMIT_OUTCOME_UNKNOWN"});
}

}  // namespace errors
}  // namespace rowan
