// Notices versions that other servers apply.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "engine/store/schema_store.h"

namespace rowan::store {

// Watches the registry from a thread and a connection of its own: told by NOTIFY where the connection can LISTEN, and asking
// every `interval` besides, which is what remains behind a pooler that keeps no session. A lost connection is opened again.
class VersionWatcher {
 public:
  // Calls `begun` once before anything else, and `changed` after each change of what versions are current, and after each
  // time that the connection was lost; both from the watcher's thread. The destructor ends the thread.
  VersionWatcher(StoreOptions options, std::chrono::milliseconds interval, std::function<void()> begun,
                 std::function<void()> changed);
  ~VersionWatcher();

 private:
  void Run();
  // Watches on one connection until it is lost or the watcher ends.
  void Watch(std::string& seen);
  // Waits, and returns whether the watcher goes on.
  bool Pause(std::chrono::milliseconds time) const;

  const StoreOptions options_;
  const std::chrono::milliseconds interval_;
  const std::function<void()> begun_;
  const std::function<void()> changed_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace rowan::store
