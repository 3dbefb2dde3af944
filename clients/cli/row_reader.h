// Reads the rows of a load from a file, one after the other: CSV, whose first record names the columns, or JSON lines,
// whose first object does.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/file_columns.h"
#include "clients/cli/options.h"
#include "rowan/v1/load.pb.h"

namespace rowan::cli {

class RowReader {
 public:
  virtual ~RowReader() = default;

  // Reads the next row to an empty `row`. False at the end. Values that are wrong for their columns are the server's to
  // refuse. Errors: INVALID_ARGUMENT with the line when the file is not what it should be.
  virtual absl::StatusOr<bool> Next(v1::LoadRow& row) = 0;

  const std::vector<FileColumn>& columns() const { return columns_; }
  // How much of the file was read.
  virtual int64_t bytes() const = 0;
  // The line of the file on which a row begins, from 1. Rows count from 0.
  int64_t LineOf(int64_t row) const;

 protected:
  // Notes where the next row begins.
  void NoteLine(int64_t line);

  std::vector<FileColumn> columns_;

 private:
  int64_t rows_ = 0;
  // Rows that do not begin on the line after the one before, and where they begin. A file without line breaks in its
  // cells has one entry.
  std::vector<std::pair<int64_t, int64_t>> jumps_;
};

using FindColumnByName = std::function<FileColumn(std::string_view)>;

// Begins to read: the columns are known afterwards; none when there are no JSON lines. `format` is kCsv or kJsonLines.
// `in` outlives the reader. Errors: as Next.
absl::StatusOr<std::unique_ptr<RowReader>> ReadRows(Format format, std::istream& in, const FindColumnByName& find);

}  // namespace rowan::cli
