// The tree of a document, whether it was JSON or YAML: what people type and what they are shown, before and after the
// protos.
//
// Numbers keep their digits as text, and objects the order of their keys, so that nothing is lost between the file and
// the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rowan::document {

struct Member;

// One value of a document. A value type; copies are deep. Trees are at most kMaxDepth deep when they were parsed.
struct Node {
  enum class Kind { kNull, kBool, kNumber, kText, kList, kObject };

  Kind kind = Kind::kNull;
  bool truth = false;           // of kBool
  std::string text;             // of kText; of kNumber its digits in JSON's spelling, as they were written
  std::vector<Node> items;      // of kList
  std::vector<Member> members;  // of kObject, in order; keys differ
  bool reference = false;       // of kObject: a {ref: "u1.id"} that refers, where a value may stand

  // Returns the member of an object, or null when it has none of the name or is no object.
  const Node* Find(std::string_view key) const;
  // Adds a member at the end of an object and returns it. The key must be new.
  Node& Add(std::string_view key, Node value);

  bool is_null() const { return kind == Kind::kNull; }
  bool is_object() const { return kind == Kind::kObject; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_text() const { return kind == Kind::kText; }
  bool is(bool value) const { return kind == Kind::kBool && truth == value; }

  // Equality is that of the tree: digits and the order of keys count.
  bool operator==(const Node&) const;
};

struct Member {
  std::string key;
  Node value;

  bool operator==(const Member&) const = default;
};

Node Null();
Node Bool(bool value);
Node Number(int64_t value);
// `digits` must be a number in JSON's spelling.
Node Number(std::string digits);
Node Text(std::string text);
Node List();
Node Object();

// Reads a number without a fraction or an exponent that fits 64 bits; false for anything else.
bool ReadInt64(const Node& node, int64_t& value);

// Names what a node is, for messages: "null", "true", "a number", "a text", "a list", "an object".
std::string_view Describe(const Node& node);

}  // namespace rowan::document
