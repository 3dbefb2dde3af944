#include "service/call_record.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "service/grpc_status.h"
#include "service/log.h"

namespace rowan::service {
namespace {

constexpr char kRequestId[] = "x-request-id";
constexpr size_t kLongestRequestId = 128;

std::string MakeRequestId() {
  thread_local std::mt19937_64 random(std::random_device{}());
  return absl::StrCat(absl::Hex(random(), absl::kZeroPad16), absl::Hex(random(), absl::kZeroPad16));
}

std::string Metadata(const grpc::CallbackServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  return found == context.client_metadata().end() ? "" : std::string(found->second.data(), found->second.size());
}

// The client's id when it is one that a log and a header can hold, or else a new one.
std::string RequestId(const grpc::CallbackServerContext& context) {
  std::string id = Metadata(context, kRequestId);
  const bool printable = std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return id.empty() || id.size() > kLongestRequestId || !printable ? MakeRequestId() : id;
}

// The moment when the client stops waiting, as the engine's clock has it, at most `longest` from now.
Clock::time_point Deadline(const grpc::CallbackServerContext& context, std::chrono::milliseconds longest) {
  const auto left = context.deadline() - std::chrono::system_clock::now();
  return Clock::now() + std::min(std::chrono::duration_cast<std::chrono::nanoseconds>(longest),
                                 std::chrono::duration_cast<std::chrono::nanoseconds>(left));
}

}  // namespace

CallRecord::CallRecord(ServerState& state, grpc::CallbackServerContext& context, const char* method,
                       CallSubject subject, std::chrono::milliseconds longest)
    : state_(state), method_(method), subject_(std::move(subject)), traceparent_(Metadata(context, "traceparent")) {
  call_.deadline = Deadline(context, longest);
  call_.request_id = RequestId(context);
  call_.idempotency_key = Metadata(context, "idempotency-key");
  context.AddInitialMetadata(kRequestId, call_.request_id);
  ++state_.in_flight;
}

CallRecord::~CallRecord() {
  --state_.in_flight;
}

absl::Status CallRecord::Run(const std::function<absl::Status(Engine&)>& run) const {
  if (call_.cancellation->cancelled()) return errors::Cancelled();
  if (Clock::now() >= call_.deadline) return errors::DeadlineExceeded();
  const std::shared_ptr<Engine> engine = state_.engine.load();
  return engine == nullptr ? errors::DatabaseUnavailable() : run(*engine);
}

grpc::Status CallRecord::Finish(const absl::Status& status) {
  const auto duration = Clock::now() - begun_;
  const int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  const std::string code = absl::StatusCodeToString(status.code());
  const std::string milliseconds = absl::StrCat(micros / 1000, ".", absl::Dec(micros % 1000, absl::kZeroPad3));
  state_.metrics.CountCall(method_, code, std::chrono::duration<double>(duration).count());
  const bool ours = status.code() == absl::StatusCode::kInternal;
  absl::InlinedVector<LogField, 10> fields = {
      {"method", method_}, {"schema", subject_.schema},   {"model", subject_.model},
      {"code", code},      {"duration_ms", milliseconds}, {"request_id", call_.request_id}};
  const std::string reason = status.ok() ? "" : ErrorReasonOf(status);
  if (!status.ok()) fields.emplace_back("reason", reason);
  const std::string cause = ours ? errors::InternalCause(status) : "";
  if (ours) fields.emplace_back("cause", cause);
  if (!traceparent_.empty()) fields.emplace_back("traceparent", traceparent_);
  Log(ours ? LogLevel::kError : LogLevel::kInfo, "call", fields);
  return ToGrpcStatus(status, call_.request_id);
}

absl::Status CallRecord::Refusal(const char* what) const {
  return state_.draining ? errors::ShuttingDown() : errors::PoolExhausted(what);
}

}  // namespace rowan::service
