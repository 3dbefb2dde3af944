// The requests of golden cases.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "engine/bind/bind_context.h"
#include "rowan/v1/data_service.pb.h"
#include "tests/golden/golden_file.h"

namespace rowan::golden {

// Returns the request of a case. Where it has a list as its `cursor`, those are the values of the order at some record,
// and the request gets the token that the server would have given for it.
absl::StatusOr<v1::ExplainRequest> ReadRequest(const std::string& schema, const Case& golden,
                                               const BindContext& context);

}  // namespace rowan::golden
