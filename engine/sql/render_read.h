// Renders the plan of a read as one statement. Never fails; the same plan always gives the same text.
#pragma once

#include <vector>

#include "engine/pg/statement.h"
#include "engine/plan/select.h"

namespace rowan::sql {

struct ReadStatement {
  pg::Statement statement;
  // What each parameter takes. For a select by keys the first parameters are the arrays of the primary key's fields,
  // and these are the slots of those after them.
  std::vector<int> slots;
};

ReadStatement RenderRead(const plan::Select& root);

}  // namespace rowan::sql
