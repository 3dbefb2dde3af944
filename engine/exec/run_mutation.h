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

// Fills the response: shape, records and effects. `in_steps`: a chain has been tried before. Errors: those of RunTransaction, RelatedNotFound, AlreadyOwned,
// RelationOccupied, MultiParentConnect, ConflictingInput, TooManyReturned, ReplyTooLarge.
absl::Status RunMutation(const CompiledMutation& mutation, const Arguments& arguments, const Transaction& transaction,
                         pg::Pool& pool, const Context& context, v1::MutationResponse& response, bool in_steps = false);

// Whether a program's chain can be all of the transaction: nothing else has to be in it.
bool StandsAlone(const plan::Program& program, const Transaction& transaction, const Context& context);

}  // namespace rowan::exec
