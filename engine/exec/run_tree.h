// Runs the statements of one read inside one snapshot, and keeps their rows until they are hydrated. Private to
// engine/exec.
//
//   nested     one statement
//   tagged     one statement, whose rows are sorted out by the select that they say
//   by level   the root's; then, for each depth, those of all selects there in one round trip, each with the distinct keys
//              of its parents' rows as arrays
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
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

// The rows of one select, wherever they stand in a result, which outlives it.
class SelectRows {
 public:
  // No rows.
  SelectRows() = default;
  // All rows of a result, whose columns are, but of the root, the key and then those of plan/select.h.
  SelectRows(const pg::Result& result, bool keyed) : result_(&result), count_(result.rows()), first_(keyed ? 1 : 0) {}
  // Some of the rows; `columns`, which outlive it, are where these are.
  SelectRows(const pg::Result& result, std::vector<int> rows, const std::vector<int>& columns, bool keyed)
      : result_(&result),
        count_(static_cast<int>(rows.size())),
        first_(keyed ? 1 : 0),
        rows_(std::move(rows)),
        columns_(&columns) {}

  int count() const { return count_; }
  std::string_view key(int row) const { return result_->bytes(RowAt(row), ColumnAt(0)); }
  std::string_view bytes(int row, int column) const { return result_->bytes(RowAt(row), ColumnAt(first_ + column)); }
  bool null(int row, int column) const { return result_->null(RowAt(row), ColumnAt(first_ + column)); }
  // Puts the columns of a row in place of `columns`.
  void Fill(int row, Columns& columns) const;

 private:
  int RowAt(int row) const { return columns_ == nullptr ? row : rows_[row]; }
  int ColumnAt(int column) const { return columns_ == nullptr ? column : (*columns_)[column]; }

  const pg::Result* result_ = nullptr;
  int count_ = 0;
  int first_ = 0;
  std::vector<int> rows_;
  const std::vector<int>* columns_ = nullptr;
};

// The rows of one read.
struct Tree {
  std::vector<pg::Result> results;  // what `selects` refer to: there is room for all from the beginning, so they stay where they are
  std::vector<SelectRows> selects;  // by the number of the select; of a nested read the root's only
  std::vector<LevelRows> levels;    // by the number of the select; refer to `selects`; empty for a nested read
  std::optional<int64_t> total;

  const SelectRows& root() const { return selects.front(); }
  Columns RootColumns(int row) const;
};

// The tree whose root's statement gave the result: the whole of it, or, by level, what RunLevels completes. Refers to
// `read`. Errors: those of rows that are not as planned, INTERNAL.
absl::StatusOr<Tree> TreeOf(const CompiledRead& read, const Arguments& arguments, pg::Result result);

// Runs the whole read in a transaction of its own, which is over afterwards. Errors: those of engine/pg.
absl::StatusOr<Tree> RunTree(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                             const Context& context);

// The same inside the transaction that `connection` is in. A read of several statements sees one snapshot only where the
// transaction does.
absl::StatusOr<Tree> RunTreeInside(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                                   const Context& context);

// What is below the first `rows` rows of the root of a tree by level, depth by depth: in turn Ask, the statements, and Take,
// until it is done.
class LevelReader {
 public:
  // Refers to its arguments, which outlive it and stay where they are.
  LevelReader(const CompiledRead& read, const Arguments& arguments, int rows, Tree& tree);
  ~LevelReader();
  LevelReader(const LevelReader&) = delete;
  LevelReader& operator=(const LevelReader&) = delete;

  // Adds the statements of the next depth that has any to `queries`, and returns how many. Their parameters are kept until
  // the next Ask. None: it is done.
  int Ask(std::vector<pg::Query>& queries);
  // Takes the rows of these statements.
  absl::Status Take(absl::Span<pg::Result> results);
  // Whether nothing is deeper than what was asked for.
  bool last() const;
  // Whether the tree is whole.
  bool done() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The parameters that slots give.
std::vector<pg::Parameter> SlotParameters(const sql::ReadStatement& statement, const Arguments& arguments);

// How many of the root's rows its limit lets through.
int KeptRows(const CompiledRead& read, const Arguments& arguments, const Tree& tree);

}  // namespace rowan::exec
