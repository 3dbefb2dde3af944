#include "engine/transact.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/exec/database_errors.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

constexpr size_t kLongestMarkName = 63;

// What the answers of named operations hold, for references; the oldest are forgotten when they grow too large.
class Answers {
 public:
  explicit Answers(int64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void Keep(v1::OperationResult result) {
    bytes_ += static_cast<int64_t>(result.ByteSizeLong());
    Answer& kept = kept_.emplace_back();
    kept.result = std::move(result);
    kept.referent = ReferentOf(kept.result);
    while (bytes_ > limit_bytes_ && kept_.size() > 1) {
      bytes_ -= static_cast<int64_t>(kept_.front().result.ByteSizeLong());
      kept_.pop_front();
      ++forgotten_;
    }
  }

  FindReferent find() const {
    return [this](std::string_view id) -> const Referent* {
      const auto found = std::find_if(kept_.rbegin(), kept_.rend(),
                                      [&](const Answer& answer) { return answer.result.id() == id; });
      return found == kept_.rend() ? nullptr : &found->referent;
    };
  }

  // A position in time, to go back to.
  size_t position() const { return forgotten_ + kept_.size(); }
  void GoBack(size_t position) {
    while (!kept_.empty() && this->position() > position) {
      bytes_ -= static_cast<int64_t>(kept_.back().result.ByteSizeLong());
      kept_.pop_back();
    }
  }

 private:
  struct Answer {
    v1::OperationResult result;
    Referent referent;
  };

  const int64_t limit_bytes_;
  std::deque<Answer> kept_;  // its elements stay where they are
  size_t forgotten_ = 0;
  int64_t bytes_ = 0;
};

// A transaction between its begin and its end.
class Session {
 public:
  Session(const TransactOptions& options, ServedSchema& schema, const BindContext& binding, const exec::Context& context,
          TransactPeer& peer)
      : options_(options),
        schema_(schema),
        binding_(binding),
        context_(context),
        peer_(peer),
        answers_(context.limits.reply_bytes) {}

  absl::Status Run(pg::Pool& pool) {
    absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context_.call);
    if (!lease.ok()) return Translate(lease.status());
    lease_.emplace(*std::move(lease));
    const absl::Status begun = connection().Begin(
        {.isolation = options_.rules.isolation, .read_only = options_.rules.read_only}, context_.call);
    if (!begun.ok()) return Translate(begun);
    v1::TransactResponse response;
    response.mutable_begun()->set_schema_version(schema_.catalog->version);
    absl::Status status = peer_.Write(response);
    while (status.ok() && !ended_) status = Next();
    const std::string reason = ErrorReasonOf(status);
    if (reason != "TRANSACTION_TIMEOUT" && reason != "DEADLINE_EXCEEDED") return status;
    if (lease_) connection().Discard();
    return reason == "DEADLINE_EXCEEDED" || Clock::now() >= context_.call.deadline ? Overdue() : status;
  }

 private:
  pg::Connection& connection() { return **lease_; }

  absl::Status Translate(const absl::Status& status, const Model* written = nullptr) const {
    return exec::TranslateDatabaseError(status, {.written = written}, context_);
  }

  // The call ends with the transaction's time, or with the client's when that is earlier.
  absl::Status Overdue() const {
    return context_.call.deadline == options_.until ? errors::TransactionTimeout("total", absl::FromChrono(options_.timeout))
                                                    : errors::DeadlineExceeded();
  }

  // Serves the client's next message.
  absl::Status Next() {
    v1::TransactRequest message;
    const Clock::time_point idle = Clock::now() + options_.idle_timeout;
    ROWAN_ASSIGN_OR_RETURN(const TransactPeer::Arrival arrival,
                           peer_.Read(std::min(idle, context_.call.deadline), message));
    switch (arrival) {
      case TransactPeer::Arrival::kMessage:
        break;
      case TransactPeer::Arrival::kEnd:
        ended_ = true;
        return absl::OkStatus();  // the lease rolls back
      case TransactPeer::Arrival::kNothing:
        return errors::TransactionTimeout("idle", absl::FromChrono(options_.idle_timeout));
    }
    switch (message.kind_case()) {
      case v1::TransactRequest::kBegin:
        return Refuse(errors::TransactionMisuse("begin", "the transaction has begun already. Open another stream"));
      case v1::TransactRequest::kOperation:
        return Operate(message.operation());
      case v1::TransactRequest::kSavepoint:
        return SetMark(message.savepoint());
      case v1::TransactRequest::kRollbackTo:
        return RollBackTo(message.rollback_to());
      case v1::TransactRequest::kRelease:
        return Release(message.release());
      case v1::TransactRequest::kEnd:
        return End(message.end().commit());
      case v1::TransactRequest::KIND_NOT_SET:
        break;
    }
    return Refuse(errors::MissingArgument(Path("kind"), "operation, savepoint, rollback_to, release or end"));
  }

  // Answers that a request failed; the transaction goes on.
  absl::Status Refuse(const absl::Status& why) { return peer_.Fail(why); }

  // Sends commands in one round trip; an error ends the transaction.
  absl::Status Command(const std::vector<std::string>& texts) {
    std::vector<pg::Statement> statements;
    for (const std::string& text : texts) statements.push_back({text, {}});
    std::vector<pg::Query> queries;
    for (const pg::Statement& statement : statements) queries.push_back({&statement, {}});
    return Translate(connection().ExecuteAll(queries, {}, context_.call).status());
  }

  // The savepoint of the last operation goes with the next command, so that it has no round trip of its own.
  std::vector<std::string> AfterOperation(std::string command) {
    std::vector<std::string> texts;
    if (std::exchange(in_operation_, false)) texts.push_back("RELEASE SAVEPOINT operation");
    texts.push_back(std::move(command));
    return texts;
  }

  absl::Status Operate(const v1::Operation& operation) {
    absl::StatusOr<BoundOperation> bound = BindOperation(operation, options_.rules, answers_.find(), binding_);
    if (!bound.ok()) return Refuse(bound.status());
    const PreparedOperation prepared = PrepareOperation(*std::move(bound), schema_);
    ROWAN_RETURN_IF_ERROR(Command(AfterOperation("SAVEPOINT operation")));
    in_operation_ = true;
    v1::TransactResponse response;
    v1::OperationResult& result = *response.mutable_result();
    result.set_id(operation.id());
    exec::Failure failure;
    absl::Status status = RunOperation(prepared, connection(), context_, failure, result);
    if (status.ok() && static_cast<int64_t>(result.ByteSizeLong()) > context_.limits.reply_bytes) {
      status = errors::ReplyTooLarge(context_.limits.reply_bytes);
    }
    if (!status.ok()) return Undo(Translate(status, failure.written));
    if (!operation.id().empty()) answers_.Keep(result);
    return peer_.Write(response);
  }

  // Undoes an operation that failed, unless its error is the end of the transaction.
  absl::Status Undo(const absl::Status& status) {
    const std::string reason = ErrorReasonOf(status);
    const bool over = connection().broken() || reason == "TRANSACTION_CONFLICT" || reason == "DEADLINE_EXCEEDED" ||
                      reason == "CANCELLED" || reason == "INTERNAL";
    if (over) return status;
    ROWAN_RETURN_IF_ERROR(Command({"ROLLBACK TO SAVEPOINT operation"}));
    return Refuse(status);
  }

  // --- marks. In PostgreSQL they are called by their depth: m0, m1, …

  static std::string MarkAt(size_t depth) { return absl::StrCat("m", depth); }

  // Returns the position of the mark that the name means, or -1.
  int FindMark(const std::string& name) const {
    for (size_t i = marks_.size(); i > 0; --i) {
      if (marks_[i - 1].name == name) return static_cast<int>(i - 1);
    }
    return -1;
  }

  absl::Status UnknownMark(const char* path) const {
    std::string names;
    for (const Mark& mark : marks_) absl::StrAppend(&names, names.empty() ? "" : ", ", mark.name);
    return errors::TransactionMisuse(
        path, "there is no mark of the name. There are: " + (names.empty() ? std::string("none") : names));
  }

  absl::Status Done(const std::string& name) {
    v1::TransactResponse response;
    response.set_done(name);
    return peer_.Write(response);
  }

  absl::Status SetMark(const std::string& name) {
    const bool identifier =
        !name.empty() && name.size() <= kLongestMarkName && !absl::ascii_isdigit(static_cast<unsigned char>(name[0])) &&
        std::all_of(name.begin(), name.end(),
                    [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; });
    if (!identifier) {
      return Refuse(errors::MalformedValue(Path("savepoint"), "name of a mark",
                                           "it has 1 to 63 letters, digits and _, and begins with no digit"));
    }
    const int most = context_.limits.batch_operations;
    if (static_cast<int>(marks_.size()) >= most) {
      return Refuse(errors::TooManyNodes(Path("savepoint"), most, "marks"));
    }
    ROWAN_RETURN_IF_ERROR(Command(AfterOperation("SAVEPOINT " + MarkAt(marks_.size()))));
    marks_.push_back({name, answers_.position()});
    return Done(name);
  }

  absl::Status RollBackTo(const std::string& name) {
    const int mark = FindMark(name);
    if (mark < 0) return Refuse(UnknownMark("rollback_to"));
    // With it goes the savepoint of an operation behind it.
    in_operation_ = false;
    ROWAN_RETURN_IF_ERROR(Command({"ROLLBACK TO SAVEPOINT " + MarkAt(mark)}));
    marks_.resize(mark + 1);
    answers_.GoBack(marks_.back().answers);
    return Done(name);
  }

  absl::Status Release(const std::string& name) {
    const int mark = FindMark(name);
    if (mark < 0) return Refuse(UnknownMark("release"));
    in_operation_ = false;
    ROWAN_RETURN_IF_ERROR(Command({"RELEASE SAVEPOINT " + MarkAt(mark)}));
    marks_.resize(mark);
    return Done(name);
  }

  absl::Status End(bool commit) {
    if (commit) {
      const absl::Status status = connection().Commit(context_.call);
      const auto error = pg::DatabaseErrorOf(status);
      if (error != nullptr && error->sqlstate.empty()) return errors::CommitOutcomeUnknown("");
      if (!status.ok()) return Translate(status);
    }
    ended_ = true;
    lease_.reset();
    v1::TransactResponse response;
    response.set_committed(commit);
    // It is committed whether the client takes the answer or not.
    const absl::Status written = peer_.Write(response);
    return commit ? absl::OkStatus() : written;
  }

  struct Mark {
    std::string name;
    size_t answers;  // their position when it was set
  };

  const TransactOptions& options_;
  ServedSchema& schema_;
  const BindContext& binding_;
  const exec::Context& context_;
  TransactPeer& peer_;
  std::optional<pg::Pool::Lease> lease_;
  Answers answers_;
  std::vector<Mark> marks_;
  bool in_operation_ = false;  // the savepoint of the last operation is still there
  bool ended_ = false;
};

// What the client asks for, which is at most the server's limit and by default that.
absl::StatusOr<std::chrono::milliseconds> TimeoutOf(int64_t asked, std::string_view name,
                                                    std::chrono::milliseconds longest) {
  if (asked == 0) return longest;
  if (asked > 0 && asked <= longest.count()) return std::chrono::milliseconds(asked);
  return errors::LimitOutOfRange(Path("begin").Member(name), asked, longest.count());
}

}  // namespace

absl::StatusOr<TransactOptions> TransactOptionsOf(const v1::BeginTransaction& begin,
                                                  std::chrono::milliseconds longest_idle,
                                                  std::chrono::milliseconds longest) {
  TransactOptions options{};
  const absl::StatusOr<pg::Isolation> isolation = IsolationOf(begin.isolation());
  if (!isolation.ok()) return WithPathPrefix(isolation.status(), "begin");
  options.rules = {.isolation = *isolation, .read_only = begin.read_only()};
  ROWAN_ASSIGN_OR_RETURN(options.idle_timeout, TimeoutOf(begin.idle_timeout_ms(), "idle_timeout_ms", longest_idle));
  ROWAN_ASSIGN_OR_RETURN(options.timeout, TimeoutOf(begin.timeout_ms(), "timeout_ms", longest));
  options.until = Clock::now() + options.timeout;
  return options;
}

absl::Status RunTransact(const TransactOptions& options, ServedSchema& schema, const BindContext& binding,
                         pg::Pool& pool, const exec::Context& context, TransactPeer& peer) {
  return Session(options, schema, binding, context, peer).Run(pool);
}

}  // namespace rowan
