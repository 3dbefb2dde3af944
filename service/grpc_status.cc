#include "service/grpc_status.h"

#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace rowan::service {
namespace {

constexpr std::string_view kTypes = "type.googleapis.com/google.rpc.";
constexpr size_t kLargestDetails = 6000;
constexpr size_t kLongestMessage = 2000;

std::string Shortened(absl::string_view message) {
  if (message.size() <= kLongestMessage) return std::string(message);
  size_t end = kLongestMessage;
  // Not in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
  return std::string(message.substr(0, end)) + "…";
}

// BadRequest is the detail that can grow: a violation for every mistake. The last one tells how many there is no room for.
void Shorten(google::rpc::Status& details) {
  for (google::protobuf::Any& detail : *details.mutable_details()) {
    google::rpc::BadRequest bad;
    if (!detail.Is<google::rpc::BadRequest>() || !detail.UnpackTo(&bad)) continue;
    const int all = bad.field_violations_size();
    for (int told = all - 1; details.ByteSizeLong() > kLargestDetails && told > 0; --told) {
      while (bad.field_violations_size() > told) bad.mutable_field_violations()->RemoveLast();
      bad.add_field_violations()->set_description(absl::StrCat("and ", all - told, " more, for which there is no room here"));
      detail.set_value(bad.SerializeAsString());
    }
  }
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status, const std::string& request_id) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message = Shortened(status.message());
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.set_message(message);
  // In the order of their URLs, which puts them in one order always: BadRequest, ErrorInfo, RetryInfo.
  std::map<std::string, std::string> payloads;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    if (std::string_view(url.data(), url.size()).starts_with(kTypes))
      payloads.emplace(std::string(url), std::string(payload));
  });
  for (auto& [url, payload] : payloads) {
    google::protobuf::Any& detail = *details.add_details();
    detail.set_type_url(url);
    google::rpc::ErrorInfo info;
    if (status.code() == absl::StatusCode::kInternal && detail.Is<google::rpc::ErrorInfo>() &&
        info.ParseFromString(payload)) {
      (*info.mutable_metadata())["request_id"] = request_id;
      payload = info.SerializeAsString();
    }
    detail.set_value(std::move(payload));
  }
  if (details.ByteSizeLong() > kLargestDetails) Shorten(details);
  if (details.ByteSizeLong() > kLargestDetails) return grpc::Status(code, message);
  return grpc::Status(code, message, details.SerializeAsString());
}

}  // namespace rowan::service
