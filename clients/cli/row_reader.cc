#include "clients/cli/row_reader.h"

#include <algorithm>
#include <istream>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/csv.h"
#include "clients/document/parse_document.h"
#include "clients/document/typed_value.h"
#include "engine/base/status_macros.h"

namespace rowan::cli {
namespace {

absl::Status Wrong(int64_t line, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", what));
}

class CsvRowReader final : public RowReader {
 public:
  explicit CsvRowReader(std::istream& in) : csv_(in) {}

  absl::Status Begin(const FindColumnByName& find) {
    ROWAN_ASSIGN_OR_RETURN(const bool begun, csv_.Next(cells_));
    if (!begun) return Wrong(1, "the file is empty, and its first record names the columns");
    for (const Cell& cell : cells_) {
      if (!cell || cell->empty()) return Wrong(1, "the first record names the columns, and one has no name");
      columns_.push_back(find(*cell));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next(v1::LoadRow& row) override {
    do {
      ROWAN_ASSIGN_OR_RETURN(const bool more, csv_.Next(cells_));
      if (!more) return false;
      // A blank line is a record only where records have one cell.
    } while (columns_.size() != 1 && cells_.size() == 1 && !cells_.front());
    NoteLine(csv_.line());
    for (size_t i = 0; i < cells_.size(); ++i) {
      // Cells without a column go out, too, so that the server refuses the row.
      const v1::FieldType& type = i < columns_.size() ? columns_[i].type : columns_.back().type;
      const std::optional<std::string_view> text =
          cells_[i] ? std::optional<std::string_view>(*cells_[i]) : std::nullopt;
      document::ReadCell(type, text, *row.add_values());
    }
    return true;
  }

  int64_t bytes() const override { return csv_.bytes(); }

 private:
  CsvReader csv_;
  std::vector<Cell> cells_;
};

class JsonLinesReader final : public RowReader {
 public:
  explicit JsonLinesReader(std::istream& in) : in_(in) {}

  absl::Status Begin(const FindColumnByName& find) {
    ROWAN_ASSIGN_OR_RETURN(first_, ReadObject());
    if (!first_) return absl::OkStatus();
    for (const document::Member& member : first_->members) columns_.push_back(find(member.key));
    if (columns_.empty()) return Wrong(line_, "the first object names the columns, and it has none");
    first_line_ = line_;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next(v1::LoadRow& row) override {
    std::optional<document::Node> object = std::exchange(first_, std::nullopt);
    int64_t line = first_line_;
    if (!object) {
      ROWAN_ASSIGN_OR_RETURN(object, ReadObject());
      line = line_;
    }
    if (!object) return false;
    NoteLine(line);
    size_t found = 0;
    for (const FileColumn& column : columns_) {
      const document::Node* value = object->Find(column.name);
      found += value != nullptr ? 1 : 0;
      document::ReadTyped(column.type, value == nullptr ? document::Null() : *value, *row.add_values());
    }
    if (found == object->members.size()) return true;
    const auto unknown = std::find_if(object->members.begin(), object->members.end(), [&](const auto& member) {
      return std::none_of(columns_.begin(), columns_.end(),
                          [&](const FileColumn& column) { return column.name == member.key; });
    });
    return Wrong(line, "\"" + unknown->key + "\" is no column; the first object names them all");
  }

  int64_t bytes() const override { return bytes_; }

 private:
  // The object of the next line that has something; nothing at the end.
  absl::StatusOr<std::optional<document::Node>> ReadObject() {
    for (std::string text; std::getline(in_, text);) {
      ++line_;
      bytes_ += static_cast<int64_t>(text.size()) + 1;
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      absl::StatusOr<document::Node> node = document::ParseJson(text);
      if (!node.ok()) return Wrong(line_, "no JSON: " + std::string(node.status().message()));
      if (!node->is_object()) {
        return Wrong(line_, "an object is needed, one per line, and not " + std::string(document::Describe(*node)));
      }
      return *std::move(node);
    }
    return std::nullopt;
  }

  std::istream& in_;
  std::optional<document::Node> first_;
  int64_t first_line_ = 0;
  int64_t line_ = 0;
  int64_t bytes_ = 0;
};

template <typename Reader>
absl::StatusOr<std::unique_ptr<RowReader>> Begin(std::istream& in, const FindColumnByName& find) {
  auto reader = std::make_unique<Reader>(in);
  ROWAN_RETURN_IF_ERROR(reader->Begin(find));
  return std::unique_ptr<RowReader>(std::move(reader));
}

}  // namespace

void RowReader::NoteLine(int64_t line) {
  if (jumps_.empty() || line != jumps_.back().second + rows_ - jumps_.back().first) jumps_.emplace_back(rows_, line);
  ++rows_;
}

int64_t RowReader::LineOf(int64_t row) const {
  const auto after = std::upper_bound(jumps_.begin(), jumps_.end(), row,
                                      [](int64_t wanted, const auto& jump) { return wanted < jump.first; });
  if (after == jumps_.begin()) return 0;
  const auto& [first, line] = *std::prev(after);
  return line + row - first;
}

absl::StatusOr<std::unique_ptr<RowReader>> ReadRows(Format format, std::istream& in, const FindColumnByName& find) {
  return format == Format::kCsv ? Begin<CsvRowReader>(in, find) : Begin<JsonLinesReader>(in, find);
}

}  // namespace rowan::cli
