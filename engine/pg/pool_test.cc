#include "engine/pg/pool.h"

#include <atomic>
#include <mutex>
#include <vector>

#include "engine/base/errors.h"
#include "tests/support/pg_session.h"

namespace rowan::pg {
namespace {

using namespace std::chrono_literals;

PoolOptions Options(int size) {
  PoolOptions options;
  options.name = "test";
  options.conninfo = TestDatabase();
  options.size = size;
  return options;
}

std::vector<int> Counts(const Pool& pool) {
  const PoolState state = pool.state();
  return {state.idle, state.leased, state.waiting};
}

using Expected = std::vector<int>;  // idle, leased, waiting

TEST(PoolTest, OpensWhenNeededAndReuses) {
  Pool pool(Options(2));
  EXPECT_EQ(Counts(pool), (Expected{0, 0, 0}));
  int pid = 0;
  {
    const auto lease = pool.Acquire(Call());
    ASSERT_TRUE(lease.ok()) << lease.status();
    pid = (*lease)->backend_pid();
    EXPECT_EQ(One(**lease, "SELECT 'fine'"), "fine");
    EXPECT_EQ(Counts(pool), (Expected{0, 1, 0}));
  }
  EXPECT_EQ(Counts(pool), (Expected{1, 0, 0}));
  const auto first = pool.Acquire(Call());
  const auto second = pool.Acquire(Call());
  EXPECT_EQ((*first)->backend_pid(), pid);
  EXPECT_NE((*second)->backend_pid(), pid);
  EXPECT_EQ(Counts(pool), (Expected{0, 2, 0}));
  EXPECT_EQ(pool.options().name, "test");
}

TEST(PoolTest, AMovedLeaseReturnsOnce) {
  Pool pool(Options(1));
  {
    auto lease = pool.Acquire(Call());
    const Pool::Lease moved = *std::move(lease);
    EXPECT_EQ(One(*moved, "SELECT 'fine'"), "fine");
  }
  EXPECT_EQ(Counts(pool), (Expected{1, 0, 0}));
}

TEST(PoolTest, AnOpenTransactionIsRolledBackOnReturn) {
  Pool pool(Options(1));
  {
    const auto lease = pool.Acquire(Call());
    ASSERT_TRUE(RunSql(**lease, "CREATE TABLE public.pooled (a int)").ok());
    ASSERT_TRUE((*lease)->Begin({}, Call()).ok());
    ASSERT_TRUE(RunSql(**lease, "INSERT INTO public.pooled VALUES (1)").ok());
  }
  const auto lease = pool.Acquire(Call());
  EXPECT_FALSE((*lease)->in_transaction());
  EXPECT_EQ(One(**lease, "SELECT count(*)::text FROM public.pooled"), "0");
}

TEST(PoolTest, ABrokenConnectionIsClosedNotLent) {
  Pool pool(Options(1));
  int pid = 0;
  {
    const auto lease = pool.Acquire(Call());
    pid = (*lease)->backend_pid();
    EXPECT_EQ(ErrorReasonOf(RunSql(**lease, "SELECT pg_sleep(30)", CallFor(50ms)).status()), "DEADLINE_EXCEEDED");
  }
  EXPECT_EQ(Counts(pool), (Expected{0, 0, 0}));
  const auto lease = pool.Acquire(Call());
  ASSERT_TRUE(lease.ok());
  EXPECT_NE((*lease)->backend_pid(), pid);
}

TEST(PoolTest, ADiscardedConnectionIsClosedAndItsTransactionUndone) {
  Pool pool(Options(1));
  int pid = 0;
  {
    const auto lease = pool.Acquire(Call());
    pid = (*lease)->backend_pid();
    ASSERT_TRUE((*lease)->Begin({}, Call()).ok());
    ASSERT_TRUE(RunSql(**lease, "CREATE TABLE public.discarded (a int)").ok());
    (*lease)->Discard();
    EXPECT_TRUE((*lease)->broken());
  }
  EXPECT_EQ(Counts(pool), (Expected{0, 0, 0}));
  const auto next = pool.Acquire(Call());
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE((*next)->backend_pid(), pid);
  EXPECT_EQ(One(**next, "SELECT (to_regclass('public.discarded') IS NULL)::text"), "true");
}

TEST(PoolTest, AnIdleConnectionThatTheServerClosedIsNotLent) {
  Pool pool(Options(3));
  {
    const auto a = pool.Acquire(Call());
    const auto b = pool.Acquire(Call());
  }
  EXPECT_EQ(Counts(pool), (Expected{2, 0, 0}));
  const auto killer = Connect();
  ASSERT_TRUE(RunSql(*killer,
                     "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
                     "datname = current_database() AND backend_type = 'client backend'")
                  .ok());
  const auto lease = pool.Acquire(Call());
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(One(**lease, "SELECT 'fine'"), "fine");
  EXPECT_EQ(Counts(pool), (Expected{0, 1, 0}));
}

TEST(PoolTest, AConnectionThatDiedWhileLentIsNotHandedOn) {
  Pool pool(Options(1));
  const auto killer = Connect();
  auto lease = std::make_unique<Pool::Lease>(*pool.Acquire(Call()));
  absl::Status status;
  std::string answer;
  std::thread waiter([&] {
    const auto next = pool.Acquire(CallFor(10s));
    status = next.status();
    if (next.ok()) answer = One(**next, "SELECT 'fine'");
  });
  EXPECT_TRUE(Eventually(5s, [&] { return pool.state().waiting == 1; }));
  ASSERT_TRUE(
      RunSql(*killer, "SELECT pg_terminate_backend(" + std::to_string((*lease)->backend_pid()) + ", 2000)").ok());
  lease.reset();
  waiter.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(answer, "fine");
}

TEST(PoolTest, OldIdleConnectionsAreReplaced) {
  PoolOptions options = Options(1);
  options.idle = 0s;
  Pool pool(options);
  int pid = 0;
  {
    const auto lease = pool.Acquire(Call());
    pid = (*lease)->backend_pid();
  }
  const auto lease = pool.Acquire(Call());
  EXPECT_NE((*lease)->backend_pid(), pid);
}

// --- waiting

TEST(PoolQueueTest, ServesInTheOrderOfArrival) {
  Pool pool(Options(1));
  auto lease = std::make_unique<Pool::Lease>(*pool.Acquire(Call()));
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> waiters;
  for (int i = 0; i < 8; ++i) {
    waiters.emplace_back([&, i] {
      const auto mine = pool.Acquire(CallFor(20s));
      EXPECT_TRUE(mine.ok()) << mine.status();
      const std::lock_guard lock(mutex);
      order.push_back(i);
    });
    ASSERT_TRUE(Eventually(5s, [&] { return pool.state().waiting == i + 1; }));
  }
  lease.reset();
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(Counts(pool), (Expected{1, 0, 0}));
}

TEST(PoolQueueTest, TheWaitIsBounded) {
  PoolOptions options = Options(1);
  options.wait = 100ms;
  Pool pool(options);
  const auto lease = pool.Acquire(Call());
  Clock::time_point start = Clock::now();
  const absl::Status exhausted = pool.Acquire(Call()).status();
  EXPECT_EQ(ErrorReasonOf(exhausted), "POOL_EXHAUSTED");
  EXPECT_EQ(ErrorMetadataOf(exhausted)["pool"], "test");
  EXPECT_GE(Clock::now() - start, 100ms);
  EXPECT_LT(Clock::now() - start, 1s);
  start = Clock::now();
  EXPECT_EQ(ErrorReasonOf(pool.Acquire(CallFor(20ms)).status()), "DEADLINE_EXCEEDED");
  EXPECT_LT(Clock::now() - start, 100ms);
  EXPECT_EQ(Counts(pool), (Expected{0, 1, 0}));
}

TEST(PoolQueueTest, TheQueueIsBounded) {
  PoolOptions options = Options(1);
  options.queue_limit = 2;
  options.wait = 20s;
  Pool pool(options);
  auto lease = std::make_unique<Pool::Lease>(*pool.Acquire(Call()));
  std::vector<std::thread> waiters;
  std::atomic<int> served = 0;
  for (int i = 0; i < 2; ++i) {
    waiters.emplace_back([&] { served += pool.Acquire(CallFor(20s)).ok(); });
  }
  ASSERT_TRUE(Eventually(5s, [&] { return pool.state().waiting == 2; }));
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(ErrorReasonOf(pool.Acquire(CallFor(20s)).status()), "POOL_EXHAUSTED");
  EXPECT_LT(Clock::now() - start, 1s);
  lease.reset();
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(served, 2);
}

TEST(PoolQueueTest, ACancelledCallerLeavesTheQueueAtOnce) {
  PoolOptions options = Options(1);
  options.wait = 20s;
  Pool pool(options);
  auto lease = std::make_unique<Pool::Lease>(*pool.Acquire(Call()));
  const Call call;
  absl::Status status;
  std::thread waiter([&] { status = pool.Acquire(call).status(); });
  ASSERT_TRUE(Eventually(5s, [&] { return pool.state().waiting == 1; }));
  const Clock::time_point start = Clock::now();
  call.cancellation->Cancel();
  waiter.join();
  EXPECT_LT(Clock::now() - start, 200ms);
  EXPECT_EQ(ErrorReasonOf(status), "CANCELLED");
  EXPECT_EQ(Counts(pool), (Expected{0, 1, 0}));
  lease.reset();
  EXPECT_TRUE(pool.Acquire(Call()).ok());
}

TEST(PoolQueueTest, ACallThatIsOverGetsNothing) {
  Pool pool(Options(1));
  Call cancelled;
  cancelled.cancellation->Cancel();
  EXPECT_EQ(ErrorReasonOf(pool.Acquire(cancelled).status()), "CANCELLED");
  EXPECT_EQ(ErrorReasonOf(pool.Acquire(CallFor(-1s)).status()), "DEADLINE_EXCEEDED");
  EXPECT_EQ(Counts(pool), (Expected{0, 0, 0}));
}

// --- faults

TEST(PoolFaultTest, ARefusedConnectionHarmsItsCallerOnly) {
  PoolOptions options = Options(1);
  options.conninfo = "host=/nowhere dbname=x";
  Pool pool(options);
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = pool.Acquire(Call()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(SqlState(status), "");
    EXPECT_EQ(Counts(pool), (Expected{0, 0, 0}));
  }
}

TEST(PoolFaultTest, WorksAgainAfterTheServerRestarted) {
  test::PrivatePostgres server;
  ASSERT_TRUE(server.Start().ok());
  PoolOptions options = Options(2);
  options.conninfo = server.conninfo("postgres");
  Pool pool(options);
  {
    const auto a = pool.Acquire(Call());
    const auto b = pool.Acquire(Call());
    ASSERT_TRUE(a.ok() && b.ok());
  }
  server.Kill();
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(pool.Acquire(Call()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(Clock::now() - start, 1s);
  ASSERT_TRUE(server.Restart().ok());
  const auto lease = pool.Acquire(Call());
  ASSERT_TRUE(lease.ok()) << lease.status();
  EXPECT_EQ(One(**lease, "SELECT 'fine'"), "fine");
  EXPECT_EQ(Counts(pool), (Expected{0, 1, 0}));
}

// Many threads, few connections, calls that end in every way: afterwards nothing is lost.
TEST(PoolFaultTest, NothingLeaksUnderLoad) {
  PoolOptions options = Options(3);
  options.wait = 10s;
  Pool pool(options);
  std::atomic<int> served = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const Call call = CallFor(10s);
        std::thread canceller;
        if ((t + i) % 5 == 0) canceller = std::thread([call] { call.cancellation->Cancel(); });
        if (const auto lease = pool.Acquire(call); lease.ok()) {
          if ((t + i) % 3 == 0) {
            EXPECT_TRUE((*lease)->Begin({}, Call()).ok());
          }
          if ((t + i) % 7 == 0) {
            EXPECT_FALSE(RunSql(**lease, "SELECT pg_sleep(5)", CallFor(2ms)).ok());
          } else if (RunSql(**lease, "SELECT 1", call).ok()) {
            ++served;
          }
        }
        if (canceller.joinable()) canceller.join();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(served, 100);
  const PoolState state = pool.state();
  EXPECT_EQ(state.leased, 0);
  EXPECT_EQ(state.waiting, 0);
  EXPECT_LE(state.idle, 3);
  const auto lease = pool.Acquire(Call());
  EXPECT_EQ(One(**lease, "SELECT 'fine'"), "fine");
}

}  // namespace
}  // namespace rowan::pg
