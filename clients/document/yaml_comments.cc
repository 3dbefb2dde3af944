#include "clients/document/yaml_comments.h"

#include "absl/strings/ascii.h"

namespace rowan::document {
namespace {

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// Reads the text once, line by line; quotes and brackets may go on over several lines.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<Comment> Scan() && {
    while (!text_.empty()) {
      const size_t end = std::min(text_.find('\n'), text_.size());
      const std::string_view line = text_.substr(0, end);
      text_.remove_prefix(std::min(end + 1, text_.size()));
      if (!IsBlockText(line)) ScanLine(line);
      ++number_;
    }
    return std::move(comments_);
  }

 private:
  // How far the key of a line stands to the right, past the dashes of lists.
  static int IndentOf(std::string_view line) {
    size_t i = 0;
    while (i < line.size() && (line[i] == ' ' || (line[i] == '-' && i + 1 < line.size() && line[i + 1] == ' '))) ++i;
    return static_cast<int>(i);
  }

  // Whether the line is text after `key: |`. Ends such a text at the first line that is not further to the right.
  bool IsBlockText(std::string_view line) {
    if (block_indent_ < 0) return false;
    const size_t first = line.find_first_not_of(" \r");
    if (first == std::string_view::npos || static_cast<int>(first) > block_indent_) return true;
    block_indent_ = -1;
    return false;
  }

  void ScanLine(std::string_view line) {
    if (quote_ == 0) begins_ = true;
    for (size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (quote_ != 0) {
        if (quote_ == '"' && c == '\\') {
          ++i;
        } else if (c == quote_) {
          quote_ = 0;
        }
        continue;
      }
      if (c == '#' && (i == 0 || IsBlank(line[i - 1]))) return Add(line, i);
      if (IsBlank(c)) continue;
      Step(line, i);
    }
  }

  // Takes a character that is neither blank nor quoted.
  void Step(std::string_view line, size_t i) {
    const char c = line[i];
    const bool ends = i + 1 == line.size() || IsBlank(line[i + 1]);
    if (begins_ && (c == '"' || c == '\'')) {
      quote_ = c;
      begins_ = false;
    } else if (begins_ && (c == '|' || c == '>') && depth_ == 0) {
      block_indent_ = IndentOf(line);
      begins_ = false;
    } else if (begins_ && (c == '[' || c == '{')) {
      ++depth_;
    } else if (depth_ > 0 && (c == ']' || c == '}')) {
      --depth_;
      begins_ = false;
    } else if (depth_ > 0 && c == ',') {
      begins_ = true;
    } else if (c == ':' && (ends || depth_ > 0)) {
      begins_ = true;
    } else if (begins_ && (c == '-' || c == '?') && ends) {
      begins_ = true;
    } else {
      begins_ = false;
    }
  }

  void Add(std::string_view line, size_t begin) {
    std::string_view comment = line.substr(begin);
    while (!comment.empty() && absl::ascii_isspace(comment.back())) comment.remove_suffix(1);
    const bool trailing = line.substr(0, begin).find_first_not_of(" \t") != std::string_view::npos;
    comments_.push_back({.line = number_, .text = std::string(comment), .trailing = trailing});
  }

  std::string_view text_;
  int number_ = 0;
  char quote_ = 0;         // the open quote, or 0
  int depth_ = 0;          // of open brackets and braces
  bool begins_ = true;     // a value or key may begin here
  int block_indent_ = -1;  // of the key whose text follows in lines of their own; -1: none does
  std::vector<Comment> comments_;
};

}  // namespace

std::vector<Comment> FindComments(std::string_view text) {
  return Scanner(text).Scan();
}

}  // namespace rowan::document
