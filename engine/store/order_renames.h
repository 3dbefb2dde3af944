// Puts renames into an order in which each one finds its new name free.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "engine/store/database_image.h"

namespace rowan::store {

// A name, and the table or PostgreSQL schema in which no other has it.
using Place = std::pair<ObjectName, std::string>;

struct Rename {
  Place from;
  Place to;
  size_t which = 0;  // the caller's
};

// Returns the renames, those that wait for a name after those that give it up. Where names change places, one goes by way
// of a name for the time being, `<new name>_renamed`, and is there twice. No two may be from, or to, the same place. Pure.
std::vector<Rename> OrderRenames(std::vector<Rename> renames);

}  // namespace rowan::store
