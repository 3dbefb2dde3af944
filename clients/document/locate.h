// Where the parts of a document stand in its text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rowan::document {

// A place in a text, counted from 1. Line 0: it is not known.
struct Position {
  int line = 0;
  int column = 0;

  bool operator==(const Position&) const = default;
};

// Returns for each path, for example "models.User.unique[1]", where the deepest part of it that the document has
// begins: its key in an object, or the item of a list. `text` is one that ParseDocument takes, in either syntax.
std::vector<Position> Locate(std::string_view text, const std::vector<std::string>& paths);

}  // namespace rowan::document
