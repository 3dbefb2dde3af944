#include "clients/cli/table.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "clients/cli/console.h"
#include "clients/document/result.h"
#include "clients/document/write_document.h"

namespace rowan::cli {
namespace {

constexpr int kWidestCell = 100;
constexpr std::string_view kCut = "…";

bool IsNumber(const v1::FieldType& type) {
  if (type.array()) return false;
  switch (type.scalar()) {
    case v1::SCALAR_TYPE_INT16:
    case v1::SCALAR_TYPE_INT32:
    case v1::SCALAR_TYPE_INT64:
    case v1::SCALAR_TYPE_FLOAT32:
    case v1::SCALAR_TYPE_FLOAT64:
    case v1::SCALAR_TYPE_DECIMAL:
    case v1::SCALAR_TYPE_AUTO_INCREMENT:
    case v1::SCALAR_TYPE_NUMBER:
      return true;
    default:  // the proto's enum is open
      return false;
  }
}

void AddColumns(const v1::Shape& shape, const std::string& prefix, std::vector<Column>& columns) {
  for (const v1::ShapeField& field : shape.fields())
    columns.push_back({Printable(prefix + field.name()), IsNumber(field.type())});
  for (const v1::ShapeRelation& relation : shape.relations()) {
    if (relation.to_many()) {
      columns.push_back({Printable(prefix + relation.name())});
    } else {
      AddColumns(relation.shape(), absl::StrCat(prefix, relation.name(), "."), columns);
    }
  }
  for (const v1::ShapeCount& count : shape.counts())
    columns.push_back({Printable(absl::StrCat(prefix, "_count.", count.name())), true});
}

// A value in a list or a cell: texts without quotes, lists in brackets, objects in braces.
std::string Compact(const document::Node& node) {
  switch (node.kind) {
    case document::Node::Kind::kText:
      return Printable(node.text);
    case document::Node::Kind::kList: {
      std::string text = "[";
      for (const document::Node& item : node.items) absl::StrAppend(&text, text.size() == 1 ? "" : ", ", Compact(item));
      return text + "]";
    }
    case document::Node::Kind::kObject: {
      std::string text = "{";
      for (const document::Member& member : node.members)
        absl::StrAppend(&text, text.size() == 1 ? "" : ", ", Printable(member.key), ": ", Compact(member.value));
      return text + "}";
    }
    case document::Node::Kind::kNull:
    case document::Node::Kind::kBool:
    case document::Node::Kind::kNumber:
      return document::ToJsonLine(node);
  }
  return "";
}

// Cuts a text to the widest cell, between characters.
std::string Cut(std::string text) {
  if (WidthOf(text) <= kWidestCell) return text;
  size_t end = 0;
  for (size_t next = 0; next < text.size();) {
    do ++next;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80);
    if (WidthOf(std::string_view(text).substr(0, next)) > kWidestCell - 1) break;
    end = next;
  }
  text.resize(end);
  return text.append(kCut);
}

std::string ListCell(const v1::Shape& shape, const v1::RecordList& list) {
  const bool single = shape.fields_size() == 1 && shape.relations().empty() && shape.counts().empty();
  std::string text;
  for (const v1::Record& record : list.records()) {
    const document::Node node = document::ToDocument(shape, record);
    absl::StrAppend(&text,
                    text.empty() ? ""
                    : single     ? ", "
                                 : " ",
                    Compact(single ? node.members.front().value : node));
    if (text.size() > 8 * kWidestCell) break;  // it will be cut anyway
  }
  if (list.has_more()) absl::StrAppend(&text, text.empty() ? "" : " ", std::string(kCut));
  return text;
}

void AddCells(const v1::Shape& shape, const v1::Record* record, std::vector<std::string>& cells) {
  if (record == nullptr) {
    for (int i = 0; i < shape.fields_size(); ++i) cells.push_back("-");
  } else {
    v1::Shape fields;
    *fields.mutable_fields() = shape.fields();
    for (const document::Member& member : document::ToDocument(fields, *record).members)
      cells.push_back(Cut(Compact(member.value)));
  }
  for (int i = 0; i < shape.relations_size(); ++i) {
    const v1::ShapeRelation& relation = shape.relations(i);
    const v1::RecordList* list = record != nullptr && i < record->related_size() ? &record->related(i) : nullptr;
    if (!relation.to_many()) {
      AddCells(relation.shape(), list == nullptr || list->records().empty() ? nullptr : &list->records(0), cells);
    } else {
      cells.push_back(list == nullptr ? "-" : Cut(ListCell(relation.shape(), *list)));
    }
  }
  for (int i = 0; i < shape.counts_size(); ++i) {
    const bool known = record != nullptr && i < record->counts_size();
    cells.push_back(known ? absl::StrCat(record->counts(i)) : "-");
  }
}

int WidthOfCodePoint(char32_t c) {
  if ((c >= 0x300 && c <= 0x36F) || c == 0x200B || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F)) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                    (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

}  // namespace

std::vector<Column> ColumnsOf(const v1::Shape& shape) {
  std::vector<Column> columns;
  AddColumns(shape, "", columns);
  return columns;
}

std::vector<std::string> CellsOf(const v1::Shape& shape, const v1::Record& record) {
  std::vector<std::string> cells;
  AddCells(shape, &record, cells);
  return cells;
}

int WidthOf(std::string_view text) {
  int width = 0;
  for (size_t i = 0; i < text.size();) {
    const unsigned char lead = text[i];
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = length == 1 ? lead : lead & (0x7F >> length);
    for (size_t k = 1; k < length && i + k < text.size(); ++k) c = c << 6 | (text[i + k] & 0x3F);
    width += WidthOfCodePoint(c);
    i += length;
  }
  return width;
}

void WriteRow(const std::vector<Column>& columns, const std::vector<std::string>& cells, const std::vector<int>& widths,
              std::ostream& out) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(std::max(0, widths[i] - WidthOf(cells[i])), ' ');
    absl::StrAppend(&line, i == 0 ? "" : "  ", columns[i].number ? padding : "", cells[i],
                    columns[i].number ? "" : padding);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

std::vector<int> WidthsOf(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::vector<int> widths;
  for (size_t i = 0; i < columns.size(); ++i) {
    widths.push_back(WidthOf(columns[i].title));
    for (const std::vector<std::string>& row : rows) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  return widths;
}

void WriteHead(const std::vector<Column>& columns, const std::vector<int>& widths, bool bold, std::ostream& out) {
  std::vector<std::string> titles, rules;
  for (size_t i = 0; i < columns.size(); ++i) {
    titles.push_back(columns[i].title);
    rules.emplace_back(widths[i], '-');
  }
  if (bold) out << "\x1b[1m";
  WriteRow(columns, titles, widths, out);
  if (bold) out << "\x1b[0m";
  WriteRow(columns, rules, widths, out);
}

void WriteTable(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows, bool bold,
                std::ostream& out) {
  const std::vector<int> widths = WidthsOf(columns, rows);
  WriteHead(columns, widths, bold, out);
  for (const std::vector<std::string>& row : rows) WriteRow(columns, row, widths, out);
}

}  // namespace rowan::cli
