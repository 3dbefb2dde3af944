// Rows -> records. The column layout is the one that sql/render_read.cc writes: the fields, then one column per related
// select, which holds a row (to-one) or an array of rows (to-many) in PostgreSQL's binary record format. Errors are
// bugs of ours, or of a database that is not what the catalog says, and are INTERNAL.
//
// All functions are pure and thread-safe.
#pragma once

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "engine/ir/arguments.h"
#include "engine/plan/select.h"

namespace rowan::v1 {
class Record;
class Shape;
}  // namespace rowan::v1

namespace rowan {

// Describes the records that a select gives.
void HydrateShape(const plan::Select& select, v1::Shape& shape);

// One column of a result row, as the driver gives it.
struct ColumnBytes {
  std::string_view bytes;
  bool null = false;
};

// Writes one row of the root select to `record`. `column(i)` gives the i-th column. `arguments` hold the limits of
// nested lists, which tell whether a list has more.
absl::Status HydrateRecord(const plan::Select& root, const Arguments& arguments,
                           const std::function<ColumnBytes(int)>& column, v1::Record& record);

}  // namespace rowan
