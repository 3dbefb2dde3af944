#include "engine/exec/run_transaction.h"

#include <google/protobuf/message_lite.h>

#include <utility>

#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/exec/retry_pause.h"

namespace rowan::exec {
namespace {

const pg::Statement& CheckConstraints() {
  static const pg::Statement& statement = *new pg::Statement{"SET CONSTRAINTS ALL IMMEDIATE", {}};
  return statement;
}

// All of a transaction but its end. Returns whether the answer is a kept one.
absl::StatusOr<bool> RunInside(const Transaction& transaction, pg::Connection& connection, const Context& context,
                               google::protobuf::MessageLite& answer, const TransactionBody& body, Failure& failure) {
  if (!transaction.identity) {
    ROWAN_RETURN_IF_ERROR(connection.Begin(transaction.options, context.call));
    ROWAN_RETURN_IF_ERROR(body(connection, failure));
    // A commit would check them.
    if (transaction.dry_run) {
      ROWAN_RETURN_IF_ERROR(connection.Execute(CheckConstraints(), {}, context.call).status());
    }
    return false;
  }
  ROWAN_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                         BeginOnce(*transaction.identity, transaction.options, connection, context));
  if (kept) {
    if (!answer.ParseFromString(*kept)) return errors::Internal("a kept answer cannot be read");
    return true;
  }
  ROWAN_RETURN_IF_ERROR(body(connection, failure));
  ROWAN_RETURN_IF_ERROR(
      KeepAnswer(*transaction.identity, answer.SerializeAsString(), transaction.options, connection, context));
  return false;
}

// One attempt. `transient` tells whether another may succeed.
absl::StatusOr<bool> RunOnce(const Transaction& transaction, pg::Pool& pool, const Context& context, int attempt,
                             google::protobuf::MessageLite& answer, const TransactionBody& body, bool& transient) {
  transient = false;
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  pg::Connection& connection = **lease;
  Failure failure;
  const absl::StatusOr<bool> repeated = RunInside(transaction, connection, context, answer, body, failure);
  if (!repeated.ok()) {
    transient = IsTransient(repeated.status());
    connection.Rollback();
    const absl::Status status =
        TranslateDatabaseError(repeated.status(), {.written = failure.written, .attempts = attempt}, context);
    return failure.path.empty() ? status : WithPathPrefix(status, failure.path);
  }
  // A kept answer changes nothing either.
  if (transaction.dry_run || *repeated || context.observer != nullptr) {
    connection.Rollback();
    return *repeated;
  }
  const absl::Status status = connection.Commit(context.call);
  if (status.ok()) return false;
  // PostgreSQL's own refusal is certain, and so is a COMMIT that was never sent; a connection lost meanwhile leaves the
  // outcome open.
  const auto error = pg::DatabaseErrorOf(status);
  if (error != nullptr && error->sqlstate.empty()) {
    return errors::CommitOutcomeUnknown(transaction.identity ? transaction.identity->request_id : "");
  }
  transient = IsTransient(status);
  return TranslateDatabaseError(status, {.attempts = attempt}, context);
}

}  // namespace

absl::StatusOr<bool> RunTransaction(const Transaction& transaction, pg::Pool& pool, const Context& context,
                                    google::protobuf::MessageLite& answer, const TransactionBody& body) {
  for (int attempt = 1;; ++attempt) {
    bool transient = false;
    answer.Clear();
    absl::StatusOr<bool> repeated = RunOnce(transaction, pool, context, attempt, answer, body, transient);
    if (repeated.ok() || !transient || attempt >= context.limits.transaction_attempts ||
        !PauseBeforeRetry(attempt, context.call)) {
      if (!repeated.ok()) answer.Clear();
      return repeated;
    }
    ++context.counters.retries;
  }
}

}  // namespace rowan::exec
