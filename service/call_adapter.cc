#include "service/call_adapter.h"

#include <utility>

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
  // Nothing that these reactions do takes long, so gRPC need not hand them to another thread.
  bool InternalInlineable() override { return true; }

 private:
  void End(const absl::Status& status) { Finish(record_.Finish(status)); }

  CallRecord record_;
};

}  // namespace

grpc::ServerUnaryReactor* RunUnary(ServerState& state, grpc::CallbackServerContext& context, const char* method,
                                   CallSubject subject, std::function<absl::Status(Engine&, const Call&)> run,
                                   std::optional<std::chrono::milliseconds> limit) {
  return new UnaryReactor(state, context, method, std::move(subject), std::move(run), limit.value_or(state.query_timeout));
}

}  // namespace rowan::service
