#include "engine/exec/run_read.h"

#include <algorithm>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/database_errors.h"
#include "engine/hydrate/hydrate.h"
#include "engine/types/codec.h"
#include "engine/types/message_writer.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {
namespace {

// Writes the records of a reply, the last one first, and refuses one that grows too large.
class RecordWriter {
 public:
  RecordWriter(const Context& context, int field, MessageWriter& writer)
      : limit_(context.limits.reply_bytes), field_(field), writer_(writer), first_(writer.size()) {}

  // `write` writes the fields of one record.
  template <typename Write>
  absl::Status Add(Write write) {
    const size_t end = writer_.size();
    ROWAN_RETURN_IF_ERROR(write(writer_));
    writer_.Close(field_, end);
    return static_cast<int64_t>(writer_.size() - first_) > limit_ ? errors::ReplyTooLarge(limit_) : absl::OkStatus();
  }

 private:
  const int64_t limit_;
  const int field_;
  MessageWriter& writer_;
  const size_t first_;
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
    writer_.Clear();
    ROWAN_RETURN_IF_ERROR(hydrator_.Root(row, columns, writer_));
    writer_.Close(v1::RecordBatch::kRecordsFieldNumber, 0);
    batch_ += writer_.bytes();
    ++records_;
    ++passed_;
    total_bytes_ += static_cast<int64_t>(writer_.size());
    place_ = hydrator_.Place(plan_.root, columns);
    return static_cast<int64_t>(batch_.size()) >= context_.limits.batch_bytes ? Flush() : absl::OkStatus();
  }

  absl::Status Flush() {
    if (records_ == 0) return absl::OkStatus();
    progress_.resume_token = hydrator_.Token(plan_.root, std::move(place_), passed_);
    writer_.Clear();
    writer_.Bytes(v1::RecordBatch::kResumeTokenFieldNumber, progress_.resume_token);
    batch_ += writer_.bytes();
    ++progress_.batches;
    progress_.records += records_;
    ROWAN_RETURN_IF_ERROR(on_batch_(batch_));
    batch_.clear();
    records_ = 0;
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
  MessageWriter writer_;
  std::string batch_;
  int64_t records_ = 0;         // in the batch
  std::vector<Encoded> place_;  // of the last record
  int64_t total_bytes_ = 0;
};

// One row after the other from a single statement: memory is bounded by the largest tree.
absl::Status StreamRows(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                        const Context& context, const BatchSink& on_batch, StreamProgress& progress) {
  const std::vector<LevelRows> no_levels;
  const Hydrator hydrator(read.plan, arguments, context.catalog, context.tokens, no_levels);
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

// Pages of the root's rows from a cursor, each with its levels, as a pipeline: a round of statements has the next depth of
// each page that waits for no other round, and the fetch of one more page. Two rounds are on their way at once, so
// PostgreSQL always has work while the keys of the next are gathered. With two depths below the root:
//
//   round   1        2        3         4         5         6         7
//           fetch 1  fetch 2  fetch 3   fetch 4   fetch 5   fetch 6   fetch 7
//                             depth 1   depth 1   depth 1   depth 1   depth 1
//                              of 1      of 2      of 3      of 4      of 5
//                                                 depth 2   depth 2   depth 2
//                                                  of 1      of 2      of 3
//
// Memory is bounded by the pages on their way, two for each depth with the root's, most of which have not all rows yet.
class PagePipeline {
 public:
  PagePipeline(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection, const Context& context)
      : read_(read),
        arguments_(arguments),
        connection_(connection),
        context_(context),
        left_(arguments.lists[read.plan.root.window.list].limit) {}

  // Returns the next page, or nothing at the end. A page that is fetched from now on has `rows` rows.
  absl::StatusOr<std::optional<Tree>> Next(int rows) {
    for (;;) {
      for (bool sent = true; sent && rounds_.size() < kRounds;) {
        ROWAN_ASSIGN_OR_RETURN(sent, Send(rows));
      }
      if (!pages_.empty() && pages_.front().levels != nullptr && pages_.front().levels->done()) {
        std::optional<Tree> tree = std::move(pages_.front().tree);
        pages_.pop_front();
        return tree;
      }
      if (rounds_.empty()) return std::nullopt;
      ROWAN_RETURN_IF_ERROR(Receive());
    }
  }

 private:
  static constexpr size_t kRounds = 2;

  struct Page {
    int rows;  // that were asked for
    std::optional<Tree> tree;
    std::unique_ptr<LevelReader> levels;  // once the root's rows are there
    bool waits = true;                    // for a round
  };
  // What a round was sent for, in the order of its statements.
  struct Round {
    std::vector<std::pair<Page*, int>> asked;  // how many statements of each page's next depth
    Page* fetched = nullptr;
  };

  // Sends a round, unless there is nothing to ask for.
  absl::StatusOr<bool> Send(int rows) {
    Round round;
    std::vector<pg::Query> queries;
    for (Page& page : pages_) {
      if (page.waits || page.levels->done()) continue;
      const int asked = page.levels->Ask(queries);
      if (asked == 0) continue;
      page.waits = true;
      round.asked.emplace_back(&page, asked);
    }
    if (left_ >= 0) rows = static_cast<int>(std::min<int64_t>(rows, left_));
    if (ended_) rows = 0;
    if (rows > 0) {
      if (left_ >= 0) left_ -= rows;
      round.fetched = &pages_.emplace_back(Page{.rows = rows});
    }
    if (round.asked.empty() && round.fetched == nullptr) return false;
    context_.counters.statements += static_cast<int64_t>(queries.size()) + (rows > 0 ? 1 : 0);
    ROWAN_RETURN_IF_ERROR(connection_.Send(queries, rows, context_.call));
    rounds_.push_back(std::move(round));
    return true;
  }

  // Takes the rows of the round that was sent first.
  absl::Status Receive() {
    ROWAN_ASSIGN_OR_RETURN(std::vector<pg::Result> results, connection_.Receive(context_.call));
    const Round round = std::move(rounds_.front());
    rounds_.pop_front();
    absl::Span<pg::Result> left = absl::MakeSpan(results);
    for (const auto& [page, asked] : round.asked) {
      ROWAN_RETURN_IF_ERROR(page->levels->Take(left.subspan(0, asked)));
      page->waits = false;
      left.remove_prefix(asked);
    }
    if (round.fetched == nullptr) return absl::OkStatus();
    Page& page = *round.fetched;
    ROWAN_ASSIGN_OR_RETURN(page.tree, TreeOf(read_, arguments_, std::move(left.front())));
    ended_ = ended_ || page.tree->root().count() < page.rows;
    page.levels = std::make_unique<LevelReader>(read_, arguments_, page.tree->root().count(), *page.tree);
    page.waits = false;
    return absl::OkStatus();
  }

  const CompiledRead& read_;
  const Arguments& arguments_;
  pg::Connection& connection_;
  const Context& context_;
  int64_t left_;              // rows to be asked for; -1: all there are
  bool ended_ = false;        // the cursor has no more
  std::deque<Page> pages_;    // in the order of the cursor
  std::deque<Round> rounds_;  // that were sent, the first in front
};

// Streams the pages of a cursor, the next one read while the last one is hydrated and sent.
absl::Status StreamPages(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                         const Context& context, const BatchSink& on_batch, StreamProgress& progress) {
  const sql::ReadStatement& root = read.sql.selects.front();
  ++context.counters.statements;
  ROWAN_RETURN_IF_ERROR(connection.OpenCursor(root.statement, SlotParameters(root, arguments), context.call));
  Arguments page_arguments = arguments;
  ListArguments& list = page_arguments.lists[read.plan.root.window.list];
  PagePipeline pages(read, arguments, connection, context);
  const auto next = [&pages](int rows) { return pages.Next(rows); };
  int rows = kFirstPageRows;
  // Where no thread is to be had, a page is read when it is asked for.
  constexpr auto kAhead = std::launch::async | std::launch::deferred;
  std::future<absl::StatusOr<std::optional<Tree>>> ahead = std::async(kAhead, next, rows);
  for (;;) {
    ROWAN_ASSIGN_OR_RETURN(const std::optional<Tree> tree, ahead.get());
    if (!tree) return absl::OkStatus();
    ahead = std::async(kAhead, next, rows);
    const int found = tree->root().count();
    const Hydrator hydrator(read.plan, page_arguments, context.catalog, context.tokens, tree->levels);
    Batcher batcher(hydrator, read.plan, page_arguments, context, on_batch, progress);
    for (int row = 0; row < found; ++row) ROWAN_RETURN_IF_ERROR(batcher.Add(row, tree->RootColumns(row)));
    ROWAN_RETURN_IF_ERROR(batcher.Flush());
    list.passed += found;
    if (found > 0) rows = NextPageRows(rows, {found, batcher.total_bytes(), true}, context.limits);
  }
}

// Reads all of a tree and gives the connection back.
absl::StatusOr<Tree> FetchTree(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool,
                               const Context& context) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  const Clock::time_point begun = Clock::now();
  absl::StatusOr<Tree> tree = RunTree(read, arguments, **lease, context);
  if (read.pace != nullptr) read.pace->Note(Clock::now() - begun);
  if (!tree.ok()) return TranslateDatabaseError(tree.status(), {}, context);
  return tree;
}

absl::Status WritePage(const CompiledRead& read, const Arguments& arguments, const Tree& tree, const Context& context,
                       Reply& reply) {
  using Response = v1::GetResponse;
  const Hydrator hydrator(read.plan, arguments, context.catalog, context.tokens, tree.levels);
  const plan::Select& root = read.plan.root;
  const int rows = KeptRows(read, arguments, tree);
  const auto row_at = [&](int i) { return root.window.backward ? rows - 1 - i : i; };
  Columns columns;
  MessageWriter writer;
  if (tree.total) writer.Varint(Response::kTotalFieldNumber, static_cast<uint64_t>(*tree.total));
  if (rows > 0 && root.keyed) {
    const auto cursor = [&](int i) {
      tree.root().Fill(row_at(i), columns);
      return hydrator.Token(root, hydrator.Place(root, columns), 0);
    };
    const std::string end = cursor(rows - 1);
    writer.Bytes(Response::kEndCursorFieldNumber, end);
    writer.Bytes(Response::kStartCursorFieldNumber, rows == 1 ? end : cursor(0));
  }
  if (tree.root().count() > rows) writer.Varint(Response::kHasMoreFieldNumber, 1);
  RecordWriter records(context, Response::kRecordsFieldNumber, writer);
  for (int i = rows - 1; i >= 0; --i) {
    tree.root().Fill(row_at(i), columns);
    ROWAN_RETURN_IF_ERROR(records.Add([&](MessageWriter& record) { return hydrator.Root(row_at(i), columns, record); }));
  }
  reply.bytes = writer.bytes();
  reply.records = rows;
  return absl::OkStatus();
}

}  // namespace

absl::Status RunGet(const CompiledRead& read, const Arguments& arguments, pg::Pool& pool, const Context& context,
                    Reply& reply) {
  ROWAN_ASSIGN_OR_RETURN(const Tree tree, FetchTree(read, arguments, pool, context));
  return WritePage(read, arguments, tree, context, reply);
}

absl::Status WriteGet(const CompiledRead& read, const Arguments& arguments, pg::Result rows, const Context& context,
                      Reply& reply) {
  ROWAN_ASSIGN_OR_RETURN(const Tree tree, TreeOf(read, arguments, std::move(rows)));
  return WritePage(read, arguments, tree, context, reply);
}

absl::Status RunGetInside(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                          const Context& context, Reply& reply) {
  ROWAN_ASSIGN_OR_RETURN(const Tree tree, RunTreeInside(read, arguments, connection, context));
  return WritePage(read, arguments, tree, context, reply);
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
  page.records = KeptRows(read, arguments, tree);
  page.more = tree.root().count() > page.records;
  const Hydrator hydrator(read.plan, arguments, context.catalog, context.tokens, tree.levels);
  Batcher batcher(hydrator, read.plan, arguments, context, on_batch, progress);
  for (int row = 0; row < page.records; ++row) ROWAN_RETURN_IF_ERROR(batcher.Add(row, tree.RootColumns(row)));
  ROWAN_RETURN_IF_ERROR(batcher.Flush());
  page.bytes = batcher.total_bytes();
  return absl::OkStatus();
}

int NextPageRows(int rows, const StreamPage& page, const Limits& limits) {
  constexpr int kMostRows = 2000;
  const int64_t wanted = 6 * limits.batch_bytes;
  const int64_t each = std::max<int64_t>(page.bytes / std::max(page.records, 1), 1);
  return static_cast<int>(std::clamp<int64_t>(wanted / each, 1, std::min(2 * rows, kMostRows)));
}

namespace {

absl::Status ReadByKeys(const plan::Read& plan, const sql::ReadStatement& sql, const std::vector<Encoded>& keys,
                        const Arguments& arguments, pg::Connection& connection, const Context& context, int field,
                        Reply& reply) {
  std::vector<pg::Parameter> parameters;
  for (const Encoded& key : keys) parameters.push_back({key.bytes, key.null});
  for (const pg::Parameter& parameter : SlotParameters(sql, arguments)) parameters.push_back(parameter);
  ROWAN_RETURN_IF_ERROR(context.Observe(connection, sql.statement, parameters));
  ++context.counters.statements;
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, connection.Execute(sql.statement, parameters, context.call));
  const SelectRows rows(result, /*keyed=*/false);
  const std::vector<LevelRows> no_levels;
  const Hydrator hydrator(plan, arguments, context.catalog, context.tokens, no_levels);
  MessageWriter writer;
  RecordWriter records(context, field, writer);
  Columns columns;
  for (int row = rows.count() - 1; row >= 0; --row) {
    rows.Fill(row, columns);
    ROWAN_RETURN_IF_ERROR(records.Add([&](MessageWriter& record) { return hydrator.Root(row, columns, record); }));
  }
  reply.bytes = writer.bytes();
  reply.records = result.rows();
  return absl::OkStatus();
}

}  // namespace

absl::Status RunReadByKeys(const plan::Read& plan, const sql::ReadStatement& sql, const std::vector<Encoded>& keys,
                           const Arguments& arguments, pg::Connection& connection, const Context& context,
                           v1::MutationResponse& response) {
  Reply reply;
  ROWAN_RETURN_IF_ERROR(ReadByKeys(plan, sql, keys, arguments, connection, context,
                                   v1::MutationResponse::kRecordsFieldNumber, reply));
  // The rest of the response is a message already.
  return response.MergeFromString(reply.bytes) ? absl::OkStatus() : errors::Internal("records do not parse");
}

absl::Status RunLockingGet(const CompiledLockingRead& read, const Arguments& arguments, pg::Connection& connection,
                           const Context& context, Reply& reply) {
  using Response = v1::GetResponse;
  ROWAN_ASSIGN_OR_RETURN(const Tree found, RunTreeInside(read.keys, arguments, connection, context));
  const plan::Select& root = read.keys.plan.root;
  const int rows = found.root().count();
  if (rows == 0) return absl::OkStatus();
  std::vector<Encoded> keys;
  for (size_t column = 0; column < root.fields.size(); ++column) {
    std::vector<Encoded> values;
    for (int row = 0; row < rows; ++row) {
      values.push_back({.bytes = std::string(found.root().bytes(row, static_cast<int>(column)))});
    }
    keys.push_back(EncodeArray(root.fields[column]->type, values));
  }
  ROWAN_RETURN_IF_ERROR(ReadByKeys(read.records, read.records_sql, keys, arguments, connection, context,
                                   Response::kRecordsFieldNumber, reply));
  const Hydrator hydrator(read.keys.plan, arguments, context.catalog, context.tokens, found.levels);
  MessageWriter writer;
  const auto write_cursor = [&](int field, int row) {
    writer.Bytes(field, hydrator.Token(root, hydrator.Place(root, found.RootColumns(row)), 0));
  };
  if (root.keyed) {
    write_cursor(Response::kEndCursorFieldNumber, rows - 1);
    write_cursor(Response::kStartCursorFieldNumber, 0);
  }
  if (rows == arguments.lists[root.window.list].limit) writer.Varint(Response::kHasMoreFieldNumber, 1);
  reply.bytes += writer.bytes();
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
                         const Context& context, Reply& reply) {
  using Response = v1::AggregateResponse;
  const int64_t limit = arguments.lists[aggregation.plan.window.list].limit;
  MessageWriter writer;
  if (result.rows() > limit) writer.Varint(Response::kHasMoreFieldNumber, 1);
  RecordWriter records(context, Response::kRecordsFieldNumber, writer);
  Columns columns;
  reply.records = std::min<int64_t>(result.rows(), limit);
  const SelectRows rows(result, /*keyed=*/false);
  for (int row = static_cast<int>(reply.records) - 1; row >= 0; --row) {
    rows.Fill(row, columns);
    ROWAN_RETURN_IF_ERROR(
        records.Add([&](MessageWriter& record) { return HydrateGroup(aggregation.plan, columns, record); }));
  }
  reply.bytes = writer.bytes();
  return absl::OkStatus();
}

absl::Status WriteExistence(const pg::Result& result, v1::ExistsResponse& response) {
  if (result.rows() != 1) return errors::Internal("EXISTS has not one row");
  response.set_exists(!result.bytes(0, 0).empty() && result.bytes(0, 0)[0] != 0);
  return absl::OkStatus();
}

}  // namespace

absl::Status RunAggregation(const CompiledAggregation& aggregation, const Arguments& arguments, pg::Pool& pool,
                            const Context& context, Reply& reply) {
  ROWAN_ASSIGN_OR_RETURN(const pg::Result result, RunStatement(aggregation.sql, arguments, pool, context));
  return WriteGroups(aggregation, arguments, result, context, reply);
}

absl::Status RunAggregationInside(const CompiledAggregation& aggregation, const Arguments& arguments,
                                  pg::Connection& connection, const Context& context, Reply& reply) {
  ROWAN_ASSIGN_OR_RETURN(const pg::Result result, RunStatementInside(aggregation.sql, arguments, connection, context));
  return WriteGroups(aggregation, arguments, result, context, reply);
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
