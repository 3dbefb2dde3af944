// Tells how far a stream has come: records, rate, bytes and time, and a bar when it is known how many will come.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "clients/cli/console.h"

namespace rowan::cli {

// What has come so far.
struct Advance {
  int64_t rows = 0;
  int64_t bytes = 0;
  std::chrono::milliseconds elapsed{0};
};

// Returns "120,000 rows, 40,000 rows/s, 12.3 MB, 3s".
std::string ProgressText(const Advance& advance);

// Returns " 45%" of at most `expected`, with a bar before it when that is wanted: "[########>         ]  45%".
std::string ProgressShare(int64_t come, int64_t expected, bool bar);

// Writes progress to the console's `err` from its own thread while it lives: one line that is written over on a
// terminal, a plain line every 10 s elsewhere. Nobody else writes to `err` meanwhile.
class Progress {
 public:
  // `shown`: false keeps it silent. `expected`: how many rows will come at most, when that is known; or else
  // `expected_bytes`.
  Progress(Console& console, bool shown, std::optional<int64_t> expected,
           std::optional<int64_t> expected_bytes = std::nullopt);
  ~Progress();

  // Adds to the counts. Thread-safe.
  void Add(int64_t rows, int64_t bytes) {
    rows_ += rows;
    bytes_ += bytes;
  }

  // Writes a line of its own, unless it is silent. Thread-safe.
  void Note(std::string_view line);

  // Ends the telling and wipes its line. Safe to call again.
  void Stop();

  int64_t rows() const { return rows_; }
  // The text as of now, without the share.
  std::string Text() const;

 private:
  void Run();
  void Wipe();  // with mutex_ held

  Console& console_;
  const bool shown_;
  const bool rewrite_;  // whether the line is written over
  const std::optional<int64_t> expected_;
  const std::optional<int64_t> expected_bytes_;
  const std::chrono::milliseconds interval_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<int64_t> rows_ = 0;
  std::atomic<int64_t> bytes_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  bool dirty_ = false;  // whether a line stands that is to be written over
  std::thread thread_;
};

}  // namespace rowan::cli
