// Runs reads: pages, streams, aggregations, and what a mutation returns. A read sees one snapshot, however many statements
// it takes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/exec/context.h"
#include "engine/exec/run_tree.h"
#include "engine/ir/arguments.h"
#include "engine/pg/connection.h"
#include "engine/pg/pool.h"

namespace rowan::v1 {
class ExistsResponse;
class MutationResponse;
}  // namespace rowan::v1

namespace rowan::exec {

// The records of an answer and what goes with them, in protobuf's wire format.
struct Reply {
  std::string bytes;    // a response without its shape
  int64_t records = 0;  // how many there are
};

// Runs a Get; `reply` is of a v1::GetResponse. Errors: those of the database, ReplyTooLarge.
absl::Status RunGet(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                    Reply& reply);

// Writes what RunGet would from the rows of the read's only statement. Errors: ReplyTooLarge.
absl::Status WriteGet(const CompiledRead& read, const Arguments& arguments, pg::Result rows, const Context& context,
                      Reply& reply);

// Where a stream is.
struct StreamProgress {
  int64_t records = 0;  // sent in this call
  int64_t batches = 0;
  std::string resume_token;  // of the last record sent; empty before the first
};

// Takes a batch, a v1::RecordBatch in protobuf's wire format, and returns when the transport accepted it.
using BatchSink = std::function<absl::Status(std::string_view batch)>;

// Runs a Stream in one snapshot: gives batches of about limits.batch_bytes to `on_batch` and reads on only when it
// returns. An error of `on_batch` ends the statement on the server and is returned.
absl::Status RunStream(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                       const BatchSink& on_batch, StreamProgress& progress);

// What a page of a stream was like.
struct StreamPage {
  int records = 0;
  int64_t bytes = 0;
  bool more = false;  // there are records behind it
};

// Runs the next page of a Stream whose pages have snapshots of their own; the read's limit is the page's. No connection is
// held while `on_batch` runs.
absl::Status RunStreamPage(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                           const BatchSink& on_batch, StreamProgress& progress, StreamPage& page);

// How many records to ask for next, after a page: as many as make a few batches, growing slowly.
int NextPageRows(int rows, const StreamPage& page, const Limits& limits);
// And at first, when nobody knows how large the trees are.
constexpr int kFirstPageRows = 8;

// Reads the rows with the given primary keys inside the transaction that `connection` is in, and adds them to the
// response. `keys` are arrays, one per field of the key.
absl::Status RunReadByKeys(const plan::Read& plan, const sql::ReadStatement& sql, const std::vector<Encoded>& keys,
                           const Arguments& arguments, pg::Connection& connection, const Context& context,
                           v1::MutationResponse& response);

struct CompiledAggregation {
  ir::Aggregation plan;
  sql::ReadStatement sql;
  std::string shape;  // as that of CompiledRead
};

// Runs an Aggregate; `reply` is of a v1::AggregateResponse. Errors as RunGet.
absl::Status RunAggregation(const CompiledAggregation& aggregation, const Arguments& arguments, pg::Pool& pool,
                            const Context& context, Reply& reply);

struct CompiledExists {
  ir::Exists plan;
  sql::ReadStatement sql;
};

absl::Status RunExists(const CompiledExists& exists, const Arguments& arguments, pg::Pool& pool, const Context& context,
                       v1::ExistsResponse& response);

// The same inside the transaction that `connection` is in. Errors: statuses of engine/pg, ReplyTooLarge.
absl::Status RunGetInside(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                          const Context& context, Reply& reply);
absl::Status RunAggregationInside(const CompiledAggregation& aggregation, const Arguments& arguments,
                                  pg::Connection& connection, const Context& context, Reply& reply);
absl::Status RunExistsInside(const CompiledExists& exists, const Arguments& arguments, pg::Connection& connection,
                             const Context& context, v1::ExistsResponse& response);

struct CompiledLockingRead {
  CompiledRead keys;
  plan::Read records;
  sql::ReadStatement records_sql;
};

// Locks the records that a Get asks for until the end of the transaction, and reads them; as RunGetInside.
absl::Status RunLockingGet(const CompiledLockingRead& read, const Arguments& arguments, pg::Connection& connection,
                           const Context& context, Reply& reply);

}  // namespace rowan::exec
