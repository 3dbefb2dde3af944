#include "clients/cli/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace rowan::cli {

// Small times have a bucket each. A larger one is shifted until kBits + 1 bits are left, of which the first is
// always 1.
size_t LatencyHistogram::BucketOf(uint64_t time) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(time)) - kBits - 1);
  return (static_cast<size_t>(shift) << kBits) + static_cast<size_t>(time >> shift);
}

uint64_t LatencyHistogram::LastOf(size_t bucket) {
  if (bucket < size_t{2} << kBits) return bucket;
  const size_t shift = (bucket >> kBits) - 1;
  return ((bucket - (shift << kBits) + 1) << shift) - 1;
}

void LatencyHistogram::Add(std::chrono::nanoseconds time) {
  time = std::max(time, std::chrono::nanoseconds(0));
  ++buckets_[BucketOf(static_cast<uint64_t>(time.count()))];
  ++count_;
  sum_ += time;
  max_ = std::max(max_, time);
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

std::chrono::nanoseconds LatencyHistogram::Mean() const {
  return count_ == 0 ? std::chrono::nanoseconds(0) : sum_ / count_;
}

std::chrono::nanoseconds LatencyHistogram::Within(double share) const {
  const auto wanted = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(share * static_cast<double>(count_))));
  int64_t seen = 0;
  for (size_t i = 0; i < kBuckets && count_ > 0; ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(max_, std::chrono::nanoseconds(LastOf(i)));
  }
  return max_;
}

}  // namespace rowan::cli
