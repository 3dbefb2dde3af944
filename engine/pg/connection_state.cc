#include "engine/pg/connection_state.h"

#include <poll.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/container/inlined_vector.h"
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

std::string Part(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

}  // namespace

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

bool Poll(int socket, short events, Clock::time_point until) {
  const auto left = std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()),
                               std::chrono::milliseconds(0), std::chrono::milliseconds(kLongestPoll));
  pollfd entry{socket, events, 0};
  return poll(&entry, 1, static_cast<int>(left.count())) > 0;
}

Connection::State::~State() {
  if (connection != nullptr) PQfinish(connection);
}

void Connection::State::SendCancel() {
  if (cancel_sent.exchange(true)) return;
  std::thread([handle = cancel] {
    char message[256];
    PQcancel(handle.get(), message, sizeof(message));
  }).detach();
}

absl::Status Connection::State::Broken() {
  broken = true;
  return DatabaseErrorStatus({.message = PQerrorMessage(connection)});
}

absl::Status Connection::State::Abandon(absl::Status status) {
  SendCancel();
  broken = true;
  return status;
}

absl::Status Connection::State::CheckStart(const Call& call) {
  if (call.cancellation->cancelled()) return errors::Cancelled();
  return Clock::now() < call.deadline ? absl::OkStatus() : errors::DeadlineExceeded();
}

absl::Status Connection::State::CheckCall(const Call& call, Clock::time_point& cancelled_at) {
  const Clock::time_point now = Clock::now();
  if (call.cancellation->cancelled()) {
    // The cancel request is on its way; PostgreSQL's answer to it is the cleanest end.
    if (cancelled_at == Clock::time_point()) cancelled_at = now;
    if (now - cancelled_at > kCancelPatience) return Abandon(errors::Cancelled());
  }
  if (now > call.deadline + kDeadlineGrace) return Abandon(errors::DeadlineExceeded());
  return absl::OkStatus();
}

absl::Status Connection::State::Flush(const Call& call) {
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

absl::StatusOr<OwnedResult> Connection::State::Next(const Call& call) {
  Clock::time_point cancelled_at;
  while (PQisBusy(connection) != 0) {
    ROWAN_RETURN_IF_ERROR(CheckCall(call, cancelled_at));
    // What was read before a connection ended is still there.
    if (Poll(PQsocket(connection), POLLIN, call.deadline + kDeadlineGrace) && PQconsumeInput(connection) == 0) break;
  }
  OwnedResult result(PQgetResult(connection));
  // What PostgreSQL said before it closed the connection is worth more than that it did.
  if (PQstatus(connection) == CONNECTION_BAD && Part(result.get(), PG_DIAG_SQLSTATE).empty()) return Broken();
  return result;
}

const std::string* Connection::State::FindPrepared(const std::string& text) {
  const auto found = prepared.find(text);
  if (found == prepared.end()) return nullptr;
  order.splice(order.begin(), order, found->second);
  return &found->second->name;
}

void Connection::State::Remember(const std::string& text, std::string name) {
  order.push_front({text, std::move(name)});
  prepared[text] = order.begin();
}

void Connection::State::Forget(const std::string& text) {
  const auto found = prepared.find(text);
  if (found == prepared.end()) return;
  order.erase(found->second);
  prepared.erase(found);
}

bool Connection::State::SendPrepare(const Statement& statement, const std::string& name) {
  return PQsendPrepare(connection, name.c_str(), statement.text.c_str(),
                       static_cast<int>(statement.parameter_oids.size()), statement.parameter_oids.data()) == 1;
}

bool Connection::State::SendExecute(const std::string& name, const std::vector<Parameter>& parameters) {
  absl::InlinedVector<const char*, 16> values;
  absl::InlinedVector<int, 16> lengths;
  const absl::InlinedVector<int, 16> formats(parameters.size(), 1);
  for (const Parameter& parameter : parameters) {
    values.push_back(parameter.null ? nullptr : parameter.bytes.data() == nullptr ? "" : parameter.bytes.data());
    lengths.push_back(static_cast<int>(parameter.bytes.size()));
  }
  return PQsendQueryPrepared(connection, name.c_str(), static_cast<int>(parameters.size()), values.data(),
                             lengths.data(), formats.data(), 1) == 1;
}

bool Connection::State::SendText(const char* text) {
  return PQsendQueryParams(connection, text, 0, nullptr, nullptr, nullptr, nullptr, 1) == 1;
}

namespace {

// Settings of one transaction: its time limit, and whether it may write.
const Statement& TransactionSettings() {
  static const Statement& statement = *new Statement{
      "SELECT set_config('statement_timeout', $1, true), set_config('transaction_read_only', $2, true)", {25, 25}};
  return statement;
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

std::vector<Parameter> SettingsOf(const std::string& timeout, bool read_only) {
  return {{timeout}, {read_only ? "on" : "off"}};
}

}  // namespace

std::string TimeLeft(const Call& call) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(call.deadline - Clock::now());
  return std::to_string(std::clamp<int64_t>(left.count(), 1, INT32_MAX));
}

absl::Status Connection::State::SendBeginning(const Call& call) {
  return beginning ? RunAll({}, call).status() : absl::OkStatus();
}

absl::StatusOr<Result> Connection::State::RunAlone(const Statement& statement, const std::vector<Parameter>& parameters,
                                                   bool read_only, const Call& call) {
  const std::string timeout = TimeLeft(call);
  const std::vector<Parameter> settings = SettingsOf(timeout, read_only);
  return Run({{.statement = &TransactionSettings(), .parameters = &settings},
              {.statement = &statement, .parameters = &parameters}},
             call);
}

absl::Status Connection::State::SendEach(const std::vector<Command>& commands, const Call& call) {
  ROWAN_RETURN_IF_ERROR(CheckStart(call));
  if (batches.empty()) {
    ROWAN_RETURN_IF_ERROR(EvictPrepared(call));
    if (PQenterPipelineMode(connection) == 0) return Broken();
  }
  Batch& batch = batches.emplace_back();
  if (beginning) {
    const Beginning begun = *std::exchange(beginning, std::nullopt);
    const std::vector<Parameter> settings = SettingsOf(begun.timeout, begun.read_only);
    const std::vector<Command> begins = {{.text = BeginText(begun.isolation)},
                                         {.statement = &TransactionSettings(), .parameters = &settings}};
    batch.begins = begins.size();
    ROWAN_RETURN_IF_ERROR(AddToBatch(begins, batch));
  }
  ROWAN_RETURN_IF_ERROR(AddToBatch(commands, batch));
  if (PQpipelineSync(connection) == 0) return Broken();
  return Flush(call);
}

absl::Status Connection::State::AddToBatch(const std::vector<Command>& commands, Batch& batch) {
  for (const Command& command : commands) {
    bool ok;
    if (command.text != nullptr) {
      ok = SendText(command.text);
    } else {
      const std::string* known = FindPrepared(command.statement->text);
      for (const Batch& before : batches) {
        for (const auto& [statement, given] : before.sent) {
          if (statement != nullptr && statement->text == command.statement->text) known = &given;
        }
      }
      std::string name = known != nullptr ? *known : "s" + std::to_string(next_name++);
      if (known == nullptr) {
        if (!SendPrepare(*command.statement, name)) return Broken();
        batch.sent.emplace_back(command.statement, name);
      }
      ok = SendExecute(name, *command.parameters);
    }
    if (!ok) return Broken();
    batch.sent.emplace_back();
    batch.statements.push_back(command.statement);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<absl::StatusOr<Result>>> Connection::State::ReceiveEach(const Call& call) {
  Batch batch = std::move(batches.front());
  absl::Status unprepared;  // why the statement that comes next is not prepared
  std::vector<absl::StatusOr<Result>> results;
  results.reserve(batch.statements.size());
  // What PostgreSQL said before it closed the connection is the reason, and certain.
  const auto lost = [&](const absl::Status& why) {
    const absl::Status broke = Broken();
    if (!results.empty() && !results.back().ok()) return results.back().status();
    return why.ok() ? broke : why;
  };
  for (auto& [prepared_statement, name] : batch.sent) {
    absl::StatusOr<OwnedResult> next = Next(call);
    if (!next.ok() || *next == nullptr) return lost(next.status());
    OwnedResult result = *std::move(next);
    const ExecStatusType status = PQresultStatus(result.get());
    if (prepared_statement != nullptr) {
      // It stays prepared even when its execution fails or the transaction is rolled back.
      if (status == PGRES_COMMAND_OK) Remember(prepared_statement->text, std::move(name));
      if (Failed(result.get())) unprepared = ErrorOf(result.get());
    } else {
      if (Failed(result.get())) {
        results.push_back(ErrorOf(result.get()));
      } else if (status != PGRES_PIPELINE_ABORTED) {
        results.push_back(Result(result.release()));
      } else if (!unprepared.ok()) {
        results.push_back(std::move(unprepared));
      } else {
        results.push_back(DatabaseErrorStatus({.message = "a statement before it failed"}));
      }
      unprepared = absl::OkStatus();
    }
    const absl::StatusOr<OwnedResult> end = Next(call);
    if (!end.ok() || *end != nullptr) return lost(end.status());
  }
  // Where the commands are a transaction of their own, it ends here, and may fail.
  absl::Status ending;
  for (bool synced = false; !synced;) {
    const absl::StatusOr<OwnedResult> next = Next(call);
    if (!next.ok()) return lost(next.status());
    if (*next != nullptr && Failed(next->get())) {
      ending = ErrorOf(next->get());
    } else if (*next != nullptr) {
      if (PQresultStatus(next->get()) != PGRES_PIPELINE_SYNC) return lost({});
      synced = true;
    } else if (ending.ok() || PQstatus(connection) == CONNECTION_BAD) {
      return lost({});
    }
  }
  batches.pop_front();
  if (batches.empty() && PQexitPipelineMode(connection) == 0) return Broken();
  ROWAN_RETURN_IF_ERROR(ending);
  if (cancel_sent) broken = true;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!results[i].ok() && batch.statements[i] != nullptr) ForgetAfter(results[i].status(), *batch.statements[i]);
  }
  for (size_t i = 0; i < batch.begins; ++i) ROWAN_RETURN_IF_ERROR(results[i].status());
  results.erase(results.begin(), results.begin() + static_cast<int>(batch.begins));
  return results;
}

absl::StatusOr<std::vector<absl::StatusOr<Result>>> Connection::State::RunEach(const std::vector<Command>& commands,
                                                                                const Call& call) {
  ROWAN_RETURN_IF_ERROR(CheckStart(call));
  const Cancellation::Registration on_cancel(call.cancellation, [this] { SendCancel(); });
  ROWAN_RETURN_IF_ERROR(SendEach(commands, call));
  return ReceiveEach(call);
}

absl::StatusOr<std::vector<Result>> Connection::State::ReceiveAll(const Call& call) {
  ROWAN_ASSIGN_OR_RETURN(std::vector<absl::StatusOr<Result>> each, ReceiveEach(call));
  std::vector<Result> results;
  results.reserve(each.size());
  for (absl::StatusOr<Result>& one : each) {
    // The first that is not there is the one that failed.
    ROWAN_RETURN_IF_ERROR(one.status());
    results.push_back(*std::move(one));
  }
  return results;
}

absl::StatusOr<std::vector<Result>> Connection::State::RunAll(const std::vector<Command>& commands, const Call& call) {
  ROWAN_RETURN_IF_ERROR(CheckStart(call));
  const Cancellation::Registration on_cancel(call.cancellation, [this] { SendCancel(); });
  ROWAN_RETURN_IF_ERROR(SendEach(commands, call));
  return ReceiveAll(call);
}

absl::StatusOr<Result> Connection::State::Run(const std::vector<Command>& commands, const Call& call) {
  ROWAN_ASSIGN_OR_RETURN(std::vector<Result> results, RunAll(commands, call));
  return std::move(results.back());
}

void Connection::State::ForgetAfter(const absl::Status& error, const Statement& statement) {
  const auto database = DatabaseErrorOf(error);
  if (database != nullptr && (database->sqlstate == "0A000" || database->sqlstate == "26000")) Forget(statement.text);
}

absl::Status Connection::State::EvictPrepared(const Call& call) {
  // A transaction that failed takes nothing but its end.
  if (PQtransactionStatus(connection) == PQTRANS_INERROR) return absl::OkStatus();
  while (prepared.size() > kPreparedStatements) {
    const std::string deallocate = "DEALLOCATE " + order.back().name;
    Forget(std::string(order.back().text));
    if (!SendText(deallocate.c_str())) return Broken();
    ROWAN_RETURN_IF_ERROR(Drain(call));
  }
  return absl::OkStatus();
}

absl::Status Connection::State::Drain(const Call& call) {
  ROWAN_RETURN_IF_ERROR(Flush(call));
  absl::Status error;
  for (;;) {
    ROWAN_ASSIGN_OR_RETURN(OwnedResult result, Next(call));
    if (result == nullptr) return error;
    if (Failed(result.get()) && error.ok()) error = ErrorOf(result.get());
  }
}

}  // namespace rowan::pg
