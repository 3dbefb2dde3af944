#include "service/transact_reactor.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/time/time.h"
#include "engine/base/errors.h"
#include "service/call_record.h"
#include "service/grpc_status.h"

namespace rowan::service {
namespace {

// The engine knows the transaction's time, and says so more clearly than the end of the call would.
constexpr std::chrono::minutes kGrace{1};

class TransactReactor : public grpc::ServerBidiReactor<v1::TransactRequest, v1::TransactResponse>,
                        private TransactPeer {
 public:
  TransactReactor(ServerState& state, grpc::CallbackServerContext& context)
      : record_(state, context, "Transact", {},
                state.transaction_timeout + state.transaction_idle_timeout + kGrace),
        workers_(*state.transaction_workers),
        idle_timeout_(state.transaction_idle_timeout) {
    StartRead(&incoming_);
  }

  void OnReadDone(bool ok) override {
    {
      std::lock_guard lock(mutex_);
      read_ = true;
      ended_ = !ok;
      wake_.notify_one();
      if (std::exchange(begun_, true)) return;
    }
    // A worker is taken when there is something to do.
    const bool queued = workers_.Submit([this] {
      Finish(record_.Finish(record_.Run([&](Engine& engine) { return engine.Transact(record_.call(), *this); })));
    });
    if (!queued) Finish(record_.Finish(record_.Refusal("transaction queue")));
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
  absl::StatusOr<Arrival> Read(Clock::time_point until, v1::TransactRequest& message) override {
    std::unique_lock lock(mutex_);
    if (std::exchange(taken_, false)) {
      read_ = false;
      lock.unlock();
      StartRead(&incoming_);
      lock.lock();
    }
    wake_.wait_until(lock, until, [this] { return read_ || lost_; });
    if (lost_) return errors::Cancelled();
    if (!read_) return Arrival::kNothing;
    if (ended_) return Arrival::kEnd;
    message.Swap(&incoming_);
    taken_ = true;
    if (message.has_begin()) record_.SetSubject({message.begin().schema(), ""});
    return Arrival::kMessage;
  }

  absl::Status Write(const v1::TransactResponse& message) override {
    {
      std::lock_guard lock(mutex_);
      if (lost_) return errors::Cancelled();
      accepted_ = false;
    }
    StartWrite(&message);
    std::unique_lock lock(mutex_);
    // The message was serialised when its write began, so it is ours again even when we do not wait for it any longer.
    wake_.wait_until(lock, Clock::now() + idle_timeout_, [this] { return accepted_ || lost_; });
    if (lost_) return errors::Cancelled();
    return accepted_ ? absl::OkStatus() : errors::TransactionTimeout("idle", absl::FromChrono(idle_timeout_));
  }

  absl::Status Fail(const absl::Status& why) override {
    const grpc::Status status = ToGrpcStatus(why, record_.call().request_id);
    v1::TransactResponse response;
    v1::RequestFailed& failed = *response.mutable_failed();
    failed.set_code(static_cast<int>(status.error_code()));
    failed.set_message(status.error_message());
    failed.set_details(status.error_details());
    return Write(response);
  }

  CallRecord record_;
  Workers& workers_;
  const std::chrono::milliseconds idle_timeout_;
  v1::TransactRequest incoming_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool begun_ = false;     // the first message has come, or none will
  bool read_ = false;      // a message has come, or no more will
  bool taken_ = false;     // the engine has it
  bool ended_ = false;     // no more will
  bool accepted_ = false;  // the last message that was written
  bool lost_ = false;
};

}  // namespace

grpc::ServerBidiReactor<v1::TransactRequest, v1::TransactResponse>* RunTransact(ServerState& state,
                                                                                grpc::CallbackServerContext& context) {
  return new TransactReactor(state, context);
}

}  // namespace rowan::service
