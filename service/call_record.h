// One call from its beginning to its log line: what every kind of reactor shares. Private to service.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "engine/base/call.h"
#include "service/call_adapter.h"

namespace rowan::service {

// Lives as long as its reactor: the call is in flight until gRPC has sent all of its answer. Cancel may be called from
// any thread.
class CallRecord {
 public:
  // The call ends at the client's deadline, or `longest` from now.
  CallRecord(ServerState& state, grpc::CallbackServerContext& context, const char* method, CallSubject subject,
             std::chrono::milliseconds longest);
  ~CallRecord();
  CallRecord(const CallRecord&) = delete;
  CallRecord& operator=(const CallRecord&) = delete;

  const Call& call() const { return call_; }
  void Cancel() { call_.cancellation->Cancel(); }
  // For calls that say only later what they are about.
  void SetSubject(CallSubject subject) { subject_ = std::move(subject); }

  // Runs with the engine, or says why there is none.
  absl::Status Run(const std::function<absl::Status(Engine&)>& run) const;

  // Ends the call: counts it, writes its line, and gives the status for the client.
  grpc::Status Finish(const absl::Status& status);

  // Why a call is not even queued.
  absl::Status Refusal(const char* what) const;

 private:
  ServerState& state_;
  const char* method_;
  CallSubject subject_;
  std::string traceparent_;
  Call call_;
  const Clock::time_point begun_ = Clock::now();
};

}  // namespace rowan::service
