// What running a plan needs beside the plan. Private to engine/exec and engine.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "engine/base/call.h"
#include "engine/base/limits.h"
#include "engine/catalog/catalog.h"

namespace rowan::exec {

// Counts since start. Thread-safe.
struct Counters {
  std::atomic<int64_t> statements = 0;
  std::atomic<int64_t> retries = 0;
};

// Refers to things that outlive the run. One per call.
struct Context {
  const Catalog& catalog;
  const Limits& limits;
  const Call& call;
  Counters& counters;
  // Takes what the database said, for the log. Never a value.
  const std::function<void(const std::string& request_id, const std::string& message)>& log;
};

}  // namespace rowan::exec
