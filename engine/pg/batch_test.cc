// Several statements in one round trip, and cursors.
#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "engine/pg/connection.h"
#include "tests/support/pg_session.h"

namespace rowan::pg {
namespace {

using namespace std::chrono_literals;

constexpr TransactionOptions kSnapshot = {.isolation = Isolation::kRepeatableRead, .read_only = true};

const Statement kOne = {"SELECT 'one'", {}};
const Statement kTwo = {"SELECT 'two' UNION ALL SELECT 'more'", {}};
const Statement kWrong = {"SELECT 1 / 0", {}};

// Whether a statement of the connection sleeps, as another one sees it.
bool Sleeps(const Connection& connection) {
  return One(*Connect(), "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = " +
                             std::to_string(connection.backend_pid())) == "1";
}

absl::StatusOr<Result> Fetch(Connection& connection, int count) {
  if (absl::Status sent = connection.Send({}, count, Call()); !sent.ok()) return sent;
  auto results = connection.Receive(Call());
  if (!results.ok()) return results.status();
  return std::move(results->front());
}

TEST(BatchTest, GivesEachStatementsRowsInOrder) {
  const auto connection = Connect();
  for (int round = 0; round < 3; ++round) {
    const auto results = connection->ExecuteAll({{&kOne, {}}, {&kTwo, {}}, {&kOne, {}}}, {.begin = kSnapshot}, Call());
    ASSERT_TRUE(results.ok()) << results.status();
    ASSERT_EQ(results->size(), 3u);
    EXPECT_EQ((*results)[0].bytes(0, 0), "one");
    EXPECT_EQ((*results)[1].rows(), 2);
    EXPECT_EQ((*results)[1].bytes(1, 0), "more");
    EXPECT_EQ((*results)[2].bytes(0, 0), "one");
    EXPECT_TRUE(connection->in_transaction());
    connection->Rollback();
  }
}

TEST(BatchTest, BeginsAndCommitsInTheSameRoundTrip) {
  const auto connection = Connect();
  const Statement level = {"SHOW transaction_isolation", {}};
  const Statement read_only = {"SHOW transaction_read_only", {}};
  const auto results =
      connection->ExecuteAll({{&level, {}}, {&read_only, {}}}, {.begin = kSnapshot, .commit = true}, Call());
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), 2u);
  EXPECT_EQ((*results)[0].bytes(0, 0), "repeatable read");
  EXPECT_EQ((*results)[1].bytes(0, 0), "on");
  EXPECT_FALSE(connection->in_transaction());
}

TEST(BatchTest, NothingIsSomething) {
  const auto connection = Connect();
  const auto results = connection->ExecuteAll({}, {}, Call());
  ASSERT_TRUE(results.ok());
  EXPECT_TRUE(results->empty());
  const auto begun = connection->ExecuteAll({}, {.begin = kSnapshot}, Call());
  ASSERT_TRUE(begun.ok());
  EXPECT_TRUE(begun->empty());
  EXPECT_TRUE(connection->in_transaction());
  EXPECT_TRUE(connection->ExecuteAll({}, {.commit = true}, Call()).ok());
  EXPECT_FALSE(connection->in_transaction());
}

TEST(BatchTest, AFailureEndsItAndLeavesTheConnectionUsable) {
  const auto connection = Connect();
  const auto results =
      connection->ExecuteAll({{&kOne, {}}, {&kWrong, {}}, {&kTwo, {}}}, {.begin = kSnapshot, .commit = true}, Call());
  EXPECT_EQ(SqlState(results.status()), "22012");
  EXPECT_FALSE(connection->broken());
  connection->Rollback();
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_EQ(One(*connection, "SELECT 'still here'"), "still here");
}

TEST(BatchTest, AWriteIsRefusedInASnapshot) {
  const auto connection = Connect();
  const Statement write = {"CREATE TABLE public.never (x int)", {}};
  EXPECT_EQ(SqlState(connection->ExecuteAll({{&write, {}}}, {.begin = kSnapshot}, Call()).status()), "25006");
  connection->Rollback();
}

TEST(BatchTest, EndsWithTheCall) {
  const auto connection = Connect();
  const Statement sleep = {"SELECT pg_sleep(30)", {}};
  const auto results = connection->ExecuteAll({{&sleep, {}}, {&kOne, {}}}, {.begin = kSnapshot}, CallFor(200ms));
  EXPECT_EQ(SqlState(results.status()), "57014");
}

TEST(RoundTest, SeveralAreOnTheirWayAndComeInOrder) {
  const auto connection = Connect();
  const Statement number = {"SELECT $1::text, pg_sleep(0.01)", {25}};
  ASSERT_TRUE(connection->Begin(kSnapshot, Call()).ok());
  // The second round uses what the first one prepares.
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(connection->Send({{&number, {{name}}}, {&kTwo, {}}}, 0, Call()).ok());
  }
  for (const char* name : {"a", "b", "c"}) {
    const auto results = connection->Receive(Call());
    ASSERT_TRUE(results.ok()) << results.status();
    ASSERT_EQ(results->size(), 2u);
    EXPECT_EQ((*results)[0].bytes(0, 0), name);
    EXPECT_EQ((*results)[1].rows(), 2);
  }
  connection->Rollback();
  EXPECT_FALSE(connection->broken());
  EXPECT_EQ(One(*connection, "SELECT 'still here'"), "still here");
}

TEST(RoundTest, AFailureIsThatOfAllBehindIt) {
  const auto connection = Connect();
  ASSERT_TRUE(connection->Begin(kSnapshot, Call()).ok());
  ASSERT_TRUE(connection->Send({{&kOne, {}}, {&kWrong, {}}}, 0, Call()).ok());
  ASSERT_TRUE(connection->Send({{&kOne, {}}}, 0, Call()).ok());
  EXPECT_EQ(SqlState(connection->Receive(Call()).status()), "22012");
  EXPECT_EQ(SqlState(connection->Receive(Call()).status()), "25P02");
  connection->Rollback();
  EXPECT_EQ(One(*connection, "SELECT 'still here'"), "still here");
}

TEST(RoundTest, WhatNobodyWaitsForIsStoppedAndGivesTheConnectionUp) {
  const auto connection = Connect();
  const Statement sleep = {"SELECT pg_sleep(30)", {}};
  ASSERT_TRUE(connection->Begin(kSnapshot, Call()).ok());
  ASSERT_TRUE(connection->Send({{&sleep, {}}}, 0, Call()).ok());
  EXPECT_TRUE(Eventually(2s, [&] { return Sleeps(*connection); }));
  connection->Rollback();
  EXPECT_TRUE(connection->broken());
  EXPECT_TRUE(Eventually(2s, [&] { return !Sleeps(*connection); }));
}

TEST(RoundTest, EndsWithTheCall) {
  const auto connection = Connect();
  const Statement sleep = {"SELECT pg_sleep(30)", {}};
  Call call;
  ASSERT_TRUE(connection->Begin(kSnapshot, call).ok());
  ASSERT_TRUE(connection->Send({{&sleep, {}}}, 0, call).ok());
  ASSERT_TRUE(connection->Send({{&kOne, {}}}, 0, call).ok());
  EXPECT_TRUE(Eventually(2s, [&] { return Sleeps(*connection); }));
  call.cancellation->Cancel();
  EXPECT_EQ(SqlState(connection->Receive(call).status()), "57014");
  EXPECT_TRUE(connection->broken());
  EXPECT_EQ(ErrorReasonOf(connection->Send({{&kOne, {}}}, 0, call)), "CANCELLED");
}

TEST(CursorTest, GivesRowsInPortionsUntilTheEnd) {
  const auto connection = Connect();
  const Statement numbers = {"SELECT n::text FROM generate_series(1, $1::bigint) n", {20}};
  const std::string seven("\0\0\0\0\0\0\0\x07", 8);
  // Twice, for the second time the statement is prepared already.
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(connection->Begin(kSnapshot, Call()).ok());
    ASSERT_TRUE(connection->OpenCursor(numbers, {{seven}}, Call()).ok());
    std::string rows;
    for (const int count : {3, 1, 5, 5}) {
      const auto result = Fetch(*connection, count);
      ASSERT_TRUE(result.ok()) << result.status();
      for (int row = 0; row < result->rows(); ++row) rows += std::string(result->bytes(row, 0)) + " ";
      rows += "| ";
    }
    EXPECT_EQ(rows, "1 2 3 | 4 | 5 6 7 | | ");
    connection->Rollback();
  }
}

TEST(CursorTest, OfOneShapeFollowsOneOfAnother) {
  const auto connection = Connect();
  const Statement wide = {"SELECT 1::bigint, 'a', true", {}};
  for (const Statement* statement : {&kTwo, &wide, &kTwo}) {
    ASSERT_TRUE(connection->Begin(kSnapshot, Call()).ok());
    ASSERT_TRUE(connection->OpenCursor(*statement, {}, Call()).ok());
    const auto result = Fetch(*connection, 10);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->columns(), statement == &wide ? 3 : 1);
    connection->Rollback();
  }
}

TEST(CursorTest, IsRefusedWithoutATransactionAndOnceItIsOver) {
  const auto connection = Connect();
  EXPECT_EQ(SqlState(connection->OpenCursor(kOne, {}, Call())), "25P01");
  EXPECT_EQ(SqlState(Fetch(*connection, 1).status()), "34000");
  ASSERT_TRUE(connection->Begin(kSnapshot, Call()).ok());
  EXPECT_EQ(SqlState(connection->OpenCursor(kWrong, {}, Call())), "22012");
  connection->Rollback();
  EXPECT_EQ(One(*connection, "SELECT 'still here'"), "still here");
}

}  // namespace
}  // namespace rowan::pg
