#include "engine/bind/bind_expectation.h"

#include <limits>

#include "engine/base/errors.h"
#include "rowan/v1/mutation.pb.h"

namespace rowan {

absl::StatusOr<ir::Expectation> BindExpectation(const v1::Expectation& expect, int64_t& count) {
  const Path path("expect");
  ir::Expectation expectation{};
  const char* word = "";
  switch (expect.count_case()) {
    case v1::Expectation::kExactly:
      expectation.bound = ir::Bound::kExactly, word = "exactly", count = expect.exactly();
      break;
    case v1::Expectation::kAtLeast:
      expectation.bound = ir::Bound::kAtLeast, word = "at_least", count = expect.at_least();
      break;
    case v1::Expectation::kAtMost:
      expectation.bound = ir::Bound::kAtMost, word = "at_most", count = expect.at_most();
      break;
    case v1::Expectation::COUNT_NOT_SET:
      return errors::MissingArgument(path, "exactly, at_least or at_most with a number");
  }
  if (count >= 0) return expectation;
  return errors::LimitOutOfRange(path.Member(word), count, std::numeric_limits<int64_t>::max());
}

}  // namespace rowan
