#include "engine/base/call.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace rowan {
namespace {

TEST(Cancellation, RunsCallbacksOnce) {
  auto cancellation = std::make_shared<Cancellation>();
  int runs = 0;
  const Cancellation::Registration registration(cancellation, [&] { ++runs; });
  EXPECT_FALSE(cancellation->cancelled());
  cancellation->Cancel();
  cancellation->Cancel();
  EXPECT_TRUE(cancellation->cancelled());
  EXPECT_EQ(runs, 1);
}

TEST(Cancellation, ForgetsWhatIsNoLongerRegistered) {
  auto cancellation = std::make_shared<Cancellation>();
  int runs = 0;
  { const Cancellation::Registration registration(cancellation, [&] { ++runs; }); }
  cancellation->Cancel();
  EXPECT_EQ(runs, 0);
}

TEST(Cancellation, RunsAtOnceWhenItIsTooLateToRegister) {
  auto cancellation = std::make_shared<Cancellation>();
  cancellation->Cancel();
  int runs = 0;
  const Cancellation::Registration registration(cancellation, [&] { ++runs; });
  EXPECT_EQ(runs, 1);
}

TEST(Cancellation, NoCallbackRunsAfterItsRegistrationEnded) {
  for (int round = 0; round < 200; ++round) {
    auto cancellation = std::make_shared<Cancellation>();
    std::thread canceller([cancellation] { cancellation->Cancel(); });
    std::vector<int> alive(1, 1);
    {
      const Cancellation::Registration registration(cancellation, [&alive] { alive.at(0) = 2; });
    }
    alive.clear();  // A callback that came now would throw.
    canceller.join();
    EXPECT_TRUE(cancellation->cancelled());
  }
}

}  // namespace
}  // namespace rowan
