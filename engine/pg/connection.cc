#include "engine/pg/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/pg/connection_state.h"

namespace rowan::pg {

int RowView::columns() const {
  return PQnfields(result_);
}
bool RowView::null(int column) const {
  return PQgetisnull(result_, 0, column) != 0;
}
std::string_view RowView::bytes(int column) const {
  return {PQgetvalue(result_, 0, column), static_cast<size_t>(PQgetlength(result_, 0, column))};
}

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& conninfo, const Call& call,
                                                             const SessionOptions& session) {
  // Statements are many and short, and their estimates high: compiling one takes longer than running it.
  std::string settings =
      "-c search_path=pg_catalog -c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres"
      " -c standard_conforming_strings=on -c jit=off";
  if (session.read_only) settings += " -c default_transaction_read_only=on";
  if (session.statement_timeout.count() > 0) {
    settings += " -c statement_timeout=" + std::to_string(session.statement_timeout.count());
  }
  const char* const names[] = {"dbname",          "client_encoding", "application_name", "options",
                               "connect_timeout", "keepalives_idle", "tcp_user_timeout", nullptr};
  const char* const values[] = {
      conninfo.c_str(),
      "UTF8",
      "rowand",
      settings.c_str(),
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
  ROWAN_RETURN_IF_ERROR(State::CheckStart(call));
  state_->beginning = {options.isolation, TimeLeft(call), options.read_only};
  return absl::OkStatus();
}

namespace {

// Once sent and given up it is like a lost connection: nobody knows how it ends.
absl::Status OfCommit(bool broken, absl::Status status) {
  if (status.ok() || !broken || DatabaseErrorOf(status) != nullptr) return status;
  return DatabaseErrorStatus({.message = "gave up waiting for COMMIT"});
}

}  // namespace

absl::Status Connection::Commit(const Call& call) {
  if (state_->beginning) {  // nothing was run
    ROWAN_RETURN_IF_ERROR(State::CheckStart(call));
    state_->beginning.reset();
    return absl::OkStatus();
  }
  // PostgreSQL would roll back and call that a success.
  if (PQtransactionStatus(state_->connection) == PQTRANS_INERROR) {
    return DatabaseErrorStatus({.sqlstate = "25P02", .message = "the transaction has failed"});
  }
  const absl::Status status = state_->Run({{.text = "COMMIT"}}, call).status();
  return OfCommit(state_->broken, status);
}

void Connection::Rollback() {
  state_->beginning.reset();
  if (broken() || !in_transaction()) return;
  // What is on its way is of no use to anybody, and would have to be waited for.
  if (!state_->batches.empty()) return Discard();
  // The call may be over; what it began is undone all the same, within a limit of its own.
  Call call;
  call.deadline = Clock::now() + std::chrono::seconds(2);
  if (!state_->Run({{.text = "ROLLBACK"}}, call).ok()) state_->broken = true;
}

void Connection::Discard() {
  if (!state_->batches.empty()) state_->SendCancel();
  state_->broken = true;
}

bool Connection::in_transaction() const {
  return state_->beginning || PQtransactionStatus(state_->connection) != PQTRANS_IDLE;
}

absl::StatusOr<Result> Connection::Execute(const Statement& statement, const std::vector<Parameter>& parameters,
                                           const Call& call) {
  return state_->Run({{.statement = &statement, .parameters = &parameters}}, call);
}

absl::StatusOr<Result> Connection::ExecuteRead(const Statement& statement, const std::vector<Parameter>& parameters,
                                               const Call& call) {
  return state_->RunAlone(statement, parameters, /*read_only=*/true, call);
}

absl::StatusOr<Result> Connection::ExecuteWrite(const Statement& statement, const std::vector<Parameter>& parameters,
                                                const Call& call) {
  absl::StatusOr<Result> result = state_->RunAlone(statement, parameters, /*read_only=*/false, call);
  if (!result.ok()) return OfCommit(state_->broken, result.status());
  return result;
}

absl::StatusOr<std::vector<Result>> Connection::ExecuteAll(const std::vector<Query>& queries,
                                                           const BatchOptions& options, const Call& call) {
  if (options.begin) ROWAN_RETURN_IF_ERROR(Begin(*options.begin, call));
  std::vector<State::Command> commands;
  for (const Query& query : queries) commands.push_back({.statement = query.statement, .parameters = &query.parameters});
  if (options.commit) commands.push_back({.text = "COMMIT"});
  if (commands.empty()) return std::vector<Result>();
  ROWAN_ASSIGN_OR_RETURN(std::vector<Result> results, state_->RunAll(commands, call));
  if (options.commit) results.pop_back();
  return results;
}

std::vector<absl::StatusOr<Result>> Connection::ExecuteEach(const std::vector<Query>& queries, const Call& call) {
  std::vector<State::Command> commands;
  commands.reserve(queries.size());
  for (const Query& query : queries) commands.push_back({.statement = query.statement, .parameters = &query.parameters});
  auto results = state_->RunEach(commands, call);
  if (results.ok()) return *std::move(results);
  std::vector<absl::StatusOr<Result>> none;
  for (size_t i = 0; i < queries.size(); ++i) none.push_back(results.status());
  return none;
}

std::vector<absl::StatusOr<Result>> Connection::ExecuteApart(const std::vector<Query>& queries, const Call& call) {
  const Cancellation::Registration on_cancel(call.cancellation, [this] { state_->SendCancel(); });
  size_t sent = 0;
  absl::Status sending;
  while (sent < queries.size() && sending.ok()) {
    const Query& query = queries[sent];
    sending = state_->SendEach({{.statement = query.statement, .parameters = &query.parameters}}, call);
    // Of one that was given up on the way, nobody knows how much arrived.
    if (sending.ok() || state_->broken) ++sent;
  }
  std::vector<absl::StatusOr<Result>> results;
  results.reserve(queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    if (i >= sent) {
      results.push_back(sending);
    } else if (state_->broken) {
      results.push_back(DatabaseErrorStatus({.message = "the connection was lost meanwhile"}));
    } else if (absl::StatusOr<std::vector<absl::StatusOr<Result>>> one = state_->ReceiveEach(call); one.ok()) {
      results.push_back(std::move(one->front()));
    } else {
      results.push_back(OfCommit(state_->broken, one.status()));
    }
  }
  return results;
}

absl::Status Connection::OpenCursor(const Statement& statement, const std::vector<Parameter>& parameters,
                                    const Call& call) {
  const Statement declare{"DECLARE rowan_stream NO SCROLL CURSOR FOR " + statement.text, statement.parameter_oids};
  return state_->Run({{.statement = &declare, .parameters = &parameters}}, call).status();
}

absl::Status Connection::Send(const std::vector<Query>& queries, int fetch, const Call& call) {
  const Cancellation::Registration on_cancel(call.cancellation, [this] { state_->SendCancel(); });
  std::vector<State::Command> commands;
  for (const Query& query : queries) commands.push_back({.statement = query.statement, .parameters = &query.parameters});
  const std::string text = "FETCH FORWARD " + std::to_string(fetch) + " FROM rowan_stream";
  if (fetch > 0) commands.push_back({.text = text.c_str()});
  return state_->SendEach(commands, call);
}

absl::StatusOr<std::vector<Result>> Connection::Receive(const Call& call) {
  const Cancellation::Registration on_cancel(call.cancellation, [this] { state_->SendCancel(); });
  return state_->ReceiveAll(call);
}

absl::Status Connection::ExecuteRows(const Statement& statement, const std::vector<Parameter>& parameters,
                                     const Call& call, const std::function<absl::Status(const RowView&)>& on_row) {
  State& state = *state_;
  ROWAN_RETURN_IF_ERROR(State::CheckStart(call));
  ROWAN_RETURN_IF_ERROR(state.SendBeginning(call));
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
