// What the engine knows about the call it serves: until when, and whether anyone still waits.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace rowan {

// The monotonic clock of all deadlines.
using Clock = std::chrono::steady_clock;

// Tells one party that another has lost interest. Thread-safe. Shared by the transport, which cancels, and by whoever
// works.
class Cancellation {
 public:
  // Cancels, once and for all: runs every registered callback in this thread. Further calls do nothing.
  void Cancel();
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

  // Keeps a callback registered for as long as it lives. Its destructor waits for a callback that is running.
  class Registration {
   public:
    // Registers `callback`, or runs it at once in this thread when `cancellation` was cancelled already. The callback
    // must be quick and must not touch `cancellation`.
    Registration(std::shared_ptr<Cancellation> cancellation, std::function<void()> callback);
    ~Registration();
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    std::shared_ptr<Cancellation> cancellation_;
    int id_ = 0;
  };

 private:
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;
  std::map<int, std::function<void()>> callbacks_;
  int next_id_ = 1;
};

// One call, as the engine sees it. Copyable; copies share the cancellation.
struct Call {
  // When the caller stops waiting. The engine never waits or runs SQL past it.
  Clock::time_point deadline = Clock::now() + std::chrono::seconds(30);
  std::shared_ptr<Cancellation> cancellation = std::make_shared<Cancellation>();
  // For logs and for the answer to the client.
  std::string request_id;
  // Stands in for the request_id of a write that has none; the client's, or empty.
  std::string idempotency_key;
};

}  // namespace rowan
