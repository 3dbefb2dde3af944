// --returning: a selection from the command line in a write document. Private to clients/cli.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "clients/document/node.h"

namespace rowan::cli {

// Returns the document of an insert, update or delete with its `returning` set to `returning`, which is as in
// ReadReturning; as it is when that is empty. A short insert document becomes a long one. Errors: INVALID_ARGUMENT when
// the document has a `returning` of its own, or is for a read.
absl::StatusOr<document::Node> WithReturning(std::string_view verb, document::Node document,
                                             const std::string& returning);

}  // namespace rowan::cli
