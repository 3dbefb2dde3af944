#include "clients/cli/schema_graph.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/console.h"

namespace rowan::cli {
namespace {

using Relations = std::map<std::string, std::map<std::string, const v1::Relation*>>;

// "int64" of SCALAR_TYPE_INT64, with brackets for arrays.
std::string TypeText(const v1::FieldType& type) {
  const std::string name = v1::ScalarType_Name(type.scalar()).substr(std::string_view("SCALAR_TYPE_").size());
  return absl::AsciiStrToLower(name) + (type.array() ? "[]" : "");
}

GraphBox BoxOf(const v1::Schema& schema, const v1::Model& model) {
  const std::string& space = model.database_schema().empty() ? schema.database_schema() : model.database_schema();
  GraphBox box{.model = model.name(), .table = absl::StrCat(space, space.empty() ? "" : ".", model.table())};
  std::set<std::string> foreign;
  for (const v1::Relation& relation : model.relations()) {
    if (relation.kind() == v1::RELATION_KIND_BELONGS_TO)
      foreign.insert(relation.fields().begin(), relation.fields().end());
  }
  const std::set<std::string> primary(model.primary_key().begin(), model.primary_key().end());
  for (const v1::Field& field : model.fields()) {
    GraphField entry{.name = field.name(),
                     .type = TypeText(field.type()),
                     .primary = field.primary() || primary.contains(field.name()),
                     .foreign = foreign.contains(field.name())};
    if (entry.primary || entry.foreign) box.fields.push_back(std::move(entry));
  }
  return box;
}

// The relation at the other end, or null.
const v1::Relation* InverseOf(const Relations& relations, const v1::Relation& relation) {
  const auto target = relations.find(relation.target());
  if (relation.inverse().empty() || target == relations.end()) return nullptr;
  const auto inverse = target->second.find(relation.inverse());
  return inverse == target->second.end() ? nullptr : inverse->second;
}

// Whether some has_one says that at most one record refers to a target.
bool IsUnique(const Relations& relations, const std::string& model, const v1::Relation& belongs_to) {
  if (belongs_to.unique()) return true;
  const auto target = relations.find(belongs_to.target());
  if (target == relations.end()) return false;
  return std::any_of(target->second.begin(), target->second.end(), [&](const auto& entry) {
    const v1::Relation& other = *entry.second;
    return other.kind() == v1::RELATION_KIND_HAS_ONE && other.target() == model && other.inverse() == belongs_to.name();
  });
}

void AddEdge(const Relations& relations, const v1::Model& model, const v1::Relation& relation, Graph& graph) {
  GraphEdge edge{.from = model.name(), .to = relation.target(), .name = relation.name()};
  const v1::Relation* inverse = InverseOf(relations, relation);
  switch (relation.kind()) {
    case v1::RELATION_KIND_BELONGS_TO:
      edge.at_from = IsUnique(relations, model.name(), relation) ? Cardinality::kZeroOrOne : Cardinality::kMany;
      edge.at_to = relation.nullable() || relation.optional() ? Cardinality::kZeroOrOne : Cardinality::kOne;
      break;
    case v1::RELATION_KIND_HAS_ONE:
    case v1::RELATION_KIND_HAS_MANY:
      if (inverse != nullptr) return;  // drawn by the belongs_to
      edge.at_from = Cardinality::kZeroOrOne;
      edge.at_to = relation.kind() == v1::RELATION_KIND_HAS_ONE ? Cardinality::kZeroOrOne : Cardinality::kMany;
      break;
    case v1::RELATION_KIND_MANY_TO_MANY:
      if (inverse != nullptr &&
          std::pair(relation.target(), inverse->name()) < std::pair(model.name(), relation.name()))
        return;  // drawn by the other end
      edge.at_to = Cardinality::kMany;
      break;
    default:
      return;
  }
  graph.edges.push_back(std::move(edge));
}

const char* LeftMark(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::kOne:
      return "||";
    case Cardinality::kZeroOrOne:
      return "|o";
    case Cardinality::kMany:
      return "}o";
  }
  return "";
}

const char* RightMark(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::kOne:
      return "||";
    case Cardinality::kZeroOrOne:
      return "o|";
    case Cardinality::kMany:
      return "o{";
  }
  return "";
}

}  // namespace

Graph GraphOf(const v1::Schema& schema) {
  Relations relations;
  for (const v1::Model& model : schema.models()) {
    auto& own = relations[model.name()];
    for (const v1::Relation& relation : model.relations()) own[relation.name()] = &relation;
  }
  Graph graph;
  for (const v1::Model& model : schema.models()) {
    graph.boxes.push_back(BoxOf(schema, model));
    for (const v1::Relation& relation : model.relations()) AddEdge(relations, model, relation, graph);
  }
  return graph;
}

std::string MermaidOf(const Graph& graph) {
  std::string out = "erDiagram\n";
  for (const GraphBox& box : graph.boxes) {
    // What its quoted names cannot hold.
    const std::string table =
        absl::StrReplaceAll(Printable(box.table), {{"\"", "'"}, {"%", "_"}, {"\\", "/"}, {"[", "("}, {"]", ")"}});
    absl::StrAppend(&out, "  ", box.model, "[\"", box.model, " (", table, ")\"] {\n");
    for (const GraphField& field : box.fields) {
      absl::StrAppend(&out, "    ", field.type, " ", field.name,
                      field.primary && field.foreign ? " PK, FK"
                      : field.primary                ? " PK"
                                                     : " FK",
                      "\n");
    }
    out += "  }\n";
  }
  for (const GraphEdge& edge : graph.edges) {
    absl::StrAppend(&out, "  ", edge.from, " ", LeftMark(edge.at_from), "--", RightMark(edge.at_to), " ", edge.to,
                    " : \"", edge.name, "\"\n");
  }
  return out;
}

}  // namespace rowan::cli
