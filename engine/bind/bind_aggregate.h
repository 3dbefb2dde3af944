// Binds aggregations: request proto + catalog -> ir::Aggregation + Arguments. Pure; thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "engine/bind/bind_context.h"
#include "engine/ir/arguments.h"
#include "engine/ir/query.h"

namespace rowan::v1 {
class AggregateRequest;
}

namespace rowan {

struct BoundAggregation {
  ir::Aggregation aggregation;
  Arguments arguments;
};

// Every mistake a client can make is found here and reported with its document-form path.
absl::StatusOr<BoundAggregation> BindAggregation(const v1::AggregateRequest& request, const BindContext& context);

}  // namespace rowan
