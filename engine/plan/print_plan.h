// Writes plans as indented text, for Explain and for golden tests. The form may change.
#pragma once

#include <string>

#include "engine/plan/mutation.h"
#include "engine/plan/select.h"

namespace rowan::plan {

std::string PrintPlan(const Read& read);
std::string PrintPlan(const ir::Aggregation& aggregation);
std::string PrintPlan(const ir::Exists& exists);
std::string PrintPlan(const Program& program);

}  // namespace rowan::plan
