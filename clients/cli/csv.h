// Comma-separated values as RFC 4180 has them: cells between commas, records between line breaks (LF or CR LF), quotes
// around a cell that holds commas, quotes or line breaks, and a quote within doubled. An empty cell without quotes is
// null, one with quotes is the empty text.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace rowan::cli {

// A cell; nothing is null.
using Cell = std::optional<std::string>;

// Reads records one after the other. Memory is bounded by the longest one. A byte order mark at the beginning is
// skipped.
class CsvReader {
 public:
  explicit CsvReader(std::istream& in);

  // Reads the next record over what `cells` holds. False at the end. A line without anything is a record of one null
  // cell. Errors: INVALID_ARGUMENT with the line, for a quote that is not closed, or not where it may be.
  absl::StatusOr<bool> Next(std::vector<Cell>& cells);

  // The line on which the last record began, from 1.
  int64_t line() const { return record_line_; }
  // How much was read.
  int64_t bytes() const { return bytes_; }

 private:
  int Peek();
  int Take();
  absl::StatusOr<bool> ReadCell(std::vector<Cell>& cells);

  std::istream& in_;
  std::string buffer_;
  size_t at_ = 0;
  int64_t line_ = 1;
  int64_t record_line_ = 0;
  int64_t bytes_ = 0;
};

// Appends a record with its line break.
void AppendCsv(const std::vector<Cell>& cells, std::string& out);

}  // namespace rowan::cli
