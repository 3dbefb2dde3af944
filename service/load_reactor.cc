#include "service/load_reactor.h"

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"
#include "engine/base/errors.h"
#include "service/call_record.h"

namespace rowan::service {
namespace {

class LoadReactor : public grpc::ServerBidiReactor<v1::LoadRequest, v1::LoadResponse>, private LoadPeer {
 public:
  LoadReactor(ServerState& state, grpc::CallbackServerContext& context)
      : record_(state, context, "Load", {}, state.stream_timeout), stall_timeout_(state.stall_timeout) {
    StartRead(&incoming_);
    const bool queued = state.stream_workers->Submit([this] {
      Finish(record_.Finish(record_.Run([&](Engine& engine) { return engine.Load(record_.call(), *this); })));
    });
    if (!queued) Finish(record_.Finish(record_.Refusal("stream queue")));
  }

  void OnReadDone(bool ok) override {
    std::lock_guard lock(mutex_);
    read_ = true;
    ended_ = !ok;
    wake_.notify_one();
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
  absl::StatusOr<bool> Read(v1::LoadRequest& message) override {
    {
      std::unique_lock lock(mutex_);
      if (absl::Status status = Wait(lock, read_); !status.ok()) return status;
      if (ended_) return false;
      read_ = false;
    }
    message.Swap(&incoming_);
    if (message.has_begin()) record_.SetSubject({message.begin().schema(), message.begin().model()});
    StartRead(&incoming_);
    return true;
  }

  absl::Status Write(const v1::LoadResponse& message) override {
    {
      std::lock_guard lock(mutex_);
      if (lost_) return errors::Cancelled();
      accepted_ = false;
    }
    StartWrite(&message);
    std::unique_lock lock(mutex_);
    // The message was serialised when its write began, so it is ours again even when we do not wait for it any longer.
    return Wait(lock, accepted_);
  }

  // Waits until `done`, the client is gone, or it takes too long.
  absl::Status Wait(std::unique_lock<std::mutex>& lock, const bool& done) {
    const Clock::time_point patience = Clock::now() + stall_timeout_;
    const Clock::time_point deadline = record_.call().deadline;
    wake_.wait_until(lock, std::min(patience, deadline), [&] { return done || lost_; });
    if (Clock::now() >= deadline) return errors::DeadlineExceeded();
    if (lost_) return errors::Cancelled();
    return done ? absl::OkStatus() : errors::TransactionTimeout("idle", absl::FromChrono(stall_timeout_));
  }

  CallRecord record_;
  const std::chrono::milliseconds stall_timeout_;
  v1::LoadRequest incoming_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool read_ = false;      // a message has come, or no more will
  bool ended_ = false;     // no more will
  bool accepted_ = false;  // the last message that was written
  bool lost_ = false;
};

}  // namespace

grpc::ServerBidiReactor<v1::LoadRequest, v1::LoadResponse>* RunLoad(ServerState& state,
                                                                    grpc::CallbackServerContext& context) {
  return new LoadReactor(state, context);
}

}  // namespace rowan::service
