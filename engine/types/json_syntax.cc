#include "engine/types/json_syntax.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace rowan {
namespace {

// Reads front to back. Each function returns whether the text goes on with what the function is named after, and takes
// it.
struct Reader {
  std::string_view rest;
  bool too_deep = false;

  bool Take(char expected) {
    if (rest.empty() || rest.front() != expected) return false;
    rest.remove_prefix(1);
    return true;
  }

  bool Word(std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  }

  void Space() { rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size())); }

  bool Digits() {
    const size_t count = std::min(rest.find_first_not_of("0123456789"), rest.size());
    rest.remove_prefix(count);
    return count > 0;
  }

  bool Number() {
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (!Take('e') && !Take('E')) return true;
    if (!Take('+')) Take('-');
    return Digits();
  }

  bool FourHexDigits(unsigned& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      if (rest.empty() || !absl::ascii_isxdigit(static_cast<unsigned char>(rest.front()))) return false;
      const char digit = absl::ascii_tolower(static_cast<unsigned char>(rest.front()));
      unit = unit * 16 + (digit <= '9' ? digit - '0' : digit - 'a' + 10);
      rest.remove_prefix(1);
    }
    return true;
  }

  // What follows a backslash.
  bool Escape() {
    if (Take('u')) {
      unsigned unit = 0;
      if (!FourHexDigits(unit) || unit == 0) return false;
      if (unit < 0xd800 || unit > 0xdfff) return true;
      const bool high = unit < 0xdc00;
      return high && Word("\\u") && FourHexDigits(unit) && unit >= 0xdc00 && unit <= 0xdfff;
    }
    if (rest.empty() || std::string_view("\"\\/bfnrt").find(rest.front()) == std::string_view::npos) return false;
    rest.remove_prefix(1);
    return true;
  }

  bool String() {
    if (!Take('"')) return false;
    while (!rest.empty()) {
      if (Take('"')) return true;
      if (Take('\\')) {
        if (!Escape()) return false;
        continue;
      }
      if (static_cast<unsigned char>(rest.front()) < 0x20) return false;
      rest.remove_prefix(1);
    }
    return false;
  }

  // The members or elements up to `close`, each taken by `item`.
  template <typename Item>
  bool List(char close, const Item& item) {
    Space();
    if (Take(close)) return true;
    do {
      if (!item()) return false;
    } while (Take(','));
    return Take(close);
  }

  // A value with the space around it.
  bool Value(int depth) {
    if (depth > kJsonDepth) {
      too_deep = true;
      return false;
    }
    Space();
    const bool valid = Any(depth);
    Space();
    return valid;
  }

  bool Any(int depth) {
    if (rest.empty()) return false;
    switch (rest.front()) {
      case '{':
        Take('{');
        return List('}', [&] {
          Space();
          if (!String()) return false;
          Space();
          return Take(':') && Value(depth + 1);
        });
      case '[':
        Take('[');
        return List(']', [&] { return Value(depth + 1); });
      case '"':
        return String();
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return Number();
    }
  }
};

}  // namespace

JsonSyntax CheckJson(std::string_view text) {
  Reader reader{text};
  if (reader.Value(0) && reader.rest.empty()) return JsonSyntax::kValid;
  return reader.too_deep ? JsonSyntax::kTooDeep : JsonSyntax::kInvalid;
}

}  // namespace rowan
