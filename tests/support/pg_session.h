// What tests of engine/pg share: a database of their own and statements without parameters.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "engine/pg/connection.h"
#include "tests/support/private_postgres.h"

namespace rowan::pg {

// The connection string of this program's database, which is empty at first.
inline const std::string& TestDatabase() {
  static const std::string conninfo = [] {
    auto created = test::PrivatePostgres::Shared().CreateDatabase("pg_test");
    EXPECT_TRUE(created.ok()) << created.status();
    return created.ok() ? *created : std::string();
  }();
  return conninfo;
}

inline Call CallFor(std::chrono::milliseconds time) {
  Call call;
  call.deadline = Clock::now() + time;
  return call;
}

inline std::unique_ptr<Connection> Connect(const std::string& conninfo = TestDatabase()) {
  auto connection = Connection::Open(conninfo, Call());
  EXPECT_TRUE(connection.ok()) << connection.status();
  return connection.ok() ? *std::move(connection) : nullptr;
}

inline absl::StatusOr<Result> RunSql(Connection& connection, const std::string& text, const Call& call = Call()) {
  return connection.Execute({text, {}}, {}, call);
}

// Returns the text of the first value of the first row, or the SQLSTATE in angle brackets.
inline std::string One(Connection& connection, const std::string& text) {
  const auto result = RunSql(connection, text);
  if (!result.ok()) {
    const auto error = DatabaseErrorOf(result.status());
    return error == nullptr ? result.status().ToString() : "<" + error->sqlstate + ">";
  }
  if (result->rows() == 0) return "no row";
  return result->null(0, 0) ? "null" : std::string(result->bytes(0, 0));
}

inline std::string SqlState(const absl::Status& status) {
  const auto error = DatabaseErrorOf(status);
  return error == nullptr ? "no database error: " + status.ToString() : error->sqlstate;
}

// Asks `holds` every millisecond until it is so, or the time is over. Returns whether it became so.
template <typename Condition>
bool Eventually(std::chrono::milliseconds time, const Condition& holds) {
  const Clock::time_point until = Clock::now() + time;
  while (!holds()) {
    if (Clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// Whether the backend runs a statement at the moment, as another connection sees it.
inline bool Busy(Connection& observer, int backend_pid) {
  return One(observer,
             "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' AND wait_event_type IS DISTINCT FROM "
             "'Client' AND pid = " +
                 std::to_string(backend_pid)) == "1";
}

}  // namespace rowan::pg
