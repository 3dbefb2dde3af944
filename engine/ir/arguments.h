// The values of one request. They travel beside the bound request and its plan, never inside: plans hold no values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/types/type.h"

namespace rowan {

// A row of a node.
struct RowReference {
  int node;
  int row;
};

// The records of one node of a mutation, column by column. A node is a place in the request without indices: all tags
// of all posts of `data.posts[].tags.create[]` are rows of one node.
struct InputRows {
  std::vector<int> parent;                    // the row of the parent node that each row hangs on; 0 at the root
  std::vector<int> ordinal;                   // position in its list, for paths; -1 where there is no list
  std::vector<std::vector<Encoded>> columns;  // [column][row]
  std::vector<std::vector<char>> given;       // [column][row]: whether the row gives the column
  std::vector<RowReference> created;          // ir::ConnectNew: the new row that each row stands for
  int size() const { return static_cast<int>(parent.size()); }
};

// One list of a read: the root, or a to-many selection.
struct ListArguments {
  int64_t limit = -1;  // -1: none
  int first_value = 0;  // the filter's values are the slots from here
  int end_value = 0;    // up to before here
  int64_t passed = 0;  // the root of a resumed stream: how many records were sent before
};

struct Arguments {
  std::vector<Encoded> slots;        // by slot number
  std::vector<InputRows> rows;       // by node number; empty for reads
  std::vector<ListArguments> lists;  // by the number in ir::Window
  int64_t expected = 0;              // the count of the request's expectation
};

}  // namespace rowan
