#include "engine/exec/expectation.h"

#include <string>

#include "engine/base/errors.h"

namespace rowan::exec {

absl::Status CheckExpectation(const ir::Expectation& expect, int64_t expected, int64_t matched) {
  const std::string count = std::to_string(expected);
  switch (expect.bound) {
    case ir::Bound::kExactly:
      return matched == expected ? absl::OkStatus() : errors::ExpectationFailed("expect", "exactly " + count, matched);
    case ir::Bound::kAtLeast:
      return matched >= expected ? absl::OkStatus() : errors::ExpectationFailed("expect", "at least " + count, matched);
    case ir::Bound::kAtMost:
      return matched <= expected ? absl::OkStatus() : errors::ExpectationFailed("expect", "at most " + count, matched);
  }
  return absl::OkStatus();
}

}  // namespace rowan::exec
