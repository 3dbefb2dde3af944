// What a request expects of the number of its records. Private to engine/exec and to operations.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "engine/ir/query.h"

namespace rowan::exec {

// Returns OK or ExpectationFailed.
absl::Status CheckExpectation(const ir::Expectation& expect, int64_t expected, int64_t matched);

}  // namespace rowan::exec
