#include "engine/base/call.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace rowan {
namespace {

using namespace std::chrono_literals;

TEST(CancellationTest, RunsCallbacksOnceHoweverOftenItIsCancelled) {
  const auto cancellation = std::make_shared<Cancellation>();
  int runs = 0;
  const Cancellation::Registration registration(cancellation, [&] { ++runs; });
  EXPECT_FALSE(cancellation->cancelled());
  EXPECT_EQ(runs, 0);
  cancellation->Cancel();
  cancellation->Cancel();
  EXPECT_TRUE(cancellation->cancelled());
  EXPECT_EQ(runs, 1);
}

TEST(CancellationTest, RunsALateCallbackAtOnce) {
  const auto cancellation = std::make_shared<Cancellation>();
  cancellation->Cancel();
  bool ran = false;
  const Cancellation::Registration registration(cancellation, [&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(CancellationTest, ForgetsCallbacksWhoseRegistrationEnded) {
  const auto cancellation = std::make_shared<Cancellation>();
  int first = 0;
  int second = 0;
  std::optional<Cancellation::Registration> ended(std::in_place, cancellation, [&] { ++first; });
  const Cancellation::Registration kept(cancellation, [&] { ++second; });
  ended.reset();
  cancellation->Cancel();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST(CancellationTest, ARegistrationEndsAfterItsRunningCallback) {
  const auto cancellation = std::make_shared<Cancellation>();
  std::atomic<bool> started = false;
  std::atomic<bool> finished = false;
  std::optional<Cancellation::Registration> registration(std::in_place, cancellation, [&] {
    started = true;
    std::this_thread::sleep_for(50ms);
    finished = true;
  });
  std::thread canceller([&] { cancellation->Cancel(); });
  while (!started) std::this_thread::yield();
  registration.reset();
  EXPECT_TRUE(finished);
  canceller.join();
}

TEST(CancellationTest, NoCallbackRunsAfterItsRegistrationEnded) {
  for (int round = 0; round < 200; ++round) {
    const auto cancellation = std::make_shared<Cancellation>();
    std::thread canceller([&] { cancellation->Cancel(); });
    std::atomic<bool> over = false;
    std::atomic<bool> late = false;
    {
      const Cancellation::Registration registration(cancellation, [&] { late = over.load(); });
    }
    over = true;
    canceller.join();
    EXPECT_FALSE(late);
  }
}

// Whoever comes first, each callback runs exactly once.
TEST(CancellationTest, RegisteringWhileCancelling) {
  for (int round = 0; round < 200; ++round) {
    const auto cancellation = std::make_shared<Cancellation>();
    std::atomic<int> runs = 0;
    std::thread canceller([&] { cancellation->Cancel(); });
    {
      const Cancellation::Registration registration(cancellation, [&] { ++runs; });
      while (!cancellation->cancelled()) std::this_thread::yield();
      canceller.join();
    }
    EXPECT_EQ(runs, 1);
  }
}

TEST(CallTest, CopiesShareTheCancellation) {
  const Call call;
  const Call copy = call;
  call.cancellation->Cancel();
  EXPECT_TRUE(copy.cancellation->cancelled());
  EXPECT_FALSE(Call().cancellation->cancelled());
}

TEST(CallTest, TheDefaultDeadlineIsThirtySeconds) {
  const Clock::time_point before = Clock::now();
  const Call call;
  EXPECT_GE(call.deadline, before + 30s);
  EXPECT_LE(call.deadline, Clock::now() + 30s);
}

}  // namespace
}  // namespace rowan
