#include "engine/exec/run_mutation.h"

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include "engine/base/errors.h"
#include "engine/exec/database_errors.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {
namespace {

// One attempt. `transient` tells whether another may succeed.
absl::Status RunOnce(const CompiledMutation& mutation, const Arguments& arguments, pg::Pool& pool,
                     const Context& context, int attempt, bool& transient, v1::MutationResponse& response) {
  transient = false;
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  pg::Connection& connection = **lease;
  absl::Status status = connection.Begin({}, context.call);
  Attempt described{nullptr, attempt};
  if (status.ok()) {
    status = RunProgram(mutation, arguments, connection, context, response, described.written);
  }
  if (!status.ok()) {
    transient = IsTransient(status);
    connection.Rollback();
    return TranslateDatabaseError(status, described, context);
  }
  if (context.observer != nullptr) {
    connection.Rollback();
    return status;
  }
  status = connection.Commit(context.call);
  if (status.ok()) return status;
  // PostgreSQL's own refusal is certain, and so is a COMMIT that was never sent; a connection lost meanwhile leaves the
  // outcome open.
  const auto error = pg::DatabaseErrorOf(status);
  if (error != nullptr && error->sqlstate.empty()) return errors::CommitOutcomeUnknown();
  transient = IsTransient(status);
  return TranslateDatabaseError(status, described, context);
}

// Waits a little, longer each time and never the same for two, so that those who collided do not collide again. Returns
// false when the call would be over by then.
bool Pause(int attempt, const Call& call) {
  std::minstd_rand random(std::random_device{}());
  const auto longest = std::chrono::milliseconds(5 << std::min(attempt, 6));
  const auto pause = std::chrono::microseconds(
      std::uniform_int_distribution<int64_t>(1000, std::chrono::microseconds(longest).count())(random));
  if (call.cancellation->cancelled() || Clock::now() + pause >= call.deadline) return false;
  std::this_thread::sleep_for(pause);
  return true;
}

}  // namespace

absl::Status RunMutation(const CompiledMutation& mutation, const Arguments& arguments, pg::Pool& pool,
                         const Context& context, v1::MutationResponse& response) {
  for (int attempt = 1;; ++attempt) {
    bool transient = false;
    response.Clear();
    absl::Status status = RunOnce(mutation, arguments, pool, context, attempt, transient, response);
    if (status.ok() || !transient || attempt >= context.limits.transaction_attempts || !Pause(attempt, context.call)) {
      if (!status.ok()) response.Clear();
      return status;
    }
    ++context.counters.retries;
  }
}

}  // namespace rowan::exec
