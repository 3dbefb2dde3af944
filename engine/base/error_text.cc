#include "engine/base/error_text.h"

#include "absl/strings/str_join.h"
#include "engine/base/nearest.h"

namespace rowan {

std::string Quotable(std::string_view text) {
  const bool cut = text.size() > 64;
  std::string clean;
  for (size_t i = 0; i < text.size() && i < 64;) {
    const unsigned char lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    bool valid = lead < 0x80 || (lead >= 0xc2 && lead <= 0xf4);
    for (size_t k = 1; k < length; ++k) {
      valid = valid && i + k < text.size() && (static_cast<unsigned char>(text[i + k]) & 0xc0) == 0x80;
    }
    if (valid && length > 2) {
      // The shortest form only, no surrogates, nothing beyond U+10FFFF.
      const unsigned char next = static_cast<unsigned char>(text[i + 1]);
      valid = !(lead == 0xe0 && next < 0xa0) && !(lead == 0xed && next > 0x9f) && !(lead == 0xf0 && next < 0x90) &&
              !(lead == 0xf4 && next > 0x8f);
    }
    if (valid && i + length > 64) break;
    if (!valid || lead < 0x20 || lead == 0x7f) {
      clean += '?';
      ++i;
      continue;
    }
    clean.append(text.substr(i, length));
    i += length;
  }
  return cut ? clean + "…" : clean;
}

std::string Quoted(std::string_view text) {
  return "\"" + Quotable(text) + "\"";
}

std::string Listed(const errors::Names& names) {
  constexpr size_t kMost = 20;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kMost; ++i) {
    if (i > 0) text += ", ";
    text.append(names[i]);
  }
  if (names.size() > kMost) text += " and " + std::to_string(names.size() - kMost) + " more";
  return text.empty() ? "none" : text;
}

NamesHint Hint(std::string_view name, const errors::Names& existing) {
  const std::vector<std::string> near = NearestNames(name, existing);
  NamesHint hint;
  hint.nearest = absl::StrJoin(near, ", ");
  if (!near.empty()) hint.text = " Did you mean " + absl::StrJoin(near, " or ") + "?";
  hint.text += " There are: " + Listed(existing) + ".";
  return hint;
}

std::string Str(std::string_view text) {
  return std::string(text);
}

absl::Status RequestError(std::string_view reason, std::string path, const std::string& message,
                          std::map<std::string, std::string> metadata, absl::StatusCode code) {
  metadata["path"] = path;
  const std::string located = path.empty() ? message : path + ": " + message;
  return MakeError(code, located, {.reason = reason, .metadata = std::move(metadata), .violations = {{path, message}}});
}

absl::Status Retryable(absl::StatusCode code, std::string_view reason, std::string_view message,
                       std::map<std::string, std::string> metadata, absl::Duration delay) {
  return MakeError(code, message, {.reason = reason, .metadata = std::move(metadata), .retry_delay = delay});
}

std::string Limited(const std::vector<std::string>& items, size_t most) {
  std::string text;
  for (size_t i = 0; i < items.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + items[i];
  if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
  return text;
}

}  // namespace rowan
