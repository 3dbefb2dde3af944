// Compiled plans of one schema version by request shape, the least recently used going first. Thread-safe.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace rowan {

template <typename Compiled>
class PlanCache {
 public:
  // Keeps up to `capacity` plans, at least 1.
  explicit PlanCache(size_t capacity) : capacity_(capacity < 1 ? 1 : capacity) {}

  // Returns the plan for the shape, or null.
  std::shared_ptr<const Compiled> Find(const std::string& shape) {
    std::lock_guard lock(mutex_);
    const auto found = by_shape_.find(shape);
    if (found == by_shape_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }

  // Keeps the plan. When two threads compiled one shape at once, the first plan stays.
  void Insert(const std::string& shape, std::shared_ptr<const Compiled> compiled) {
    std::lock_guard lock(mutex_);
    if (by_shape_.contains(shape)) return;
    order_.emplace_front(shape, std::move(compiled));
    by_shape_.emplace(shape, order_.begin());
    if (order_.size() <= capacity_) return;
    by_shape_.erase(order_.back().first);
    order_.pop_back();
  }

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const Compiled>>;

  const size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> order_;  // most recently used first
  absl::flat_hash_map<std::string, typename std::list<Entry>::iterator> by_shape_;
};

}  // namespace rowan
