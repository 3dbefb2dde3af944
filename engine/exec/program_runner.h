// Runs the steps of a mutation's program inside a transaction that is open already.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "engine/exec/context.h"
#include "engine/exec/pace.h"
#include "engine/ir/arguments.h"
#include "engine/pg/connection.h"
#include "engine/plan/mutation.h"
#include "engine/sql/render_mutation.h"

namespace rowan::v1 {
class MutationResponse;
}

namespace rowan::exec {

// A program and its statements: what the plan cache keeps.
struct CompiledMutation {
  plan::Program program;
  sql::RenderedProgram sql;
  // How long its chain takes; null where nobody asks.
  std::unique_ptr<Pace> pace;
};

// Fills the response: shape, records and effects. After a failure the transaction is of no use but for a rollback, and
// `written` is the model that the statement which failed was writing, or null, for TranslateDatabaseError. Errors: statuses
// of engine/pg, and those of RunMutation that are not about the transaction.
absl::Status RunProgram(const CompiledMutation& mutation, const Arguments& arguments, pg::Connection& connection,
                        const Context& context, v1::MutationResponse& response, const Model*& written);

}  // namespace rowan::exec
