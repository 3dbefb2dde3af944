#include "clients/cli/record_printer.h"

#include <ostream>
#include <string>

#include "clients/cli/table.h"
#include "clients/document/result.h"
#include "clients/document/write_document.h"

namespace rowan::cli {
namespace {

// Indents the lines of a record that stands in a list.
std::string Indented(const std::string& json) {
  std::string text = "  ";
  for (const char c : json) {
    text += c;
    if (c == '\n') text += "  ";
  }
  return text;
}

}  // namespace

RecordPrinter::RecordPrinter(Format format, bool bold, std::ostream& out) : format_(format), bold_(bold), out_(out) {}

void RecordPrinter::Begin(const v1::Shape& shape) {
  shape_ = shape;
  if (format_ == Format::kJson) out_ << '[';
}

void RecordPrinter::Print(const google::protobuf::RepeatedPtrField<v1::Record>& records) {
  if (format_ == Format::kTable) return PrintTable(records);
  for (const v1::Record& record : records) {
    const document::Node node = document::ToDocument(shape_, record);
    if (format_ == Format::kJson) {
      out_ << (first_ ? "\n" : ",\n") << Indented(document::ToJson(node));
    } else {
      out_ << document::ToJsonLine(node) << '\n';
    }
    first_ = false;
  }
}

void RecordPrinter::End() {
  if (format_ == Format::kJson) out_ << (first_ ? "]\n" : "\n]\n");
  if (format_ == Format::kTable && first_) PrintTable({});
}

void RecordPrinter::PrintTable(const google::protobuf::RepeatedPtrField<v1::Record>& records) {
  const std::vector<Column> columns = ColumnsOf(shape_);
  std::vector<std::vector<std::string>> rows;
  for (const v1::Record& record : records) rows.push_back(CellsOf(shape_, record));
  if (first_) {
    widths_ = WidthsOf(columns, rows);
    WriteHead(columns, widths_, bold_, out_);
    first_ = false;
  }
  for (const std::vector<std::string>& row : rows) WriteRow(columns, row, widths_, out_);
}

}  // namespace rowan::cli
