// The shape of a bound request as a string: the key of the plan cache, beside the schema's version. Two requests have
// one key exactly when they differ in values only, that is, when one plan and one SQL text serve both.
#pragma once

#include <string>

#include "engine/ir/mutation.h"
#include "engine/ir/query.h"

namespace rowan::ir {

std::string ShapeKey(const Read& read);
std::string ShapeKey(const Mutation& mutation);

}  // namespace rowan::ir
