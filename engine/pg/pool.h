// A bounded pool of connections with a bounded queue. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "engine/base/call.h"
#include "engine/pg/connection.h"

namespace rowan::pg {

struct PoolOptions {
  std::string name = "interactive";      // in errors and metrics: "interactive", "stream"
  std::string conninfo;                  // libpq's; PG* variables and multi-host strings work
  int size = 10;                         // greatest number of connections; opened when needed
  int queue_limit = 1000;                // callers that may wait at once; the next one is refused
  std::chrono::milliseconds wait{1000};  // longest wait for a connection, cut to the call's deadline
  std::chrono::seconds idle{600};        // an idle connection older than this is closed instead of lent
};

// Counts at one moment.
struct PoolState {
  int idle = 0;
  int leased = 0;
  int waiting = 0;
};

class Pool {
 public:
  explicit Pool(PoolOptions options);
  // Closes idle connections. All leases must have ended.
  ~Pool();

  // Lends a connection until the lease is destroyed, which rolls back an open transaction and closes a broken
  // connection.
  class Lease {
   public:
    Lease(Pool* pool, std::unique_ptr<Connection> connection, int64_t epoch);
    ~Lease();
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
    int64_t epoch_;  // of the pool when the connection was lent
  };

  // Returns a usable connection, waiting fairly (first come, first served). Before an idle connection is lent it is
  // checked without a round trip (socket closed by the server: discarded). Errors: PoolExhausted, DeadlineExceeded,
  // Cancelled; a status with a DatabaseError when a new connection cannot be made.
  absl::StatusOr<Lease> Acquire(const Call& call);

  // Lends none of the connections again that there are now: idle ones are closed, leased ones when their leases end. For
  // when statements that are prepared on them no longer fit the database.
  void Renew();

  PoolState state() const;
  const PoolOptions& options() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowan::pg
