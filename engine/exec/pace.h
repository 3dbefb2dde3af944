// How long the runs of one read take: decides whether it may share a connection with others.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

namespace rowan::exec {

// Thread-safe; what several threads note at once may count as one.
class Pace {
 public:
  // `quick`: known to be before anything was noted, as a read by a key is.
  explicit Pace(bool quick) : credit_(quick ? kQuick : 0) {}

  // Whether the next run is likely to be quick.
  bool quick() const { return credit_.load(std::memory_order_relaxed) >= kQuick; }
  // Notes how long PostgreSQL took for a run.
  void Note(std::chrono::nanoseconds took) {
    if (took > kLong) return NoteSlow();
    if (took < kShort && !quick()) credit_.fetch_add(1, std::memory_order_relaxed);
  }
  // Notes a run that failed: it may have been broken off for being slow.
  void NoteFailure(std::chrono::steady_clock::time_point begun) {
    if (std::chrono::steady_clock::now() - begun > kLong) NoteSlow();
  }
  // Notes a run that was broken off for being slow. It takes many quick ones to make up for it.
  void NoteSlow() { credit_.store(-kPenalty, std::memory_order_relaxed); }

 private:
  static constexpr int kQuick = 3;
  static constexpr int kPenalty = 50;
  static constexpr std::chrono::milliseconds kShort{5};
  static constexpr std::chrono::milliseconds kLong{20};

  std::atomic<int> credit_;
};

}  // namespace rowan::exec
