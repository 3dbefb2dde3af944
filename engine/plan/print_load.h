// Writes what a bulk load does as indented text, for Explain and for golden tests. The form may change.
#pragma once

#include <string>

#include "engine/ir/load.h"

namespace rowan::plan {

std::string PrintLoad(const ir::Load& load);

}  // namespace rowan::plan
