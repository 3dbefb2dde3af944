#include "clients/document/locate.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"

namespace rowan::document {
namespace {

Position PositionOf(const YAML::Mark& mark) {
  return mark.is_null() ? Position{} : Position{.line = mark.line + 1, .column = mark.column + 1};
}

// Steps into the part that the path begins with, and takes it off the path. Returns where it begins, or nothing when
// the node has no such part.
std::optional<Position> Descend(YAML::Node& node, std::string_view& path) {
  if (node.IsSequence() && path.starts_with('[')) {
    size_t index = 0;
    size_t end = 1;
    for (; end < path.size() && absl::ascii_isdigit(path[end]) && index < node.size(); ++end)
      index = index * 10 + (path[end] - '0');
    if (end == 1 || index >= node.size()) return std::nullopt;
    path.remove_prefix(std::min(path.size(), end + 1));
    node.reset(node[index]);
    return PositionOf(node.Mark());
  }
  if (!node.IsMap()) return std::nullopt;
  if (path.starts_with('.')) path.remove_prefix(1);
  // A key may hold dots and brackets itself, so the longest one that fits is meant.
  YAML::Node key, value;
  size_t longest = 0;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) continue;
    const std::string& name = entry.first.Scalar();
    const std::string_view rest = path.starts_with(name) ? path.substr(name.size()) : std::string_view("-");
    if (name.size() <= longest || !(rest.empty() || rest[0] == '.' || rest[0] == '[')) continue;
    longest = name.size();
    key.reset(entry.first);
    value.reset(entry.second);
  }
  if (longest == 0) return std::nullopt;
  path.remove_prefix(longest);
  node.reset(value);
  return PositionOf(key.Mark());
}

Position LocateOne(const YAML::Node& root, std::string_view path) {
  YAML::Node node;
  node.reset(root);
  // Nothing has no place of its own.
  Position deepest = root.IsNull() ? Position{.line = 1, .column = 1} : PositionOf(root.Mark());
  while (!path.empty()) {
    const std::optional<Position> part = Descend(node, path);
    if (!part) break;
    deepest = *part;
  }
  return deepest;
}

}  // namespace

std::vector<Position> Locate(std::string_view text, const std::vector<std::string>& paths) {
  std::vector<Position> positions;
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    for (const std::string& path : paths) positions.push_back(LocateOne(root, path));
  } catch (const YAML::Exception&) {
    positions.clear();
  }
  positions.resize(paths.size());
  return positions;
}

}  // namespace rowan::document
