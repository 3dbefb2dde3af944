#include "clients/cli/failure.h"

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <map>
#include <ostream>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {
namespace {

std::string CodeName(grpc::StatusCode code) {
  static constexpr std::string_view kNames[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  const size_t number = code;
  return number < std::size(kNames) ? std::string(kNames[number]) : absl::StrCat("STATUS_", number);
}

using Metadata = std::map<std::string, std::string>;

std::string Find(const Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

// What the reason's facts suggest to do, where the message can have left it out.
std::string HintOf(const Metadata& metadata) {
  if (const std::string nearest = Find(metadata, "nearest"); !nearest.empty())
    return absl::StrCat("did you mean \"", nearest, "\"?");
  if (const std::string allowed = Find(metadata, "allowed"); !allowed.empty())
    return absl::StrCat("there are ", allowed);
  return "";
}

void ReadDetail(const google::protobuf::Any& detail, Failure& failure, Metadata& metadata) {
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest request;
  google::rpc::RetryInfo retry;
  if (detail.Is<google::rpc::ErrorInfo>() && detail.UnpackTo(&info)) {
    failure.reason = info.reason();
    metadata.insert(info.metadata().begin(), info.metadata().end());
  } else if (detail.Is<google::rpc::BadRequest>() && detail.UnpackTo(&request)) {
    for (const auto& violation : request.field_violations())
      failure.places.emplace_back(violation.field(), violation.description());
  } else if (detail.Is<google::rpc::RetryInfo>() && detail.UnpackTo(&retry)) {
    const absl::Duration delay =
        absl::Seconds(retry.retry_delay().seconds()) + absl::Nanoseconds(retry.retry_delay().nanos());
    failure.retry_delay = absl::ToChronoMilliseconds(delay);
    failure.hint = absl::StrCat("send it again",
                                delay > absl::ZeroDuration() ? absl::StrCat(" in ", absl::FormatDuration(delay)) : "");
  }
}

// Reads a google.rpc.Status in binary.
void ReadDetails(const std::string& details, Failure& failure, Metadata& metadata) {
  google::rpc::Status status;
  if (!status.ParseFromString(details)) return;
  for (const google::protobuf::Any& detail : status.details()) ReadDetail(detail, failure, metadata);
}

// Fills in what can be said once all details are read.
void Finish(const Metadata& metadata, Failure& failure) {
  if (failure.places.empty() && !Find(metadata, "path").empty())
    failure.places.emplace_back(Find(metadata, "path"), "");
  if (failure.hint.empty()) failure.hint = HintOf(metadata);
}

std::string EchoedId(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto echoed = trailers.find("x-request-id");
  return echoed == trailers.end() ? "" : std::string(echoed->second.data(), echoed->second.size());
}

}  // namespace

Failure FailureOf(const grpc::Status& status, const grpc::ClientContext& context, const std::string& request_id,
                  const std::string& address) {
  Failure failure{.code = CodeName(status.error_code()),
                  .message = status.error_message(),
                  .request_id = request_id,
                  .exit_code = kExitStatus + status.error_code()};
  // What gRPC itself says of a call that this side cancelled.
  if (failure.message == failure.code && status.error_code() == grpc::StatusCode::CANCELLED)
    failure.message = "the call was stopped";
  if (const std::string echoed = EchoedId(context); !echoed.empty()) failure.request_id = echoed;
  Metadata metadata;
  ReadDetails(status.error_details(), failure, metadata);
  Finish(metadata, failure);
  if (failure.reason.empty() && failure.hint.empty()) {
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      failure.hint = absl::StrCat("no Rowan server answers at ", address,
                                  "; start one with \"rowand serve\", or name another with --address");
    } else if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      failure.hint = "give it more time with --timeout";
    }
  }
  return failure;
}

Failure FailureOf(const v1::RequestFailed& failed) {
  Failure failure{.code = CodeName(static_cast<grpc::StatusCode>(failed.code())),
                  .message = failed.message(),
                  .exit_code = kExitStatus + failed.code()};
  Metadata metadata;
  ReadDetails(failed.details(), failure, metadata);
  Finish(metadata, failure);
  return failure;
}

Failure FailureOf(const absl::Status& status) {
  Failure failure{.message = std::string(status.message()), .exit_code = kExitUsage};
  Metadata metadata;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    google::protobuf::Any detail;
    detail.set_type_url(std::string(url));
    detail.set_value(std::string(payload));
    ReadDetail(detail, failure, metadata);
  });
  Finish(metadata, failure);
  return failure;
}

int Tell(Console& console, const Failure& failure) {
  std::ostream& err = console.err;
  std::string label = failure.code;
  if (!failure.reason.empty()) absl::StrAppend(&label, label.empty() ? "" : " ", Printable(failure.reason));
  err << Bold("rowan: ", console.color && console.err_is_terminal) << label << (label.empty() ? "" : ": ")
      << Printable(failure.message, /*lines=*/true) << "\n";
  for (const auto& [path, description] : failure.places) {
    if (path.empty()) continue;
    err << "  at " << Printable(path);
    if (failure.message.find(description) == std::string::npos) err << ": " << Printable(description);
    err << "\n";
  }
  if (!failure.hint.empty() && failure.message.find(failure.hint) == std::string::npos)
    err << "  hint: " << Printable(failure.hint) << "\n";
  if (!failure.request_id.empty()) err << "  request id: " << Printable(failure.request_id) << "\n";
  err.flush();
  return failure.exit_code;
}

}  // namespace rowan::cli
