// Aggregate and exists documents.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/document/query_words.h"
#include "clients/document/read_query.h"
#include "clients/document/request.h"

namespace rowan::document {
namespace {

// "status", "role.name", or {name: "role.name"}.
absl::Status ReadGroupKey(const Node& node, const Path& path, v1::GroupKey& key) {
  if (node.is_object()) {
    if (node.members.size() != 1) return WrongKind(path, node, "a field's name or an object of one, {name: field},");
    const auto& [alias, field] = node.members.front();
    key.set_alias(alias);
    const Path place = path.Member(alias);
    if (!field.is_text()) return WrongKind(place, field, "a field's name");
    return ReadGroupKey(field, place, key);
  }
  std::string text;
  ROWAN_RETURN_IF_ERROR(ReadText(node, path, "a field's name or an object of one, {name: field},", text));
  const std::vector<std::string> names = absl::StrSplit(text, '.');
  if (std::any_of(names.begin(), names.end(), [](const std::string& name) { return name.empty(); })) {
    return DocumentError(
        path, absl::StrCat("\"", text, "\" is no field, nor relations and a field with dots between them"));
  }
  for (size_t i = 0; i + 1 < names.size(); ++i) key.add_relations(names[i]);
  key.set_field(names.back());
  return absl::OkStatus();
}

// {sum: price, distinct: true, where: …}.
absl::Status ReadColumn(const std::string& name, const Node& node, const Path& path, v1::AggregateColumn& column) {
  column.set_alias(name);
  Words known = AllWords(kFunctions);
  known.insert(known.end(), {"distinct", "where"});
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "a column of an aggregate", known));
  v1::AggregateExpression& aggregate = *column.mutable_aggregate();
  int functions = 0;
  for (const auto& [word, operand] : node.members) {
    const v1::AggregateFunction* function = FindWord(kFunctions, word);
    if (function == nullptr) continue;
    ++functions;
    aggregate.set_function(*function);
    if (*function == v1::AGGREGATE_FUNCTION_COUNT && operand.is(true)) continue;
    ROWAN_RETURN_IF_ERROR(ReadText(operand, path.Member(word), "a field's name", *aggregate.mutable_field()));
  }
  if (functions != 1) {
    return DocumentError(path, "a column needs one function; there are " + Listed(AllWords(kFunctions)));
  }
  if (const Node* flag = node.Find("distinct")) {
    bool distinct = false;
    ROWAN_RETURN_IF_ERROR(ReadFlag(*flag, path.Member("distinct"), distinct));
    aggregate.set_distinct(distinct);
  }
  return ReadWhere(node, path, column);
}

}  // namespace

absl::StatusOr<v1::AggregateRequest> ToAggregateRequest(std::string_view schema, std::string_view model,
                                                        const Node& document) {
  const Path root("");
  ROWAN_RETURN_IF_ERROR(CheckKeys(root, document, "an aggregate document",
                                  {"where", "group_by", "select", "having", "order_by", "limit", "offset"}));
  v1::AggregateRequest request;
  request.set_schema(std::string(schema));
  request.set_model(std::string(model));
  ROWAN_RETURN_IF_ERROR(ReadWhere(document, root, request));
  if (const Node* keys = FindGiven(document, "group_by")) {
    ROWAN_RETURN_IF_ERROR(ForEach(*keys, Path("group_by"), [&](const Node& key, const Path& at) {
      return ReadGroupKey(key, at, *request.add_group_by());
    }));
  }
  if (const Node* select = FindGiven(document, "select")) {
    const Path path("select");
    ROWAN_RETURN_IF_ERROR(CheckObject(path, *select, "the columns of an aggregate"));
    for (const auto& [name, column] : select->members) {
      ROWAN_RETURN_IF_ERROR(ReadColumn(name, column, path.Member(name), *request.add_select()));
    }
  }
  ROWAN_RETURN_IF_ERROR(ReadWhere(document, root, "having", [&] { return request.mutable_having(); }));
  if (const Node* order = FindGiven(document, "order_by")) {
    ROWAN_RETURN_IF_ERROR(ReadOrder(*order, Path("order_by"), *request.mutable_order_by()));
  }
  if (HasPage(document)) ROWAN_RETURN_IF_ERROR(ReadPage(document, root, *request.mutable_page()));
  return request;
}

absl::StatusOr<v1::ExistsRequest> ToExistsRequest(std::string_view schema, std::string_view model,
                                                  const Node& document) {
  ROWAN_RETURN_IF_ERROR(CheckKeys(Path(""), document, "an exists document", {"where", "expect"}));
  v1::ExistsRequest request;
  request.set_schema(std::string(schema));
  request.set_model(std::string(model));
  ROWAN_RETURN_IF_ERROR(ReadWhere(document, Path(""), request));
  if (const Node* expect = FindGiven(document, "expect")) {
    bool flag = false;
    ROWAN_RETURN_IF_ERROR(ReadFlag(*expect, Path("expect"), flag));
    request.set_expect(flag);
  }
  return request;
}

}  // namespace rowan::document
