// The rows of a mutation's nodes while it runs: what the request gave, what was found, what was allotted. One thread's.
#pragma once

#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "engine/ir/arguments.h"
#include "engine/plan/mutation.h"

namespace rowan::exec {

// Mostly a few, so they need no memory of their own.
using RowNumbers = absl::InlinedVector<int, 4>;
using RowFlags = absl::InlinedVector<char, 8>;

// A column of a node. `given` tells which rows have a value; a value may be null.
struct RowColumn {
  std::vector<Encoded> values;
  RowFlags given;
};

// The rows of one node. Uniform columns (see plan::Program) hold one value for all rows; every other column has one per
// row.
struct NodeRows {
  RowNumbers parent;
  RowNumbers ordinal;
  RowNumbers source;                  // the row of the request that each is a copy of
  RowFlags found;                     // whether the row is in the database
  RowFlags fresh;                     // whether the request created it in place of one that was not found
  std::vector<RowReference> created;  // the new row that it stands for, where it stands for one
  std::vector<RowColumn> columns;     // as plan::Node::columns
  bool shared = false;                // there is one row for all copies of its parent
  int size() const { return static_cast<int>(parent.size()); }
};

class RowStore {
 public:
  // Takes the request's rows. Node 0 of an update or delete begins with no row; SetRootSize gives it those that were
  // matched.
  RowStore(const plan::Program& program, const Arguments& arguments);

  NodeRows& rows(int node) { return rows_[node]; }
  const NodeRows& rows(int node) const { return rows_[node]; }

  // Says how many rows an update or delete works on.
  void SetRootSize(int count);
  // Copies everything that hangs on the root's record for each of the root's rows; `shared` nodes are there once. Returns
  // the number of rows of all nodes afterwards.
  int64_t Expand(const std::vector<int>& shared);
  // Keeps the rows for which `keep` is set, and what hangs on them.
  void Keep(int node, absl::Span<const char> keep);
  // Replaces the node's rows by copies of those with the numbers, and what hangs on them likewise.
  void Replace(int node, const std::vector<int>& rows);

  // The value of a row in a column.
  const Encoded& Value(int node, int column, int row) const;
  bool Given(int node, int column, int row) const;
  // The best known value of a field: the new one where the row gives one, else the current one, else what the row is named
  // by. Null when there is none.
  const Encoded* Key(int node, const Field* field, int row) const;
  // The value in the database: the current one, else what the row is named by.
  const Encoded* Stored(int node, const Field* field, int row) const;
  // Sets a value. For uniform columns the row does not matter.
  void Set(int node, int column, int row, Encoded value);

  // Where the row stands in the request: "data.posts[0].tags.connect[1]".
  std::string Path(int node, int row) const;

 private:
  // Gives the rows of the nodes below their copies: became[r] are the rows that row r of `node` became.
  void Follow(int node, const std::vector<std::vector<int>>& became, const std::vector<int>& shared);
  // Makes the node's rows copies of its former rows.
  void Take(int node, const std::vector<int>& rows);

  const plan::Program& program_;
  std::vector<NodeRows> rows_;
};

}  // namespace rowan::exec
