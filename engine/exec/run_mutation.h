// Runs the program of a mutation in one transaction; all or nothing. Serialization failures and deadlocks are tried
// again from the start, with a jittered pause, up to limits.transaction_attempts times and within the call's deadline.
#pragma once

#include "absl/status/status.h"
#include "engine/exec/context.h"
#include "engine/exec/program_runner.h"
#include "engine/ir/arguments.h"
#include "engine/pg/pool.h"

namespace rowan::v1 {
class MutationResponse;
}

namespace rowan::exec {

// Fills the response: shape, records and effects. Errors: those of the database, RelatedNotFound, AlreadyOwned,
// RelationOccupied, MultiParentConnect, ConflictingInput, TooManyReturned, ReplyTooLarge, CommitOutcomeUnknown.
absl::Status RunMutation(const CompiledMutation& mutation, const Arguments& arguments, pg::Pool& pool,
                         const Context& context, v1::MutationResponse& response);

}  // namespace rowan::exec
