// Rows -> records, written straight in protobuf's wire format. The column layout is that of plan/select.h. Errors are bugs of ours, or of a database that is not what
// the catalog says, and are INTERNAL.
//
// All functions are pure and thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/base/token.h"
#include "engine/catalog/catalog.h"
#include "engine/ir/arguments.h"
#include "engine/plan/select.h"

namespace rowan::v1 {
class Shape;
}  // namespace rowan::v1

namespace rowan {

class MessageWriter;

// Describe the records that a read gives.
void HydrateShape(const plan::Select& select, v1::Shape& shape);
void HydrateShape(const ir::Aggregation& aggregation, v1::Shape& shape);

// One column of a result row, as the driver gives it.
struct ColumnBytes {
  std::string_view bytes;
  bool null = false;
};
// The columns of one row.
using Columns = absl::InlinedVector<ColumnBytes, 16>;

// The rows of one select that ran by level, and whose they are.
struct LevelRows {
  // Gives a row's columns, without the position of the parent's key.
  std::function<void(int row, Columns& columns)> columns;
  std::vector<int> key_of_parent;  // by the parent's row: its key's position from 0; -1: it has no key
  std::vector<int> rows;           // key by key, in the order of the list, cut to its limit
  std::vector<int> begin_of_key;   // where in `rows` those of a key begin; at the end, how many there are
  std::vector<bool> more_of_key;   // whether the limit cut any off

  absl::Span<const int> rows_of_key(int key) const {
    return absl::MakeConstSpan(rows).subspan(begin_of_key[key], begin_of_key[key + 1] - begin_of_key[key]);
  }
};

// Writes records of one answer. Refers to its arguments, which outlive it.
class Hydrator {
 public:
  // `levels` are by the number of the select; empty for a nested read.
  Hydrator(const plan::Read& read, const Arguments& arguments, const Catalog& catalog, const TokenKey& tokens,
           const std::vector<LevelRows>& levels)
      : read_(read), arguments_(arguments), catalog_(catalog), tokens_(tokens), levels_(levels) {}

  // Writes one row of the root as the fields of a v1::Record; `row` is its number among the root's rows.
  absl::Status Root(int row, const Columns& columns, MessageWriter& writer) const;

  // Returns the order's values of a row of a keyed select.
  std::vector<Encoded> Place(const plan::Select& select, const Columns& columns) const;
  // Seals a place of the select's list; `passed` counts a stream's records up to there.
  std::string Token(const plan::Select& select, std::vector<Encoded> place, int64_t passed) const;

 private:
  absl::Status Row(const plan::Select& select, int row, const Columns& columns, MessageWriter& writer) const;
  // Write a v1::RecordList.
  absl::Status Nested(const plan::Select& select, const ColumnBytes& column, const ColumnBytes* total,
                      MessageWriter& writer) const;
  absl::Status Level(const plan::Select& select, int parent_row, const ColumnBytes* total, MessageWriter& writer) const;
  void WriteCursors(const plan::Select& select, bool more, const Columns& first, const Columns& last,
                    MessageWriter& writer) const;

  const plan::Read& read_;
  const Arguments& arguments_;
  const Catalog& catalog_;
  const TokenKey& tokens_;
  const std::vector<LevelRows>& levels_;
};

// Writes one row of an aggregation as the fields of a v1::Record.
absl::Status HydrateGroup(const ir::Aggregation& aggregation, const Columns& columns, MessageWriter& writer);

}  // namespace rowan
