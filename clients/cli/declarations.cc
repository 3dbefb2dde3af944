#include "clients/cli/declarations.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "clients/cli/console.h"
#include "clients/document/write_document.h"

namespace rowan::cli {

void AppendComment(std::string_view description, std::string_view mark, std::string& out) {
  if (description.empty()) return;
  // What some language takes for the end of a line is none here.
  const std::string text = absl::StrReplaceAll(absl::string_view(description.data(), description.size()),
                                               {{"\r", ""}, {"\u0085", " "}, {"\u2028", " "}, {"\u2029", " "}});
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view stripped = absl::StripTrailingAsciiWhitespace(line);
    absl::StrAppend(&out, std::string(mark), stripped.empty() ? "" : " ", Printable(std::string(stripped)), "\n");
  }
}

std::string Quoted(const std::string& text) {
  std::string out;
  document::AppendJsonText(text, out);
  // JSON may hold them raw, older JavaScript may not.
  return absl::StrReplaceAll(out, {{"\u2028", "\\u2028"}, {"\u2029", "\\u2029"}});
}

bool IsToMany(const v1::Relation& relation) {
  return relation.kind() == v1::RELATION_KIND_HAS_MANY || relation.kind() == v1::RELATION_KIND_MANY_TO_MANY;
}

}  // namespace rowan::cli
