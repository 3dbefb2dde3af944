// Runs something in one transaction; all or nothing. Serialization failures and deadlocks are tried again from the start,
// with a jittered pause, up to limits.transaction_attempts times and within the call's deadline.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "engine/exec/context.h"
#include "engine/exec/database_errors.h"
#include "engine/exec/kept_answer.h"
#include "engine/pg/connection.h"
#include "engine/pg/pool.h"

namespace google::protobuf {
class MessageLite;
}

namespace rowan::exec {

// How a transaction runs, and how it ends.
struct Transaction {
  pg::TransactionOptions options;
  // Checks all constraints at the end, and rolls back. The answer is given all the same.
  bool dry_run = false;
  // Of a request that happens once. Not together with dry_run.
  std::optional<RequestIdentity> identity;
};

// Where a transaction failed.
struct Failure {
  const Model* written = nullptr;  // as in Attempt
  std::string path;                // what the error's paths begin with: "operations[2]"; empty: nothing
};

// Runs inside the transaction that `connection` is in and fills the answer. Errors are statuses of engine/pg, or any of the
// catalogue.
using TransactionBody = std::function<absl::Status(pg::Connection& connection, Failure& failure)>;

// Runs `body`, with `answer` empty at the beginning of each attempt. Returns whether the answer is the kept one of an
// earlier request. After an error `answer` is empty, and nothing was committed; except for CommitOutcomeUnknown. Errors:
// those of the database, of `body`, KeyReused, CommitOutcomeUnknown. With an observer it rolls back.
absl::StatusOr<bool> RunTransaction(const Transaction& transaction, pg::Pool& pool, const Context& context,
                                    google::protobuf::MessageLite& answer, const TransactionBody& body);

}  // namespace rowan::exec
