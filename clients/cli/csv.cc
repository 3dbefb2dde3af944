#include "clients/cli/csv.h"

#include <istream>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace rowan::cli {
namespace {

constexpr int kEnd = -1;
constexpr size_t kReadBytes = 64 << 10;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

absl::Status Wrong(int64_t line, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

}  // namespace

CsvReader::CsvReader(std::istream& in) : in_(in) {
  Peek();
  if (buffer_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
}

int CsvReader::Peek() {
  if (at_ == buffer_.size()) {
    buffer_.resize(kReadBytes);
    in_.read(buffer_.data(), static_cast<std::streamsize>(kReadBytes));
    buffer_.resize(static_cast<size_t>(in_.gcount()));
    bytes_ += in_.gcount();
    at_ = 0;
    if (buffer_.empty()) return kEnd;
  }
  return static_cast<unsigned char>(buffer_[at_]);
}

int CsvReader::Take() {
  const int taken = Peek();
  if (taken == kEnd) return kEnd;
  ++at_;
  if (taken == '\n') ++line_;
  return taken;
}

absl::StatusOr<bool> CsvReader::Next(std::vector<Cell>& cells) {
  cells.clear();
  record_line_ = line_;
  if (Peek() == kEnd) return false;
  for (bool more = true; more;) {
    ROWAN_ASSIGN_OR_RETURN(more, ReadCell(cells));
  }
  return true;
}

// Reads a cell and what ends it. Returns whether another one follows in the record.
absl::StatusOr<bool> CsvReader::ReadCell(std::vector<Cell>& cells) {
  Cell& cell = cells.emplace_back();
  const int64_t begun = line_;
  if (Peek() == '"') {
    Take();
    cell.emplace();
    for (;;) {
      const int taken = Take();
      if (taken == kEnd) return Wrong(begun, "a quoted cell begins here and does not end");
      if (taken != '"') {
        *cell += static_cast<char>(taken);
      } else if (Peek() == '"') {
        *cell += static_cast<char>(Take());
      } else {
        break;
      }
    }
  }
  const bool quoted = cell.has_value();
  for (;;) {
    const int taken = Take();
    if (taken == ',') return true;
    if (taken == '\n' || taken == kEnd) return false;
    if (taken == '\r' && Peek() == '\n') {
      Take();
      return false;
    }
    if (quoted) return Wrong(line_, "text follows the closing quote of a cell; a quote within a cell is doubled");
    if (taken == '"') return Wrong(line_, "a quote stands within a cell that does not begin with one");
    if (!cell) cell.emplace();
    *cell += static_cast<char>(taken);
  }
}

void AppendCsv(const std::vector<Cell>& cells, std::string& out) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    if (!cells[i]) continue;
    const std::string& text = *cells[i];
    const bool plain = !text.empty() && text.find_first_of(",\"\r\n") == std::string::npos;
    // A mark at the very beginning would be taken for the file's.
    if (plain && !text.starts_with(kByteOrderMark)) {
      out += text;
      continue;
    }
    out += '"';
    for (char character : text) {
      if (character == '"') out += '"';
      out += character;
    }
    out += '"';
  }
  out += '\n';
}

}  // namespace rowan::cli
