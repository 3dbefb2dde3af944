#include "clients/cli/input.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/document/parse_document.h"
#include "engine/base/status_macros.h"

namespace rowan::cli {
namespace {

// Far more than a server accepts in one message.
constexpr size_t kLargestInput = 64 << 20;

absl::StatusOr<std::string> ReadAll(std::istream& in, std::string_view name) {
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    text.append(buffer.data(), static_cast<size_t>(in.gcount()));
    if (text.size() > kLargestInput)
      return absl::InvalidArgumentError(
          absl::StrCat(std::string(name), " is larger than ", kLargestInput >> 20, " MiB"));
  }
  if (in.bad()) return absl::InvalidArgumentError(absl::StrCat("cannot read ", std::string(name)));
  return text;
}

absl::StatusOr<document::Node> Parse(const std::string& text, const std::string& name) {
  absl::StatusOr<document::Node> node = document::ParseDocument(text, document::SyntaxOf(text, name));
  if (node.ok() || name.empty()) return node;
  absl::Status named(node.status().code(), absl::StrCat(name, ": ", node.status().message()));
  node.status().ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { named.SetPayload(url, payload); });
  return named;
}

absl::StatusOr<document::Node> ParseFile(const std::string& path, Console& console) {
  if (path == "-") {
    ROWAN_ASSIGN_OR_RETURN(const std::string text, ReadStandardInput(console));
    return Parse(text, "standard input");
  }
  ROWAN_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return Parse(text, path);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  // A directory opens well and fails only when it is read.
  if (!file || file.peek() == std::ifstream::traits_type::eof()) {
    if (!file.is_open() || errno != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot read ", path, errno == 0 ? "" : absl::StrCat(": ", std::strerror(errno))));
    }
    return std::string();
  }
  return ReadAll(file, path);
}

absl::StatusOr<std::string> ReadStandardInput(Console& console) {
  return ReadAll(console.in, "standard input");
}

bool HasDocument(const Options& options) {
  return !options.document.empty() || !options.file.empty();
}

absl::StatusOr<document::Node> ReadDocument(const Options& options, Console& console) {
  if (!options.document.empty() && !options.file.empty()) {
    return absl::InvalidArgumentError("there are two documents, the argument and --file; give one");
  }
  if (!options.file.empty()) return ParseFile(options.file, console);
  if (options.document.empty()) {
    return absl::InvalidArgumentError(
        "there is no document; give it as an argument, as @FILE, or as - for standard input");
  }
  if (options.document == "-") return ParseFile("-", console);
  if (options.document[0] == '@') return ParseFile(options.document.substr(1), console);
  return Parse(options.document, "");
}

absl::StatusOr<document::Node> ReadReturning(const std::string& text) {
  if (text.find('{') != std::string::npos) return Parse(text, "");
  document::Node selection = document::Object();
  for (absl::string_view name : absl::StrSplit(text, ',')) {
    name = absl::StripAsciiWhitespace(name);
    if (name.empty())
      return absl::InvalidArgumentError(
          "--returning has an empty name; write names like id,name, or a selection like {\"id\": true}");
    if (selection.Find(std::string(name)) == nullptr) selection.Add(std::string(name), document::Bool(true));
  }
  return selection;
}

}  // namespace rowan::cli
