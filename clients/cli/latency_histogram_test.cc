#include "clients/cli/latency_histogram.h"

#include <gtest/gtest.h>

#include <limits>

namespace rowan::cli {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogram, IsNothingAtFirst) {
  const LatencyHistogram none;
  EXPECT_EQ(none.count(), 0);
  EXPECT_EQ(none.Within(0.99), nanoseconds(0));
  EXPECT_EQ(none.Mean(), nanoseconds(0));
}

TEST(LatencyHistogram, StaysWithinAHundredthAbove) {
  for (int64_t time = 1; time < int64_t{1} << 50; time = time * 3 / 2 + 1) {
    LatencyHistogram histogram;
    histogram.Add(nanoseconds(time));
    histogram.Add(nanoseconds(std::numeric_limits<int64_t>::max() / 4));
    EXPECT_GE(histogram.Within(0.5), nanoseconds(time));
    EXPECT_LE(histogram.Within(0.5).count(), time + time / 100) << time;
  }
}

TEST(LatencyHistogram, FindsShares) {
  LatencyHistogram some, others;
  for (int i = 1; i <= 90; ++i) some.Add(nanoseconds(i));
  for (int i = 91; i <= 100; ++i) others.Add(nanoseconds(i));
  some.Add(others);
  EXPECT_EQ(some.count(), 100);
  EXPECT_EQ(some.Within(0.5), nanoseconds(50));
  EXPECT_EQ(some.Within(0.99), nanoseconds(99));
  EXPECT_EQ(some.Within(1), nanoseconds(100));
  EXPECT_EQ(some.Within(0), nanoseconds(1));
  EXPECT_EQ(some.max(), nanoseconds(100));
  EXPECT_EQ(some.Mean(), nanoseconds(50));
}

TEST(LatencyHistogram, TakesTheLeastAndTheGreatest) {
  LatencyHistogram histogram;
  histogram.Add(nanoseconds(-5));
  EXPECT_EQ(histogram.Within(1), nanoseconds(0));
  histogram.Add(nanoseconds::max());
  EXPECT_EQ(histogram.Within(1), nanoseconds::max());
}

}  // namespace
}  // namespace rowan::cli
