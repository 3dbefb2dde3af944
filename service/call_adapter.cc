#include "service/call_adapter.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/time/time.h"
#include "engine/base/errors.h"
#include "rowan/v1/data_service.pb.h"
#include "service/call_record.h"

namespace rowan::service {
namespace {

class UnaryReactor : public grpc::ServerUnaryReactor {
 public:
  UnaryReactor(ServerState& state, grpc::CallbackServerContext& context, const char* method, CallSubject subject,
               std::function<absl::Status(Engine&, const Call&)> run, std::chrono::milliseconds limit)
      : record_(state, context, method, std::move(subject), limit) {
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
                                   CallSubject subject, std::function<absl::Status(Engine&, const Call&)> run,
                                   std::optional<std::chrono::milliseconds> limit) {
  return new UnaryReactor(state, context, method, std::move(subject), std::move(run), limit.value_or(state.query_timeout));
}

grpc::ServerWriteReactor<v1::StreamResponse>* RunStream(
    ServerState& state, grpc::CallbackServerContext& context, const char* method, CallSubject subject,
    std::function<absl::Status(Engine&, const Call&, StreamSink&)> run) {
  return new StreamReactor(state, context, method, std::move(subject), std::move(run));
}

}  // namespace rowan::service
