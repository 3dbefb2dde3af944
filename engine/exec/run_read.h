// Runs the plan of a read: one statement, one snapshot.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "engine/exec/context.h"
#include "engine/ir/arguments.h"
#include "engine/pg/connection.h"
#include "engine/pg/pool.h"
#include "engine/plan/select.h"
#include "engine/sql/render_read.h"

namespace rowan::v1 {
class GetResponse;
class MutationResponse;
class RecordBatch;
}  // namespace rowan::v1

namespace rowan::exec {

// A plan and its statement: what the plan cache keeps.
struct CompiledRead {
  plan::Select plan;
  sql::ReadStatement sql;
};

// Runs a Get and fills the response, the shape excepted. Errors: those of the database, ReplyTooLarge.
absl::Status RunGet(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                    v1::GetResponse& response);

// Counts of a stream.
struct StreamCounts {
  int64_t records = 0;
  int64_t batches = 0;
};

// Runs a Stream: gives batches of about limits.batch_bytes to `on_batch` and reads on only when it returns. An error of
// `on_batch` ends the statement on the server and is returned.
absl::Status RunStream(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                       const std::function<absl::Status(v1::RecordBatch&)>& on_batch, StreamCounts& counts);

// Reads the rows with the given primary keys inside the transaction that `connection` is in, and adds them to the
// response. `keys` are arrays, one per field of the key.
absl::Status RunReadByKeys(const plan::Select& plan, const sql::ReadStatement& sql, const std::vector<Encoded>& keys,
                           const Arguments& arguments, pg::Connection& connection, const Context& context,
                           v1::MutationResponse& response);

}  // namespace rowan::exec
