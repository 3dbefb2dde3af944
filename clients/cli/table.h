// Records as the cells of a table.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "rowan/v1/result.pb.h"

namespace rowan::cli {

// A column of a table.
struct Column {
  std::string title;
  bool number = false;  // stands to the right
};

// Returns the columns of a shape: its fields, then those of to-one relations as "role.name", and each to-many relation
// as one, then its counts as "_count.posts".
std::vector<Column> ColumnsOf(const v1::Shape& shape);

// Returns the cells of a record, one per column. Null shows as "null", the columns of an absent to-one relation as "-".
// A list shows its records on one line: names alone when they have one field, else "{title: a, tags: [x]}"; "…" at its
// end says that there are more. Long cells are cut, with "…".
std::vector<std::string> CellsOf(const v1::Shape& shape, const v1::Record& record);

// Returns how many columns of a terminal a text takes.
int WidthOf(std::string_view text);

// Writes one row: cells padded to the widths, two spaces between them, and no blanks at the end.
void WriteRow(const std::vector<Column>& columns, const std::vector<std::string>& cells, const std::vector<int>& widths,
              std::ostream& out);

// Writes a table whose rows are all known, with a head and a rule. `bold`: the head in bold.
void WriteTable(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows, bool bold,
                std::ostream& out);

// Returns the width of each column: that of its title or of its widest cell.
std::vector<int> WidthsOf(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows);

// Writes the head and its rule.
void WriteHead(const std::vector<Column>& columns, const std::vector<int>& widths, bool bold, std::ostream& out);

}  // namespace rowan::cli
