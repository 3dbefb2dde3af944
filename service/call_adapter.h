// From a gRPC call to the engine's Call, and back: deadlines, cancellation, request ids, worker threads, status and the
// log line. The only file that knows both sides; handlers are one line each.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "engine/base/call.h"
#include "engine/engine.h"
#include "service/metrics.h"
#include "service/workers.h"

namespace rowan::service {

// What all calls share. Outlives them.
struct ServerState {
  // The engine, once the database was reached; null before.
  std::atomic<std::shared_ptr<Engine>> engine;
  std::atomic<bool> draining = false;
  std::atomic<int> in_flight = 0;
  std::unique_ptr<Workers> unary_workers;
  std::unique_ptr<Workers> stream_workers;
  std::unique_ptr<Workers> transaction_workers;
  std::chrono::milliseconds query_timeout{30000};
  std::chrono::milliseconds schema_timeout{3600000};
  std::chrono::milliseconds stream_timeout{3600000};
  std::chrono::milliseconds stall_timeout{60000};
  std::chrono::milliseconds transaction_idle_timeout{30000};
  std::chrono::milliseconds transaction_timeout{300000};
  Metrics metrics;
};

// What a call is about, for the log: names only.
struct CallSubject {
  std::string schema;
  std::string model;
};

// Runs a unary call on a worker, for no longer than `limit` (unset: the query time-out), and finishes the reactor with its
// status.
grpc::ServerUnaryReactor* RunUnary(ServerState& state, grpc::CallbackServerContext& context, const char* method,
                                   CallSubject subject, std::function<absl::Status(Engine&, const Call&)> run,
                                   std::optional<std::chrono::milliseconds> limit = std::nullopt);

}  // namespace rowan::service
