#include "engine/exec/run_mutation.h"

#include <utility>

#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/exec/run_chain.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {

bool StandsAlone(const plan::Program& program, const Transaction& transaction, const Context& context) {
  return program.chain && !transaction.dry_run && !transaction.identity && context.observer == nullptr &&
         transaction.options.isolation == pg::Isolation::kReadCommitted && AnswersItself(program);
}

namespace {

// Whether PostgreSQL would not do it, rather than ended.
bool Refused(const absl::Status& status) {
  const auto error = pg::DatabaseErrorOf(status);
  return error != nullptr && !error->sqlstate.empty() && !error->sqlstate.starts_with("57P");
}

// Runs the chain as a transaction of its own. False when the steps have to run.
absl::StatusOr<bool> RunAlone(const CompiledMutation& mutation, const Arguments& arguments, pg::Pool& pool,
                              const Context& context, v1::MutationResponse& response) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  const absl::StatusOr<bool> done = RunChain(mutation, arguments, /*alone=*/true, **lease, context, response);
  if (done.ok()) return done;
  if (Refused(done.status())) return false;
  const auto error = pg::DatabaseErrorOf(done.status());
  if (error != nullptr && error->sqlstate.empty()) return errors::CommitOutcomeUnknown("");
  return TranslateDatabaseError(done.status(), {}, context);
}

}  // namespace

absl::Status RunMutation(const CompiledMutation& mutation, const Arguments& arguments, const Transaction& transaction,
                         pg::Pool& pool, const Context& context, v1::MutationResponse& response, bool in_steps) {
  bool chained = !in_steps && mutation.sql.chain.has_value();
  if (chained && StandsAlone(mutation.program, transaction, context)) {
    ROWAN_ASSIGN_OR_RETURN(const bool done, RunAlone(mutation, arguments, pool, context, response));
    if (done) return absl::OkStatus();
    chained = false;
  }
  bool refused = false;
  const TransactionBody run = [&](pg::Connection& connection, Failure& failure) -> absl::Status {
    if (chained) {
      const absl::StatusOr<bool> done = RunChain(mutation, arguments, /*alone=*/false, connection, context, response);
      refused = !done.ok() && Refused(done.status());
      if (!done.ok()) return done.status();
      if (*done) return absl::OkStatus();
      response.Clear();
    }
    return RunProgram(mutation, arguments, connection, context, response, failure.written);
  };
  absl::StatusOr<bool> repeated = RunTransaction(transaction, pool, context, response, run);
  if (!repeated.ok() && refused) {
    // The steps tell what is wrong.
    chained = false;
    repeated = RunTransaction(transaction, pool, context, response, run);
  }
  if (!repeated.ok()) return repeated.status();
  response.set_repeated_answer(*repeated);
  return absl::OkStatus();
}

}  // namespace rowan::exec
