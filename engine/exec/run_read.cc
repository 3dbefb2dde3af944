#include "engine/exec/run_read.h"

#include <utility>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/database_errors.h"
#include "engine/hydrate/hydrate.h"
#include "engine/types/codec.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {
namespace {

std::vector<pg::Parameter> SlotParameters(const sql::ReadStatement& sql, const Arguments& arguments) {
  std::vector<pg::Parameter> parameters;
  parameters.reserve(sql.slots.size());
  for (int slot : sql.slots) {
    const Encoded& value = arguments.slots[slot];
    parameters.push_back({value.bytes, value.null});
  }
  return parameters;
}

// Adds all rows of a result to `records`, up to `limit`, refusing a reply that grows too large.
template <typename Records>
absl::Status HydrateRows(const pg::Result& result, const plan::Select& plan, const Arguments& arguments, int64_t limit,
                         const Context& context, Records& records) {
  int64_t bytes = 0;
  for (int row = 0; row < result.rows() && row < limit; ++row) {
    v1::Record& record = *records.Add();
    auto column = [&](int i) { return ColumnBytes{result.bytes(row, i), result.null(row, i)}; };
    ROWAN_RETURN_IF_ERROR(HydrateRecord(plan, arguments, column, record));
    bytes += static_cast<int64_t>(record.ByteSizeLong());
    if (bytes > context.limits.reply_bytes) return errors::ReplyTooLarge(context.limits.reply_bytes);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunGet(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                    v1::GetResponse& response) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  pg::Connection& connection = **lease;
  ++context.counters.statements;
  absl::StatusOr<pg::Result> result =
      connection.ExecuteRead(read.sql.statement, SlotParameters(read.sql, arguments), context.call);
  if (!result.ok()) return TranslateDatabaseError(result.status(), {}, context);
  // The statement asked for one row more than the limit. (A Get always has one: the default, or the client's.)
  const int64_t limit = DecodeInt64(arguments.slots[read.plan.window.limit].bytes) - 1;
  response.set_has_more(result->rows() > limit);
  return HydrateRows(*result, read.plan, arguments, limit, context, *response.mutable_records());
}

absl::Status RunStream(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                       const std::function<absl::Status(v1::RecordBatch&)>& on_batch, StreamCounts& counts) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  pg::Connection& connection = **lease;
  absl::Status begun = connection.Begin({.read_only = true}, context.call);
  if (!begun.ok()) return TranslateDatabaseError(begun, {}, context);
  v1::RecordBatch batch;
  int64_t bytes = 0;
  auto flush = [&]() -> absl::Status {
    ++counts.batches;
    counts.records += batch.records_size();
    ROWAN_RETURN_IF_ERROR(on_batch(batch));
    batch.Clear();
    bytes = 0;
    return absl::OkStatus();
  };
  // The client's limit is exact here: nobody asks whether there is more.
  const int64_t limit =
      read.plan.window.limit == ir::kNoSlot ? -1 : DecodeInt64(arguments.slots[read.plan.window.limit].bytes) - 1;
  auto on_row = [&](const pg::RowView& row) -> absl::Status {
    if (limit >= 0 && counts.records + batch.records_size() >= limit) return absl::OkStatus();
    v1::Record& record = *batch.add_records();
    auto column = [&](int i) { return ColumnBytes{row.bytes(i), row.null(i)}; };
    ROWAN_RETURN_IF_ERROR(HydrateRecord(read.plan, arguments, column, record));
    bytes += static_cast<int64_t>(record.ByteSizeLong());
    return bytes >= context.limits.batch_bytes ? flush() : absl::OkStatus();
  };
  ++context.counters.statements;
  absl::Status status =
      connection.ExecuteRows(read.sql.statement, SlotParameters(read.sql, arguments), context.call, on_row);
  if (!status.ok()) return TranslateDatabaseError(status, {}, context);
  if (batch.records_size() > 0) ROWAN_RETURN_IF_ERROR(flush());
  // Read only: what happens to the transaction changes nothing for the client.
  connection.Rollback();
  return absl::OkStatus();
}

absl::Status RunReadByKeys(const plan::Select& plan, const sql::ReadStatement& sql, const std::vector<Encoded>& keys,
                           const Arguments& arguments, pg::Connection& connection, const Context& context,
                           v1::MutationResponse& response) {
  std::vector<pg::Parameter> parameters;
  for (const Encoded& key : keys) parameters.push_back({key.bytes, key.null});
  for (const pg::Parameter& parameter : SlotParameters(sql, arguments)) parameters.push_back(parameter);
  ++context.counters.statements;
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, connection.Execute(sql.statement, parameters, context.call));
  return HydrateRows(result, plan, arguments, result.rows(), context, *response.mutable_records());
}

}  // namespace rowan::exec
