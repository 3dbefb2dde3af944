// Text as PostgreSQL takes it: UTF-8 without NUL.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rowan {

// Returns the number of code points, or nullopt when the text is not valid UTF-8 (overlong forms and surrogates are not
// valid).
inline std::optional<int64_t> CountCodePoints(std::string_view text) {
  int64_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    const auto at = [&](size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
    const unsigned lead = at(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return std::nullopt;
    for (size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xc0) != 0x80) return std::nullopt;
    }
    const unsigned next = at(i + 1);
    const bool overlong = (lead == 0xe0 && next < 0xa0) || (lead == 0xf0 && next < 0x90);
    const bool surrogate = lead == 0xed && next > 0x9f;
    const bool beyond = lead == 0xf4 && next > 0x8f;
    if (overlong || surrogate || beyond) return std::nullopt;
    i += length;
  }
  return count;
}

}  // namespace rowan
