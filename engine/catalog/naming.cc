#include "engine/catalog/naming.h"

#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/catalog/schema_version.h"
#include "engine/types/utf8.h"

namespace rowan {
namespace {

constexpr size_t kLongestInMessage = 64;
constexpr size_t kHashDigits = 8;

// Returns at most `limit` bytes of the beginning of valid UTF-8, as whole characters.
std::string_view Beginning(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

using Rule = std::pair<std::string_view, std::string_view>;

// Whole words that follow no rule below.
constexpr std::array kIrregular = std::to_array<Rule>({
    {"aliases", "alias"},
    {"analyses", "analysis"},
    {"caches", "cache"},
    {"canvases", "canvas"},
    {"children", "child"},
    {"cookies", "cookie"},
    {"indices", "index"},
    {"matrices", "matrix"},
    {"men", "man"},
    {"movies", "movie"},
    {"news", "news"},
    {"quizzes", "quiz"},
    {"series", "series"},
    {"shoes", "shoe"},
    {"species", "species"},
    {"vertices", "vertex"},
    {"women", "woman"},
});

// Endings, the first that fits wins: what the ending becomes.
constexpr std::array kEndings = std::to_array<Rule>({
    {"sses", "ss"},     // classes, addresses
    {"shes", "sh"},     // dishes
    {"ches", "ch"},     // batches
    {"xes", "x"},       // boxes
    {"tzes", "tz"},     // waltzes
    {"oes", "o"},       // heroes
    {"auses", "ause"},  // clauses
    {"ouses", "ouse"},  // warehouses
    {"uses", "us"},     // statuses
    {"ss", "ss"},       // address
    {"us", "us"},       // status
    {"is", "is"},       // basis
    {"s", ""},          // users
});

}  // namespace

bool IsIdentifier(std::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  for (char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return true;
}

bool IsPlainText(std::string_view text) {
  return text.find('\0') == std::string_view::npos && CountCodePoints(text).has_value();
}

std::string Printable(std::string_view text) {
  const bool valid = CountCodePoints(text).has_value();
  std::string printable(valid ? Beginning(text, kLongestInMessage) : text.substr(0, kLongestInMessage));
  for (char& c : printable) {
    if (absl::ascii_iscntrl(c) || (!valid && !absl::ascii_isascii(c))) c = '?';
  }
  return text.size() > kLongestInMessage ? printable + "…" : printable;
}

std::string SnakeCase(std::string_view name) {
  std::string snake;
  for (size_t i = 0; i < name.size(); ++i) {
    if (absl::ascii_isupper(name[i]) && i > 0 && name[i - 1] != '_') {
      const bool after_word = !absl::ascii_isupper(name[i - 1]);
      const bool last_of_run = i + 1 < name.size() && absl::ascii_islower(name[i + 1]);
      if (after_word || last_of_run) snake += '_';
    }
    snake += absl::ascii_tolower(name[i]);
  }
  return snake;
}

std::string CamelCase(std::string_view name) {
  std::string camel;
  bool word_begins = false;
  for (char c : name) {
    if (!absl::ascii_isalnum(c)) {
      word_begins = !camel.empty();
    } else if (!camel.empty() || absl::ascii_isalpha(c)) {
      camel += word_begins ? absl::ascii_toupper(c) : camel.empty() ? absl::ascii_tolower(c) : c;
      word_begins = false;
    }
  }
  return camel;
}

std::string Capitalised(std::string_view name) {
  std::string capitalised(name);
  if (!capitalised.empty()) capitalised[0] = absl::ascii_toupper(capitalised[0]);
  return capitalised;
}

std::string Singular(std::string_view table) {
  const size_t underscore = table.rfind('_');
  const size_t word_begin = underscore == std::string_view::npos ? 0 : underscore + 1;
  const std::string_view before = table.substr(0, word_begin);
  const std::string_view word = table.substr(word_begin);
  const std::string lower = absl::AsciiStrToLower(absl::string_view(word.data(), word.size()));
  const auto ends_with = [&](std::string_view ending) {
    return lower.size() > ending.size() && std::string_view(lower).substr(lower.size() - ending.size()) == ending;
  };
  for (const auto& [plural, singular] : kIrregular) {
    if (lower == plural) return absl::StrCat(std::string(before), std::string(singular));
  }
  // categories -> category, but ties -> tie.
  if (ends_with("ies")) {
    const bool short_word = lower.size() <= 4;
    return std::string(before) + std::string(word.substr(0, word.size() - (short_word ? 1 : 3))) +
           (short_word ? "" : "y");
  }
  for (const auto& [plural, singular] : kEndings) {
    if (!ends_with(plural)) continue;
    // An ending's singular is its own beginning, so that cutting keeps the case of the rest.
    return std::string(before) + std::string(word.substr(0, word.size() - plural.size() + singular.size()));
  }
  return std::string(table);
}

std::string Shortened(std::string_view name) {
  if (name.size() <= kLongestName) return std::string(name);
  const std::string hash = ContentHash(name).substr(0, kHashDigits);
  return std::string(Beginning(name, kLongestName - kHashDigits - 1)) + "_" + hash;
}

std::string ConstraintName(std::string_view prefix, std::string_view table, const std::vector<std::string>& columns) {
  std::string name(prefix);
  name.append("_").append(table);
  for (const std::string& column : columns) name.append("_").append(column);
  return Shortened(name);
}

std::vector<std::string> ForeignKeyFieldNames(std::string_view stem, const std::vector<std::string>& references) {
  if (references.size() == 1) return {Shortened(std::string(stem) + "Id")};
  std::vector<std::string> fields;
  for (const std::string& reference : references)
    fields.push_back(Shortened(std::string(stem) + Capitalised(reference)));
  return fields;
}

}  // namespace rowan
