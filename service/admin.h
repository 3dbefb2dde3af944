// The admin port: /livez, /readyz and /metrics over HTTP, for people and orchestrators inside.
#pragma once

#include <memory>
#include <string>

#include "service/call_adapter.h"

namespace rowan::service {

class AdminServer {
 public:
  // Listens on `host`:`port` (0: any free one) with a thread of its own. Returns null when the address cannot be had.
  // `state` outlives it.
  static std::unique_ptr<AdminServer> Start(ServerState& state, const std::string& host, int port);
  // Stops listening and joins.
  ~AdminServer();

  int port() const;

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowan::service
