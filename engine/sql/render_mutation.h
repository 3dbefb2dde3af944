// Renders the steps of a mutation's program. Each statement comes with what its parameters take, so that exec puts them
// together without knowing what the statement does. Never fails; the same program always gives the same texts.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/ir/arguments.h"
#include "engine/pg/statement.h"
#include "engine/plan/mutation.h"
#include "engine/sql/render_read.h"

namespace rowan::sql {

// What a parameter takes. Unless it says otherwise, an array has one element per row that the step works on.
struct FromSlot {  // a value of a filter
  int slot;
};
struct FromText {  // a constant of the program, as text
  std::string text;
};
struct FromCount {  // the number of the node's rows, as bigint
  int node;
};
struct FromColumn {  // an array of a node's column
  int node;
  int column;
};
struct FromKey {  // an array of the best known value of a key field: the new one where there is one, else the current
                  // one, else the one that the row is named by
  int node;
  const Field* field;
};
struct FromParentKey {  // the same of each row's parent, in the row's place
  int node;             // of the rows
  const Field* field;
};
struct FromGiven {  // a bool array: whether the row has the column
  int node;
  int column;
};
struct FromParentRow {  // an integer array: which of the parents' rows each row hangs on, from 1
  int node;
};
struct FromRelatedRow {  // an integer array over the parents' rows: which of the node's rows hangs on each, from 1, or null
  int node;
};
// An array field cannot be an element of an array, so the elements of all rows travel as one flat array, and each row
// has where its own begin and end (both null for a null).
struct FromFlat {
  int node;
  int column;
};
struct FromFlatStart {
  int node;
  int column;
};
struct FromFlatEnd {
  int node;
  int column;
};
struct FromUniform {  // the one value that an update writes to all its rows
  int node;
  int column;
};
struct FromFound {  // an array of a column of the rows that the statement before found
  int column;
  Type type;
};
// An array over the rows of several nodes, one node after the other, and then over the rows that FindMatches found: the
// value that each is named by, or null where it is named by another key.
struct FromNamed {
  std::vector<plan::NamedRows> named;
  const Key* key;
  const Field* field;
  int matched;  // the column of what FindMatches found; -1: none
};
struct FromKeysOf {  // an array of the keys of all rows of the nodes
  std::vector<int> nodes;
  const Field* field;
};
struct FromParentKeysOf {  // the same of their parents
  std::vector<int> nodes;
  const Field* field;
};

using ParameterSource =
    std::variant<FromSlot, FromText, FromCount, FromColumn, FromKey, FromParentKey, FromGiven, FromParentRow,
                 FromRelatedRow, FromFlat, FromFlatStart,
                 FromFlatEnd, FromUniform, FromFound, FromNamed, FromKeysOf, FromParentKeysOf>;

struct StepStatement {
  std::string description;  // "insert Post at data.posts"
  pg::Statement statement;
  std::vector<ParameterSource> sources;  // by parameter
};

// The statements of each step: none for steps that only move data, two for Vacate (find, make room) and for a Link that
// writes to links that exist (write, insert), one for the others.
struct RenderedProgram {
  std::vector<std::vector<StepStatement>> steps;
  // All of a program's chain. Its parameters are about all rows of their nodes. Its one row has whether all named records are
  // there, and for an answer, per field of the root's primary key, an array of those that were allotted, or null; and then, for
  // one that has keys only, arrays of those that were inserted.
  std::optional<StepStatement> chain;
  // The same for a request with one record at the root: rows of lone nodes are no arrays, which PostgreSQL has less to do for.
  std::optional<StepStatement> chain_of_one;
  std::optional<ReadStatement> returning;  // when the program has one

  // The one of the two for these rows, in a program that has a chain.
  const StepStatement& ChainFor(const plan::Program& program, const std::vector<InputRows>& rows) const;
};

RenderedProgram RenderMutation(const plan::Program& program);

}  // namespace rowan::sql
