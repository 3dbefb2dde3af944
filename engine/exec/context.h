// What running a plan needs beside the plan. Private to engine/exec and engine.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/base/call.h"
#include "engine/base/limits.h"
#include "engine/base/token.h"
#include "engine/catalog/catalog.h"
#include "engine/pg/connection.h"
#include "engine/pg/statement.h"

namespace rowan::exec {

// Counts since start. Thread-safe.
struct Counters {
  std::atomic<int64_t> statements = 0;
  std::atomic<int64_t> retries = 0;
};

// Sees a statement before it is sent, inside its transaction.
using StatementObserver = std::function<absl::Status(pg::Connection& connection, const pg::Statement& statement,
                                                     const std::vector<pg::Parameter>& parameters)>;

// Refers to things that outlive the run. One per call.
struct Context {
  const Catalog& catalog;
  const Limits& limits;
  const TokenKey& tokens;
  const Call& call;
  Counters& counters;
  // Takes what the database said, for the log. Never a value.
  const std::function<void(const std::string& request_id, const std::string& message)>& log;
  // For explanations, else null. A transaction that is observed is rolled back at its end.
  const StatementObserver* observer = nullptr;

  absl::Status Observe(pg::Connection& connection, const pg::Statement& statement,
                       const std::vector<pg::Parameter>& parameters) const {
    return observer == nullptr ? absl::OkStatus() : (*observer)(connection, statement, parameters);
  }
};

}  // namespace rowan::exec
