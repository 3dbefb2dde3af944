// How the parts of a database are called in a schema.
#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/catalog/naming.h"
#include "engine/store/introspection_draft.h"

namespace rowan::store {
namespace {

// U+00C0 to U+00FF.
constexpr std::array<const char*, 64> kLatin1 = {
    "A", "A", "A", "A", "Ae", "A", "Ae", "C", "E", "E", "E", "E", "I",  "I", "I",  "I",
    "D", "N", "O", "O", "O",  "O", "Oe", "",  "O", "U", "U", "U", "Ue", "Y", "Th", "ss",
    "a", "a", "a", "a", "ae", "a", "ae", "c", "e", "e", "e", "e", "i",  "i", "i",  "i",
    "d", "n", "o", "o", "o",  "o", "oe", "",  "o", "u", "u", "u", "ue", "y", "th", "y"};

// U+0100 to U+017F.
constexpr std::string_view kLatinExtended =
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiJjJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUu"
    "Uu"
    "WwYyYZzZzZzs";

// Words that are plural already, and have no other form.
constexpr std::array<std::string_view, 12> kPlurals = {"people",    "data",        "media", "news",
                                                       "series",    "species",     "staff", "children",
                                                       "equipment", "information", "men",   "women"};

// Whole name in letters of ASCII; anything else parts words.
std::string Latin(const std::string& name) {
  std::string latin;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if (byte < 0x80) {
      latin += name[i];
      continue;
    }
    const unsigned next = i + 1 < name.size() ? static_cast<unsigned char>(name[i + 1]) & 0x3f : 0;
    const unsigned code = ((byte & 0x1f) << 6) | next;
    if ((byte & 0xe0) == 0xc0 && code >= 0xc0 && code < 0x180) {
      if (code < 0x100) {
        latin += kLatin1[code - 0xc0];
      } else {
        latin += kLatinExtended[code - 0x100];
      }
    } else {
      latin += ' ';
    }
    while (i + 1 < name.size() && (static_cast<unsigned char>(name[i + 1]) & 0xc0) == 0x80) ++i;
  }
  const bool shouting = std::none_of(latin.begin(), latin.end(), [](char c) { return absl::ascii_islower(c); });
  return shouting ? absl::AsciiStrToLower(latin) : latin;
}

std::string PluralWord(const std::string& word) {
  const std::string lower = absl::AsciiStrToLower(word);
  const auto ends = [&](const char* ending) { return absl::EndsWith(lower, ending); };
  if (ends("y") && lower.size() > 1 &&
      std::string_view("aeiou").find(lower[lower.size() - 2]) == std::string_view::npos) {
    return absl::StrCat(word.substr(0, word.size() - 1), "ies");
  }
  return absl::StrCat(word, ends("s") || ends("x") || ends("ch") || ends("sh") || ends("z") ? "es" : "s");
}

}  // namespace

std::string IdentifierOf(const std::string& name) {
  return Shortened(CamelCase(Latin(name)));
}

std::string ModelNameOf(const std::string& table) {
  return Shortened(Capitalised(CamelCase(Singular(Latin(table)))));
}

std::string PluralOf(const std::string& table) {
  const std::string latin = Latin(table);
  if (CamelCase(latin).empty()) return "";
  const std::string last = latin.substr(latin.find_last_of("_ ") + 1);
  const bool plural = Singular(latin) != latin ||
                      std::find(kPlurals.begin(), kPlurals.end(), absl::AsciiStrToLower(last)) != kPlurals.end();
  return Shortened(CamelCase(plural ? latin : PluralWord(latin)));
}

std::string Uncapitalised(std::string name) {
  if (!name.empty()) name[0] = absl::ascii_tolower(name[0]);
  return name;
}

std::string TakeName(std::set<std::string>& taken, const std::vector<std::string>& candidates) {
  for (const std::string& candidate : candidates) {
    if (!candidate.empty() && taken.insert(candidate).second) return candidate;
  }
  for (int number = 2;; ++number) {
    std::string numbered = Shortened(absl::StrCat(candidates.back(), number));
    if (taken.insert(numbered).second) return numbered;
  }
}

std::string StemOf(const std::string& column, const std::string& referenced, const std::string& target_table) {
  const std::string lower = absl::AsciiStrToLower(column);
  for (const std::string& ending : {absl::StrCat("_", absl::AsciiStrToLower(referenced)), std::string("_id"),
                                    std::string("_fk"), std::string("_uuid")}) {
    if (absl::EndsWith(lower, ending) && lower.size() > ending.size()) {
      return column.substr(0, column.size() - ending.size());
    }
  }
  for (const char* beginning : {"id_", "fk_"}) {
    if (absl::StartsWith(lower, beginning) && lower.size() > 3) return column.substr(3);
  }
  if (column.size() > 2 && absl::EndsWith(lower, "id") && column[column.size() - 2] == 'I' &&
      absl::ascii_islower(column[column.size() - 3])) {
    return column.substr(0, column.size() - 2);
  }
  if (lower == absl::AsciiStrToLower(Singular(target_table)) + "id") return Singular(target_table);
  return lower == absl::AsciiStrToLower(referenced) ? "" : column;
}

std::vector<std::string> FieldsOf(const TableDraft& table, const std::vector<std::string>& columns) {
  std::vector<std::string> fields;
  for (const std::string& column : columns) fields.push_back(table.fields.at(column));
  return fields;
}

bool SameSet(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

}  // namespace rowan::store
