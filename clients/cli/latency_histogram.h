// How long calls took: counts in buckets that are less than a hundredth of their value wide, in constant memory.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rowan::cli {

// Not thread-safe: each thread has its own, and they are added up in the end.
class LatencyHistogram {
 public:
  // Counts one call. A negative time counts as none.
  void Add(std::chrono::nanoseconds time);
  void Add(const LatencyHistogram& other);

  int64_t count() const { return count_; }
  std::chrono::nanoseconds max() const { return max_; }
  // Returns the mean, or zero when there are no calls.
  std::chrono::nanoseconds Mean() const;
  // Returns the time within which `share` of the calls ended, from 0 to 1: an upper bound that is less than 1 % too
  // high, or zero when there are no calls.
  std::chrono::nanoseconds Within(double share) const;

 private:
  // Times with the same leading bits share a bucket.
  static constexpr int kBits = 7;
  static constexpr size_t kBuckets = size_t{64 - kBits} << kBits;

  static size_t BucketOf(uint64_t time);
  static uint64_t LastOf(size_t bucket);

  std::array<int64_t, kBuckets> buckets_ = {};
  int64_t count_ = 0;
  std::chrono::nanoseconds sum_{0};
  std::chrono::nanoseconds max_{0};
};

}  // namespace rowan::cli
