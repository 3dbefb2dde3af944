// Runs the statements of one read inside one snapshot, and keeps their rows until they are hydrated. Private to
// engine/exec.
//
//   nested     one statement
//   by level   the root's; then, for each depth, those of all selects there in one round trip, each with the distinct keys
//              of its parents' rows as arrays
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/exec/context.h"
#include "engine/exec/pace.h"
#include "engine/hydrate/hydrate.h"
#include "engine/ir/arguments.h"
#include "engine/pg/connection.h"
#include "engine/plan/select.h"
#include "engine/sql/render_read.h"

namespace rowan::exec {

// A plan, its statements, and the shape of its answers: what the plan cache keeps.
struct CompiledRead {
  plan::Read plan;
  sql::RenderedRead sql;
  std::string shape;  // as field 1 of a response, in protobuf's wire format
  // How long it takes; null where nobody asks.
  std::unique_ptr<Pace> pace;

  // Whether it is a single statement, which is a snapshot by itself.
  bool single() const;
};

// Puts the columns of a result's row, from column `first` on, in place of `columns`.
void FillColumns(const pg::Result& result, int row, int first, Columns& columns);

// The rows of one read. Views refer to the results inside.
struct Tree {
  pg::Result root;
  std::deque<pg::Result> results;  // what `levels` refer to; they stay where they are when the tree is moved
  std::vector<LevelRows> levels;   // by the number of the select; empty for a nested read
  std::optional<int64_t> total;

  explicit Tree(pg::Result rows) : root(std::move(rows)) {}
  Columns RootColumns(int row) const;
};

// Runs the whole read in a transaction of its own, which is over afterwards. Errors: those of engine/pg.
absl::StatusOr<Tree> RunTree(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                             const Context& context);

// The same inside the transaction that `connection` is in. A read of several statements sees one snapshot only where the
// transaction does.
absl::StatusOr<Tree> RunTreeInside(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                                   const Context& context);

// Runs the statements below the root for the root's first `rows` rows, inside the transaction that `connection` is in.
// `commit` says whether that ends with the last of them.
absl::Status RunLevels(const CompiledRead& read, const Arguments& arguments, int rows, bool commit,
                       pg::Connection& connection, const Context& context, Tree& tree);

// The parameters that slots give.
std::vector<pg::Parameter> SlotParameters(const sql::ReadStatement& statement, const Arguments& arguments);

// How many of a result's rows the root's limit lets through.
int KeptRows(const CompiledRead& read, const Arguments& arguments, const pg::Result& result);

}  // namespace rowan::exec
