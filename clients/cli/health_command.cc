#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include "clients/cli/commands.h"
#include "clients/cli/server.h"

namespace rowan::cli {
namespace {

constexpr auto kPause = std::chrono::milliseconds(250);
// An attempt that hangs must not eat up the whole wait.
constexpr absl::Duration kAttempt = absl::Seconds(5);

// The statuses of grpc.health.v1.HealthCheckResponse by number.
constexpr std::string_view kStatuses[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};

// Reads the one field of a HealthCheckResponse: an enum with number 1. The whole protocol is this field, so its proto
// is not carried along.
std::string_view ReadStatus(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return kStatuses[0];
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  uint64_t number = 0;
  const bool read = in.ReadTag() == 8 && in.ReadVarint64(&number) && number < std::size(kStatuses);
  return kStatuses[read ? number : 0];
}

struct Answer {
  grpc::Status status;
  std::string_view serving;  // of an OK status
};

// Asks grpc.health.v1.Health for the server as a whole: an empty request.
Answer Ask(const Channel& channel, CallContext& context) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  grpc::ByteBuffer request, response;
  const grpc::Slice nothing("");
  request = grpc::ByteBuffer(&nothing, 1);
  Answer answer;
  const auto call = stub.PrepareUnaryCall(&context.grpc, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  call->Finish(&response, &answer.status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  if (answer.status.ok()) answer.serving = ReadStatus(response);
  return answer;
}

}  // namespace

int RunHealth(const Options& options, const Channel& channel, Console& console) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(options.wait);
  Options attempt = options;
  if (options.wait > absl::ZeroDuration())
    attempt.timeout = options.timeout > absl::ZeroDuration() ? std::min(options.timeout, kAttempt) : kAttempt;
  while (true) {
    CallContext context(attempt, console);
    const Answer answer = Ask(channel, context);
    if (answer.status.ok() && answer.serving == "SERVING") {
      console.out << answer.serving << '\n';
      return Flush(console);
    }
    const bool again = std::chrono::steady_clock::now() + kPause < end && !console.interrupt->cancelled();
    if (again && Pause(console, kPause)) continue;
    if (answer.status.ok()) {
      console.out << answer.serving << '\n';
      Flush(console);
    } else {
      Failure failure = FailureOf(answer.status, context.grpc, options.request_id, options.address);
      failure.request_id.clear();  // nothing of the server has seen it
      Tell(console, failure);
    }
    return kExitFailedCheck;
  }
}

}  // namespace rowan::cli
