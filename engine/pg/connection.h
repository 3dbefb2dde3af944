// One connection to PostgreSQL, used by one thread at a time: a thin owner of a libpq connection.
//
// Nothing blocks longer than the deadline of the call: the connection is non-blocking and waits with poll(). When the
// deadline passes or the call is cancelled while a statement runs, a cancel request is sent to the backend (from a
// thread of its own, since PQcancel blocks), the statement ends with 57014 or is given up after two seconds, and the
// connection is marked broken() so that it is closed and never reused: a late cancel can hit nobody else.
//
// Failures are statuses that carry a DatabaseError (see result.h), except: DeadlineExceeded and Cancelled of
// base/errors.h when the call was over before the statement was sent, or PostgreSQL did not answer in time. A statement
// that PostgreSQL itself ended, at the deadline or because of the cancel request, fails with 57014.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/base/call.h"
#include "engine/pg/result.h"
#include "engine/pg/statement.h"

struct pg_result;

namespace rowan::pg {

// How a transaction runs.
enum class Isolation { kReadCommitted, kRepeatableRead, kSerializable };
struct TransactionOptions {
  Isolation isolation = Isolation::kReadCommitted;
  bool read_only = false;
};

// What holds for all transactions of a connection that do not say otherwise.
struct SessionOptions {
  bool read_only = false;
  std::chrono::milliseconds statement_timeout{0};  // 0: the server's
};

// A statement with its parameters, among several that are sent together.
struct Query {
  const Statement* statement;
  std::vector<Parameter> parameters;
};

// What goes with several statements in their round trip.
struct BatchOptions {
  std::optional<TransactionOptions> begin;  // begin a transaction first, as Begin does
  bool commit = false;                      // commit after the last one
};

// A row in single-row mode. Views are valid during the callback only.
class RowView {
 public:
  explicit RowView(const pg_result* result) : result_(result) {}
  int columns() const;
  bool null(int column) const;
  std::string_view bytes(int column) const;

 private:
  const pg_result* result_;
};

class Connection {
 public:
  // Connects with a libpq connection string (or "" for the environment's), with search_path pinned to pg_catalog, UTC,
  // ISO dates, UTF-8, standard_conforming_strings, and no JIT compilation. Errors: UNAVAILABLE with a DatabaseError; DeadlineExceeded;
  // Cancelled.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& conninfo, const Call& call,
                                                          const SessionOptions& session = {});
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins a transaction with statement_timeout set (SET LOCAL) to what is left of the call's deadline, in
  // milliseconds, at least 1. It is sent with what is run first, whose error is also that of the beginning.
  absl::Status Begin(const TransactionOptions& options, const Call& call);
  // Nothing was committed when the status carries an SQLSTATE, or no DatabaseError (the call was over before COMMIT was
  // sent). A DatabaseError without SQLSTATE leaves the outcome open. A transaction that failed before is refused with
  // 25P02.
  absl::Status Commit(const Call& call);
  // Rolls back and never fails: a connection that cannot is marked broken.
  void Rollback();
  bool in_transaction() const;
  // Gives the connection up: it is closed by its owner and never used again, and PostgreSQL stops and undoes what it was at.
  void Discard();

  // Runs a statement, preparing it on its first use on this connection, and returns all its rows in binary format.
  absl::StatusOr<Result> Execute(const Statement& statement, const std::vector<Parameter>& parameters,
                                 const Call& call);

  // Runs statements one after the other in a single round trip and returns the rows of each. After a failure those that
  // follow are not run, and the failure is returned.
  absl::StatusOr<std::vector<Result>> ExecuteAll(const std::vector<Query>& queries, const BatchOptions& options,
                                                 const Call& call);

  // Runs reads that have nothing to do with one another in a single round trip, outside of transactions, and returns what
  // became of each, in order. When PostgreSQL refuses one, those that follow are not run: their statuses carry no SQLSTATE.
  std::vector<absl::StatusOr<Result>> ExecuteEach(const std::vector<Query>& queries, const Call& call);

  // The two halves of ExecuteAll, for a caller that has something to do meanwhile. Send sends statements together, and a
  // fetch of the cursor's next `fetch` rows behind them when that is more than 0, of which fewer come only at the end; Receive
  // waits for what was sent first and returns the rows of each. Several may be on their way, and until all are received nothing
  // else is called but Rollback and Discard, which give the connection up then. Statements outlive their Receive.
  absl::Status Send(const std::vector<Query>& queries, int fetch, const Call& call);
  absl::StatusOr<std::vector<Result>> Receive(const Call& call);

  // Opens a cursor over the statement's rows, for Send to fetch. To be called inside a transaction, once in each: the cursor
  // closes with it.
  absl::Status OpenCursor(const Statement& statement, const std::vector<Parameter>& parameters, const Call& call);

  // Runs statements in a single round trip, each in a transaction of its own, and returns what became of each: its rows, or
  // why there are none. As with ExecuteWrite, only a DatabaseError without SQLSTATE leaves open whether it was committed.
  std::vector<absl::StatusOr<Result>> ExecuteApart(const std::vector<Query>& queries, const Call& call);

  // Runs one read in a read-only transaction of its own, in a single round trip (pipeline: begin, time-out, statement,
  // commit).
  absl::StatusOr<Result> ExecuteRead(const Statement& statement, const std::vector<Parameter>& parameters,
                                     const Call& call);

  // Runs one statement in a transaction of its own, in a single round trip. When the status carries an SQLSTATE, or no
  // DatabaseError, nothing was committed; a DatabaseError without SQLSTATE leaves the outcome open.
  absl::StatusOr<Result> ExecuteWrite(const Statement& statement, const std::vector<Parameter>& parameters,
                                      const Call& call);

  // Runs a statement and hands over each row as it arrives (single-row mode): memory is bounded by the largest row.
  // Reads from the socket only between calls of `on_row`, so a slow consumer slows PostgreSQL down. An error from
  // `on_row` cancels the statement and is returned. To be called inside a transaction (Begin).
  absl::Status ExecuteRows(const Statement& statement, const std::vector<Parameter>& parameters, const Call& call,
                           const std::function<absl::Status(const RowView&)>& on_row);

  // Sends rows to PostgreSQL, inside a transaction: a COPY … FROM STDIN text without parameters, then what it takes in any
  // number of pieces, each of at most 1 GiB, then its end, or that it is given up. Nothing else may run between. A piece
  // was taken by PostgreSQL when PutCopy returns, so a slow server slows the caller down; what is wrong with it EndCopy
  // tells.
  absl::Status BeginCopy(const std::string& copy, const Call& call);
  absl::Status PutCopy(std::string_view bytes, const Call& call);
  absl::Status EndCopy(const Call& call);
  // Never fails: a connection that cannot is marked broken. Without a running copy it does nothing.
  void AbortCopy();

  // Whether the connection must not be used again. True after a broken socket, a sent cancel, or a failed rollback.
  bool broken() const;
  // Whether an idle connection still looks usable, without a round trip: false when the server closed it.
  bool Alive() const;
  int backend_pid() const;
  // The server's version as libpq gives it: 150020.
  int server_version() const;

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rowan::pg
