#include "engine/pg/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <list>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"

namespace rowan::pg {
namespace {

// Prepared statements kept per connection; the least recently used goes first.
constexpr size_t kPreparedStatements = 500;
// PostgreSQL's own time-out ends a statement at the deadline. This much later we end it ourselves.
constexpr auto kDeadlineGrace = std::chrono::milliseconds(200);
// How long a cancelled statement may take to answer before the connection is closed under it.
constexpr auto kCancelPatience = std::chrono::seconds(2);
// Nothing waits longer than this without looking whether the call is over.
constexpr auto kLongestPoll = std::chrono::milliseconds(250);

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using OwnedResult = std::unique_ptr<PGresult, FreeResult>;

std::string Part(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

absl::Status ErrorOf(const PGresult* result) {
  DatabaseError error;
  error.sqlstate = Part(result, PG_DIAG_SQLSTATE);
  error.message = Part(result, PG_DIAG_MESSAGE_PRIMARY);
  error.detail = Part(result, PG_DIAG_MESSAGE_DETAIL);
  error.schema = Part(result, PG_DIAG_SCHEMA_NAME);
  error.table = Part(result, PG_DIAG_TABLE_NAME);
  error.column = Part(result, PG_DIAG_COLUMN_NAME);
  error.constraint = Part(result, PG_DIAG_CONSTRAINT_NAME);
  return DatabaseErrorStatus(error);
}

bool Failed(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

// Waits for the socket, at most until `until` and at most kLongestPoll. Returns whether it is ready.
bool Poll(int socket, short events, Clock::time_point until) {
  const auto left = std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()),
                               std::chrono::milliseconds(0), std::chrono::milliseconds(kLongestPoll));
  pollfd entry{socket, events, 0};
  return poll(&entry, 1, static_cast<int>(left.count())) > 0;
}

// Settings of one transaction: its time limit, and whether it may write.
const Statement& TransactionSettings() {
  static const Statement& statement = *new Statement{
      "SELECT set_config('statement_timeout', $1, true), set_config('transaction_read_only', $2, true)", {25, 25}};
  return statement;
}

}  // namespace

int RowView::columns() const {
  return PQnfields(result_);
}
bool RowView::null(int column) const {
  return PQgetisnull(result_, 0, column) != 0;
}
std::string_view RowView::bytes(int column) const {
  return {PQgetvalue(result_, 0, column), static_cast<size_t>(PQgetlength(result_, 0, column))};
}

struct Connection::State {
  PGconn* connection = nullptr;
  // Shared with threads that send cancel requests, which may outlive the connection.
  std::shared_ptr<PGcancel> cancel;
  std::atomic<bool> cancel_sent = false;
  bool broken = false;

  struct Prepared {
    std::string text;
    std::string name;
  };
  std::list<Prepared> order;  // the most recently used first
  absl::flat_hash_map<std::string, std::list<Prepared>::iterator> prepared;
  int next_name = 0;

  ~State() {
    if (connection != nullptr) PQfinish(connection);
  }

  // PQcancel blocks while it connects, so it has a thread of its own. The connection is never used again.
  void SendCancel() {
    if (cancel_sent.exchange(true)) return;
    std::thread([handle = cancel] {
      char message[256];
      PQcancel(handle.get(), message, sizeof(message));
    }).detach();
  }

  absl::Status Broken() {
    broken = true;
    return DatabaseErrorStatus({.message = PQerrorMessage(connection)});
  }

  // Gives the running statement up: the backend is told to stop, and the connection is closed by its owner.
  absl::Status Abandon(absl::Status status) {
    SendCancel();
    broken = true;
    return status;
  }

  // Checks whether the call is over before anything is sent.
  static absl::Status CheckStart(const Call& call) {
    if (call.cancellation->cancelled()) return errors::Cancelled();
    return Clock::now() < call.deadline ? absl::OkStatus() : errors::DeadlineExceeded();
  }

  // Checks whether the call is over while we wait for PostgreSQL. `cancelled_at` remembers when that was first seen.
  absl::Status CheckCall(const Call& call, Clock::time_point& cancelled_at) {
    const Clock::time_point now = Clock::now();
    if (call.cancellation->cancelled()) {
      // The cancel request is on its way; PostgreSQL's answer to it is the cleanest end.
      if (cancelled_at == Clock::time_point()) cancelled_at = now;
      if (now - cancelled_at > kCancelPatience) return Abandon(errors::Cancelled());
    }
    if (now > call.deadline + kDeadlineGrace) return Abandon(errors::DeadlineExceeded());
    return absl::OkStatus();
  }

  absl::Status Flush(const Call& call) {
    Clock::time_point cancelled_at;
    for (;;) {
      const int left = PQflush(connection);
      if (left == 0) return absl::OkStatus();
      if (left < 0) return Broken();
      ROWAN_RETURN_IF_ERROR(CheckCall(call, cancelled_at));
      // PostgreSQL may be waiting for us to read before it reads on.
      if (Poll(PQsocket(connection), POLLIN | POLLOUT, call.deadline + kDeadlineGrace) &&
          PQconsumeInput(connection) == 0) {
        return Broken();
      }
    }
  }

  // Returns the next result; null at the end of each command's results.
  absl::StatusOr<OwnedResult> Next(const Call& call) {
    Clock::time_point cancelled_at;
    while (PQisBusy(connection) != 0) {
      ROWAN_RETURN_IF_ERROR(CheckCall(call, cancelled_at));
      if (Poll(PQsocket(connection), POLLIN, call.deadline + kDeadlineGrace) && PQconsumeInput(connection) == 0) {
        return Broken();
      }
    }
    OwnedResult result(PQgetResult(connection));
    if (PQstatus(connection) == CONNECTION_BAD) return Broken();
    return result;
  }

  // Returns the name under which the text is prepared, or null.
  const std::string* FindPrepared(const std::string& text) {
    const auto found = prepared.find(text);
    if (found == prepared.end()) return nullptr;
    order.splice(order.begin(), order, found->second);
    return &found->second->name;
  }

  void Remember(const std::string& text, std::string name) {
    order.push_front({text, std::move(name)});
    prepared[text] = order.begin();
  }

  void Forget(const std::string& text) {
    const auto found = prepared.find(text);
    if (found == prepared.end()) return;
    order.erase(found->second);
    prepared.erase(found);
  }

  bool SendPrepare(const Statement& statement, const std::string& name) {
    return PQsendPrepare(connection, name.c_str(), statement.text.c_str(),
                         static_cast<int>(statement.parameter_oids.size()), statement.parameter_oids.data()) == 1;
  }

  bool SendExecute(const std::string& name, const std::vector<Parameter>& parameters) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    const std::vector<int> formats(parameters.size(), 1);
    for (const Parameter& parameter : parameters) {
      values.push_back(parameter.null ? nullptr : parameter.bytes.data() == nullptr ? "" : parameter.bytes.data());
      lengths.push_back(static_cast<int>(parameter.bytes.size()));
    }
    return PQsendQueryPrepared(connection, name.c_str(), static_cast<int>(parameters.size()), values.data(),
                               lengths.data(), formats.data(), 1) == 1;
  }

  bool SendText(const char* text) {
    return PQsendQueryParams(connection, text, 0, nullptr, nullptr, nullptr, nullptr, 1) == 1;
  }

  // A command of a pipeline: a statement with its parameters, or a bare text.
  struct Command {
    const char* text = nullptr;
    const Statement* statement = nullptr;
    const std::vector<Parameter>* parameters = nullptr;
  };

  // Sends the commands as one pipeline, preparing statements that are new, and returns each one's result. In a
  // pipeline that is not within BEGIN, all commands are one implicit transaction. On an error of PostgreSQL the
  // connection stays usable.
  absl::StatusOr<std::vector<Result>> RunAll(const std::vector<Command>& commands, const Call& call) {
    ROWAN_RETURN_IF_ERROR(CheckStart(call));
    const Cancellation::Registration on_cancel(call.cancellation, [this] { SendCancel(); });
    ROWAN_RETURN_IF_ERROR(EvictPrepared(call));
    if (PQenterPipelineMode(connection) == 0) return Broken();
    // What was sent: for a preparation the text and its name, else null.
    std::vector<std::pair<const std::string*, std::string>> sent;
    for (const Command& command : commands) {
      bool ok;
      if (command.text != nullptr) {
        ok = SendText(command.text);
      } else {
        const std::string* known = FindPrepared(command.statement->text);
        std::string name = known != nullptr ? *known : "s" + std::to_string(next_name++);
        if (known == nullptr) {
          if (!SendPrepare(*command.statement, name)) return Broken();
          sent.emplace_back(&command.statement->text, name);
        }
        ok = SendExecute(name, *command.parameters);
      }
      if (!ok) return Broken();
      sent.emplace_back();
    }
    if (PQpipelineSync(connection) == 0) return Broken();
    ROWAN_RETURN_IF_ERROR(Flush(call));

    absl::Status error;
    std::vector<Result> results;
    for (auto& [prepared_text, name] : sent) {
      ROWAN_ASSIGN_OR_RETURN(OwnedResult result, Next(call));
      if (result == nullptr) return Broken();
      // It stays prepared even when its execution fails or the transaction is rolled back.
      if (prepared_text != nullptr && PQresultStatus(result.get()) == PGRES_COMMAND_OK) {
        Remember(*prepared_text, std::move(name));
      }
      if (Failed(result.get()) && error.ok()) error = ErrorOf(result.get());
      if (prepared_text == nullptr) results.emplace_back(result.release());
      ROWAN_ASSIGN_OR_RETURN(OwnedResult end, Next(call));
      if (end != nullptr) return Broken();
    }
    ROWAN_ASSIGN_OR_RETURN(OwnedResult sync, Next(call));
    if (sync == nullptr || PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(connection) == 0) {
      return Broken();
    }
    if (cancel_sent) broken = true;
    if (error.ok()) return results;
    for (const Command& command : commands) {
      if (command.statement != nullptr) ForgetAfter(error, *command.statement);
    }
    return error;
  }

  absl::StatusOr<Result> Run(const std::vector<Command>& commands, const Call& call) {
    ROWAN_ASSIGN_OR_RETURN(std::vector<Result> results, RunAll(commands, call));
    return std::move(results.back());
  }

  // A plan that no longer fits what it was prepared for is prepared anew next time.
  void ForgetAfter(const absl::Status& error, const Statement& statement) {
    const auto database = DatabaseErrorOf(error);
    if (database != nullptr && (database->sqlstate == "0A000" || database->sqlstate == "26000")) Forget(statement.text);
  }

  // Makes room before a new statement is prepared.
  absl::Status EvictPrepared(const Call& call) {
    while (prepared.size() > kPreparedStatements) {
      const std::string deallocate = "DEALLOCATE " + order.back().name;
      Forget(std::string(order.back().text));
      if (!SendText(deallocate.c_str())) return Broken();
      ROWAN_RETURN_IF_ERROR(Drain(call));
    }
    return absl::OkStatus();
  }

  // Reads the results of a command outside a pipeline to their end and returns its error, if any.
  absl::Status Drain(const Call& call) {
    ROWAN_RETURN_IF_ERROR(Flush(call));
    absl::Status error;
    for (;;) {
      ROWAN_ASSIGN_OR_RETURN(OwnedResult result, Next(call));
      if (result == nullptr) return error;
      if (Failed(result.get()) && error.ok()) error = ErrorOf(result.get());
    }
  }
};

namespace {

// What is left of the call, as PostgreSQL takes it: milliseconds, at least 1, since 0 would mean no limit.
std::string TimeLeft(const Call& call) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(call.deadline - Clock::now());
  return std::to_string(std::clamp<int64_t>(left.count(), 1, INT32_MAX));
}

const char* BeginText(Isolation isolation) {
  switch (isolation) {
    case Isolation::kReadCommitted:
      break;
    case Isolation::kRepeatableRead:
      return "BEGIN ISOLATION LEVEL REPEATABLE READ";
    case Isolation::kSerializable:
      return "BEGIN ISOLATION LEVEL SERIALIZABLE";
  }
  return "BEGIN ISOLATION LEVEL READ COMMITTED";
}

}  // namespace

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& conninfo, const Call& call) {
  const char* const names[] = {"dbname",          "client_encoding", "application_name", "options",
                               "connect_timeout", "keepalives_idle", "tcp_user_timeout", nullptr};
  const char* const values[] = {
      conninfo.c_str(),
      "UTF8",
      "rowand",
      // Statements are many and short, and their estimates high: compiling one takes longer than running it.
      "-c search_path=pg_catalog -c TimeZone=UTC -c DateStyle=ISO -c standard_conforming_strings=on -c jit=off",
      "10",
      "30",
      "30000",
      nullptr};
  auto state = std::make_unique<State>();
  state->connection = PQconnectStartParams(names, values, /*expand_dbname=*/1);
  if (state->connection == nullptr) return DatabaseErrorStatus({.message = "out of memory"});
  PQsetNoticeProcessor(
      state->connection, [](void*, const char*) {}, nullptr);
  if (PQstatus(state->connection) == CONNECTION_BAD) return state->Broken();
  for (PostgresPollingStatusType wanted = PGRES_POLLING_WRITING; wanted != PGRES_POLLING_OK;) {
    if (wanted == PGRES_POLLING_FAILED) return state->Broken();
    ROWAN_RETURN_IF_ERROR(State::CheckStart(call));
    const short events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (Poll(PQsocket(state->connection), events, call.deadline)) wanted = PQconnectPoll(state->connection);
  }
  if (PQsetnonblocking(state->connection, 1) != 0) return state->Broken();
  state->cancel = std::shared_ptr<PGcancel>(PQgetCancel(state->connection), PQfreeCancel);
  return std::unique_ptr<Connection>(new Connection(std::move(state)));
}

absl::Status Connection::Begin(const TransactionOptions& options, const Call& call) {
  return ExecuteAll({}, {.begin = options}, call).status();
}

absl::Status Connection::Commit(const Call& call) {
  // PostgreSQL would roll back and call that a success.
  if (PQtransactionStatus(state_->connection) == PQTRANS_INERROR) {
    return DatabaseErrorStatus({.sqlstate = "25P02", .message = "the transaction has failed"});
  }
  absl::Status status = state_->Run({{.text = "COMMIT"}}, call).status();
  // Once sent and given up it is like a lost connection: nobody knows how it ends.
  if (!status.ok() && state_->broken && DatabaseErrorOf(status) == nullptr) {
    return DatabaseErrorStatus({.message = "gave up waiting for COMMIT"});
  }
  return status;
}

void Connection::Rollback() {
  if (broken() || !in_transaction()) return;
  // The call may be over; what it began is undone all the same, within a limit of its own.
  Call call;
  call.deadline = Clock::now() + std::chrono::seconds(2);
  if (!state_->Run({{.text = "ROLLBACK"}}, call).ok()) state_->broken = true;
}

bool Connection::in_transaction() const {
  return PQtransactionStatus(state_->connection) != PQTRANS_IDLE;
}

absl::StatusOr<Result> Connection::Execute(const Statement& statement, const std::vector<Parameter>& parameters,
                                           const Call& call) {
  return state_->Run({{.statement = &statement, .parameters = &parameters}}, call);
}

absl::StatusOr<Result> Connection::ExecuteRead(const Statement& statement, const std::vector<Parameter>& parameters,
                                               const Call& call) {
  const std::string timeout = TimeLeft(call);
  const std::vector<Parameter> settings = {{timeout}, {"on"}};
  return state_->Run({{.statement = &TransactionSettings(), .parameters = &settings},
                      {.statement = &statement, .parameters = &parameters}},
                     call);
}

absl::StatusOr<std::vector<Result>> Connection::ExecuteAll(const std::vector<Query>& queries,
                                                           const BatchOptions& options, const Call& call) {
  std::vector<State::Command> commands;
  const std::string timeout = TimeLeft(call);
  std::vector<Parameter> settings;
  if (options.begin) {
    settings = {{timeout}, {options.begin->read_only ? "on" : "off"}};
    commands.push_back({.text = BeginText(options.begin->isolation)});
    commands.push_back({.statement = &TransactionSettings(), .parameters = &settings});
  }
  const size_t before = commands.size();
  for (const Query& query : queries) commands.push_back({.statement = query.statement, .parameters = &query.parameters});
  if (options.commit) commands.push_back({.text = "COMMIT"});
  if (commands.empty()) return std::vector<Result>();
  ROWAN_ASSIGN_OR_RETURN(std::vector<Result> results, state_->RunAll(commands, call));
  if (options.commit) results.pop_back();
  results.erase(results.begin(), results.begin() + static_cast<int>(before));
  return results;
}

absl::Status Connection::OpenCursor(const Statement& statement, const std::vector<Parameter>& parameters,
                                    const Call& call) {
  const Statement declare{"DECLARE rowan_stream NO SCROLL CURSOR FOR " + statement.text, statement.parameter_oids};
  return state_->Run({{.statement = &declare, .parameters = &parameters}}, call).status();
}

absl::StatusOr<Result> Connection::FetchRows(int count, const Call& call) {
  const std::string fetch = "FETCH FORWARD " + std::to_string(count) + " FROM rowan_stream";
  return state_->Run({{.text = fetch.c_str()}}, call);
}

absl::Status Connection::ExecuteRows(const Statement& statement, const std::vector<Parameter>& parameters,
                                     const Call& call, const std::function<absl::Status(const RowView&)>& on_row) {
  State& state = *state_;
  ROWAN_RETURN_IF_ERROR(State::CheckStart(call));
  const Cancellation::Registration on_cancel(call.cancellation, [&state] { state.SendCancel(); });
  ROWAN_RETURN_IF_ERROR(state.EvictPrepared(call));
  const std::string* known = state.FindPrepared(statement.text);
  std::string name = known != nullptr ? *known : "s" + std::to_string(state.next_name++);
  if (known == nullptr) {
    if (!state.SendPrepare(statement, name)) return state.Broken();
    ROWAN_RETURN_IF_ERROR(state.Drain(call));
    state.Remember(statement.text, name);
  }
  if (!state.SendExecute(name, parameters) || PQsetSingleRowMode(state.connection) == 0) return state.Broken();
  ROWAN_RETURN_IF_ERROR(state.Flush(call));
  absl::Status error;
  for (;;) {
    ROWAN_ASSIGN_OR_RETURN(OwnedResult result, state.Next(call));
    if (result == nullptr) break;
    if (Failed(result.get())) {
      error = ErrorOf(result.get());
    } else if (PQresultStatus(result.get()) == PGRES_SINGLE_TUPLE) {
      absl::Status accepted = on_row(RowView(result.get()));
      if (!accepted.ok()) return state.Abandon(std::move(accepted));
    }
  }
  if (state.cancel_sent) state.broken = true;
  state.ForgetAfter(error, statement);
  return error;
}

bool Connection::broken() const {
  return state_->broken || state_->cancel_sent || PQstatus(state_->connection) == CONNECTION_BAD;
}

int Connection::backend_pid() const {
  return PQbackendPID(state_->connection);
}
int Connection::server_version() const {
  return PQserverVersion(state_->connection);
}

bool Connection::Alive() const {
  if (broken()) return false;
  // Whatever arrives while nobody asked is most likely the server's farewell.
  pollfd entry{PQsocket(state_->connection), POLLIN, 0};
  return poll(&entry, 1, 0) == 0;
}

}  // namespace rowan::pg
