// Rows that are sent with COPY.
#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "engine/pg/connection.h"
#include "tests/support/pg_session.h"

namespace rowan::pg {
namespace {

constexpr char kCopy[] = "COPY pg_temp.copied FROM STDIN";

// A connection in a transaction that has a table to copy to.
std::unique_ptr<Connection> ConnectWithTable() {
  auto connection = Connect();
  EXPECT_TRUE(connection->Begin({}, Call()).ok());
  const Statement create = {"CREATE TEMPORARY TABLE copied (n integer NOT NULL, word text) ON COMMIT DROP", {}};
  EXPECT_TRUE(connection->Execute(create, {}, Call()).ok());
  return connection;
}

TEST(CopyInTest, TakesRowsInAnyPieces) {
  const auto connection = ConnectWithTable();
  ASSERT_TRUE(connection->BeginCopy(kCopy, Call()).ok());
  for (const char* piece : {"1\tone\n2", "\tt", "", "wo\n3\t\\N\n"}) {
    ASSERT_TRUE(connection->PutCopy(piece, Call()).ok()) << piece;
  }
  ASSERT_TRUE(connection->EndCopy(Call()).ok());
  EXPECT_EQ(One(*connection, "SELECT string_agg(n || coalesce(word, '-'), ' ' ORDER BY n) FROM pg_temp.copied"),
            "1one 2two 3-");
  EXPECT_FALSE(connection->broken());
}

TEST(CopyInTest, TakesNothing) {
  const auto connection = ConnectWithTable();
  ASSERT_TRUE(connection->BeginCopy(kCopy, Call()).ok());
  ASSERT_TRUE(connection->EndCopy(Call()).ok());
  EXPECT_EQ(One(*connection, "SELECT count(*)::text FROM pg_temp.copied"), "0");
}

TEST(CopyInTest, TakesMoreThanAnyBufferHolds) {
  const auto connection = ConnectWithTable();
  ASSERT_TRUE(connection->BeginCopy(kCopy, Call()).ok());
  const std::string row = "7\t" + std::string(100'000, 'x') + "\n";
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(connection->PutCopy(row, Call()).ok());
  ASSERT_TRUE(connection->EndCopy(Call()).ok());
  EXPECT_EQ(One(*connection, "SELECT sum(length(word))::text FROM pg_temp.copied"), "50000000");
}

TEST(CopyInTest, RefusesATableThatIsNotThere) {
  const auto connection = ConnectWithTable();
  EXPECT_EQ(SqlState(connection->BeginCopy("COPY pg_temp.missing FROM STDIN", Call())), "42P01");
  connection->AbortCopy();
  connection->Rollback();
  EXPECT_FALSE(connection->broken());
  EXPECT_EQ(One(*connection, "SELECT 'still here'"), "still here");
}

TEST(CopyInTest, TellsAtTheEndWhatWasWrong) {
  const auto connection = ConnectWithTable();
  ASSERT_TRUE(connection->BeginCopy(kCopy, Call()).ok());
  ASSERT_TRUE(connection->PutCopy("1\tone\nnone\ttwo\n", Call()).ok());
  EXPECT_EQ(SqlState(connection->EndCopy(Call())), "22P02");
  connection->Rollback();
  EXPECT_FALSE(connection->broken());
  EXPECT_EQ(One(*connection, "SELECT 'still here'"), "still here");
}

TEST(CopyInTest, IsGivenUp) {
  const auto connection = ConnectWithTable();
  ASSERT_TRUE(connection->BeginCopy(kCopy, Call()).ok());
  ASSERT_TRUE(connection->PutCopy("1\tone\n", Call()).ok());
  connection->AbortCopy();
  connection->Rollback();
  EXPECT_FALSE(connection->broken());
  EXPECT_EQ(One(*connection, "SELECT 'still here'"), "still here");
}

TEST(CopyInTest, ACancelledCallSendsNoMore) {
  const auto connection = ConnectWithTable();
  const Call call;
  ASSERT_TRUE(connection->BeginCopy(kCopy, call).ok());
  call.cancellation->Cancel();
  EXPECT_EQ(ErrorReasonOf(connection->PutCopy("1\tone\n", call)), "CANCELLED");
  EXPECT_EQ(ErrorReasonOf(connection->EndCopy(call)), "CANCELLED");
  connection->AbortCopy();
  connection->Rollback();
  EXPECT_FALSE(connection->in_transaction());
}

TEST(CopyInTest, APassedDeadlineSendsNoMore) {
  const auto connection = ConnectWithTable();
  Call call;
  ASSERT_TRUE(connection->BeginCopy(kCopy, call).ok());
  call.deadline = Clock::now();
  EXPECT_EQ(ErrorReasonOf(connection->PutCopy("1\tone\n", call)), "DEADLINE_EXCEEDED");
}

}  // namespace
}  // namespace rowan::pg
