#include "clients/document/typed_value.h"

#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "clients/document/parse_document.h"
#include "clients/document/value.h"
#include "clients/document/write_document.h"
#include "engine/base/path.h"
#include "rowan/v1/schema.pb.h"
#include "rowan/v1/value.pb.h"

namespace rowan::document {
namespace {

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

// Reads an operand as the kind that a word names. False when it is none.
bool ReadKind(std::string_view kind, Node operand, v1::Value& value) {
  Node typed = Object();
  typed.Add(kind, std::move(operand));
  if (ReadValue(typed, Path(""), value).ok()) return true;
  value.Clear();
  return false;
}

// The kind that a text or a number is read as, where it is not what it looks like; "" where it is.
std::string_view KindOf(v1::ScalarType scalar) {
  switch (scalar) {
    case v1::SCALAR_TYPE_INT16:
    case v1::SCALAR_TYPE_INT32:
    case v1::SCALAR_TYPE_INT64:
    case v1::SCALAR_TYPE_AUTO_INCREMENT:
      return "$int";
    case v1::SCALAR_TYPE_FLOAT32:
    case v1::SCALAR_TYPE_FLOAT64:
    case v1::SCALAR_TYPE_NUMBER:
      return "$double";
    case v1::SCALAR_TYPE_BYTES:
      return "$bytes";
    case v1::SCALAR_TYPE_TIMESTAMP:
    case v1::SCALAR_TYPE_LOCAL_TIMESTAMP:
      return "$timestamp";
    default:
      return "";
  }
}

v1::FieldType ElementOf(v1::FieldType type) {
  type.set_array(false);
  return type;
}

}  // namespace

void ReadCell(const v1::FieldType& type, std::optional<std::string_view> text, v1::Value& value) {
  if (!text) {
    value.set_null_value(google::protobuf::NULL_VALUE);
    return;
  }
  const std::string_view kind = KindOf(type.scalar());
  if (type.array()) {
    if (absl::StatusOr<Node> list = ParseJson(*text); list.ok() && list->is_list()) {
      ReadTyped(type, *list, value);
      return;
    }
  } else if (type.scalar() == v1::SCALAR_TYPE_JSON) {
    value.set_json_value(std::string(*text));
    return;
  } else if (type.scalar() == v1::SCALAR_TYPE_BOOL) {
    if (*text == "true" || *text == "false") {
      value.set_bool_value(*text == "true");
      return;
    }
  } else if (kind == "$int") {
    if (int64_t whole; absl::SimpleAtoi(View(*text), &whole)) {
      value.set_int_value(whole);
      return;
    }
  } else if (!kind.empty() && ReadKind(kind, Text(std::string(*text)), value)) {
    return;
  }
  value.set_text_value(std::string(*text));
}

std::optional<std::string> ShowCell(const v1::Value& value) {
  if (value.kind_case() == v1::Value::kJsonValue) return value.json_value();
  const Node node = ShowValue(value);
  switch (node.kind) {
    case Node::Kind::kNull:
      return std::nullopt;
    case Node::Kind::kBool:
      return node.truth ? "true" : "false";
    case Node::Kind::kNumber:
    case Node::Kind::kText:
      return node.text;
    case Node::Kind::kList:
    case Node::Kind::kObject:
      return ToJsonLine(ShowTyped(value));
  }
  return std::nullopt;
}

void ReadTyped(const v1::FieldType& type, const Node& node, v1::Value& value) {
  if (type.array() && node.is_list()) {
    const v1::FieldType element = ElementOf(type);
    value.mutable_array_value();
    for (const Node& item : node.items) ReadTyped(element, item, *value.mutable_array_value()->add_values());
    return;
  }
  const bool typed = IsTyped(node);
  if (type.scalar() == v1::SCALAR_TYPE_JSON && !type.array() && !node.is_null()) {
    const bool named = typed && node.members.front().key == "$json";
    value.set_json_value(ToJsonLine(named ? node.members.front().value : node));
    return;
  }
  const std::string_view kind = KindOf(type.scalar());
  // A number is no text in quotes: "5" is no whole number, though a cell could not tell.
  const bool quoted = node.is_text() && kind != "$int";
  const bool plain = quoted || (node.kind == Node::Kind::kNumber && kind == "$double");
  if (!kind.empty() && plain && ReadKind(kind, node, value)) return;
  if (ReadValue(node, Path(""), value).ok()) return;
  value.Clear();
  value.set_text_value(ToJsonLine(node));
}

Node ShowTyped(const v1::Value& value) {
  Node shown = ShowValue(value);
  if (value.kind_case() == v1::Value::kArrayValue) {
    for (size_t i = 0; i < shown.items.size(); ++i) {
      shown.items[i] = ShowTyped(value.array_value().values(static_cast<int>(i)));
    }
  }
  if (value.kind_case() != v1::Value::kJsonValue || (!shown.is_null() && !IsTyped(shown))) return shown;
  Node named = Object();
  named.Add("$json", std::move(shown));
  return named;
}

}  // namespace rowan::document
