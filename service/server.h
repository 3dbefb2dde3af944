// The server as a whole: database, gRPC, admin port, signals and drain.
#pragma once

#include "service/config.h"

namespace rowan::service {

// Serves until SIGTERM or SIGINT, drains, and returns the process's exit code: 0 after a drain, 1 when it could not
// start. A second signal ends the process at once. Prints `rowand listening on HOST:PORT` on stdout once clients can
// connect, which may be before the database can be reached: calls get DATABASE_UNAVAILABLE until then. Call it from the
// main thread before any other thread was started.
int Serve(const Config& config);

}  // namespace rowan::service
