// The comments of a YAML text, which its parser drops. Private to clients/document.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rowan::document {

struct Comment {
  int line = 0;           // from 0
  std::string text;       // from its # on, without blanks at the end
  bool trailing = false;  // something stands before it on its line

  bool operator==(const Comment&) const = default;
};

// Returns the comments in order. `text` is valid YAML.
std::vector<Comment> FindComments(std::string_view text);

}  // namespace rowan::document
