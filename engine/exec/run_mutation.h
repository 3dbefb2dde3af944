// Runs the program of a mutation in a transaction of its own.
#pragma once

#include "absl/status/status.h"
#include "engine/exec/context.h"
#include "engine/exec/program_runner.h"
#include "engine/exec/run_transaction.h"
#include "engine/ir/arguments.h"
#include "engine/pg/pool.h"

namespace rowan::v1 {
class MutationResponse;
}

namespace rowan::exec {

// Fills the response: shape, records and effects. Errors: those of RunTransaction, RelatedNotFound, AlreadyOwned,
// RelationOccupied, MultiParentConnect, ConflictingInput, TooManyReturned, ReplyTooLarge.
absl::Status RunMutation(const CompiledMutation& mutation, const Arguments& arguments, const Transaction& transaction,
                         pg::Pool& pool, const Context& context, v1::MutationResponse& response);

}  // namespace rowan::exec
