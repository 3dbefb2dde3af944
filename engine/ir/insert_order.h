// The order in which a mutation's new rows are inserted: the parents of belongsTo relations first, children last, and the
// relations of one record in the order of its model (semantics D1).
#pragma once

#include <vector>

#include "engine/ir/mutation.h"

namespace rowan::ir {

// Returns the nodes of new rows in that order.
std::vector<int> InsertOrder(const Mutation& mutation);

}  // namespace rowan::ir
