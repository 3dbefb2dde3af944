// Batches: operations in order in one transaction.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "engine/bind/bind_context.h"
#include "engine/exec/run_transaction.h"
#include "engine/operation.h"
#include "engine/pg/pool.h"
#include "engine/served_schema.h"

namespace rowan::v1 {
class BatchRequest;
class BatchResponse;
}  // namespace rowan::v1

namespace rowan {

// A batch whose operations are bound, those that refer to earlier ones with samples in place of what these will return.
struct PreparedBatch {
  pg::Isolation isolation = pg::Isolation::kReadCommitted;
  std::vector<PreparedOperation> operations;
};

// Binds and compiles all operations. Errors: those of BindBatch.
absl::StatusOr<PreparedBatch> PrepareBatch(const v1::BatchRequest& request, ServedSchema& schema,
                                           const BindContext& binding);

// Runs the batch that `prepared` was made from, and fills the response. Operations that refer to earlier ones are bound
// again. Errors: those of RunTransaction, and those of the operations with such paths; ReplyTooLarge.
absl::Status RunBatch(const v1::BatchRequest& request, const PreparedBatch& prepared, exec::Transaction transaction,
                      ServedSchema& schema, const BindContext& binding, pg::Pool& pool, const exec::Context& context,
                      v1::BatchResponse& response);

}  // namespace rowan
