// How errors carry their details. The catalogue itself is in errors_request.cc (what a request gets wrong), errors_run.cc
// (what goes wrong while it runs) and errors_schema.cc.
#include "engine/base/errors.h"

#include "absl/strings/cord.h"
#include "engine/base/error_text.h"
#include "google/rpc/error_details.pb.h"

namespace rowan {
namespace {

constexpr char kErrorInfo[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequest[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kRetryInfo[] = "type.googleapis.com/google.rpc.RetryInfo";

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

}  // namespace rowan
