// Looks over the SQL that a schema's author writes: the expressions of checks and partial indexes.
#pragma once

#include <string>
#include <string_view>

namespace rowan {

// Returns what keeps the text from being one expression inside parentheses, or "": an unclosed quote, unbalanced
// parentheses, a comment, a semicolon, dollar quotes. Whether PostgreSQL understands the expression is for PostgreSQL
// to say.
std::string SqlExpressionFault(std::string_view expression);

}  // namespace rowan
