#include "clients/document/node.h"

#include <charconv>
#include <utility>

namespace rowan::document {

const Node* Node::Find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Node& Node::Add(std::string_view key, Node value) {
  members.push_back({std::string(key), std::move(value)});
  return members.back().value;
}

bool Node::operator==(const Node&) const = default;

Node Null() {
  return {};
}

Node Bool(bool value) {
  Node node;
  node.kind = Node::Kind::kBool;
  node.truth = value;
  return node;
}

Node Number(int64_t value) {
  return Number(std::to_string(value));
}

Node Number(std::string digits) {
  Node node;
  node.kind = Node::Kind::kNumber;
  node.text = std::move(digits);
  return node;
}

Node Text(std::string text) {
  Node node;
  node.kind = Node::Kind::kText;
  node.text = std::move(text);
  return node;
}

Node List() {
  Node node;
  node.kind = Node::Kind::kList;
  return node;
}

Node Object() {
  Node node;
  node.kind = Node::Kind::kObject;
  return node;
}

bool ReadInt64(const Node& node, int64_t& value) {
  if (node.kind != Node::Kind::kNumber) return false;
  const char* end = node.text.data() + node.text.size();
  const auto [rest, error] = std::from_chars(node.text.data(), end, value);
  return error == std::errc() && rest == end;
}

std::string_view Describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kBool:
      return node.truth ? "true" : "false";
    case Node::Kind::kNumber:
      return "a number";
    case Node::Kind::kText:
      return "a text";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kObject:
      return "an object";
  }
  return "";
}

}  // namespace rowan::document
