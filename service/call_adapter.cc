#include "service/call_adapter.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

#include "absl/time/time.h"
#include "engine/base/errors.h"
#include "rowan/v1/data_service.pb.h"
#include "service/grpc_status.h"
#include "service/log.h"

namespace rowan::service {
namespace {

constexpr char kRequestId[] = "x-request-id";
constexpr size_t kLongestRequestId = 128;

std::string MakeRequestId() {
  thread_local std::mt19937_64 random(std::random_device{}());
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx", static_cast<unsigned long long>(random()),
                static_cast<unsigned long long>(random()));
  return text;
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

// One call from its beginning to its log line.
class CallRecord {
 public:
  CallRecord(ServerState& state, grpc::CallbackServerContext& context, const char* method, CallSubject subject,
             std::chrono::milliseconds longest)
      : state_(state), method_(method), subject_(std::move(subject)), traceparent_(Metadata(context, "traceparent")) {
    call_.deadline = Deadline(context, longest);
    call_.request_id = RequestId(context);
    context.AddInitialMetadata(kRequestId, call_.request_id);
    ++state_.in_flight;
  }

  // The call is in flight until gRPC has sent all of its answer.
  ~CallRecord() { --state_.in_flight; }
  CallRecord(const CallRecord&) = delete;
  CallRecord& operator=(const CallRecord&) = delete;

  const Call& call() const { return call_; }
  void Cancel() { call_.cancellation->Cancel(); }

  // Runs with the engine, or says why there is none.
  absl::Status Run(const std::function<absl::Status(Engine&)>& run) const {
    if (call_.cancellation->cancelled()) return errors::Cancelled();
    if (Clock::now() >= call_.deadline) return errors::DeadlineExceeded();
    const std::shared_ptr<Engine> engine = state_.engine.load();
    return engine == nullptr ? errors::DatabaseUnavailable() : run(*engine);
  }

  // Ends the call: counts it, writes its line, and gives the status for the client.
  grpc::Status Finish(const absl::Status& status) {
    const auto duration = std::chrono::duration<double>(Clock::now() - begun_);
    const std::string code = absl::StatusCodeToString(status.code());
    state_.metrics.CountCall(method_, code, duration.count());
    const bool ours = status.code() == absl::StatusCode::kInternal;
    std::vector<LogField> fields = {
        {"method", method_},
        {"schema", subject_.schema},
        {"model", subject_.model},
        {"code", code},
        {"duration_ms", std::to_string(static_cast<int64_t>(duration.count() * 1e6) / 1000.0)},
        {"request_id", call_.request_id}};
    if (!status.ok()) fields.emplace_back("reason", ErrorReasonOf(status));
    if (ours) fields.emplace_back("cause", errors::InternalCause(status));
    if (!traceparent_.empty()) fields.emplace_back("traceparent", traceparent_);
    Log(ours ? LogLevel::kError : LogLevel::kInfo, "call", fields);
    return ToGrpcStatus(status, call_.request_id);
  }

  absl::Status Refusal(const char* what) const {
    return state_.draining ? errors::ShuttingDown() : errors::PoolExhausted(what);
  }

 private:
  ServerState& state_;
  const char* method_;
  CallSubject subject_;
  std::string traceparent_;
  Call call_;
  const Clock::time_point begun_ = Clock::now();
};

class UnaryReactor : public grpc::ServerUnaryReactor {
 public:
  UnaryReactor(ServerState& state, grpc::CallbackServerContext& context, const char* method, CallSubject subject,
               std::function<absl::Status(Engine&, const Call&)> run)
      : record_(state, context, method, std::move(subject), state.query_timeout) {
    const bool queued = state.unary_workers->Submit([this, run = std::move(run)] {
      End(record_.Run([&](Engine& engine) { return run(engine, record_.call()); }));
    });
    if (!queued) End(record_.Refusal("queue"));
  }

  void OnCancel() override { record_.Cancel(); }
  void OnDone() override { delete this; }

 private:
  void End(const absl::Status& status) { Finish(record_.Finish(status)); }

  CallRecord record_;
};

// Writes one message at a time: the worker waits in Write until gRPC took the message, and that is the backpressure.
class StreamReactor : public grpc::ServerWriteReactor<v1::StreamResponse>, private StreamSink {
 public:
  StreamReactor(ServerState& state, grpc::CallbackServerContext& context, const char* method, CallSubject subject,
                std::function<absl::Status(Engine&, const Call&, StreamSink&)> run)
      : record_(state, context, method, std::move(subject), state.stream_timeout),
        context_(context),
        stall_timeout_(state.stall_timeout) {
    const bool queued = state.stream_workers->Submit([this, run = std::move(run)] {
      Finish(record_.Finish(record_.Run([&](Engine& engine) { return run(engine, record_.call(), *this); })));
    });
    if (!queued) Finish(record_.Finish(record_.Refusal("stream queue")));
  }

  void OnWriteDone(bool ok) override {
    std::lock_guard lock(mutex_);
    accepted_ = true;
    lost_ = lost_ || !ok;
    wake_.notify_one();
  }
  void OnCancel() override {
    record_.Cancel();
    std::lock_guard lock(mutex_);
    lost_ = true;
    wake_.notify_one();
  }
  void OnDone() override { delete this; }

 private:
  absl::Status Write(const v1::StreamResponse& message) override {
    {
      std::lock_guard lock(mutex_);
      if (lost_) return errors::Cancelled();
      accepted_ = false;
    }
    StartWrite(&message);
    std::unique_lock lock(mutex_);
    // A reader that does not read must not keep a connection to the database for long. The message was serialised when its
    // write began, so it is ours again; gRPC sends what it has, and then why there is no more.
    const Clock::time_point patience = Clock::now() + stall_timeout_;
    if (patience < record_.call().deadline) {
      if (!wake_.wait_until(lock, patience, [this] { return accepted_; })) {
        return errors::StreamStalled(absl::FromChrono(stall_timeout_));
      }
    } else if (!wake_.wait_until(lock, record_.call().deadline, [this] { return accepted_; })) {
      // gRPC knows the client's deadline, not ours.
      lock.unlock();
      context_.TryCancel();
      lock.lock();
    }
    // A cancelled call ends its write at once.
    wake_.wait(lock, [this] { return accepted_; });
    if (lost_ && Clock::now() < record_.call().deadline) return errors::Cancelled();
    return Clock::now() >= record_.call().deadline ? errors::DeadlineExceeded() : absl::OkStatus();
  }

  CallRecord record_;
  grpc::CallbackServerContext& context_;
  const std::chrono::milliseconds stall_timeout_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool accepted_ = false;
  bool lost_ = false;
};

}  // namespace

grpc::ServerUnaryReactor* RunUnary(ServerState& state, grpc::CallbackServerContext& context, const char* method,
                                   CallSubject subject, std::function<absl::Status(Engine&, const Call&)> run) {
  return new UnaryReactor(state, context, method, std::move(subject), std::move(run));
}

grpc::ServerWriteReactor<v1::StreamResponse>* RunStream(
    ServerState& state, grpc::CallbackServerContext& context, const char* method, CallSubject subject,
    std::function<absl::Status(Engine&, const Call&, StreamSink&)> run) {
  return new StreamReactor(state, context, method, std::move(subject), std::move(run));
}

}  // namespace rowan::service
