// Interactive transactions: one stays open between the messages of a client.
#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "engine/bind/bind_context.h"
#include "engine/engine.h"
#include "engine/exec/context.h"
#include "engine/operation.h"
#include "engine/pg/pool.h"
#include "engine/served_schema.h"

namespace rowan::v1 {
class BeginTransaction;
}

namespace rowan {

// How a transaction was begun.
struct TransactOptions {
  OperationRules rules;
  std::chrono::milliseconds idle_timeout;  // longest silence of the client
  std::chrono::milliseconds timeout;       // longest duration of the whole
  Clock::time_point until;                 // when that is over
};

// Reads what `begin` asks for; the limits are the server's. Errors, with paths that begin with `begin`: MalformedValue,
// LimitOutOfRange.
absl::StatusOr<TransactOptions> TransactOptionsOf(const v1::BeginTransaction& begin,
                                                  std::chrono::milliseconds longest_idle,
                                                  std::chrono::milliseconds longest);

// Begins, answers, and serves the client until it ends the transaction or something ends it. `context.call` ends with the
// transaction's time. Every operation has a savepoint of its own, so that one that fails leaves the rest as it was. After a
// time-out the connection is closed, so nothing can commit behind it. OK when the client ended it, by a message or by the
// end of the stream. Errors: those of the peer and of the database, TransactionTimeout, CommitOutcomeUnknown.
absl::Status RunTransact(const TransactOptions& options, ServedSchema& schema, const BindContext& binding,
                         pg::Pool& pool, const exec::Context& context, TransactPeer& peer);

}  // namespace rowan
