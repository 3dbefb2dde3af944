// Sends requests to a server for a while, and measures the answers. Private to clients/cli.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clients/cli/failure.h"
#include "clients/cli/latency_histogram.h"
#include "clients/cli/options.h"
#include "clients/cli/request_mix.h"
#include "engine/base/call.h"

namespace rowan::cli {

// Calls that failed for the same reason.
struct FailedCalls {
  int64_t count = 0;
  Failure first;
};

// What is known of one kind of request. Calls count when they end within the time that is measured; bytes and records
// when they arrive in it.
struct Measured {
  LatencyHistogram latencies;                   // of calls that succeeded
  int64_t bytes = 0;                            // of the answers' messages
  int64_t records = 0;                          // at the root, of reads
  std::map<std::string, FailedCalls> failures;  // by code and reason

  int64_t failed() const;
  void Add(const Measured& other);
};

struct LoadReport {
  std::vector<Measured> requests;  // in the order of the mix
  double seconds = 0;              // that were measured
  double client_cpu_seconds = 0;   // that this process spent in them
  int64_t sent = 0;                // all calls, those of the warm-up included
  // The first answer to a kind of request when it was a failure. It ended the run.
  std::optional<Failure> refused;
};

// Sends requests of the mix, each drawn by the weights, until the options' time is over or the interrupt comes: each of
// the clients sends its next one when it has the answer to its last one, or, with a rate, when one is due and a client
// is free. Then the latency counts from when it was due. Blocks, and waits for the last answers. `channels` are not
// empty; the clients are spread over them.
LoadReport DriveLoad(const Options& options, const std::vector<MixedRequest>& mix,
                     const std::vector<std::shared_ptr<grpc::Channel>>& channels, const Cancellation& interrupt);

}  // namespace rowan::cli
