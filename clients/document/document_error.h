// Mistakes of a document's form. Private to clients/document.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "clients/document/node.h"
#include "engine/base/path.h"

namespace rowan::document {

using Words = std::vector<std::string_view>;

// Returns "select, where, limit".
std::string Listed(const Words& words);

// Makes INVALID_ARGUMENT with reason DOCUMENT_INVALID, the path in its metadata and a field violation, like the
// server's errors.
absl::Status DocumentError(const Path& path, std::string_view message);

// Returns ` (did you mean "select"?)`, or "" when no word is near.
std::string DidYouMean(std::string_view word, const Words& known);

// The error for a word that is none of the known: `there is no <what> "slect" (did you mean "select"?); there are
// select, where`.
absl::Status UnknownWord(const Path& path, std::string_view what, std::string_view word, const Words& known);

// The error for a node of the wrong kind: `a list stands where <needed> is needed`.
absl::Status WrongKind(const Path& path, const Node& node, std::string_view needed);

// Checks that a node is an object: `what` names it ("a filter").
absl::Status CheckObject(const Path& path, const Node& node, std::string_view what);

// Checks that a node is an object with no keys besides the known ones.
absl::Status CheckKeys(const Path& path, const Node& node, std::string_view what, const Words& known);

}  // namespace rowan::document
