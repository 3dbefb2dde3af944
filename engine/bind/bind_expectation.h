// Binds what a request expects of the number of its records. Pure; thread-safe.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "engine/ir/query.h"

namespace rowan::v1 {
class Expectation;
}

namespace rowan {

// `count` gets the number. Errors, with paths that begin with `expect`: MissingArgument, LimitOutOfRange.
absl::StatusOr<ir::Expectation> BindExpectation(const v1::Expectation& expect, int64_t& count);

}  // namespace rowan
