#include "service/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace rowan::service {
namespace {

TEST(Workers, RunEveryJobOnce) {
  std::atomic<int> runs = 0;
  {
    Workers workers(4, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(workers.Submit([&] { ++runs; }));
  }
  EXPECT_EQ(runs, 500);
}

TEST(Workers, RefuseWhatDoesNotFit) {
  std::promise<void> release;
  std::shared_future<void> released(release.get_future());
  std::promise<void> started;
  std::atomic<int> runs = 0;
  {
    Workers workers(1, 2);
    ASSERT_TRUE(workers.Submit([&] {
      started.set_value();
      released.wait();
    }));
    started.get_future().wait();
    EXPECT_TRUE(workers.Submit([&] { ++runs; }));
    EXPECT_TRUE(workers.Submit([&] { ++runs; }));
    EXPECT_EQ(workers.waiting(), 2u);
    EXPECT_FALSE(workers.Submit([&] { runs += 100; }));
    release.set_value();
  }
  EXPECT_EQ(runs, 2);
}

TEST(Workers, JobsMaySubmitJobs) {
  std::promise<int> answer;
  Workers workers(1, 10);
  ASSERT_TRUE(workers.Submit([&] { EXPECT_TRUE(workers.Submit([&] { answer.set_value(7); })); }));
  EXPECT_EQ(answer.get_future().get(), 7);
}

}  // namespace
}  // namespace rowan::service
