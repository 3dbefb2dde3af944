#include <limits>

#include "absl/strings/str_cat.h"
#include "clients/cli/declarations.h"
#include "clients/document/write_document.h"

namespace rowan::cli {
namespace {

using document::Node;

Node Typed(std::string_view type) {
  Node node = document::Object();
  node.Add("type", document::Text(std::string(type)));
  return node;
}

Node Formatted(std::string_view format) {
  Node node = Typed("string");
  node.Add("format", document::Text(std::string(format)));
  return node;
}

template <typename Int>
Node Integer() {
  Node node = Typed("integer");
  node.Add("minimum", document::Number(int64_t{std::numeric_limits<Int>::min()}));
  node.Add("maximum", document::Number(int64_t{std::numeric_limits<Int>::max()}));
  return node;
}

Node Enumerated(const google::protobuf::RepeatedPtrField<std::string>& words) {
  Node node = document::Object();
  Node& list = node.Add("enum", document::List());
  for (const std::string& word : words) list.items.push_back(document::Text(word));
  return node;
}

Node AnyOf(Node first, Node second) {
  Node node = document::Object();
  Node& list = node.Add("anyOf", document::List());
  list.items.push_back(std::move(first));
  list.items.push_back(std::move(second));
  return node;
}

Node Floating() {
  google::protobuf::RepeatedPtrField<std::string> words;
  for (const char* word : {"NaN", "Infinity", "-Infinity"}) words.Add(word);
  return AnyOf(Typed("number"), Enumerated(words));
}

Node ScalarSchema(const v1::FieldType& type) {
  switch (type.scalar()) {
    case v1::SCALAR_TYPE_INT16:
      return Integer<int16_t>();
    case v1::SCALAR_TYPE_INT32:
      return Integer<int32_t>();
    case v1::SCALAR_TYPE_INT64:
    case v1::SCALAR_TYPE_AUTO_INCREMENT:
      return Integer<int64_t>();
    case v1::SCALAR_TYPE_FLOAT32:
    case v1::SCALAR_TYPE_FLOAT64:
    case v1::SCALAR_TYPE_NUMBER:
      return Floating();
    case v1::SCALAR_TYPE_BOOL:
      return Typed("boolean");
    case v1::SCALAR_TYPE_BYTES: {
      Node node = Typed("string");
      node.Add("contentEncoding", document::Text("base64"));
      return node;
    }
    case v1::SCALAR_TYPE_UUID:
      return Formatted("uuid");
    case v1::SCALAR_TYPE_DATE:
      return Formatted("date");
    case v1::SCALAR_TYPE_TIMESTAMP:
    case v1::SCALAR_TYPE_LOCAL_TIMESTAMP:
      return Formatted("date-time");
    case v1::SCALAR_TYPE_JSON:
      return document::Object();
    case v1::SCALAR_TYPE_ENUM:
      return Enumerated(type.labels());
    case v1::SCALAR_TYPE_STRING: {
      Node node = Typed("string");
      if (type.has_length()) node.Add("maxLength", document::Number(int64_t{type.length()}));
      return node;
    }
    default:  // texts, and what travels as text
      return Typed("string");
  }
}

Node OrNull(Node node) {
  return node.members.empty() ? node : AnyOf(std::move(node), Typed("null"));
}

void Describe(const std::string& description, Node& node) {
  if (!description.empty()) node.Add("description", document::Text(description));
}

Node FieldSchema(const v1::Field& field) {
  Node node = ScalarSchema(field.type());
  if (field.type().array()) {
    Node list = Typed("array");
    list.Add("items", OrNull(std::move(node)));
    node = std::move(list);
  }
  if (field.nullable()) node = OrNull(std::move(node));
  Describe(field.description(), node);
  return node;
}

Node RelationSchema(const v1::Relation& relation) {
  Node reference = document::Object();
  reference.Add("$ref", document::Text("#/$defs/" + relation.target()));
  Node node;
  if (IsToMany(relation)) {
    node = Typed("array");
    node.Add("items", std::move(reference));
  } else {
    node = OrNull(std::move(reference));
  }
  Describe(relation.description(), node);
  return node;
}

Node CountsSchema(const v1::Model& model) {
  Node node = Typed("object");
  Node& counts = node.Add("properties", document::Object());
  for (const v1::Relation& relation : model.relations()) {
    if (!IsToMany(relation)) continue;
    Node& count = counts.Add(relation.name(), Typed("integer"));
    count.Add("minimum", document::Number(int64_t{0}));
  }
  return node;
}

Node ModelSchema(const v1::Model& model) {
  Node node = Typed("object");
  node.Add("title", document::Text(model.name()));
  Describe(model.description(), node);
  Node& properties = node.Add("properties", document::Object());
  for (const v1::Field& field : model.fields()) properties.Add(field.name(), FieldSchema(field));
  for (const v1::Relation& relation : model.relations()) properties.Add(relation.name(), RelationSchema(relation));
  const Node counts = CountsSchema(model);
  if (!counts.Find("properties")->members.empty() && properties.Find("_count") == nullptr)
    properties.Add("_count", counts);
  return node;
}

}  // namespace

std::string JsonSchemaOf(const v1::Schema& schema) {
  Node node = document::Object();
  node.Add("$schema", document::Text("https://json-schema.org/draft/2020-12/schema"));
  node.Add("title", document::Text(schema.name()));
  Describe(schema.description(), node);
  node.Add("$comment", document::Text(absl::StrCat("Version ", schema.version(),
                                                   ". A record has what was selected, so no property is required.")));
  Node& models = node.Add("$defs", document::Object());
  for (const v1::Model& model : schema.models()) models.Add(model.name(), ModelSchema(model));
  return document::ToJson(node) + "\n";
}

}  // namespace rowan::cli
