#include "clients/document/document_error.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/nearest.h"
#include "engine/base/status_macros.h"

namespace rowan::document {

std::string Listed(const Words& words) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

absl::Status DocumentError(const Path& path, std::string_view message) {
  const std::string text = path.Text();
  return MakeError(
      absl::StatusCode::kInvalidArgument, message,
      {.reason = "DOCUMENT_INVALID", .metadata = {{"path", text}}, .violations = {{text, std::string(message)}}});
}

std::string DidYouMean(std::string_view word, const Words& known) {
  const std::vector<std::string> nearest = NearestNames(word, known);
  return nearest.empty() ? "" : absl::StrCat(" (did you mean \"", nearest.front(), "\"?)");
}

absl::Status UnknownWord(const Path& path, std::string_view what, std::string_view word, const Words& known) {
  return DocumentError(path, absl::StrCat("there is no ", std::string(what), " \"", std::string(word), "\"",
                                          DidYouMean(word, known), "; there are ", Listed(known)));
}

absl::Status WrongKind(const Path& path, const Node& node, std::string_view needed) {
  return DocumentError(path,
                       absl::StrCat(std::string(Describe(node)), " stands where ", std::string(needed), " is needed"));
}

absl::Status CheckObject(const Path& path, const Node& node, std::string_view what) {
  return node.is_object() ? absl::OkStatus() : WrongKind(path, node, absl::StrCat(std::string(what), ", an object,"));
}

absl::Status CheckKeys(const Path& path, const Node& node, std::string_view what, const Words& known) {
  ROWAN_RETURN_IF_ERROR(CheckObject(path, node, what));
  for (const Member& member : node.members) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      // {type: decimal(10,2)} is read as the type "decimal(10" and a key "2)".
      const bool cut = absl::EndsWith(member.key, ")") && !absl::StrContains(member.key, "(");
      return DocumentError(
          path.Member(member.key),
          absl::StrCat("\"", member.key, "\" is no key of ", std::string(what), DidYouMean(member.key, known),
                       cut ? "; within braces, what has a comma is written in quotes, like \"decimal(10,2)\"" : "",
                       "; there are ", Listed(known)));
    }
  }
  return absl::OkStatus();
}

}  // namespace rowan::document
