// Tells how far a stream has come: rows, rate and time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "clients/cli/console.h"

namespace rowan::cli {

// Returns "120,000 rows, 40,000 rows/s, 3s".
std::string ProgressText(int64_t rows, std::chrono::milliseconds elapsed);

// Writes progress to the console's `err` from its own thread while it lives: one line that is written over on a
// terminal, a plain line every 10 s elsewhere. Nobody else writes to `err` meanwhile.
class Progress {
 public:
  // `shown`: false keeps it silent.
  Progress(Console& console, bool shown);
  ~Progress();

  // Adds to the count. Thread-safe.
  void Add(int64_t rows) { rows_ += rows; }

  // Ends the telling and wipes its line. Safe to call again.
  void Stop();

  int64_t rows() const { return rows_; }
  // The text as of now.
  std::string Text() const;

 private:
  void Run();

  Console& console_;
  const bool rewrite_;  // whether the line is written over
  const std::chrono::milliseconds interval_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<int64_t> rows_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace rowan::cli
