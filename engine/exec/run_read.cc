#include "engine/exec/run_read.h"

#include <algorithm>
#include <utility>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/database_errors.h"
#include "engine/hydrate/hydrate.h"
#include "engine/types/codec.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {
namespace {

Columns RowColumns(const pg::Result& result, int row) {
  Columns columns;
  for (int i = 0; i < result.columns(); ++i) columns.push_back({result.bytes(row, i), result.null(row, i)});
  return columns;
}

// Refuses a reply that grows too large, record by record.
class ReplySize {
 public:
  explicit ReplySize(const Context& context) : limit_(context.limits.reply_bytes) {}
  absl::Status Add(const v1::Record& record) {
    bytes_ += static_cast<int64_t>(record.ByteSizeLong());
    return bytes_ > limit_ ? errors::ReplyTooLarge(limit_) : absl::OkStatus();
  }

 private:
  const int64_t limit_;
  int64_t bytes_ = 0;
};

// Gathers records into batches and sends them, each with the token of its last record.
class Batcher {
 public:
  Batcher(const Hydrator& hydrator, const plan::Read& plan, const Arguments& arguments, const Context& context,
          const BatchSink& on_batch, StreamProgress& progress)
      : hydrator_(hydrator),
        plan_(plan),
        passed_(arguments.lists[plan.root.window.list].passed),
        context_(context),
        on_batch_(on_batch),
        progress_(progress) {}

  absl::Status Add(int row, const Columns& columns) {
    v1::Record& record = *batch_.add_records();
    ROWAN_RETURN_IF_ERROR(hydrator_.Root(row, columns, record));
    place_ = hydrator_.Place(plan_.root, columns);
    ++passed_;
    bytes_ += static_cast<int64_t>(record.ByteSizeLong());
    total_bytes_ += static_cast<int64_t>(record.ByteSizeLong());
    return bytes_ >= context_.limits.batch_bytes ? Flush() : absl::OkStatus();
  }

  absl::Status Flush() {
    if (batch_.records().empty()) return absl::OkStatus();
    batch_.set_resume_token(hydrator_.Token(plan_.root, std::move(place_), passed_));
    ++progress_.batches;
    progress_.records += batch_.records_size();
    progress_.resume_token = batch_.resume_token();
    ROWAN_RETURN_IF_ERROR(on_batch_(batch_));
    batch_.Clear();
    bytes_ = 0;
    return absl::OkStatus();
  }

  int64_t total_bytes() const { return total_bytes_; }

 private:
  const Hydrator& hydrator_;
  const plan::Read& plan_;
  int64_t passed_;
  const Context& context_;
  const BatchSink& on_batch_;
  StreamProgress& progress_;
  v1::RecordBatch batch_;
  std::vector<Encoded> place_;  // of the last record
  int64_t bytes_ = 0;
  int64_t total_bytes_ = 0;
};

// One row after the other from a single statement: memory is bounded by the largest tree.
absl::Status StreamRows(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                        const Context& context, const BatchSink& on_batch, StreamProgress& progress) {
  const std::vector<LevelRows> no_levels;
  const Hydrator hydrator(read.plan, arguments, context.tokens, no_levels);
  Batcher batcher(hydrator, read.plan, arguments, context, on_batch, progress);
  // The statement asks for one row more than the limit, which nobody asks for here.
  const int64_t limit = arguments.lists[read.plan.root.window.list].limit;
  int64_t rows = 0;
  const auto on_row = [&](const pg::RowView& row) -> absl::Status {
    if (limit >= 0 && rows >= limit) return absl::OkStatus();
    ++rows;
    Columns columns;
    for (int i = 0; i < row.columns(); ++i) columns.push_back({row.bytes(i), row.null(i)});
    return batcher.Add(0, columns);
  };
  const sql::ReadStatement& root = read.sql.selects.front();
  ++context.counters.statements;
  ROWAN_RETURN_IF_ERROR(
      connection.ExecuteRows(root.statement, SlotParameters(root, arguments), context.call, on_row));
  return batcher.Flush();
}

// Pages of root rows from a cursor, each with its levels: memory is bounded by a page, whose rows follow from the size of
// the trees so far.
absl::Status StreamPages(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                         const Context& context, const BatchSink& on_batch, StreamProgress& progress) {
  const sql::ReadStatement& root = read.sql.selects.front();
  ++context.counters.statements;
  ROWAN_RETURN_IF_ERROR(connection.OpenCursor(root.statement, SlotParameters(root, arguments), context.call));
  const int64_t limit = arguments.lists[read.plan.root.window.list].limit;
  Arguments page_arguments = arguments;
  ListArguments& list = page_arguments.lists[read.plan.root.window.list];
  int64_t left = limit;
  for (int rows = kFirstPageRows;;) {
    const int asked = limit < 0 ? rows : static_cast<int>(std::min<int64_t>(rows, left));
    if (asked == 0) return absl::OkStatus();
    ++context.counters.statements;
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, connection.FetchRows(asked, context.call));
    Tree tree(std::move(result));
    const int found = tree.root.rows();
    ROWAN_RETURN_IF_ERROR(RunLevels(read, arguments, found, false, connection, context, tree));
    const Hydrator hydrator(read.plan, page_arguments, context.tokens, tree.levels);
    Batcher batcher(hydrator, read.plan, page_arguments, context, on_batch, progress);
    for (int row = 0; row < found; ++row) ROWAN_RETURN_IF_ERROR(batcher.Add(row, tree.RootColumns(row)));
    ROWAN_RETURN_IF_ERROR(batcher.Flush());
    if (found < asked) return absl::OkStatus();
    list.passed += found;
    left -= found;
    rows = NextPageRows(rows, {found, batcher.total_bytes(), true}, context.limits);
  }
}

// Reads all of a tree and gives the connection back.
absl::StatusOr<Tree> FetchTree(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool,
                               const Context& context) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  absl::StatusOr<Tree> tree = RunTree(read, arguments, **lease, context);
  if (!tree.ok()) return TranslateDatabaseError(tree.status(), {}, context);
  return tree;
}

absl::Status WritePage(const CompiledRead& read, const Arguments& arguments, const Tree& tree, const Context& context,
                       v1::GetResponse& response) {
  const Hydrator hydrator(read.plan, arguments, context.tokens, tree.levels);
  const plan::Select& root = read.plan.root;
  const int rows = KeptRows(read, arguments, tree.root);
  response.set_has_more(tree.root.rows() > rows);
  if (tree.total) response.set_total(*tree.total);
  ReplySize size(context);
  const auto row_at = [&](int i) { return root.window.backward ? rows - 1 - i : i; };
  for (int i = 0; i < rows; ++i) {
    v1::Record& record = *response.add_records();
    ROWAN_RETURN_IF_ERROR(hydrator.Root(row_at(i), tree.RootColumns(row_at(i)), record));
    ROWAN_RETURN_IF_ERROR(size.Add(record));
  }
  if (rows > 0) {
    const auto cursor = [&](int i) {
      return hydrator.Token(root, hydrator.Place(root, tree.RootColumns(row_at(i))), 0);
    };
    response.set_start_cursor(cursor(0));
    response.set_end_cursor(cursor(rows - 1));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunGet(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                    v1::GetResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const Tree tree, FetchTree(read, arguments, pool, context));
  return WritePage(read, arguments, tree, context, response);
}

absl::Status RunGetInside(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                          const Context& context, v1::GetResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const Tree tree, RunTreeInside(read, arguments, connection, context));
  return WritePage(read, arguments, tree, context, response);
}

absl::Status RunStream(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                       const BatchSink& on_batch, StreamProgress& progress) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  pg::Connection& connection = **lease;
  absl::Status status =
      connection.Begin({.isolation = pg::Isolation::kRepeatableRead, .read_only = true}, context.call);
  if (status.ok()) {
    const bool levels = read.plan.strategy == plan::Strategy::kByLevel && !read.plan.root.related.empty();
    status = levels ? StreamPages(read, arguments, connection, context, on_batch, progress)
                    : StreamRows(read, arguments, connection, context, on_batch, progress);
  }
  if (!status.ok()) return TranslateDatabaseError(status, {}, context);
  // Read only: what happens to the transaction changes nothing for the client.
  connection.Rollback();
  return absl::OkStatus();
}

absl::Status RunStreamPage(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                           const BatchSink& on_batch, StreamProgress& progress, StreamPage& page) {
  ROWAN_ASSIGN_OR_RETURN(const Tree tree, FetchTree(read, arguments, pool, context));
  page.records = KeptRows(read, arguments, tree.root);
  page.more = tree.root.rows() > page.records;
  const Hydrator hydrator(read.plan, arguments, context.tokens, tree.levels);
  Batcher batcher(hydrator, read.plan, arguments, context, on_batch, progress);
  for (int row = 0; row < page.records; ++row) ROWAN_RETURN_IF_ERROR(batcher.Add(row, tree.RootColumns(row)));
  ROWAN_RETURN_IF_ERROR(batcher.Flush());
  page.bytes = batcher.total_bytes();
  return absl::OkStatus();
}

int NextPageRows(int rows, const StreamPage& page, const Limits& limits) {
  constexpr int kMostRows = 2000;
  const int64_t wanted = 4 * limits.batch_bytes;
  const int64_t each = std::max<int64_t>(page.bytes / std::max(page.records, 1), 1);
  return static_cast<int>(std::clamp<int64_t>(wanted / each, 1, std::min(2 * rows, kMostRows)));
}

namespace {

absl::Status ReadByKeys(const plan::Read& plan, const sql::ReadStatement& sql, const std::vector<Encoded>& keys,
                        const Arguments& arguments, pg::Connection& connection, const Context& context,
                        google::protobuf::RepeatedPtrField<v1::Record>& records) {
  std::vector<pg::Parameter> parameters;
  for (const Encoded& key : keys) parameters.push_back({key.bytes, key.null});
  for (const pg::Parameter& parameter : SlotParameters(sql, arguments)) parameters.push_back(parameter);
  ROWAN_RETURN_IF_ERROR(context.Observe(connection, sql.statement, parameters));
  ++context.counters.statements;
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, connection.Execute(sql.statement, parameters, context.call));
  const std::vector<LevelRows> no_levels;
  const Hydrator hydrator(plan, arguments, context.tokens, no_levels);
  ReplySize size(context);
  for (int row = 0; row < result.rows(); ++row) {
    v1::Record& record = *records.Add();
    ROWAN_RETURN_IF_ERROR(hydrator.Root(row, RowColumns(result, row), record));
    ROWAN_RETURN_IF_ERROR(size.Add(record));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunReadByKeys(const plan::Read& plan, const sql::ReadStatement& sql, const std::vector<Encoded>& keys,
                           const Arguments& arguments, pg::Connection& connection, const Context& context,
                           v1::MutationResponse& response) {
  return ReadByKeys(plan, sql, keys, arguments, connection, context, *response.mutable_records());
}

absl::Status RunLockingGet(const CompiledLockingRead& read, const Arguments& arguments, pg::Connection& connection,
                           const Context& context, v1::GetResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const Tree found, RunTreeInside(read.keys, arguments, connection, context));
  const plan::Select& root = read.keys.plan.root;
  const int rows = found.root.rows();
  if (rows == 0) return absl::OkStatus();
  std::vector<Encoded> keys;
  for (size_t column = 0; column < root.fields.size(); ++column) {
    std::vector<Encoded> values;
    for (int row = 0; row < rows; ++row) {
      values.push_back({.bytes = std::string(found.root.bytes(row, static_cast<int>(column)))});
    }
    keys.push_back(EncodeArray(root.fields[column]->type, values));
  }
  ROWAN_RETURN_IF_ERROR(ReadByKeys(read.records, read.records_sql, keys, arguments, connection, context,
                                   *response.mutable_records()));
  response.set_has_more(rows == arguments.lists[root.window.list].limit);
  const Hydrator hydrator(read.keys.plan, arguments, context.tokens, found.levels);
  const auto cursor = [&](int row) { return hydrator.Token(root, hydrator.Place(root, found.RootColumns(row)), 0); };
  response.set_start_cursor(cursor(0));
  response.set_end_cursor(cursor(rows - 1));
  return absl::OkStatus();
}

namespace {

// Runs a single statement that reads.
absl::StatusOr<pg::Result> RunStatement(const sql::ReadStatement& sql, const Arguments& arguments, pg::Pool& pool,
                                        const Context& context) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  ++context.counters.statements;
  absl::StatusOr<pg::Result> result =
      (*lease)->ExecuteRead(sql.statement, SlotParameters(sql, arguments), context.call);
  if (!result.ok()) return TranslateDatabaseError(result.status(), {}, context);
  return result;
}

absl::StatusOr<pg::Result> RunStatementInside(const sql::ReadStatement& sql, const Arguments& arguments,
                                              pg::Connection& connection, const Context& context) {
  ++context.counters.statements;
  return connection.Execute(sql.statement, SlotParameters(sql, arguments), context.call);
}

absl::Status WriteGroups(const CompiledAggregation& aggregation, const Arguments& arguments, const pg::Result& result,
                         const Context& context, v1::AggregateResponse& response) {
  const int64_t limit = arguments.lists[aggregation.plan.window.list].limit;
  response.set_has_more(result.rows() > limit);
  ReplySize size(context);
  for (int row = 0; row < result.rows() && row < limit; ++row) {
    v1::Record& record = *response.add_records();
    ROWAN_RETURN_IF_ERROR(HydrateGroup(aggregation.plan, RowColumns(result, row), record));
    ROWAN_RETURN_IF_ERROR(size.Add(record));
  }
  return absl::OkStatus();
}

absl::Status WriteExistence(const pg::Result& result, v1::ExistsResponse& response) {
  if (result.rows() != 1) return errors::Internal("EXISTS has not one row");
  response.set_exists(!result.bytes(0, 0).empty() && result.bytes(0, 0)[0] != 0);
  return absl::OkStatus();
}

}  // namespace

absl::Status RunAggregation(const CompiledAggregation& aggregation, const Arguments& arguments, pg::Pool& pool,
                            const Context& context, v1::AggregateResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const pg::Result result, RunStatement(aggregation.sql, arguments, pool, context));
  return WriteGroups(aggregation, arguments, result, context, response);
}

absl::Status RunAggregationInside(const CompiledAggregation& aggregation, const Arguments& arguments,
                                  pg::Connection& connection, const Context& context, v1::AggregateResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const pg::Result result, RunStatementInside(aggregation.sql, arguments, connection, context));
  return WriteGroups(aggregation, arguments, result, context, response);
}

absl::Status RunExists(const CompiledExists& exists, const Arguments& arguments, pg::Pool& pool, const Context& context,
                       v1::ExistsResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const pg::Result result, RunStatement(exists.sql, arguments, pool, context));
  return WriteExistence(result, response);
}

absl::Status RunExistsInside(const CompiledExists& exists, const Arguments& arguments, pg::Connection& connection,
                             const Context& context, v1::ExistsResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const pg::Result result, RunStatementInside(exists.sql, arguments, connection, context));
  return WriteExistence(result, response);
}

}  // namespace rowan::exec
