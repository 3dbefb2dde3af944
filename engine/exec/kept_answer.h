// Requests that happen once: their answers are kept in "rowan"."requests", which the store creates, in the transaction
// that they belong to. Private to engine/exec.
//
// Whoever writes the row of a request id first runs the request; others under the same id wait there until that
// transaction has ended, and then find its answer, or run the request themselves.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/exec/context.h"
#include "engine/pg/connection.h"

namespace rowan::exec {

// What tells one request from others.
struct RequestIdentity {
  std::string schema;
  std::string request_id;
  std::string fingerprint;  // of all of the request but its id
  std::chrono::milliseconds retention{0};
};

// Begins a transaction and, in the same round trip, writes the request's row. Returns the answer of the request when it ran
// before, or nullopt when it is to be run. Errors: statuses of engine/pg; KeyReused.
absl::StatusOr<std::optional<std::string>> BeginOnce(const RequestIdentity& identity,
                                                     const pg::TransactionOptions& options, pg::Connection& connection,
                                                     const Context& context);

// Keeps the answer in the transaction that BeginOnce began, and under READ COMMITTED removes a few rows that are older than
// they have to be kept.
absl::Status KeepAnswer(const RequestIdentity& identity, std::string_view answer, const pg::TransactionOptions& options,
                        pg::Connection& connection, const Context& context);

}  // namespace rowan::exec
