#include "engine/base/call.h"

#include <utility>

namespace rowan {

void Cancellation::Cancel() {
  if (cancelled_.exchange(true, std::memory_order_acq_rel)) return;
  // The lock is held while callbacks run, so that a registration's destructor waits for its own.
  std::lock_guard lock(mutex_);
  for (auto& [id, callback] : callbacks_) callback();
  callbacks_.clear();
}

Cancellation::Registration::Registration(std::shared_ptr<Cancellation> cancellation, std::function<void()> callback)
    : cancellation_(std::move(cancellation)) {
  std::lock_guard lock(cancellation_->mutex_);
  if (cancellation_->cancelled()) {
    callback();
    return;
  }
  id_ = cancellation_->next_id_++;
  cancellation_->callbacks_.emplace(id_, std::move(callback));
}

Cancellation::Registration::~Registration() {
  std::lock_guard lock(cancellation_->mutex_);
  cancellation_->callbacks_.erase(id_);
}

}  // namespace rowan
