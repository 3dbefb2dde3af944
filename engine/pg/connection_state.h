// What a connection holds, and the steps that its functions are made of. Private to engine/pg.
#pragma once

#include <libpq-fe.h>

#include <atomic>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/pg/connection.h"

namespace rowan::pg {

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using OwnedResult = std::unique_ptr<PGresult, FreeResult>;

// The error that a result holds.
absl::Status ErrorOf(const PGresult* result);
bool Failed(const PGresult* result);

// What is left of the call, as PostgreSQL takes it: milliseconds, at least 1, since 0 would mean no limit.
std::string TimeLeft(const Call& call);

// Waits for the socket, at most until `until` and at most a quarter of a second. Returns whether it is ready.
bool Poll(int socket, short events, Clock::time_point until);

struct Connection::State {
  PGconn* connection = nullptr;
  // Shared with threads that send cancel requests, which may outlive the connection.
  std::shared_ptr<PGcancel> cancel;
  std::atomic<bool> cancel_sent = false;
  bool broken = false;

  // A transaction that begins with what is run next.
  struct Beginning {
    Isolation isolation;
    std::string timeout;
    bool read_only;
  };
  std::optional<Beginning> beginning;

  struct Prepared {
    std::string text;
    std::string name;
  };
  std::list<Prepared> order;  // the most recently used first
  absl::flat_hash_map<std::string, std::list<Prepared>::iterator> prepared;
  int next_name = 0;

  ~State();

  // PQcancel blocks while it connects, so it has a thread of its own. The connection is never used again.
  void SendCancel();
  absl::Status Broken();
  // Gives the running statement up: the backend is told to stop, and the connection is closed by its owner.
  absl::Status Abandon(absl::Status status);

  // Checks whether the call is over before anything is sent.
  static absl::Status CheckStart(const Call& call);
  // Checks whether the call is over while we wait for PostgreSQL. `cancelled_at` remembers when that was first seen.
  absl::Status CheckCall(const Call& call, Clock::time_point& cancelled_at);

  // Waits until all that was handed to libpq is sent.
  absl::Status Flush(const Call& call);
  // Returns the next result; null at the end of each command's results.
  absl::StatusOr<OwnedResult> Next(const Call& call);
  // Reads the results of a command outside a pipeline to their end and returns its error, if any.
  absl::Status Drain(const Call& call);

  // Returns the name under which the text is prepared, or null.
  const std::string* FindPrepared(const std::string& text);
  void Remember(const std::string& text, std::string name);
  void Forget(const std::string& text);
  // A plan that no longer fits what it was prepared for is prepared anew next time.
  void ForgetAfter(const absl::Status& error, const Statement& statement);
  // Makes room before a new statement is prepared.
  absl::Status EvictPrepared(const Call& call);

  bool SendPrepare(const Statement& statement, const std::string& name);
  bool SendExecute(const std::string& name, const std::vector<Parameter>& parameters);
  bool SendText(const char* text);

  // A command of a pipeline: a statement with its parameters, or a bare text.
  struct Command {
    const char* text = nullptr;
    const Statement* statement = nullptr;
    const std::vector<Parameter>* parameters = nullptr;
  };

  // Commands that were sent together and whose results have not all been read.
  struct Batch {
    // In the order of sending: of a preparation its statement and the name it is given, else null.
    std::vector<std::pair<const Statement*, std::string>> sent;
    std::vector<const Statement*> statements;  // of each command; null for a bare text
    size_t begins = 0;                         // how many of them are the beginning of its transaction
  };
  std::deque<Batch> batches;  // the one that was sent first is in front

  // Sends the commands, preparing statements that are new. The results are had from ReceiveEach; statements outlive it.
  absl::Status SendEach(const std::vector<Command>& commands, const Call& call);
  absl::Status AddToBatch(const std::vector<Command>& commands, Batch& batch);
  // Waits for the results of the batch that was sent first.
  absl::StatusOr<std::vector<absl::StatusOr<Result>>> ReceiveEach(const Call& call);
  // The same, or why there is not each of them.
  absl::StatusOr<std::vector<Result>> ReceiveAll(const Call& call);

  // Sends the commands as one pipeline, preparing statements that are new, and returns each one's result, or why there is
  // none: a DatabaseError, without SQLSTATE for those behind one that failed. In a
  // pipeline that is not within BEGIN, all commands are one implicit transaction. On an error of PostgreSQL the
  // connection stays usable.
  absl::StatusOr<std::vector<absl::StatusOr<Result>>> RunEach(const std::vector<Command>& commands, const Call& call);
  // Sends what begins a transaction, where something other than RunEach comes first in it.
  absl::Status SendBeginning(const Call& call);
  // Returns all results, or why there is not each of them.
  absl::StatusOr<std::vector<Result>> RunAll(const std::vector<Command>& commands, const Call& call);
  // Runs a statement as a transaction of its own, with what is left of the call as its time limit.
  absl::StatusOr<Result> RunAlone(const Statement& statement, const std::vector<Parameter>& parameters, bool read_only,
                                  const Call& call);
  // Returns the result of the last one.
  absl::StatusOr<Result> Run(const std::vector<Command>& commands, const Call& call);
};

}  // namespace rowan::pg
