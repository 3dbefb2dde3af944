#include "engine/exec/run_load.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/exec/database_errors.h"
#include "engine/exec/kept_answer.h"
#include "engine/exec/retry_pause.h"
#include "engine/types/codec.h"
#include "engine/types/wire.h"
#include "rowan/v1/load.pb.h"

namespace rowan::exec {
namespace {

// How many rows come between two messages of progress.
constexpr int64_t kProgressRows = 10'000;

// How much goes to PostgreSQL at once.
constexpr size_t kPieceBytes = 64 << 10;

// What surrounds a statement that may have to be undone.
struct Undoing {
  pg::Statement savepoint{"SAVEPOINT rowan_load", {}};
  pg::Statement rollback_to{"ROLLBACK TO SAVEPOINT rowan_load", {}};
  pg::Statement release{"RELEASE SAVEPOINT rowan_load", {}};
};

const Undoing& Undo() {
  static const Undoing& undoing = *new Undoing;
  return undoing;
}

const pg::Statement& CheckConstraints() {
  static const pg::Statement& statement = *new pg::Statement{"SET CONSTRAINTS ALL IMMEDIATE", {}};
  return statement;
}

// PostgreSQL's binary form of rows for COPY.
class CopyRows {
 public:
  CopyRows() : bytes_("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19) {}

  void Add(int64_t number, const std::vector<Encoded>& values) {
    PutInteger(static_cast<int16_t>(values.size() + 1), bytes_);
    PutInteger(int32_t{8}, bytes_);
    PutInteger(number, bytes_);
    for (const Encoded& value : values) {
      PutInteger(value.null ? int32_t{-1} : static_cast<int32_t>(value.bytes.size()), bytes_);
      if (!value.null) bytes_ += value.bytes;
    }
  }
  void End() { PutInteger(int16_t{-1}, bytes_); }

  const std::string& bytes() const { return bytes_; }
  void Clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

// Whether a row can be to blame: a violated constraint, or a value that an expression of the table cannot take.
bool BlamesRow(const absl::Status& status) {
  const auto error = pg::DatabaseErrorOf(status);
  return error != nullptr && (error->sqlstate.starts_with("23") || error->sqlstate.starts_with("22"));
}

// PostgreSQL's word for two rows of one statement that update the same record.
bool BlamesRepetition(const absl::Status& status) {
  const auto error = pg::DatabaseErrorOf(status);
  return error != nullptr && error->sqlstate == "21000";
}

class LoadRun {
 public:
  LoadRun(const ir::Load& load, const sql::LoadStatements& sql, const LoadFeed& feed, pg::Connection& connection,
          const Context& context)
      : load_(load), sql_(sql), feed_(feed), connection_(connection), context_(context) {}

  // Everything but the end of the transaction, which has begun.
  absl::Status Run() {
    ROWAN_RETURN_IF_ERROR(Execute(sql_.stage.statement).status());
    ROWAN_RETURN_IF_ERROR(Receive());
    ROWAN_RETURN_IF_ERROR(Tell(v1::LOAD_STAGE_RESOLVING));
    ROWAN_RETURN_IF_ERROR(Resolve());
    ROWAN_RETURN_IF_ERROR(Tell(v1::LOAD_STAGE_WRITING));
    ROWAN_RETURN_IF_ERROR(Write());
    if (sql_.identity != nullptr) ROWAN_RETURN_IF_ERROR(Advance());
    return Execute(CheckConstraints()).status();
  }

  int attempts() const { return attempts_; }

  v1::LoadResult Result() const {
    v1::LoadResult result;
    result.set_received(received_);
    result.set_inserted(inserted_);
    result.set_updated(updated_);
    result.set_skipped(received_ - inserted_ - updated_ - rejected_);
    result.set_rejected(rejected_);
    return result;
  }

 private:
  absl::StatusOr<pg::Result> Execute(const pg::Statement& statement,
                                     const std::vector<pg::Parameter>& parameters = {}) {
    ++context_.counters.statements;
    return connection_.Execute(statement, parameters, context_.call);
  }

  absl::Status Tell(v1::LoadStage stage) {
    v1::LoadResponse response;
    response.mutable_progress()->set_received(received_);
    response.mutable_progress()->set_stage(stage);
    return feed_.write(response);
  }

  // Tells of a row that is not loaded. Returns its error when it is one too many.
  absl::Status Reject(int64_t row, const absl::Status& error) {
    v1::LoadResponse response;
    v1::LoadReject& reject = *response.mutable_reject();
    const auto metadata = ErrorMetadataOf(error);
    const auto path = metadata.find("path");
    reject.set_row(row);
    reject.set_path(path == metadata.end() ? absl::StrCat("rows[", row, "]") : path->second);
    reject.set_reason(ErrorReasonOf(error));
    reject.set_message(std::string(error.message()));
    ROWAN_RETURN_IF_ERROR(feed_.write(response));
    return ++rejected_ > load_.tolerated_rejects ? error : absl::OkStatus();
  }

  // --- rows come

  absl::Status Receive() {
    ++context_.counters.statements;
    ROWAN_RETURN_IF_ERROR(connection_.BeginCopy(sql_.copy.statement.text, context_.call));
    absl::Status status = CopyAll();
    if (!status.ok()) {
      connection_.AbortCopy();
      return status;
    }
    return connection_.EndCopy(context_.call);
  }

  absl::Status CopyAll() {
    CopyRows rows;
    v1::LoadRequest message;
    std::vector<Encoded> values;
    int64_t told = 0;
    for (;;) {
      ROWAN_ASSIGN_OR_RETURN(const bool more, feed_.read(message));
      // A client that broke down ends its stream, too.
      if (!more) return errors::MissingArgument(Path("end"), "true, after the last rows");
      if (message.has_begin()) {
        return errors::ConflictingInput(Path("begin"), "", "the first message has said what is loaded");
      }
      if (message.end()) break;
      if (!message.has_rows()) return errors::MissingArgument(Path("rows"), "rows, or end: true");
      for (const v1::LoadRow& row : message.rows().rows()) {
        const int64_t number = received_++;
        absl::Status bound = feed_.encode(row, number, values);
        if (!bound.ok()) {
          ROWAN_RETURN_IF_ERROR(Reject(number, bound));
          continue;
        }
        rows.Add(number, values);
        if (rows.bytes().size() < kPieceBytes) continue;
        ROWAN_RETURN_IF_ERROR(connection_.PutCopy(rows.bytes(), context_.call));
        rows.Clear();
      }
      if (received_ - told < kProgressRows) continue;
      told = received_;
      ROWAN_RETURN_IF_ERROR(Tell(v1::LOAD_STAGE_RECEIVING));
    }
    rows.End();
    return connection_.PutCopy(rows.bytes(), context_.call);
  }

  // --- rows are sorted out

  // Runs a statement that takes rows out, and rejects them. Returns how many there were.
  template <typename ErrorOf>
  absl::StatusOr<int> TakeOut(const pg::Statement& statement, ErrorOf error_of) {
    // One more than is tolerated fails the load; nobody needs to know of others.
    const Encoded most = EncodeInt64(load_.tolerated_rejects - rejected_ + 1);
    ROWAN_ASSIGN_OR_RETURN(const pg::Result taken, Execute(statement, {{most.bytes}}));
    for (int i = 0; i < taken.rows(); ++i) {
      const int64_t row = DecodeInt64(taken.bytes(i, 0));
      ROWAN_RETURN_IF_ERROR(Reject(row, error_of(absl::StrCat("rows[", row, "]"))));
    }
    return taken.rows();
  }

  absl::Status Resolve() {
    for (const sql::ReferenceStatements& reference : sql_.references) {
      ROWAN_RETURN_IF_ERROR(Retried(reference.find.statement).status());
    }
    const auto own_rows = [&](size_t number) { return !load_.references[number].own_columns.empty(); };
    for (size_t i = 0; i < load_.references.size(); ++i) {
      if (!own_rows(i)) ROWAN_RETURN_IF_ERROR(RejectUnresolved(i).status());
    }
    // A row that is taken out may have been what another one named.
    for (bool again = true; again;) {
      again = false;
      for (size_t i = 0; i < load_.references.size(); ++i) {
        if (!own_rows(i)) continue;
        ROWAN_ASSIGN_OR_RETURN(const int taken, RejectUnresolved(i));
        again = again || taken > 0;
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int> RejectUnresolved(size_t number) {
    const ir::LoadReference& reference = load_.references[number];
    return TakeOut(sql_.references[number].reject.statement, [&](const std::string& row) {
      return errors::RelatedNotFound({row + "." + reference.name}, reference.target->name, {});
    });
  }

  // --- rows become records

  absl::Status Write() {
    absl::Status status = TryWrite(sql_.write.statement, {});
    if (load_.policy == ir::ConflictPolicy::kUpdate && (BlamesRow(status) || BlamesRepetition(status))) {
      // Before ranges are written, which would have later rows of a key update what earlier ones wrote.
      ROWAN_ASSIGN_OR_RETURN(const int taken, TakeOut(sql_.repeated.statement, [](const std::string& row) {
                               return errors::ConflictingInput(Path(row), "", "an earlier row of the load has its key");
                             }));
      if (taken > 0) status = TryWrite(sql_.write.statement, {});
    }
    // Rows that refer to each other cannot be told apart by writing some of them.
    const bool apart = std::none_of(load_.references.begin(), load_.references.end(),
                                    [](const ir::LoadReference& reference) { return reference.own_rows; });
    if (!BlamesRow(status) || !apart) return status;
    ROWAN_RETURN_IF_ERROR(Execute(sql_.index.statement).status());
    return WriteByHalves(0, received_, status);
  }

  // Writes the rows of a range that failed as a whole, which is not empty.
  absl::Status WriteByHalves(int64_t begin, int64_t end, const absl::Status& failure) {
    if (!BlamesRow(failure)) return failure;
    if (end - begin == 1) {
      const Attempt attempt{.written = load_.model, .place = absl::StrCat("rows[", begin, "]")};
      return Reject(begin, TranslateDatabaseError(failure, attempt, context_));
    }
    const int64_t middle = begin + (end - begin) / 2;
    for (const auto& [from, to] : {std::pair(begin, middle), std::pair(middle, end)}) {
      const Encoded first = EncodeInt64(from);
      const Encoded last = EncodeInt64(to);
      const absl::Status status = TryWrite(sql_.write_range.statement, {{first.bytes}, {last.bytes}});
      if (!status.ok()) ROWAN_RETURN_IF_ERROR(WriteByHalves(from, to, status));
    }
    return absl::OkStatus();
  }

  // Writes rows, or leaves all as it was.
  absl::Status TryWrite(const pg::Statement& write, const std::vector<pg::Parameter>& parameters) {
    ROWAN_ASSIGN_OR_RETURN(const pg::Result result, Retried(write, parameters));
    if (load_.policy == ir::ConflictPolicy::kUpdate) {
      inserted_ += DecodeInt64(result.bytes(0, 0));
      updated_ += DecodeInt64(result.bytes(0, 1));
    } else {
      inserted_ += result.affected();
    }
    return absl::OkStatus();
  }

  // Runs a statement within a savepoint, so that a failure undoes it and gives back the locks it took. One that
  // collided with other transactions is tried again.
  absl::StatusOr<pg::Result> Retried(const pg::Statement& statement,
                                     const std::vector<pg::Parameter>& parameters = {}) {
    for (attempts_ = 1;; ++attempts_) {
      context_.counters.statements += 3;
      auto done = connection_.ExecuteAll({{&Undo().savepoint, {}}, {&statement, parameters}, {&Undo().release, {}}}, {},
                                         context_.call);
      if (done.ok()) return std::move((*done)[1]);
      if (connection_.broken()) return done.status();
      context_.counters.statements += 2;
      ROWAN_RETURN_IF_ERROR(
          connection_.ExecuteAll({{&Undo().rollback_to, {}}, {&Undo().release, {}}}, {}, context_.call).status());
      if (!IsTransient(done.status()) || attempts_ >= context_.limits.transaction_attempts ||
          !PauseBeforeRetry(attempts_, context_.call)) {
        return done.status();
      }
      ++context_.counters.retries;
    }
  }

  absl::Status Advance() {
    const std::string table = pg::QuoteQualified(load_.model->schema, load_.model->table);
    return Execute(sql_.advance.statement, {{table}, {sql_.identity->column}}).status();
  }

  const ir::Load& load_;
  const sql::LoadStatements& sql_;
  const LoadFeed& feed_;
  pg::Connection& connection_;
  const Context& context_;
  int64_t received_ = 0;
  int64_t inserted_ = 0;
  int64_t updated_ = 0;
  int64_t rejected_ = 0;
  int attempts_ = 1;  // at the last statement that may collide with others
};

// Begins the transaction. Returns the result of a load that ran before under its identity.
absl::StatusOr<std::optional<v1::LoadResult>> Begin(const Transaction& transaction, pg::Connection& connection,
                                                    const Context& context) {
  if (!transaction.identity) {
    ROWAN_RETURN_IF_ERROR(connection.Begin(transaction.options, context.call));
    return std::nullopt;
  }
  ROWAN_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                         BeginOnce(*transaction.identity, transaction.options, connection, context));
  if (!kept) return std::nullopt;
  v1::LoadResult result;
  if (!result.ParseFromString(*kept)) return errors::Internal("a kept answer cannot be read");
  result.set_repeated_answer(true);
  return result;
}

}  // namespace

absl::Status RunLoad(const ir::Load& load, const sql::LoadStatements& sql, const LoadFeed& feed,
                     const Transaction& transaction, pg::Pool& pool, const Context& context) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  pg::Connection& connection = **lease;
  v1::LoadResponse response;
  const absl::StatusOr<std::optional<v1::LoadResult>> kept = Begin(transaction, connection, context);
  if (!kept.ok()) return TranslateDatabaseError(kept.status(), {}, context);
  if (*kept) {
    connection.Rollback();
    *response.mutable_result() = **kept;
    return feed.write(response);
  }
  LoadRun run(load, sql, feed, connection, context);
  absl::Status status = run.Run();
  *response.mutable_result() = run.Result();
  if (status.ok() && transaction.identity) {
    status = KeepAnswer(*transaction.identity, response.result().SerializeAsString(), transaction.options, connection,
                        context);
  }
  const Attempt attempt{.written = load.model, .attempts = run.attempts(), .place = "rows"};
  if (!status.ok() || transaction.dry_run) {
    connection.Rollback();
    return status.ok() ? feed.write(response) : TranslateDatabaseError(status, attempt, context);
  }
  const absl::Status committed = connection.Commit(context.call);
  if (committed.ok()) return feed.write(response);
  const auto error = pg::DatabaseErrorOf(committed);
  if (error != nullptr && error->sqlstate.empty()) {
    return errors::CommitOutcomeUnknown(transaction.identity ? transaction.identity->request_id : "");
  }
  return TranslateDatabaseError(committed, attempt, context);
}

}  // namespace rowan::exec
