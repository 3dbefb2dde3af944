#include "engine/pg/connection.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "engine/base/errors.h"
#include "tests/support/pg_session.h"

namespace rowan::pg {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kText = 25;
constexpr uint32_t kInt8 = 20;

TEST(ConnectionTest, PinsTheSessionsSettings) {
  const auto connection = Connect();
  for (const auto& [setting, value] :
       std::vector<std::pair<std::string, std::string>>{{"search_path", "pg_catalog"},
                                                        {"TimeZone", "UTC"},
                                                        {"DateStyle", "ISO, MDY"},
                                                        {"IntervalStyle", "postgres"},
                                                        {"client_encoding", "UTF8"},
                                                        {"standard_conforming_strings", "on"},
                                                        {"jit", "off"}}) {
    EXPECT_EQ(One(*connection, "SHOW " + setting), value);
  }
  EXPECT_EQ(One(*connection, "SELECT pg_backend_pid()::text"), std::to_string(connection->backend_pid()));
  EXPECT_GE(connection->server_version(), 130000);
  EXPECT_TRUE(connection->Alive());
  EXPECT_FALSE(connection->broken());
}

TEST(ConnectionTest, CannotBeOpened) {
  struct Case {
    std::string conninfo;
    std::string sqlstate;
  };
  for (const Case& c : {Case{"host=/nowhere dbname=x", ""}, Case{"host=127.0.0.1 port=1 dbname=x", ""},
                        Case{"this is no connection string", ""}, Case{TestDatabase() + " dbname=missing", ""},
                        Case{TestDatabase() + " user=nobody_known", ""}}) {
    const auto connection = Connection::Open(c.conninfo, Call());
    ASSERT_FALSE(connection.ok()) << c.conninfo;
    EXPECT_EQ(connection.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(SqlState(connection.status()), c.sqlstate);
    EXPECT_NE(DatabaseErrorOf(connection.status())->message, "");
  }
}

// A server that accepts and never answers.
class SilentServer {
 public:
  SilentServer() {
    char folder[] = "/tmp/rowan-silent-XXXXXX";
    folder_ = mkdtemp(folder);
    socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", folder_.c_str());
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
  }
  ~SilentServer() {
    close(socket_);
    std::filesystem::remove_all(folder_);
  }
  std::string conninfo() const { return "host=" + folder_ + " dbname=x user=x"; }

 private:
  std::string folder_;
  int socket_;
};

TEST(ConnectionTest, OpeningEndsWithTheCall) {
  const SilentServer server;
  Clock::time_point start = Clock::now();
  EXPECT_EQ(ErrorReasonOf(Connection::Open(server.conninfo(), CallFor(200ms)).status()), "DEADLINE_EXCEEDED");
  EXPECT_LT(Clock::now() - start, 1s);

  const Call call = CallFor(30s);
  std::thread canceller([&] {
    std::this_thread::sleep_for(100ms);
    call.cancellation->Cancel();
  });
  start = Clock::now();
  EXPECT_EQ(ErrorReasonOf(Connection::Open(server.conninfo(), call).status()), "CANCELLED");
  EXPECT_LT(Clock::now() - start, 1s);
  canceller.join();
}

TEST(ConnectionTest, SendsAndReceivesBinary) {
  const auto connection = Connect();
  const Statement statement = {"SELECT $1::text || '!', $2::bigint + 1, $3::text, $4::bytea",
                               {kText, kInt8, kText, 17}};
  const std::string forty_one("\0\0\0\0\0\0\0\x29", 8);
  const std::string bytes("\0\xff\0", 3);
  for (int round = 0; round < 3; ++round) {
    const auto result = connection->Execute(statement, {{"naïve"}, {forty_one}, {.null = true}, {bytes}}, Call());
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(result->rows(), 1);
    ASSERT_EQ(result->columns(), 4);
    EXPECT_EQ(result->bytes(0, 0), "naïve!");
    EXPECT_EQ(result->bytes(0, 1), std::string("\0\0\0\0\0\0\0\x2a", 8));
    EXPECT_TRUE(result->null(0, 2));
    EXPECT_EQ(result->bytes(0, 2), "");
    EXPECT_EQ(result->bytes(0, 3), bytes);
  }
  // An empty text is not null.
  const auto empty = connection->Execute({"SELECT $1::text", {kText}}, {{std::string_view()}}, Call());
  ASSERT_TRUE(empty.ok());
  EXPECT_FALSE(empty->null(0, 0));
  // Once prepared, however often it ran.
  EXPECT_EQ(One(*connection, "SELECT count(*)::text FROM pg_prepared_statements WHERE statement LIKE '%bytea'"), "1");
}

TEST(ConnectionTest, CountsAffectedRows) {
  const auto connection = Connect();
  ASSERT_TRUE(RunSql(*connection, "CREATE TEMP TABLE counted (a int)").ok());
  EXPECT_EQ(RunSql(*connection, "INSERT INTO counted SELECT generate_series(1, 5)")->affected(), 5);
  EXPECT_EQ(RunSql(*connection, "UPDATE counted SET a = 0 WHERE a > 3")->affected(), 2);
  EXPECT_EQ(RunSql(*connection, "DELETE FROM counted WHERE a = 99")->affected(), 0);
  EXPECT_EQ(RunSql(*connection, "SELECT a FROM counted")->affected(), 5);
}

TEST(ConnectionTest, LargeValuesBothWays) {
  const auto connection = Connect();
  const std::string large(20 << 20, 'x');
  const auto result = connection->Execute({"SELECT $1 || 'y'", {kText}}, {{large}}, Call());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->bytes(0, 0).size(), large.size() + 1);
}

TEST(ConnectionTest, AnErrorSaysWhatPostgresKnowsAndHarmsNothing) {
  const auto connection = Connect();
  ASSERT_TRUE(
      RunSql(
          *connection,
          "CREATE TEMP TABLE strict (a int NOT NULL, b int CONSTRAINT b_key UNIQUE CONSTRAINT b_small CHECK (b < 10))")
          .ok());
  struct Case {
    const char* text;
    const char* sqlstate;
    const char* column;
    const char* constraint;
  };
  for (const Case& c :
       {Case{"INSERT INTO strict VALUES (NULL, 1)", "23502", "a", ""},
        Case{"INSERT INTO strict VALUES (1, 2), (1, 2)", "23505", "", "b_key"},
        Case{"INSERT INTO strict VALUES (1, 11)", "23514", "", "b_small"}, Case{"SELEKT", "42601", "", ""},
        Case{"SELECT * FROM missing", "42P01", "", ""}, Case{"SELECT 1 / 0", "22012", "", ""}}) {
    SCOPED_TRACE(c.text);
    const auto failed = RunSql(*connection, c.text);
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.status().code(), absl::StatusCode::kUnknown);
    const auto error = DatabaseErrorOf(failed.status());
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->sqlstate, c.sqlstate);
    EXPECT_EQ(error->column, c.column);
    EXPECT_EQ(error->constraint, c.constraint);
    EXPECT_NE(error->message, "");
    const auto read = connection->ExecuteRead({c.text, {}}, {}, Call());
    EXPECT_FALSE(read.ok());
    EXPECT_FALSE(connection->broken());
    EXPECT_FALSE(connection->in_transaction());
    EXPECT_EQ(One(*connection, "SELECT 'fine'"), "fine");
  }
}

// --- transactions

TEST(TransactionTest, CommitsAndRollsBack) {
  const auto connection = Connect();
  const auto other = Connect();
  ASSERT_TRUE(RunSql(*connection, "CREATE TABLE public.kept (a int)").ok());
  ASSERT_TRUE(connection->Begin({}, Call()).ok());
  EXPECT_TRUE(connection->in_transaction());
  ASSERT_TRUE(RunSql(*connection, "INSERT INTO public.kept VALUES (1)").ok());
  EXPECT_EQ(One(*other, "SELECT count(*)::text FROM public.kept"), "0");
  ASSERT_TRUE(connection->Commit(Call()).ok());
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_EQ(One(*other, "SELECT count(*)::text FROM public.kept"), "1");

  ASSERT_TRUE(connection->Begin({}, Call()).ok());
  ASSERT_TRUE(RunSql(*connection, "INSERT INTO public.kept VALUES (2)").ok());
  connection->Rollback();
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_FALSE(connection->broken());
  EXPECT_EQ(One(*other, "SELECT count(*)::text FROM public.kept"), "1");
}

TEST(TransactionTest, OptionsHoldForOneTransaction) {
  const auto connection = Connect();
  struct Case {
    TransactionOptions options;
    const char* isolation;
    const char* read_only;
  };
  for (const Case& c :
       {Case{{}, "read committed", "off"}, Case{{Isolation::kRepeatableRead, true}, "repeatable read", "on"},
        Case{{Isolation::kSerializable, false}, "serializable", "off"}}) {
    ASSERT_TRUE(connection->Begin(c.options, CallFor(5s)).ok());
    EXPECT_EQ(One(*connection, "SHOW transaction_isolation"), c.isolation);
    EXPECT_EQ(One(*connection, "SHOW transaction_read_only"), c.read_only);
    EXPECT_EQ(One(*connection,
                  "SELECT (setting::int BETWEEN 1 AND 5000)::text FROM pg_settings WHERE name = 'statement_timeout'"),
              "true");
    ASSERT_TRUE(connection->Commit(Call()).ok());
  }
  EXPECT_EQ(One(*connection, "SHOW statement_timeout"), "0");
  EXPECT_EQ(One(*connection, "SHOW transaction_read_only"), "off");
}

TEST(TransactionTest, AReadCannotWriteAndLeavesNothingBehind) {
  const auto connection = Connect();
  ASSERT_TRUE(RunSql(*connection, "CREATE TABLE public.guarded (a int)").ok());
  EXPECT_EQ(SqlState(connection->ExecuteRead({"INSERT INTO public.guarded VALUES (1)", {}}, {}, Call()).status()),
            "25006");
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_EQ(One(*connection, "SHOW statement_timeout"), "0");
  ASSERT_TRUE(RunSql(*connection, "INSERT INTO public.guarded VALUES (1)").ok());
  const auto read = connection->ExecuteRead(
      {"SELECT count(*)::text, current_setting('transaction_read_only') FROM public.guarded", {}}, {}, Call());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->bytes(0, 0), "1");
  EXPECT_EQ(read->bytes(0, 1), "on");
}

TEST(TransactionTest, AFailedTransactionIsNotCommitted) {
  const auto connection = Connect();
  ASSERT_TRUE(connection->Begin({}, Call()).ok());
  EXPECT_FALSE(RunSql(*connection, "SELECT 1 / 0").ok());
  EXPECT_EQ(One(*connection, "SELECT '1'"), "<25P02>");
  // PostgreSQL answers this COMMIT with a cheerful ROLLBACK.
  EXPECT_FALSE(connection->Commit(Call()).ok());
  connection->Rollback();
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_EQ(One(*connection, "SELECT 'fine'"), "fine");
}

TEST(TransactionTest, ACommitThatIsRefusedSaysWhy) {
  const auto connection = Connect();
  ASSERT_TRUE(RunSql(*connection, "CREATE TEMP TABLE later (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)").ok());
  ASSERT_TRUE(connection->Begin({}, Call()).ok());
  ASSERT_TRUE(RunSql(*connection, "INSERT INTO later VALUES (1), (1)").ok());
  EXPECT_EQ(SqlState(connection->Commit(Call())), "23505");
  EXPECT_FALSE(connection->in_transaction());
}

TEST(TransactionTest, ACommitThatIsNotSentIsNoDatabaseError) {
  const auto connection = Connect();
  ASSERT_TRUE(connection->Begin({}, Call()).ok());
  Call over = CallFor(10s);
  over.cancellation->Cancel();
  const absl::Status cancelled = connection->Commit(over);
  EXPECT_EQ(ErrorReasonOf(cancelled), "CANCELLED");
  EXPECT_EQ(DatabaseErrorOf(cancelled), nullptr);
  EXPECT_EQ(ErrorReasonOf(connection->Commit(CallFor(-1s))), "DEADLINE_EXCEEDED");
  EXPECT_TRUE(connection->in_transaction());
  connection->Rollback();
  EXPECT_EQ(One(*connection, "SELECT 'fine'"), "fine");
}

TEST(TransactionTest, ATransactionIsSentWithItsFirstStatement) {
  const auto connection = Connect();
  ASSERT_TRUE(connection->Begin({.isolation = Isolation::kSerializable, .read_only = true}, Call()).ok());
  EXPECT_TRUE(connection->in_transaction());
  Call over = CallFor(10s);
  over.cancellation->Cancel();
  EXPECT_EQ(ErrorReasonOf(connection->Execute({"SELECT 1", {}}, {}, over).status()), "CANCELLED");
  EXPECT_EQ(One(*connection, "SHOW transaction_isolation"), "serializable");
  EXPECT_EQ(One(*connection, "SHOW transaction_read_only"), "on");
  ASSERT_TRUE(connection->Commit(Call()).ok());
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_EQ(One(*connection, "SHOW transaction_isolation"), "read committed");
}

TEST(TransactionTest, ATransactionWithoutStatementsIsOverAtOnce) {
  const auto connection = Connect();
  ASSERT_TRUE(connection->Begin({.isolation = Isolation::kSerializable}, Call()).ok());
  ASSERT_TRUE(connection->Commit(Call()).ok());
  EXPECT_FALSE(connection->in_transaction());
  ASSERT_TRUE(connection->Begin({.isolation = Isolation::kSerializable}, Call()).ok());
  connection->Rollback();
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_EQ(One(*connection, "SHOW transaction_isolation"), "read committed");
}

TEST(TransactionTest, AWriteOfItsOwnIsCommittedOrSaysWhyNot) {
  const auto connection = Connect();
  ASSERT_TRUE(RunSql(*connection, "CREATE TABLE public.alone (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)").ok());
  ASSERT_TRUE(connection->ExecuteWrite({"INSERT INTO public.alone VALUES (1)", {}}, {}, CallFor(10s)).ok());
  // The constraint is checked when all has run.
  const absl::Status refused =
      connection->ExecuteWrite({"INSERT INTO public.alone VALUES (1)", {}}, {}, CallFor(10s)).status();
  EXPECT_EQ(SqlState(refused), "23505");
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_EQ(One(*connection, "SELECT count(*)::text FROM public.alone"), "1");
  EXPECT_EQ(SqlState(connection->ExecuteWrite({"INSERT INTO public.alone VALUES (1 / 0)", {}}, {}, CallFor(10s)).status()),
            "22012");
  EXPECT_EQ(ErrorReasonOf(connection->ExecuteWrite({"SELECT 1", {}}, {}, CallFor(-1s)).status()), "DEADLINE_EXCEEDED");
}

// PostgreSQL says that it ends the connection before it does, so nothing was committed.
TEST(TransactionTest, AWriteOfItsOwnWhoseBackendIsKilledWasNotCommitted) {
  const auto connection = Connect();
  const auto other = Connect();
  std::thread killer([&] {
    ASSERT_TRUE(Eventually(5s, [&] { return Busy(*other, connection->backend_pid()); }));
    One(*other, "SELECT pg_terminate_backend(" + std::to_string(connection->backend_pid()) + ")::text");
  });
  const absl::Status status = connection->ExecuteWrite({"SELECT pg_sleep(30)", {}}, {}, CallFor(20s)).status();
  killer.join();
  EXPECT_EQ(SqlState(status), "57P01");
  EXPECT_TRUE(connection->broken());
}

TEST(TransactionTest, ACommitAfterPostgresEndedTheConnectionSaysSo) {
  const auto connection = Connect();
  const auto other = Connect();
  ASSERT_TRUE(connection->Begin({}, Call()).ok());
  ASSERT_EQ(One(*connection, "SELECT 'begun'"), "begun");
  ASSERT_EQ(One(*other, "SELECT pg_terminate_backend(" + std::to_string(connection->backend_pid()) + ")::text"),
            "true");
  ASSERT_TRUE(Eventually(2s, [&] { return !Busy(*other, connection->backend_pid()); }));
  const absl::Status status = connection->Commit(Call());
  EXPECT_EQ(SqlState(status), "57P01");
  EXPECT_TRUE(connection->broken());
}

// A trigger that runs at COMMIT and takes longer than the call has: nobody knows how it ends.
TEST(TransactionTest, ACommitThatIsAbandonedIsADatabaseErrorWithoutState) {
  const auto connection = Connect();
  ASSERT_TRUE(RunSql(*connection, "CREATE TABLE public.slow (a int)").ok());
  ASSERT_TRUE(RunSql(*connection,
                     "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE until timestamptz "
                     ":= clock_timestamp() + '5 s'; "
                     "BEGIN WHILE clock_timestamp() < until LOOP BEGIN PERFORM pg_sleep(5); EXCEPTION WHEN "
                     "query_canceled THEN NULL; END; "
                     "END LOOP; RETURN NULL; END $$")
                  .ok());
  ASSERT_TRUE(RunSql(*connection,
                     "CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON public.slow DEFERRABLE INITIALLY DEFERRED FOR "
                     "EACH ROW EXECUTE FUNCTION public.wait()")
                  .ok());
  ASSERT_TRUE(connection->Begin({}, Call()).ok());
  ASSERT_TRUE(RunSql(*connection, "INSERT INTO public.slow VALUES (1)").ok());
  const absl::Status status = connection->Commit(CallFor(300ms));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(SqlState(status), "");
  EXPECT_TRUE(connection->broken());
}

// --- prepared statements

std::string PreparedCount(Connection& connection) {
  return One(connection, "SELECT count(*)::text FROM pg_prepared_statements");
}

TEST(PreparedTest, AreBoundedPerConnection) {
  const auto connection = Connect();
  for (int i = 0; i < 600; ++i) ASSERT_EQ(One(*connection, "SELECT '" + std::to_string(i) + "'"), std::to_string(i));
  EXPECT_LE(std::stoi(PreparedCount(*connection)), 502);
  // The least recently used went first, and comes back when it is needed.
  EXPECT_EQ(One(*connection, "SELECT count(*)::text FROM pg_prepared_statements WHERE statement = 'SELECT ''0'''"),
            "0");
  EXPECT_EQ(One(*connection, "SELECT count(*)::text FROM pg_prepared_statements WHERE statement = 'SELECT ''599'''"),
            "1");
  EXPECT_EQ(One(*connection, "SELECT '0'"), "0");
}

TEST(PreparedTest, AFailingStatementIsPreparedOnce) {
  const auto connection = Connect();
  const Statement divide = {"SELECT 1 / $1", {kInt8}};
  const std::string zero(8, '\0');
  const int before = std::stoi(PreparedCount(*connection));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(SqlState(connection->Execute(divide, {{zero}}, Call()).status()), "22012");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(RunSql(*connection, "SELEKT").ok());
  EXPECT_EQ(std::stoi(PreparedCount(*connection)), before + 1);
}

// One too many when the transaction fails: what makes room would be refused, and the end must not be.
TEST(PreparedTest, AFullConnectionLeavesAFailedTransaction) {
  const auto connection = Connect();
  ASSERT_TRUE(connection->Begin({}, Call()).ok());
  ASSERT_TRUE(RunSql(*connection, "SAVEPOINT mark").ok());
  while (std::stoi(PreparedCount(*connection)) < 500) {
    RunSql(*connection, "SELECT 'filling " + PreparedCount(*connection) + "'").IgnoreError();
  }
  const std::string zero(8, '\0');
  for (const char* text : {"SELECT 1 / $1", "SELECT 2 / $1", "SELECT 3 / $1"}) {
    EXPECT_EQ(SqlState(connection->Execute({text, {kInt8}}, {{zero}}, Call()).status()), "22012");
    EXPECT_TRUE(RunSql(*connection, "ROLLBACK TO SAVEPOINT mark").ok()) << text;
  }
  EXPECT_EQ(SqlState(connection->Execute({"SELECT 4 / $1", {kInt8}}, {{zero}}, Call()).status()), "22012");
  connection->Rollback();
  EXPECT_FALSE(connection->broken());
  EXPECT_EQ(One(*connection, "SELECT 'fine'"), "fine");
}

TEST(PreparedTest, AreMadeAnewWhenTheirResultChanged) {
  const auto connection = Connect();
  ASSERT_TRUE(RunSql(*connection, "CREATE TABLE public.changing (a int)").ok());
  ASSERT_TRUE(RunSql(*connection, "INSERT INTO public.changing VALUES (1)").ok());
  const Statement all = {"SELECT * FROM public.changing", {}};
  const auto rows = [&] {
    return connection->ExecuteRows(all, {}, Call(), [](const RowView&) { return absl::OkStatus(); });
  };
  EXPECT_EQ(connection->Execute(all, {}, Call())->columns(), 1);
  ASSERT_TRUE(RunSql(*connection, "ALTER TABLE public.changing ADD b int").ok());
  EXPECT_EQ(SqlState(connection->Execute(all, {}, Call()).status()), "0A000");
  EXPECT_EQ(connection->Execute(all, {}, Call())->columns(), 2);
  ASSERT_TRUE(RunSql(*connection, "ALTER TABLE public.changing ADD c int").ok());
  EXPECT_EQ(SqlState(rows()), "0A000");
  EXPECT_TRUE(rows().ok());
  // Somebody else's DEALLOCATE, or a pooler that changed the backend.
  ASSERT_TRUE(RunSql(*connection, "DEALLOCATE ALL").ok());
  EXPECT_EQ(SqlState(connection->Execute(all, {}, Call()).status()), "26000");
  EXPECT_EQ(connection->Execute(all, {}, Call())->columns(), 3);
}

// --- rows one by one

TEST(RowsTest, ComeInOrderAndWithNulls) {
  const auto connection = Connect();
  std::vector<std::string> seen;
  const absl::Status status =
      connection->ExecuteRows({"SELECT nullif(i, 3)::text, 'x' FROM generate_series(1, $1) i", {kInt8}},
                              {{std::string_view("\0\0\0\0\0\0\0\5", 8)}}, Call(), [&](const RowView& row) {
                                EXPECT_EQ(row.columns(), 2);
                                seen.push_back(row.null(0) ? "null" : std::string(row.bytes(0)));
                                return absl::OkStatus();
                              });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2", "null", "4", "5"}));
  EXPECT_EQ(One(*connection, "SELECT 'fine'"), "fine");
}

TEST(RowsTest, AnErrorInTheMiddleComesAfterItsRows) {
  const auto connection = Connect();
  int rows = 0;
  const absl::Status status =
      connection->ExecuteRows({"SELECT 1 / (3 - i) FROM generate_series(1, 5) i", {}}, {}, Call(), [&](const RowView&) {
        ++rows;
        return absl::OkStatus();
      });
  EXPECT_EQ(SqlState(status), "22012");
  EXPECT_EQ(rows, 2);
  EXPECT_FALSE(connection->broken());
  EXPECT_EQ(SqlState(connection->ExecuteRows({"SELEKT", {}}, {}, Call(), nullptr)), "42601");
  EXPECT_EQ(One(*connection, "SELECT 'fine'"), "fine");
}

TEST(RowsTest, AnErrorOfTheConsumerEndsTheStatement) {
  auto connection = Connect();
  const auto observer = Connect();
  int rows = 0;
  const absl::Status status = connection->ExecuteRows(
      {"SELECT repeat('x', 1000), generate_series(1, 100000000)", {}}, {}, Call(),
      [&](const RowView&) { return ++rows < 10 ? absl::OkStatus() : absl::DataLossError("enough"); });
  EXPECT_EQ(status, absl::DataLossError("enough"));
  EXPECT_EQ(rows, 10);
  EXPECT_TRUE(connection->broken());
  // Its owner closes it, which frees a backend that is stuck writing to us.
  const std::string pid = std::to_string(connection->backend_pid());
  connection.reset();
  EXPECT_TRUE(Eventually(
      1s, [&] { return One(*observer, "SELECT count(*)::text FROM pg_stat_activity WHERE pid = " + pid) == "0"; }));
}

TEST(RowsTest, EndWithTheCall) {
  const auto connection = Connect();
  Call over = CallFor(10s);
  over.cancellation->Cancel();
  const auto none = [](const RowView&) { return absl::OkStatus(); };
  EXPECT_EQ(ErrorReasonOf(connection->ExecuteRows({"SELECT 1", {}}, {}, over, none)), "CANCELLED");
  EXPECT_EQ(ErrorReasonOf(connection->ExecuteRows({"SELECT 1", {}}, {}, CallFor(-1s), none)), "DEADLINE_EXCEEDED");
  EXPECT_EQ(One(*connection, "SELECT 'fine'"), "fine");
}

// --- the end of a call

TEST(CancelTest, FreesTheBackendWithinAFifthOfASecond) {
  const auto observer = Connect();
  using Runner = std::function<absl::Status(Connection&, const Call&)>;
  const Statement sleep = {"SELECT pg_sleep(30)", {}};
  const std::vector<std::pair<const char*, Runner>> runners = {
      {"Execute", [&](Connection& c, const Call& call) { return c.Execute(sleep, {}, call).status(); }},
      {"ExecuteRead", [&](Connection& c, const Call& call) { return c.ExecuteRead(sleep, {}, call).status(); }},
      {"ExecuteRows",
       [&](Connection& c, const Call& call) {
         return c.ExecuteRows(sleep, {}, call, [](const RowView&) { return absl::OkStatus(); });
       }},
  };
  for (const auto& [name, run] : runners) {
    SCOPED_TRACE(name);
    const auto connection = Connect();
    const int pid = connection->backend_pid();
    const Call call;
    absl::Status status;
    std::thread worker([&] { status = run(*connection, call); });
    ASSERT_TRUE(Eventually(5s, [&] { return Busy(*observer, pid); }));
    const Clock::time_point cancelled = Clock::now();
    call.cancellation->Cancel();
    EXPECT_TRUE(Eventually(5s, [&] { return !Busy(*observer, pid); }));
    EXPECT_LT(Clock::now() - cancelled, 200ms);
    worker.join();
    EXPECT_LT(Clock::now() - cancelled, 400ms);
    EXPECT_EQ(SqlState(status), "57014");
    // A cancel may arrive late, so nobody else gets the connection.
    EXPECT_TRUE(connection->broken());
  }
}

TEST(CancelTest, BeforeTheStatementNothingIsSent) {
  const auto connection = Connect();
  Call call;
  call.cancellation->Cancel();
  const auto result = RunSql(*connection, "SELECT pg_sleep(30)", call);
  EXPECT_EQ(ErrorReasonOf(result.status()), "CANCELLED");
  EXPECT_FALSE(connection->broken());
  EXPECT_EQ(One(*connection, "SELECT 'fine'"), "fine");
}

TEST(DeadlineTest, PostgresEndsTheStatement) {
  const auto connection = Connect();
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(SqlState(connection->ExecuteRead({"SELECT pg_sleep(30)", {}}, {}, CallFor(200ms)).status()), "57014");
  EXPECT_LT(Clock::now() - start, 1s);
  EXPECT_EQ(ErrorReasonOf(RunSql(*connection, "SELECT 1", CallFor(-1ms)).status()), "DEADLINE_EXCEEDED");
}

TEST(DeadlineTest, AStatementWithoutATimeLimitIsAbandoned) {
  const auto connection = Connect();
  const auto observer = Connect();
  const int pid = connection->backend_pid();
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(ErrorReasonOf(RunSql(*connection, "SELECT pg_sleep(30)", CallFor(100ms)).status()), "DEADLINE_EXCEEDED");
  EXPECT_LT(Clock::now() - start, 1s);
  EXPECT_TRUE(connection->broken());
  EXPECT_TRUE(Eventually(1s, [&] { return !Busy(*observer, pid); }));
}

TEST(BrokenTest, AKilledBackendBreaksTheConnectionAtOnce) {
  const auto observer = Connect();
  for (const bool idle : {true, false}) {
    const auto connection = Connect();
    const std::string pid = std::to_string(connection->backend_pid());
    absl::Status status;
    std::thread worker;
    if (!idle) {
      worker = std::thread([&] { status = RunSql(*connection, "SELECT pg_sleep(30)").status(); });
      ASSERT_TRUE(Eventually(5s, [&] { return Busy(*observer, connection->backend_pid()); }));
    }
    const Clock::time_point start = Clock::now();
    ASSERT_EQ(One(*observer, "SELECT pg_terminate_backend(" + pid + ")::text"), "true");
    if (idle) {
      EXPECT_TRUE(Eventually(2s, [&] { return !connection->Alive(); }));
      status = RunSql(*connection, "SELECT 1").status();
    } else {
      worker.join();
    }
    EXPECT_LT(Clock::now() - start, 2s);
    EXPECT_EQ(SqlState(status), "57P01");
    EXPECT_TRUE(connection->broken());
    connection->Rollback();
    EXPECT_FALSE(connection->Alive());
  }
}

TEST(DatabaseErrorTest, TravelsInAStatus) {
  const DatabaseError error = {"23505", "message", "Key (a)=(1) exists", "public", "users", "name", "uq"};
  const absl::Status status = DatabaseErrorStatus(error);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
  const auto found = DatabaseErrorOf(status);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->sqlstate, error.sqlstate);
  EXPECT_EQ(found->message, error.message);
  EXPECT_EQ(found->detail, error.detail);
  EXPECT_EQ(found->schema, error.schema);
  EXPECT_EQ(found->table, error.table);
  EXPECT_EQ(found->column, error.column);
  EXPECT_EQ(found->constraint, error.constraint);
  // Values stay out of what a careless caller might print.
  EXPECT_EQ(status.message(), "database error");
  EXPECT_EQ(DatabaseErrorStatus({}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(DatabaseErrorOf(absl::OkStatus()), nullptr);
  EXPECT_EQ(DatabaseErrorOf(errors::Cancelled()), nullptr);
}

}  // namespace
}  // namespace rowan::pg
