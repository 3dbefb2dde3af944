// The rows of a mutation's nodes while it runs: what the request gave, what was found, what was allotted. One thread's.
#pragma once

#include <string>
#include <vector>

#include "engine/ir/arguments.h"
#include "engine/plan/mutation.h"

namespace rowan::exec {

// A column of a node. `given` tells which rows have a value; a value may be null.
struct RowColumn {
  std::vector<Encoded> values;
  std::vector<char> given;
};

// The rows of one node. The new columns of an update's root hold one value for all its rows; every other column has one
// per row.
struct NodeRows {
  std::vector<int> parent;
  std::vector<int> ordinal;
  std::vector<RowColumn> columns;  // as plan::Node::columns
  int size() const { return static_cast<int>(parent.size()); }
};

class RowStore {
 public:
  // Takes the request's rows. Node 0 of an update or delete begins with no row; SetRootSize gives it those that were
  // matched.
  RowStore(const plan::Program& program, const Arguments& arguments);

  NodeRows& rows(int node) { return rows_[node]; }
  const NodeRows& rows(int node) const { return rows_[node]; }

  // Says how many rows an update or delete works on, and copies everything that hangs on the root for each of them.
  // Returns the number of rows of all nodes afterwards.
  int64_t SetRootSize(int count);

  // The value of a row in a column.
  const Encoded& Value(int node, int column, int row) const;
  // The best known value of a field: the new one where the row gives one, else the current one. Null when there is
  // neither.
  const Encoded* Key(int node, const Field* field, int row) const;
  // Sets a value. For new columns of an update's root the row does not matter.
  void Set(int node, int column, int row, Encoded value);

  // Whether the column holds one value for all rows.
  bool uniform(int node, int column) const;

  // Where the row stands in the request: "data.posts[0].tags.connect[1]".
  std::string Path(int node, int row) const;

 private:
  const plan::Program& program_;
  std::vector<NodeRows> rows_;
};

}  // namespace rowan::exec
