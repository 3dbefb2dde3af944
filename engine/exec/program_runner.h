// Runs the steps of a mutation's program inside a transaction that is open already.
#pragma once

#include "absl/status/status.h"
#include "engine/exec/context.h"
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
};

// Fills the response: shape, records and effects. After a failure the transaction is of no use but for a rollback, and
// `written` is the model that the statement which failed was writing, or null, for TranslateDatabaseError. Errors: statuses
// of engine/pg, and those of RunMutation that are not about the transaction.
absl::Status RunProgram(const CompiledMutation& mutation, const Arguments& arguments, pg::Connection& connection,
                        const Context& context, v1::MutationResponse& response, const Model*& written);

// Runs a program that has a chain by that: inside the transaction that the connection is in, or, with `alone`, as a
// transaction of its own, which is over afterwards; then the answer must have no more than keys. False when nothing was
// written because a record that the request names is not there, or because the steps must tell two records apart: then
// RunProgram, with an empty response, says so. Errors: statuses of engine/pg, ReplyTooLarge. With `alone` a DatabaseError without SQLSTATE
// leaves the outcome open.
absl::StatusOr<bool> RunChain(const CompiledMutation& mutation, const Arguments& arguments, bool alone,
                              pg::Connection& connection, const Context& context, v1::MutationResponse& response);

}  // namespace rowan::exec
