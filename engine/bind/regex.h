// Regular expressions that PostgreSQL is given: checked before anything is sent, and free of what can run away.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/base/limits.h"
#include "engine/base/path.h"

namespace rowan {

// Takes an expression in the syntax that RE2 and PostgreSQL's advanced regular expressions share, and returns it as
// PostgreSQL writes it (\b and \B become \y and \Y). Errors: INVALID_REGEX with the path: too long, not RE2's syntax, or
// something that the two understand differently. Pure.
absl::StatusOr<std::string> PostgresRegex(std::string_view pattern, const Limits& limits, const Path& path);

}  // namespace rowan
