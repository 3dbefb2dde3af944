#include "clients/document/schema_form.h"

#include <span>

#include "absl/strings/str_cat.h"
#include "clients/document/node.h"
#include "clients/document/schema_words.h"
#include "clients/document/write_document.h"

namespace rowan::document {
namespace {

Node Typed(std::string_view type, std::string_view description = "") {
  Node node = Object();
  node.Add("type", Text(std::string(type)));
  if (!description.empty()) node.Add("description", Text(std::string(description)));
  return node;
}

Node Reference(std::string_view name, std::string_view description = "") {
  Node node = Object();
  node.Add("$ref", Text(absl::StrCat("#/$defs/", std::string(name))));
  if (!description.empty()) node.Add("description", Text(std::string(description)));
  return node;
}

Node ListOf(Node items, std::string_view description = "") {
  Node node = Typed("array", description);
  node.Add("items", std::move(items));
  return node;
}

Node ByName(Node values, std::string_view description = "") {
  Node node = Typed("object", description);
  node.Add("additionalProperties", std::move(values));
  return node;
}

Node AnyOf(std::vector<Node> choices) {
  Node node = Object();
  node.Add("anyOf", List()).items = std::move(choices);
  return node;
}

// What may be left empty, as "models:" alone.
Node OrNull(Node node) {
  std::string description;
  if (const Node* said = node.Find("description")) description = said->text;
  Node choice = AnyOf({std::move(node), Typed("null")});
  if (!description.empty()) choice.Add("description", Text(description));
  return choice;
}

template <typename Enum, size_t n>
Node OneOf(const Word<Enum> (&words)[n], std::string_view description = "") {
  Node node = Object();
  Node& list = node.Add("enum", List());
  for (const Word<Enum>& word : words) list.items.push_back(Text(std::string(word.first)));
  if (!description.empty()) node.Add("description", Text(std::string(description)));
  return node;
}

Node Matching(std::string pattern, std::string_view description = "") {
  Node node = Typed("string", description);
  node.Add("pattern", Text(std::move(pattern)));
  return node;
}

// A type with its numbers: "string(200)", "decimal(12, 2)[]". Those without numbers are listed, so that editors offer
// them.
Node TypeForm() {
  std::string words;
  for (const auto& [word, scalar] : kScalars) absl::StrAppend(&words, words.empty() ? "" : "|", std::string(word));
  return AnyOf(
      {OneOf(kScalars),
       Matching(absl::StrCat("^\\s*(", words, ")\\s*(\\(\\s*[0-9]+\\s*(,\\s*[0-9]+\\s*)?\\)\\s*)?(\\[\\]\\s*)?$"))});
}

// Actions are read with blanks, dashes or underscores.
Node ActionForm(std::string_view description) {
  std::string words;
  for (const auto& [word, action] : kActions) {
    std::string pattern(word);
    if (const size_t blank = pattern.find(' '); blank != std::string::npos) pattern.replace(blank, 1, "[-_ ]");
    absl::StrAppend(&words, words.empty() ? "" : "|", pattern);
  }
  Node node = AnyOf({OneOf(kActions), Matching(absl::StrCat("^(", words, ")$"))});
  node.Add("description", Text(std::string(description)));
  return node;
}

Node DefaultForm() {
  Node generator = Typed("object");
  generator.Add("properties", Object()).Add("generator", OneOf(kGenerators));
  Node expression = Typed("object");
  expression.Add("properties", Object()).Add("expression", Typed("string", "An SQL expression without column names"));
  // Any other value is a literal, an object of JSON included.
  Node node = Object();
  node.Add("description", Text("A value, {generator: now}, or {expression: an SQL expression}"));
  const auto has_only = [](std::string_view key) {
    Node condition = Typed("object");
    condition.Add("required", List()).items.push_back(Text(std::string(key)));
    condition.Add("maxProperties", Number(int64_t{1}));
    return condition;
  };
  node.Add("if", has_only("generator"));
  node.Add("then", std::move(generator));
  Node otherwise = Object();
  otherwise.Add("if", has_only("expression"));
  otherwise.Add("then", std::move(expression));
  node.Add("else", std::move(otherwise));
  return node;
}

// What a key takes; the keys of several parts mean the same in each.
Node FormOf(std::string_view key) {
  const auto text = [&](std::string_view description) { return Typed("string", description); };
  const auto flag = [&](std::string_view description) { return Typed("boolean", description); };
  if (key == "schema") return text("The name that requests use, or the PostgreSQL schema of a native type");
  if (key == "database_schema") return text("The PostgreSQL schema of the tables");
  if (key == "description") return text("Free text for people");
  if (key == "models") return OrNull(ByName(Reference("model"), "The models by name"));
  if (key == "table") return text("The table's name");
  if (key == "renamed_from") return text("The name in the registered version");
  if (key == "primary_key" || key == "fields" || key == "references" || key == "labels" || key == "source_columns" ||
      key == "target_columns")
    return ListOf(Typed("string"), "Names");
  if (key == "checks") return OrNull(ByName(Typed("string"), "SQL expressions by the constraints' names"));
  if (key == "type") return Reference("type");
  if (key == "default") return Reference("default");
  if (key == "native") return AnyOf({Typed("string"), Reference("native")});
  if (key == "modifiers") return ListOf(Typed("integer"));
  if (key == "generated") return text("The SQL expression that the database computes the value from");
  if (key == "belongs_to" || key == "has_one" || key == "has_many" || key == "many_to_many")
    return text("The name of the related model");
  if (key == "junction") return Reference("junction");
  if (key == "on_update") return ActionForm("What happens when the key that is referred to changes");
  if (key == "on_delete") return ActionForm("What happens when the row that is referred to is deleted");
  if (key == "on_connect_owned") return OneOf(kPolicies, "What connecting a row of another parent does");
  if (key == "on_displaced") return OneOf(kDisplacements, "What becomes of the row whose place another one takes");
  if (key == "primary") return flag("Whether the field belongs to the primary key");
  if (key == "unique") return flag("Whether no two rows may hold the same value");
  if (key == "index") return flag("Whether there is an index");
  if (key == "nullable") return flag("Whether it may be null");
  if (key == "optional") return flag("Whether inserts may leave it out");
  if (key == "required") return flag("Whether the foreign key is required");
  if (key == "read_only") return flag("Whether requests may only read it");
  if (key == "version") return flag("Whether the field counts the updates of its row");
  return text("A name");
}

Node Part(std::span<const std::string_view> keys, std::string_view description) {
  Node node = Typed("object", description);
  Node& properties = node.Add("properties", Object());
  for (const std::string_view key : keys) properties.Add(key, FormOf(key));
  node.Add("additionalProperties", Bool(false));
  return node;
}

// Replaces what a key of a part takes.
void Replace(Node& part, std::string_view key, Node form) {
  for (Member& member : part.members) {
    if (member.key != "properties") continue;
    for (Member& property : member.value.members) {
      if (property.key == key) property.value = std::move(form);
    }
  }
}

void Require(Node& part, std::string_view key) {
  part.Add("required", List()).items.push_back(Text(std::string(key)));
}

Node ModelForm() {
  Node model = Part(kModelKeys, "A record type over one table");
  const Node names = ListOf(Typed("string"));
  Replace(model, "unique", OrNull(ListOf(AnyOf({names, Reference("unique_key")}), "Unique keys: lists of fields")));
  Replace(model, "indexes", OrNull(ListOf(AnyOf({names, Reference("index")}), "Indexes: lists of fields")));
  Replace(model, "fields", OrNull(ByName(Reference("field"), "The fields by name, in column order")));
  Replace(model, "relations", OrNull(ByName(Reference("relation"), "The relations by name")));
  return model;
}

Node RelationForm() {
  Node relation = Part(kRelationKeys, "A relation to another model, or to the same");
  Node& kinds = relation.Add("oneOf", List());
  for (const auto& [word, kind] : kRelationKinds) {
    Node& choice = kinds.items.emplace_back(Object());
    Require(choice, word);
  }
  return relation;
}

}  // namespace

std::string SchemaFormJson() {
  Node form = Object();
  form.Add("$schema", Text("https://json-schema.org/draft/2020-12/schema"));
  form.Add("title", Text("A schema of Rowan"));
  Node schema = Part(kSchemaKeys, "Models over the tables of a database");
  Require(schema, "schema");
  for (Member& member : schema.members) form.Add(member.key, std::move(member.value));
  Node& parts = form.Add("$defs", Object());
  parts.Add("model", ModelForm());
  Node field = Part(kFieldKeys, "A value of a record, in one column");
  Require(field, "type");
  parts.Add("field", AnyOf({Reference("type"), std::move(field)}));
  parts.Add("type", TypeForm());
  parts.Add("default", DefaultForm());
  parts.Add("native", Part(kNativeKeys, "A native type of PostgreSQL"));
  parts.Add("relation", RelationForm());
  parts.Add("junction", Part(kJunctionKeys, "The table between two models"));
  for (const auto& [name, keys] :
       {std::pair<std::string_view, std::span<const std::string_view>>{"unique_key", kUniqueKeyKeys},
        {"index", kIndexKeys}}) {
    Node part = Part(keys, name == "index" ? "An index" : "Fields that are unique together");
    Require(part, "fields");
    parts.Add(name, std::move(part));
  }
  return ToJson(form) + "\n";
}

}  // namespace rowan::document
