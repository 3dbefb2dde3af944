// A position in an ordered list: the order's values at one record, and how many records came before it in a stream. The
// payload of cursors and resume tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types/type.h"

namespace rowan::ir {

struct Position {
  int64_t passed = 0;           // streams: the records up to and with this one; 0 elsewhere
  std::vector<Encoded> values;  // by the list's order
};

std::string EncodePosition(const Position& position);

// Returns nullopt when the bytes are no position.
std::optional<Position> DecodePosition(std::string_view bytes);

}  // namespace rowan::ir
