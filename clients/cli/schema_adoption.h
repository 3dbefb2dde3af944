// The levels at which a schema is attached to tables that are there. Private to clients/cli.
#pragma once

#include <string_view>

#include "rowan/v1/schema_service.pb.h"

namespace rowan::cli {

// Returns the level of "off", "warn" or "enforce", and none for anything else.
inline v1::AdoptLevel AdoptLevelNamed(std::string_view name) {
  if (name == "off") return v1::ADOPT_LEVEL_OFF;
  if (name == "warn") return v1::ADOPT_LEVEL_WARN;
  if (name == "enforce") return v1::ADOPT_LEVEL_ENFORCE;
  return v1::ADOPT_LEVEL_UNSPECIFIED;
}

}  // namespace rowan::cli
