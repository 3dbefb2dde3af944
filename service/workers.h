// Threads that run calls, so that libpq never blocks a thread of gRPC's. A bounded queue: what does not fit is refused
// at once.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rowan::service {

// Thread-safe.
class Workers {
 public:
  // `threads` and `queue` are at least 1.
  Workers(int threads, size_t queue);
  // Runs what is queued and joins the threads.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Queues a job; returns false, and drops it, when the queue is full. A job must not throw.
  bool Submit(std::function<void()> job);

  // Jobs that wait for a thread.
  size_t waiting() const;

 private:
  void Work();

  const size_t queue_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rowan::service
