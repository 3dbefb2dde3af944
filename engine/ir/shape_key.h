// The shape of a bound request as a string: the key of the plan cache, beside the schema's version. Two requests have
// one key exactly when they differ in values only, that is, when one plan and one SQL text serve both.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ir/mutation.h"
#include "engine/ir/query.h"

namespace rowan::ir {

std::string ShapeKey(const Read& read);
std::string ShapeKey(const Mutation& mutation);
std::string ShapeKey(const Aggregation& aggregation);
std::string ShapeKey(const Exists& exists);

// The shape of what decides the places of records in one list.
std::string ListKey(const std::optional<Predicate>& where, const std::vector<const Field*>& distinct,
                    const std::vector<Order>& order);

}  // namespace rowan::ir
