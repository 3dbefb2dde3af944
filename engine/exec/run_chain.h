// Runs an insert as one statement (plan::Chain).
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/exec/context.h"
#include "engine/exec/program_runner.h"
#include "engine/ir/arguments.h"
#include "engine/pg/connection.h"
#include "engine/pg/result.h"
#include "engine/pg/statement.h"

namespace rowan::exec {

// Whether the answer needs nothing read beside the chain, so that this can be all of a transaction.
bool AnswersItself(const plan::Program& program);

// Runs a program that has a chain by that: inside the transaction that the connection is in, or, with `alone`, as a
// transaction of its own, which is over afterwards; then the answer must have no more than keys. False when nothing was
// written because a record that the request names is not there, or because the steps must tell two records apart: then
// RunProgram, with an empty response, says so. Errors: statuses of engine/pg, ReplyTooLarge. With `alone` a DatabaseError without SQLSTATE
// leaves the outcome open.
absl::StatusOr<bool> RunChain(const CompiledMutation& mutation, const Arguments& arguments, bool alone,
                              pg::Connection& connection, const Context& context, v1::MutationResponse& response);

// A chain that somebody else sends, as a transaction of its own. Refers to its arguments, which outlive it. One thread's at a time.
class ChainRun {
 public:
  // For a program that has a chain and AnswersItself. Null where RunChain would be false or fail before anything is sent.
  static std::unique_ptr<ChainRun> Prepare(const CompiledMutation& mutation, const Arguments& arguments,
                                           const Context& context, v1::MutationResponse& response);
  ~ChainRun();

  const pg::Statement& statement() const;
  std::vector<pg::Parameter> parameters() const;
  // Takes the answer, and fills the response. As RunChain.
  absl::StatusOr<bool> Finish(const pg::Result& result);

 private:
  struct State;
  explicit ChainRun(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rowan::exec
