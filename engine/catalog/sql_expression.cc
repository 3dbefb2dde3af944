#include "engine/catalog/sql_expression.h"

#include <cstddef>

#include "absl/strings/ascii.h"

namespace rowan {
namespace {

// Returns the position after the quoted text that begins at `begin`, or npos when it does not end. A doubled quote is
// part of the text, and so is what follows a backslash where `escapes`.
size_t AfterQuoted(std::string_view text, size_t begin, bool escapes) {
  const char quote = text[begin];
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (escapes && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return std::string_view::npos;
}

bool IsWord(char c) {
  return absl::ascii_isalnum(c) || c == '_';
}

}  // namespace

std::string SqlExpressionFault(std::string_view text) {
  int depth = 0;
  size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\'' || c == '"') {
      const bool escapes =
          c == '\'' && i > 0 && absl::ascii_tolower(text[i - 1]) == 'e' && (i < 2 || !IsWord(text[i - 2]));
      i = AfterQuoted(text, i, escapes);
      if (i == std::string_view::npos) return "a quote is not closed";
      continue;
    }
    if (c == ';') return "a semicolon has no place in an expression";
    if (c == '$') return "a dollar sign has no place in an expression outside of quotes";
    if ((c == '-' && next == '-') || (c == '/' && next == '*')) return "comments are not taken";
    if (c == '(') ++depth;
    if (c == ')' && --depth < 0) return "a parenthesis closes that was not opened";
    ++i;
  }
  return depth == 0 ? "" : "a parenthesis is not closed";
}

}  // namespace rowan
