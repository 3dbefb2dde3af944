// Prometheus metrics of the server, in base units. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"

namespace rowan::service {

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // Counts a finished call: rowan_rpc_duration_seconds by method and code.
  void CountCall(const std::string& method, const std::string& code, double seconds);

  // Returns all metrics in Prometheus' text format. `engine` may be null: then those of the database are left out.
  std::string Text(const Engine* engine, int in_flight);

 private:
  struct Registered;
  std::unique_ptr<Registered> registered_;
};

}  // namespace rowan::service
