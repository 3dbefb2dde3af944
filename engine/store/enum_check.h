// Recognises the checks that say that a column holds one of some labels, in the forms that PostgreSQL writes them.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rowan::store {

// What such a check says.
struct EnumCheck {
  std::string column;
  std::vector<std::string> labels;  // in the order of the check
  bool array = false;               // each element of the column is one of them
};

// Returns what the expression says when it has one of these forms, with any casts and parentheses:
//   col = 'a'      col = 'a' OR col = 'b'      col IS NULL OR …
//   col = ANY (ARRAY['a', 'b'])                col = ANY ('{a,b}'::text[])
//   array_remove(col, NULL) <@ ARRAY['a', 'b']
// Unset for anything else. Pure.
std::optional<EnumCheck> ReadEnumCheck(const std::string& expression);

// Returns the expression without parentheses around the whole of it.
std::string WithoutOuterParentheses(const std::string& expression);

// Returns the elements of a one-dimensional array in PostgreSQL's text form, '{a,"b c"}'; unset when one of them is
// null or the text is no such array.
std::optional<std::vector<std::string>> ReadArrayText(const std::string& text);

}  // namespace rowan::store
