#include "engine/pg/pool.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/base/errors.h"
#include "engine/pg/result.h"

namespace rowan::pg {
namespace {

// One caller in the queue. It is served by being given a connection, or the right to open one.
struct Waiter {
  std::condition_variable wake;
  bool served = false;
  bool cancelled = false;
  std::unique_ptr<Connection> connection;
};

struct Idle {
  std::unique_ptr<Connection> connection;
  Clock::time_point since;
};

}  // namespace

struct Pool::Impl {
  PoolOptions options;
  mutable std::mutex mutex;
  std::vector<Idle> idle;  // the most recently returned last
  int open = 0;            // idle, leased and being opened
  std::list<Waiter*> queue;
  int64_t epoch = 0;  // counts renewals

  // Hands a connection, or with null the right to open one, to the first waiter; returns false when nobody waits.
  // Locked.
  bool Serve(std::unique_ptr<Connection>& connection) {
    if (queue.empty()) return false;
    Waiter* waiter = queue.front();
    queue.pop_front();
    waiter->served = true;
    waiter->connection = std::move(connection);
    waiter->wake.notify_one();
    return true;
  }

  void Return(std::unique_ptr<Connection> connection, int64_t lent) {
    // Closing and rolling back talk to PostgreSQL, so they are done without the lock.
    connection->Rollback();
    if (!connection->Alive()) connection.reset();
    std::unique_ptr<Connection> stale;  // is closed without the lock
    std::lock_guard lock(mutex);
    if (lent < epoch) stale = std::move(connection);
    const bool alive = connection != nullptr;
    if (Serve(connection)) return;
    if (alive) {
      idle.push_back({std::move(connection), Clock::now()});
    } else {
      --open;
    }
  }

  // Opens a connection for a caller that has the right to.
  absl::StatusOr<std::unique_ptr<Connection>> Open(const Call& call) {
    auto opened = Connection::Open(options.conninfo, call);
    if (opened.ok()) return opened;
    std::unique_ptr<Connection> none;
    std::lock_guard lock(mutex);
    // The right goes to the next in the queue, who may have better luck.
    if (!Serve(none)) --open;
    return opened.status();
  }
};

Pool::Pool(PoolOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->options = std::move(options);
}
Pool::~Pool() = default;

Pool::Lease::Lease(Pool* pool, std::unique_ptr<Connection> connection, int64_t epoch)
    : pool_(pool), connection_(std::move(connection)), epoch_(epoch) {}
Pool::Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_), connection_(std::move(other.connection_)), epoch_(other.epoch_) {}
Pool::Lease::~Lease() {
  if (connection_ != nullptr) pool_->impl_->Return(std::move(connection_), epoch_);
}

absl::StatusOr<Pool::Lease> Pool::Acquire(const Call& call) {
  Impl& impl = *impl_;
  std::unique_ptr<Connection> connection;
  int64_t epoch = 0;
  {
    std::unique_lock lock(impl.mutex);
    const Clock::time_point now = Clock::now();
    while (connection == nullptr && !impl.idle.empty()) {
      Idle last = std::move(impl.idle.back());
      impl.idle.pop_back();
      if (now - last.since < impl.options.idle && last.connection->Alive()) {
        connection = std::move(last.connection);
      } else {
        --impl.open;
      }
    }
    if (connection == nullptr && impl.open < impl.options.size) {
      ++impl.open;
    } else if (connection == nullptr) {
      if (static_cast<int>(impl.queue.size()) >= impl.options.queue_limit)
        return errors::PoolExhausted(impl.options.name);
      Waiter waiter;
      impl.queue.push_back(&waiter);
      const Clock::time_point until = std::min(call.deadline, now + impl.options.wait);
      lock.unlock();
      {
        const Cancellation::Registration on_cancel(call.cancellation, [&] {
          std::lock_guard cancel_lock(impl.mutex);
          waiter.cancelled = true;
          waiter.wake.notify_one();
        });
        lock.lock();
        waiter.wake.wait_until(lock, until, [&] { return waiter.served || waiter.cancelled; });
        // A cancel that comes now still needs the lock.
        lock.unlock();
      }
      lock.lock();
      if (!waiter.served) {
        impl.queue.remove(&waiter);
        if (call.cancellation->cancelled()) return errors::Cancelled();
        return Clock::now() >= call.deadline ? errors::DeadlineExceeded() : errors::PoolExhausted(impl.options.name);
      }
      connection = std::move(waiter.connection);
    }
    epoch = impl.epoch;
  }
  if (connection == nullptr) {
    auto opened = impl.Open(call);
    if (!opened.ok()) return opened.status();
    connection = *std::move(opened);
  }
  return Lease(this, std::move(connection), epoch);
}

void Pool::Renew() {
  std::vector<Idle> closed;  // without the lock
  std::lock_guard lock(impl_->mutex);
  ++impl_->epoch;
  impl_->open -= static_cast<int>(impl_->idle.size());
  closed.swap(impl_->idle);
}

PoolState Pool::state() const {
  std::lock_guard lock(impl_->mutex);
  const int idle = static_cast<int>(impl_->idle.size());
  return {idle, impl_->open - idle, static_cast<int>(impl_->queue.size())};
}

const PoolOptions& Pool::options() const {
  return impl_->options;
}

}  // namespace rowan::pg
