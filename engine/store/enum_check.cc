#include "engine/store/enum_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "engine/catalog/sql_expression.h"

namespace rowan::store {
namespace {

enum class TokenKind { kWord, kName, kText, kNumber, kSign, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // a name or text without its quotes
};

bool IsWordByte(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '$' || !absl::ascii_isascii(c);
}

// Reads from after an opening quote to its end; false when there is none.
bool ReadQuoted(const std::string& sql, size_t& at, char quote, bool escapes, std::string& text) {
  while (at < sql.size()) {
    const char c = sql[at++];
    if (c == quote) {
      if (at >= sql.size() || sql[at] != quote) return true;
      ++at;
    } else if (escapes && c == '\\') {
      // PostgreSQL itself only writes the escaped backslash.
      if (at >= sql.size() || sql[at] != '\\') return false;
      ++at;
    }
    text += c;
  }
  return false;
}

// Unset when the text has a part that no form has.
std::optional<std::vector<Token>> Tokens(const std::string& sql) {
  std::vector<Token> tokens;
  size_t at = 0;
  while (at < sql.size()) {
    const char c = sql[at];
    Token token;
    if (absl::ascii_isspace(c)) {
      ++at;
      continue;
    }
    if (c == '\'' || c == '"' || (c == 'E' && at + 1 < sql.size() && sql[at + 1] == '\'')) {
      const bool escapes = c == 'E';
      at += escapes ? 2 : 1;
      token.kind = c == '"' ? TokenKind::kName : TokenKind::kText;
      if (!ReadQuoted(sql, at, c == '"' ? '"' : '\'', escapes, token.text)) return std::nullopt;
    } else if (IsWordByte(c)) {
      token.kind = absl::ascii_isdigit(c) ? TokenKind::kNumber : TokenKind::kWord;
      while (at < sql.size() && IsWordByte(sql[at])) token.text += sql[at++];
    } else {
      token.kind = TokenKind::kSign;
      token.text = sql.substr(at, 2);
      if (token.text != "::" && token.text != "<@") token.text = std::string(1, c);
      at += token.text.size();
    }
    tokens.push_back(std::move(token));
  }
  tokens.emplace_back();
  return tokens;
}

// Recursive descent; a function that returns false may have moved on, and whoever tries something else goes back.
class Reader {
 public:
  explicit Reader(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::optional<EnumCheck> Read() {
    if (!Alternatives() || Next().kind != TokenKind::kEnd || check_.labels.empty()) return std::nullopt;
    return std::move(check_);
  }

 private:
  const Token& Next() const { return tokens_[at_]; }

  bool Sign(const char* sign) {
    if (Next().kind != TokenKind::kSign || Next().text != sign) return false;
    ++at_;
    return true;
  }

  bool Word(const char* word) {
    if (Next().kind != TokenKind::kWord || !absl::EqualsIgnoreCase(Next().text, word)) return false;
    ++at_;
    return true;
  }

  // Tries `form`, and goes back when it is not there.
  template <typename Form>
  bool Try(Form form) {
    const size_t at = at_;
    EnumCheck check = check_;
    if (form()) return true;
    at_ = at;
    check_ = std::move(check);
    return false;
  }

  bool Alternatives() {
    do {
      const bool found = Try([&] { return Comparison(); }) || Try([&] { return Contained(); }) ||
                         Try([&] { return IsNull(); }) || Try([&] { return Sign("(") && Alternatives() && Sign(")"); });
      if (!found) return false;
    } while (Word("OR"));
    return true;
  }

  bool Comparison() {
    if (!Column() || !Sign("=") || check_.array) return false;
    if (Try([&] { return Word("ANY") && Sign("(") && Labels() && Sign(")"); })) return true;
    std::string label;
    if (!Text(label)) return false;
    check_.labels.push_back(std::move(label));
    return true;
  }

  bool Contained() {
    if (!check_.labels.empty() || !Word("array_remove") || !Sign("(") || !Column() || !Sign(",")) return false;
    check_.array = true;
    return Word("NULL") && Casts() && Sign(")") && Sign("<@") && Labels();
  }

  bool IsNull() { return Column() && Word("IS") && Word("NULL"); }

  // One and the same column everywhere.
  bool Column() {
    if (Try([&] { return Sign("(") && Column() && Sign(")") && Casts(); })) return true;
    if (Next().kind != TokenKind::kWord && Next().kind != TokenKind::kName) return false;
    const std::string& column = Next().text;
    if (!check_.column.empty() && check_.column != column) return false;
    check_.column = column;
    ++at_;
    return Casts();
  }

  bool Text(std::string& text) {
    if (Try([&] { return Sign("(") && Text(text) && Sign(")") && Casts(); })) return true;
    if (Next().kind != TokenKind::kText) return false;
    text = Next().text;
    ++at_;
    return Casts();
  }

  bool Labels() {
    if (Try([&] { return Sign("(") && Labels() && Sign(")") && Casts(); })) return true;
    std::string text;
    if (Try([&] { return Text(text); })) {
      const auto elements = ReadArrayText(text);
      if (!elements.has_value()) return false;
      check_.labels.insert(check_.labels.end(), elements->begin(), elements->end());
      return true;
    }
    if (!Word("ARRAY") || !Sign("[")) return false;
    do {
      if (!Text(text)) return false;
      check_.labels.push_back(text);
    } while (Sign(","));
    return Sign("]") && Casts();
  }

  // Any number of ::type, where a type is words or names with dots, a modifier and brackets.
  bool Casts() {
    while (Sign("::")) {
      bool named = false;
      while (Next().kind == TokenKind::kName || (Next().kind == TokenKind::kWord && !IsOperator())) {
        named = true;
        ++at_;
        Sign(".");
      }
      if (!named) return false;
      if (Sign("(")) {
        if (Next().kind != TokenKind::kNumber) return false;
        ++at_;
        if (!Sign(")")) return false;
      }
      while (Sign("[")) {
        if (!Sign("]")) return false;
      }
    }
    return true;
  }

  bool IsOperator() const {
    return absl::EqualsIgnoreCase(Next().text, "OR") || absl::EqualsIgnoreCase(Next().text, "IS");
  }

  const std::vector<Token> tokens_;
  size_t at_ = 0;
  EnumCheck check_;
};

}  // namespace

std::optional<EnumCheck> ReadEnumCheck(const std::string& expression) {
  // Recursion follows the parentheses; no form needs many.
  constexpr int kDeepest = 12;
  int depth = 0;
  int deepest = 0;
  for (const char c : expression) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    deepest = std::max(deepest, depth);
  }
  if (deepest > kDeepest) return std::nullopt;
  auto tokens = Tokens(expression);
  if (!tokens.has_value()) return std::nullopt;
  return Reader(*std::move(tokens)).Read();
}

std::string WithoutOuterParentheses(const std::string& expression) {
  std::string inner = expression;
  while (inner.size() >= 2 && inner.front() == '(' && inner.back() == ')') {
    // "(a) OR (b)" has none around the whole: what is left would not be balanced.
    const std::string shorter = inner.substr(1, inner.size() - 2);
    if (!SqlExpressionFault(shorter).empty()) break;
    inner = shorter;
  }
  return inner;
}

std::optional<std::vector<std::string>> ReadArrayText(const std::string& text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  std::vector<std::string> elements;
  size_t at = 1;
  const size_t end = text.size() - 1;
  while (at < end) {
    std::string element;
    const bool quoted = text[at] == '"';
    if (quoted) {
      ++at;
      while (at < end && text[at] != '"') {
        if (text[at] == '\\' && ++at >= end) return std::nullopt;
        element += text[at++];
      }
      if (at++ >= end) return std::nullopt;
    } else {
      while (at < end && text[at] != ',') {
        if (text[at] == '{' || text[at] == '}' || text[at] == '"') return std::nullopt;
        if (text[at] == '\\' && ++at >= end) return std::nullopt;
        element += text[at++];
      }
      absl::StripAsciiWhitespace(&element);
      if (element.empty() || absl::EqualsIgnoreCase(element, "null")) return std::nullopt;
    }
    elements.push_back(std::move(element));
    if (at < end && (text[at++] != ',' || at >= end)) return std::nullopt;
  }
  return elements;
}

}  // namespace rowan::store
