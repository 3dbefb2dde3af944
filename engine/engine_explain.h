// Explains a request without running it: bind, plan and render, then say what would be sent. Pure: needs no database,
// and golden tests use it as it is. Thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "engine/base/limits.h"
#include "engine/catalog/catalog.h"

namespace rowan::v1 {
class ExplainRequest;
class ExplainResponse;
}  // namespace rowan::v1

namespace rowan {

// Returns the name of the schema that the request inside is for; empty when there is none.
std::string ExplainedSchema(const v1::ExplainRequest& request);

// Fills the response. Errors: those that the request itself would give before any SQL; MISSING_ARGUMENT without a
// request.
absl::Status ExplainRequest(const v1::ExplainRequest& request, const Catalog& catalog, const Limits& limits,
                            v1::ExplainResponse& response);

}  // namespace rowan
