#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/document/document_error.h"
#include "clients/document/schema.h"
#include "clients/document/schema_words.h"
#include "clients/document/value.h"
#include "engine/base/status_macros.h"

namespace rowan::document {
namespace {

using Strings = google::protobuf::RepeatedPtrField<std::string>;

// --- parts that occur in several places

absl::Status ReadText(const Node& document, std::string_view key, const Path& path, std::string* text) {
  const Node* node = document.Find(key);
  if (node == nullptr) return absl::OkStatus();
  if (!node->is_text()) return WrongKind(path.Member(key), *node, "a text");
  *text = node->text;
  return absl::OkStatus();
}

absl::StatusOr<bool> ReadFlag(const Node& document, std::string_view key, const Path& path) {
  const Node* node = document.Find(key);
  if (node == nullptr) return false;
  if (node->kind != Node::Kind::kBool) return WrongKind(path.Member(key), *node, "true or false");
  return node->truth;
}

absl::Status ReadNames(const Node& node, const Path& path, Strings* names) {
  if (!node.is_list()) return WrongKind(path, node, "a list of names");
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    if (!item.is_text()) return WrongKind(path.Index(static_cast<int>(i)), item, "a name");
    names->Add(std::string(item.text));
  }
  return absl::OkStatus();
}

absl::Status ReadNames(const Node& document, std::string_view key, const Path& path, Strings* names) {
  const Node* node = document.Find(key);
  return node == nullptr ? absl::OkStatus() : ReadNames(*node, path.Member(key), names);
}

template <typename Enum, size_t n>
absl::StatusOr<Enum> ReadWord(const Node& node, const Path& path, std::string_view what, const Word<Enum> (&words)[n]) {
  if (!node.is_text()) return WrongKind(path, node, absl::StrCat("one of ", Listed(AllWords(words))));
  const Enum* value = FindValue(words, node.text);
  if (value == nullptr) return UnknownWord(path, what, node.text, AllWords(words));
  return *value;
}

// Calls `read(name, node, path)` for each member of an object that may be left out.
template <typename Read>
absl::Status ForEachMember(const Node& document, std::string_view key, const Path& path, std::string_view what,
                           Read read) {
  const Node* node = document.Find(key);
  if (node == nullptr || node->is_null()) return absl::OkStatus();
  const Path place = path.Member(key);
  ROWAN_RETURN_IF_ERROR(CheckObject(place, *node, what));
  for (const Member& member : node->members)
    ROWAN_RETURN_IF_ERROR(read(member.key, member.value, place.Member(member.key)));
  return absl::OkStatus();
}

// Calls `read(node, path)` for each item of a list that may be left out.
template <typename Read>
absl::Status ForEachItem(const Node& document, std::string_view key, const Path& path, Read read) {
  const Node* node = document.Find(key);
  if (node == nullptr || node->is_null()) return absl::OkStatus();
  const Path place = path.Member(key);
  if (!node->is_list()) return WrongKind(place, *node, "a list");
  for (size_t i = 0; i < node->items.size(); ++i)
    ROWAN_RETURN_IF_ERROR(read(node->items[i], place.Index(static_cast<int>(i))));
  return absl::OkStatus();
}

// --- types and fields

// Reads the n numbers of "string(200)" or "decimal(12,2)" into the type.
absl::Status SetNumbers(const std::vector<std::string>& numbers, const Path& path, std::string_view text,
                        v1::FieldType& type) {
  std::vector<int32_t> values;
  for (const std::string& number : numbers) {
    int32_t value = 0;
    if (!absl::SimpleAtoi(number, &value) || value < 0) {
      return DocumentError(path, absl::StrCat("\"", std::string(text), "\" is no type: \"", number,
                                              "\" is no number from 0 to 2147483647"));
    }
    values.push_back(value);
  }
  if (type.scalar() == v1::SCALAR_TYPE_STRING && values.size() == 1) {
    type.set_length(values[0]);
  } else if (type.scalar() == v1::SCALAR_TYPE_DECIMAL && values.size() <= 2) {
    type.set_precision(values[0]);
    if (values.size() == 2) type.set_scale(values[1]);
  } else {
    return DocumentError(path, absl::StrCat("\"", std::string(text),
                                            "\" is no type: only string(n), decimal(p) and decimal(p,s) take numbers"));
  }
  return absl::OkStatus();
}

// Reads "text", "string(200)", "decimal(12, 2)[]".
absl::Status ReadType(const Node& node, const Path& path, v1::FieldType& type) {
  if (!node.is_text()) return WrongKind(path, node, "a type like string, string(200), decimal(12,2) or text[]");
  std::string_view rest = node.text;
  const auto strip = [&] {
    while (!rest.empty() && absl::ascii_isspace(rest.front())) rest.remove_prefix(1);
    while (!rest.empty() && absl::ascii_isspace(rest.back())) rest.remove_suffix(1);
  };
  strip();
  if (rest.size() > 2 && rest.substr(rest.size() - 2) == "[]") {
    type.set_array(true);
    rest.remove_suffix(2);
    strip();
  }
  const size_t open = rest.find('(');
  std::string numbers;
  if (open != std::string_view::npos && rest.back() == ')') {
    numbers = std::string(rest.substr(open + 1, rest.size() - open - 2));
    if (absl::StripAsciiWhitespace(numbers).empty()) numbers = "nothing";
    rest = rest.substr(0, open);
    strip();
  }
  const v1::ScalarType* scalar = FindValue(kScalars, rest);
  if (scalar == nullptr) return UnknownWord(path, "type", rest, AllWords(kScalars));
  type.set_scalar(*scalar);
  if (numbers.empty()) return absl::OkStatus();
  std::vector<std::string> parts = absl::StrSplit(numbers, ',');
  for (std::string& part : parts) absl::StripAsciiWhitespace(&part);
  return SetNumbers(parts, path, node.text, type);
}

absl::Status ReadDefault(const Node& node, const Path& path, v1::Default& value) {
  const Node* expression = node.Find("expression");
  if (expression != nullptr && node.members.size() == 1) {
    if (!expression->is_text()) return WrongKind(path.Member("expression"), *expression, "an SQL expression");
    value.set_expression(expression->text);
    return absl::OkStatus();
  }
  const Node* generator = node.Find("generator");
  if (generator == nullptr || node.members.size() != 1) return ReadValue(node, path, *value.mutable_literal());
  ROWAN_ASSIGN_OR_RETURN(const v1::DefaultGenerator known,
                         ReadWord(*generator, path.Member("generator"), "generator", kGenerators));
  value.set_generator(known);
  return absl::OkStatus();
}

// Reads "inet", or {name: bpchar, schema: pg_catalog, modifiers: [3]}.
absl::Status ReadNative(const Node& node, const Path& path, v1::FieldType& type) {
  if (node.is_text()) {
    type.set_native_type(node.text);
    return absl::OkStatus();
  }
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "a native type", ToWords(kNativeKeys)));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "name", path, type.mutable_native_type()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "schema", path, type.mutable_native_schema()));
  return ForEachItem(node, "modifiers", path, [&](const Node& item, const Path& at) -> absl::Status {
    int32_t modifier = 0;
    if (item.kind != Node::Kind::kNumber || !absl::SimpleAtoi(item.text, &modifier)) {
      return WrongKind(at, item, "a whole number");
    }
    type.add_native_modifiers(modifier);
    return absl::OkStatus();
  });
}

absl::Status ReadField(const Node& node, const Path& path, v1::Field& field) {
  if (node.is_text()) return ReadType(node, path.Member("type"), *field.mutable_type());
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "a field", ToWords(kFieldKeys)));
  const Node* type = node.Find("type");
  if (type == nullptr) return DocumentError(path.Member("type"), "a field needs \"type\", for example string");
  ROWAN_RETURN_IF_ERROR(ReadType(*type, path.Member("type"), *field.mutable_type()));
  ROWAN_RETURN_IF_ERROR(ReadNames(node, "labels", path, field.mutable_type()->mutable_labels()));
  if (const Node* native = node.Find("native"); native != nullptr && !native->is_null()) {
    ROWAN_RETURN_IF_ERROR(ReadNative(*native, path.Member("native"), *field.mutable_type()));
  }
  ROWAN_RETURN_IF_ERROR(ReadText(node, "generated", path, field.mutable_generated()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "renamed_from", path, field.mutable_renamed_from()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "column", path, field.mutable_column()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "description", path, field.mutable_description()));
  ROWAN_ASSIGN_OR_RETURN(const bool primary, ReadFlag(node, "primary", path));
  ROWAN_ASSIGN_OR_RETURN(const bool unique, ReadFlag(node, "unique", path));
  ROWAN_ASSIGN_OR_RETURN(const bool index, ReadFlag(node, "index", path));
  ROWAN_ASSIGN_OR_RETURN(const bool nullable, ReadFlag(node, "nullable", path));
  ROWAN_ASSIGN_OR_RETURN(const bool optional, ReadFlag(node, "optional", path));
  ROWAN_ASSIGN_OR_RETURN(const bool read_only, ReadFlag(node, "read_only", path));
  ROWAN_ASSIGN_OR_RETURN(const bool version, ReadFlag(node, "version", path));
  field.set_primary(primary);
  field.set_unique(unique);
  field.set_index(index);
  field.set_nullable(nullable);
  field.set_optional(optional);
  field.set_read_only(read_only);
  field.set_version(version);
  if (const Node* value = node.Find("default"))
    return ReadDefault(*value, path.Member("default"), *field.mutable_default_());
  return absl::OkStatus();
}

// --- relations

absl::StatusOr<v1::ReferentialAction> ReadAction(const Node& node, const Path& path) {
  Node word = node;
  std::replace_if(
      word.text.begin(), word.text.end(), [](char c) { return c == '-' || c == '_'; }, ' ');
  return ReadWord(word, path, "action", kActions);
}

absl::Status ReadJunction(const Node& node, const Path& path, v1::Junction& junction) {
  ROWAN_RETURN_IF_ERROR(
      CheckKeys(path, node, "a junction", ToWords(kJunctionKeys)));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "table", path, junction.mutable_table()));
  ROWAN_RETURN_IF_ERROR(ReadNames(node, "source_columns", path, junction.mutable_source_columns()));
  ROWAN_RETURN_IF_ERROR(ReadNames(node, "target_columns", path, junction.mutable_target_columns()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "model", path, junction.mutable_model()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "source_relation", path, junction.mutable_source_relation()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "target_relation", path, junction.mutable_target_relation()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "primary_key_name", path, junction.mutable_primary_key_name()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "source_constraint_name", path, junction.mutable_source_constraint_name()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "target_constraint_name", path, junction.mutable_target_constraint_name()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "index_name", path, junction.mutable_index_name()));
  if (const Node* action = node.Find("on_update")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::ReferentialAction on_update, ReadAction(*action, path.Member("on_update")));
    junction.set_on_update(on_update);
  }
  if (const Node* action = node.Find("on_delete")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::ReferentialAction on_delete, ReadAction(*action, path.Member("on_delete")));
    junction.set_on_delete(on_delete);
  }
  return absl::OkStatus();
}

absl::Status ReadRelationKind(const Node& node, const Path& path, v1::Relation& relation) {
  Words given;
  for (const auto& [word, kind] : kRelationKinds) {
    const Node* target = node.Find(word);
    if (target == nullptr) continue;
    if (!target->is_text()) return WrongKind(path.Member(word), *target, "the name of a model");
    given.push_back(word);
    relation.set_kind(kind);
    relation.set_target(target->text);
  }
  if (given.size() == 1) return absl::OkStatus();
  return DocumentError(
      path, absl::StrCat("a relation needs exactly one of ", Listed(AllWords(kRelationKinds)),
                         " with the target's name; it has ", given.empty() ? std::string("none") : Listed(given)));
}

absl::Status ReadRelation(const Node& node, const Path& path, v1::Relation& relation) {
  ROWAN_RETURN_IF_ERROR(
      CheckKeys(path, node, "a relation", ToWords(kRelationKeys)));
  ROWAN_RETURN_IF_ERROR(ReadRelationKind(node, path, relation));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "inverse", path, relation.mutable_inverse()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "renamed_from", path, relation.mutable_renamed_from()));
  ROWAN_RETURN_IF_ERROR(ReadNames(node, "fields", path, relation.mutable_fields()));
  ROWAN_RETURN_IF_ERROR(ReadNames(node, "references", path, relation.mutable_references()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "constraint_name", path, relation.mutable_constraint_name()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "description", path, relation.mutable_description()));
  if (const Node* action = node.Find("on_update")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::ReferentialAction on_update, ReadAction(*action, path.Member("on_update")));
    relation.set_on_update(on_update);
  }
  if (const Node* action = node.Find("on_delete")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::ReferentialAction on_delete, ReadAction(*action, path.Member("on_delete")));
    relation.set_on_delete(on_delete);
  }
  ROWAN_ASSIGN_OR_RETURN(const bool index, ReadFlag(node, "index", path));
  ROWAN_ASSIGN_OR_RETURN(const bool nullable, ReadFlag(node, "nullable", path));
  ROWAN_ASSIGN_OR_RETURN(const bool optional, ReadFlag(node, "optional", path));
  ROWAN_ASSIGN_OR_RETURN(const bool required, ReadFlag(node, "required", path));
  ROWAN_ASSIGN_OR_RETURN(const bool unique, ReadFlag(node, "unique", path));
  relation.set_index(index);
  relation.set_nullable(nullable);
  relation.set_optional(optional);
  relation.set_required(required);
  relation.set_unique(unique);
  if (const Node* policy = node.Find("on_connect_owned")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::OwnershipPolicy known,
                           ReadWord(*policy, path.Member("on_connect_owned"), "policy", kPolicies));
    relation.set_on_connect_owned(known);
  }
  if (const Node* policy = node.Find("on_displaced")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::DisplacementPolicy known,
                           ReadWord(*policy, path.Member("on_displaced"), "policy", kDisplacements));
    relation.set_on_displaced(known);
  }
  if (const Node* junction = node.Find("junction"))
    return ReadJunction(*junction, path.Member("junction"), *relation.mutable_junction());
  return absl::OkStatus();
}

// --- models

absl::Status ReadUniqueKey(const Node& node, const Path& path, v1::UniqueKey& key) {
  if (node.is_list()) return ReadNames(node, path, key.mutable_fields());
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "a unique key", ToWords(kUniqueKeyKeys)));
  if (node.Find("fields") == nullptr)
    return DocumentError(path.Member("fields"), "a unique key needs \"fields\", a list of names");
  ROWAN_RETURN_IF_ERROR(ReadNames(node, "fields", path, key.mutable_fields()));
  return ReadText(node, "name", path, key.mutable_name());
}

absl::Status ReadIndex(const Node& node, const Path& path, v1::Index& index) {
  if (node.is_list()) return ReadNames(node, path, index.mutable_fields());
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "an index", ToWords(kIndexKeys)));
  if (node.Find("fields") == nullptr)
    return DocumentError(path.Member("fields"), "an index needs \"fields\", a list of names");
  ROWAN_RETURN_IF_ERROR(ReadNames(node, "fields", path, index.mutable_fields()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "name", path, index.mutable_name()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "predicate", path, index.mutable_predicate()));
  ROWAN_ASSIGN_OR_RETURN(const bool unique, ReadFlag(node, "unique", path));
  index.set_unique(unique);
  return absl::OkStatus();
}

absl::Status ReadModel(const Node& node, const Path& path, v1::Model& model) {
  ROWAN_RETURN_IF_ERROR(
      CheckKeys(path, node, "a model", ToWords(kModelKeys)));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "database_schema", path, model.mutable_database_schema()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "primary_key_name", path, model.mutable_primary_key_name()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "renamed_from", path, model.mutable_renamed_from()));
  ROWAN_ASSIGN_OR_RETURN(const bool read_only, ReadFlag(node, "read_only", path));
  model.set_read_only(read_only);
  ROWAN_RETURN_IF_ERROR(ReadText(node, "table", path, model.mutable_table()));
  ROWAN_RETURN_IF_ERROR(ReadText(node, "description", path, model.mutable_description()));
  ROWAN_RETURN_IF_ERROR(ReadNames(node, "primary_key", path, model.mutable_primary_key()));
  ROWAN_RETURN_IF_ERROR(ForEachMember(node, "fields", path, "the fields",
                                      [&](const std::string& name, const Node& field, const Path& at) {
                                        model.add_fields()->set_name(name);
                                        return ReadField(field, at, *model.mutable_fields()->rbegin());
                                      }));
  ROWAN_RETURN_IF_ERROR(ForEachMember(node, "relations", path, "the relations",
                                      [&](const std::string& name, const Node& relation, const Path& at) {
                                        model.add_relations()->set_name(name);
                                        return ReadRelation(relation, at, *model.mutable_relations()->rbegin());
                                      }));
  ROWAN_RETURN_IF_ERROR(ForEachItem(node, "unique", path, [&](const Node& key, const Path& at) {
    return ReadUniqueKey(key, at, *model.add_unique_keys());
  }));
  ROWAN_RETURN_IF_ERROR(ForEachItem(node, "indexes", path, [&](const Node& index, const Path& at) {
    return ReadIndex(index, at, *model.add_indexes());
  }));
  return ForEachMember(node, "checks", path, "the checks",
                       [&](const std::string& name, const Node& expression, const Path& at) -> absl::Status {
                         if (!expression.is_text()) return WrongKind(at, expression, "an SQL expression");
                         v1::Check& check = *model.add_checks();
                         check.set_name(name);
                         check.set_expression(expression.text);
                         return absl::OkStatus();
                       });
}

// --- relations that stand for their fields in keys

template <typename Named>
const Named* FindNamed(const google::protobuf::RepeatedPtrField<Named>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Named& item) { return item.name() == name; });
  return found == all.end() ? nullptr : &*found;
}

// More fields than any key has; relations past them stay names, and the server says what is wrong with the key.
constexpr int kLongestKey = 100;

// The primary keys of models with their relations replaced by fields, as far as they are known. A model whose key is
// being worked out has it as it was written, so that circles end.
using ExpandedKeys = std::map<const v1::Model*, Strings>;

Strings ExpandRelations(const v1::Schema& schema, const v1::Model& model, const Strings& names, ExpandedKeys& keys);

Strings PrimaryKey(const v1::Schema& schema, const v1::Model& model, ExpandedKeys& keys) {
  const auto [entry, added] = keys.try_emplace(&model, model.primary_key());
  if (!added) return entry->second;
  if (model.primary_key().empty()) {
    for (const v1::Field& field : model.fields()) {
      if (field.primary()) entry->second.Add(std::string(field.name()));
    }
    return entry->second;
  }
  return keys[&model] = ExpandRelations(schema, model, model.primary_key(), keys);
}

// The fields that hold a foreign key: `roleId`, or `role<Field>` for each field of a key of several.
Strings ForeignKeyFields(const v1::Schema& schema, const v1::Relation& relation, ExpandedKeys& keys) {
  if (!relation.fields().empty()) return relation.fields();
  const v1::Model* target = FindNamed(schema.models(), relation.target());
  Strings references = relation.references();
  if (references.empty() && target != nullptr) references = PrimaryKey(schema, *target, keys);
  Strings fields;
  if (references.size() < 2) {
    fields.Add(relation.name() + "Id");
    return fields;
  }
  for (std::string reference : references) {
    if (!reference.empty()) reference[0] = absl::ascii_toupper(reference[0]);
    fields.Add(relation.name() + reference);
  }
  return fields;
}

// Replaces the names of belongsTo relations by those of their foreign-key fields.
Strings ExpandRelations(const v1::Schema& schema, const v1::Model& model, const Strings& names, ExpandedKeys& keys) {
  Strings expanded;
  for (const std::string& name : names) {
    const v1::Relation* relation = FindNamed(model.relations(), name);
    if (relation != nullptr && relation->kind() == v1::RELATION_KIND_BELONGS_TO && expanded.size() < kLongestKey) {
      for (const std::string& field : ForeignKeyFields(schema, *relation, keys)) expanded.Add(std::string(field));
    } else {
      expanded.Add(std::string(name));
    }
  }
  return expanded.size() > kLongestKey ? names : expanded;
}

}  // namespace

absl::StatusOr<v1::Schema> ToSchema(const Node& document) {
  const Path root("");
  ROWAN_RETURN_IF_ERROR(CheckKeys(root, document, "a schema", ToWords(kSchemaKeys)));
  if (document.Find("schema") == nullptr) return DocumentError(Path("schema"), "a schema needs \"schema\", its name");
  v1::Schema schema;
  ROWAN_RETURN_IF_ERROR(ReadText(document, "schema", root, schema.mutable_name()));
  ROWAN_RETURN_IF_ERROR(ReadText(document, "database_schema", root, schema.mutable_database_schema()));
  ROWAN_RETURN_IF_ERROR(ReadText(document, "description", root, schema.mutable_description()));
  ROWAN_RETURN_IF_ERROR(ForEachMember(document, "models", root, "the models",
                                      [&](const std::string& name, const Node& model, const Path& path) {
                                        schema.add_models()->set_name(name);
                                        return ReadModel(model, path, *schema.mutable_models()->rbegin());
                                      }));
  // Keys refer to the primary keys of other models as they were written, so all are expanded from the one original.
  const v1::Schema written = schema;
  ExpandedKeys keys;
  for (v1::Model& model : *schema.mutable_models()) {
    const auto expand = [&](Strings* names) { *names = ExpandRelations(written, model, *names, keys); };
    expand(model.mutable_primary_key());
    for (v1::UniqueKey& key : *model.mutable_unique_keys()) expand(key.mutable_fields());
    for (v1::Index& index : *model.mutable_indexes()) expand(index.mutable_fields());
  }
  return schema;
}

}  // namespace rowan::document
