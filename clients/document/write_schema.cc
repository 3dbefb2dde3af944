#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/document/schema.h"
#include "clients/document/schema_words.h"
#include "clients/document/value.h"
#include "clients/document/write_document.h"

namespace rowan::document {
namespace {

// --- members that are left out when they say nothing

void AddText(Node& node, std::string_view key, const std::string& text) {
  if (!text.empty()) node.Add(key, Text(text));
}

void AddFlag(Node& node, std::string_view key, bool flag) {
  if (flag) node.Add(key, Bool(true));
}

Node NameList(const google::protobuf::RepeatedPtrField<std::string>& names) {
  Node list = List();
  for (const std::string& name : names) list.items.push_back(Text(name));
  return list;
}

void AddNames(Node& node, std::string_view key, const google::protobuf::RepeatedPtrField<std::string>& names) {
  if (!names.empty()) node.Add(key, NameList(names));
}

template <typename Enum, size_t n>
void AddWord(Node& node, std::string_view key, const Word<Enum> (&words)[n], Enum value) {
  AddText(node, key, std::string(FindWordOf(words, value)));
}

// --- the parts

std::string TypeText(const v1::FieldType& type) {
  std::string text(FindWordOf(kScalars, type.scalar()));
  if (type.has_length()) {
    absl::StrAppend(&text, "(", type.length(), ")");
  } else if (type.has_precision() && type.has_scale()) {
    absl::StrAppend(&text, "(", type.precision(), ",", type.scale(), ")");
  } else if (type.has_precision()) {
    absl::StrAppend(&text, "(", type.precision(), ")");
  }
  if (type.array()) text += "[]";
  return text;
}

void AddNative(Node& node, const v1::FieldType& type) {
  if (type.native_schema().empty() && type.native_modifiers().empty()) {
    return AddText(node, "native", type.native_type());
  }
  Node& native = node.Add("native", Object());
  AddText(native, "name", type.native_type());
  AddText(native, "schema", type.native_schema());
  if (type.native_modifiers().empty()) return;
  Node& modifiers = native.Add("modifiers", List());
  for (const int32_t modifier : type.native_modifiers()) modifiers.items.push_back(Number(int64_t{modifier}));
}

Node WriteField(const v1::Field& field) {
  Node node = Object();
  node.Add("type", Text(TypeText(field.type())));
  AddText(node, "column", field.column());
  AddFlag(node, "primary", field.primary());
  AddFlag(node, "unique", field.unique());
  AddFlag(node, "index", field.index());
  AddFlag(node, "nullable", field.nullable());
  AddFlag(node, "optional", field.optional());
  AddFlag(node, "read_only", field.read_only());
  AddFlag(node, "version", field.version());
  AddNames(node, "labels", field.type().labels());
  AddNative(node, field.type());
  AddText(node, "generated", field.generated());
  switch (field.default_().kind_case()) {
    case v1::Default::kLiteral:
      node.Add("default", WriteValue(field.default_().literal()));
      break;
    case v1::Default::kGenerator:
      AddWord(node.Add("default", Object()), "generator", kGenerators, field.default_().generator());
      break;
    case v1::Default::kExpression:
      node.Add("default", Object()).Add("expression", Text(field.default_().expression()));
      break;
    case v1::Default::KIND_NOT_SET:
      break;
  }
  AddText(node, "description", field.description());
  AddText(node, "renamed_from", field.renamed_from());
  return node.members.size() == 1 ? node.members.front().value : node;
}

Node WriteRelation(const v1::Relation& relation) {
  Node node = Object();
  node.Add(FindWordOf(kRelationKinds, relation.kind()), Text(relation.target()));
  AddText(node, "inverse", relation.inverse());
  AddNames(node, "fields", relation.fields());
  AddNames(node, "references", relation.references());
  AddText(node, "constraint_name", relation.constraint_name());
  AddWord(node, "on_update", kActions, relation.on_update());
  AddWord(node, "on_delete", kActions, relation.on_delete());
  AddFlag(node, "index", relation.index());
  AddFlag(node, "nullable", relation.nullable());
  AddFlag(node, "optional", relation.optional());
  AddFlag(node, "required", relation.required());
  AddFlag(node, "unique", relation.unique());
  if (relation.has_junction()) {
    Node& junction = node.Add("junction", Object());
    AddText(junction, "table", relation.junction().table());
    AddNames(junction, "source_columns", relation.junction().source_columns());
    AddNames(junction, "target_columns", relation.junction().target_columns());
    AddText(junction, "model", relation.junction().model());
    AddText(junction, "source_relation", relation.junction().source_relation());
    AddText(junction, "target_relation", relation.junction().target_relation());
    AddText(junction, "primary_key_name", relation.junction().primary_key_name());
    AddText(junction, "source_constraint_name", relation.junction().source_constraint_name());
    AddText(junction, "target_constraint_name", relation.junction().target_constraint_name());
    AddText(junction, "index_name", relation.junction().index_name());
    AddWord(junction, "on_update", kActions, relation.junction().on_update());
    AddWord(junction, "on_delete", kActions, relation.junction().on_delete());
  }
  AddWord(node, "on_connect_owned", kPolicies, relation.on_connect_owned());
  AddWord(node, "on_displaced", kDisplacements, relation.on_displaced());
  AddText(node, "description", relation.description());
  AddText(node, "renamed_from", relation.renamed_from());
  return node;
}

Node WriteUniqueKey(const v1::UniqueKey& key) {
  if (key.name().empty()) return NameList(key.fields());
  Node node = Object();
  node.Add("fields", NameList(key.fields()));
  AddText(node, "name", key.name());
  return node;
}

Node WriteIndex(const v1::Index& index) {
  Node node = Object();
  node.Add("fields", NameList(index.fields()));
  AddText(node, "name", index.name());
  AddFlag(node, "unique", index.unique());
  AddText(node, "predicate", index.predicate());
  return node;
}

// Adds the items as a list, or as an object by their names, unless there are none.
template <typename Items, typename Write>
void AddList(Node& node, std::string_view key, const Items& items, Write write) {
  if (items.empty()) return;
  Node& list = node.Add(key, List());
  for (const auto& item : items) list.items.push_back(write(item));
}

template <typename Items, typename Write>
void AddByName(Node& node, std::string_view key, const Items& items, Write write) {
  if (items.empty()) return;
  Node& object = node.Add(key, Object());
  for (const auto& item : items) object.Add(item.name(), write(item));
}

Node WriteModel(const v1::Model& model) {
  Node node = Object();
  AddText(node, "table", model.table());
  AddText(node, "database_schema", model.database_schema());
  AddText(node, "description", model.description());
  AddFlag(node, "read_only", model.read_only());
  AddText(node, "renamed_from", model.renamed_from());
  AddNames(node, "primary_key", model.primary_key());
  AddText(node, "primary_key_name", model.primary_key_name());
  AddList(node, "unique", model.unique_keys(), WriteUniqueKey);
  AddList(node, "indexes", model.indexes(), WriteIndex);
  AddByName(node, "checks", model.checks(), [](const v1::Check& check) { return Text(check.expression()); });
  AddByName(node, "fields", model.fields(), WriteField);
  AddByName(node, "relations", model.relations(), WriteRelation);
  return node;
}

}  // namespace

Node FromSchema(const v1::Schema& schema) {
  Node node = Object();
  node.Add("schema", Text(schema.name()));
  AddText(node, "database_schema", schema.database_schema());
  AddText(node, "description", schema.description());
  AddByName(node, "models", schema.models(), WriteModel);
  return node;
}

std::string SchemaYaml(const v1::Schema& schema) {
  return ToYaml(FromSchema(schema), kBlockDepth);
}

}  // namespace rowan::document
