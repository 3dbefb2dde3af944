// Filters: an object of names, each with a comparison or a look at related rows.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/document/query_words.h"
#include "clients/document/read_query.h"
#include "clients/document/value.h"

namespace rowan::document {
namespace {

bool IsOperator(std::string_view key) {
  return FindWord(kOperators, key) != nullptr;
}

// The keys beside operators that say how they compare.
bool IsModifier(std::string_view key) {
  return key == "mode" || key == "path" || key == "language";
}

// Whether an object compares: it has operators and nothing else but their modifiers.
bool Compares(const Node& node, bool with_modifiers) {
  const auto fits = [&](const Member& member) {
    return IsOperator(member.key) || (with_modifiers && IsModifier(member.key));
  };
  const auto compares = [](const Member& member) { return IsOperator(member.key); };
  return std::all_of(node.members.begin(), node.members.end(), fits) &&
         std::any_of(node.members.begin(), node.members.end(), compares);
}

// Whether an object compares aggregates of related rows.
bool ComparesAggregates(const Node& node) {
  const auto is_aggregate = [](const Member& member) { return FindAggregate(member.key) != nullptr; };
  const auto fits = [&](const Member& member) { return is_aggregate(member) || member.key == "where"; };
  return std::all_of(node.members.begin(), node.members.end(), fits) &&
         std::any_of(node.members.begin(), node.members.end(), is_aggregate);
}

absl::Status ReadComparison(std::string_view field, std::string_view op, const Node& operand, const Path& path,
                            v1::Filter& filter) {
  v1::FieldFilter& comparison = *filter.mutable_field();
  comparison.set_field(std::string(field));
  comparison.set_operator_(*FindWord(kOperators, op));
  if (IsTyped(operand) && operand.Find("$field") != nullptr) {
    return ReadText(*operand.Find("$field"), path.Member("$field"), "a field's name",
                    *comparison.mutable_other_field());
  }
  return ReadValue(operand, path, *comparison.mutable_value());
}

// The keys and positions of a place inside a json field.
absl::Status ReadJsonPath(const Node& node, const Path& path, std::vector<std::string>& steps) {
  ROWAN_RETURN_IF_ERROR(ForEach(node, path, [&](const Node& step, const Path& at) {
    int64_t position = 0;
    if (ReadInt64(step, position)) {
      steps.push_back(std::to_string(position));
      return absl::OkStatus();
    }
    return ReadText(step, at, "a key or a position", steps.emplace_back());
  }));
  if (steps.empty()) {
    return DocumentError(path, "an empty path names no place inside the field; leave it out to compare all of it");
  }
  return absl::OkStatus();
}

// {gte: 18, lt: 65}: all must hold, each with the object's mode and path.
absl::Status ReadComparisons(std::string_view field, const Node& node, const Path& path, v1::Filter& filter) {
  bool ignore_case = false;
  if (const Node* mode = node.Find("mode")) {
    ROWAN_ASSIGN_OR_RETURN(ignore_case, ReadWord(*mode, path.Member("mode"), "mode", kCases));
  }
  std::vector<std::string> steps;
  if (const Node* place = node.Find("path")) {
    ROWAN_RETURN_IF_ERROR(ReadJsonPath(*place, path.Member("path"), steps));
  }
  std::string language;
  if (const Node* name = node.Find("language")) {
    const Path place = path.Member("language");
    if (node.Find("search") == nullptr) {
      return DocumentError(place, "a language goes with \"search\", which is not there");
    }
    ROWAN_RETURN_IF_ERROR(ReadText(*name, place, "the name of a language", language));
  }
  const auto operators = std::count_if(node.members.begin(), node.members.end(),
                                       [](const Member& member) { return IsOperator(member.key); });
  for (const Member& member : node.members) {
    if (!IsOperator(member.key)) continue;
    v1::Filter& condition = operators == 1 ? filter : *filter.mutable_all_of()->add_filters();
    ROWAN_RETURN_IF_ERROR(ReadComparison(field, member.key, member.value, path.Member(member.key), condition));
    condition.mutable_field()->set_ignore_case(ignore_case);
    for (const std::string& step : steps) condition.mutable_field()->add_json_path(step);
    if (member.key == "search") condition.mutable_field()->set_language(language);
  }
  return absl::OkStatus();
}

// --- related rows

absl::Status ReadRelated(std::string_view relation, const Node& node, const Path& path, int depth, v1::Filter& filter) {
  const Member* only = node.members.size() == 1 ? &node.members.front() : nullptr;
  const v1::Quantifier* quantifier = only == nullptr ? nullptr : FindWord(kQuantifiers, only->key);
  if (quantifier == nullptr) {
    v1::RelationFilter& related = *filter.mutable_relation();
    related.set_relation(std::string(relation));
    return node.members.empty() ? absl::OkStatus() : ReadFilter(node, path, depth + 1, *related.mutable_where());
  }
  const Path place = path.Member(only->key);
  const Node& where = only->value;
  // {is: null} asks whether the related row is absent.
  const bool of_null = *quantifier == v1::QUANTIFIER_IS || *quantifier == v1::QUANTIFIER_IS_NOT;
  if (of_null && where.is_null()) {
    return ReadComparison(relation, *quantifier == v1::QUANTIFIER_IS ? "eq" : "ne", where, place, filter);
  }
  v1::RelationFilter& related = *filter.mutable_relation();
  related.set_relation(std::string(relation));
  related.set_quantifier(*quantifier);
  ROWAN_RETURN_IF_ERROR(CheckObject(place, where, "a filter"));
  return where.members.empty() ? absl::OkStatus() : ReadFilter(where, place, depth + 1, *related.mutable_where());
}

// The comparisons of one aggregate: {gt: 3, distinct: true}.
absl::Status ReadAggregate(v1::AggregateFunction function, std::string_view field, const Node& node, const Path& path,
                           std::vector<v1::RelationAggregateFilter>& comparisons) {
  Words known = AllWords(kOperators);
  if (!field.empty()) known.push_back("distinct");
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "a comparison of an aggregate", known));
  bool distinct = false;
  if (const Node* flag = node.Find("distinct"); flag != nullptr && !field.empty()) {
    ROWAN_RETURN_IF_ERROR(ReadFlag(*flag, path.Member("distinct"), distinct));
  }
  const size_t before = comparisons.size();
  for (const Member& member : node.members) {
    if (!IsOperator(member.key)) continue;
    v1::RelationAggregateFilter& comparison = comparisons.emplace_back();
    comparison.mutable_aggregate()->set_function(function);
    comparison.mutable_aggregate()->set_field(std::string(field));
    comparison.mutable_aggregate()->set_distinct(distinct);
    comparison.set_operator_(*FindWord(kOperators, member.key));
    ROWAN_RETURN_IF_ERROR(ReadValue(member.value, path.Member(member.key), *comparison.mutable_value()));
  }
  if (comparisons.size() > before) return absl::OkStatus();
  return DocumentError(path, "a comparison needs an operator; there are " + Listed(AllWords(kOperators)));
}

// {_count: {gt: 3}, _sum: {price: {gte: 10}}, where: …}: all must hold, over the same rows.
absl::Status ReadAggregates(std::string_view relation, const Node& node, const Path& path, int depth,
                            v1::Filter& filter) {
  std::vector<v1::RelationAggregateFilter> comparisons;
  for (const auto& [word, operand] : node.members) {
    const v1::AggregateFunction* function = FindAggregate(word);
    if (function == nullptr) continue;
    const Path place = path.Member(word);
    ROWAN_RETURN_IF_ERROR(CheckObject(place, operand, "a comparison of an aggregate"));
    if (*function == v1::AGGREGATE_FUNCTION_COUNT && Compares(operand, false)) {
      ROWAN_RETURN_IF_ERROR(ReadAggregate(*function, "", operand, place, comparisons));
      continue;
    }
    if (operand.members.empty()) {
      return DocumentError(place, "the object compares nothing; write {field: {operator: value}}");
    }
    for (const auto& [field, compared] : operand.members) {
      const Path at = place.Member(field);
      ROWAN_RETURN_IF_ERROR(CheckObject(at, compared, "a comparison of an aggregate"));
      ROWAN_RETURN_IF_ERROR(ReadAggregate(*function, field, compared, at, comparisons));
    }
  }
  v1::Filter rows;
  if (const Node* where = FindGiven(node, "where")) {
    const Path place = path.Member("where");
    ROWAN_RETURN_IF_ERROR(CheckObject(place, *where, "a filter"));
    if (!where->members.empty()) ROWAN_RETURN_IF_ERROR(ReadFilter(*where, place, depth + 1, rows));
  }
  for (v1::RelationAggregateFilter& comparison : comparisons) {
    comparison.set_relation(std::string(relation));
    if (rows.kind_case() != v1::Filter::KIND_NOT_SET) *comparison.mutable_where() = rows;
    v1::Filter& condition = comparisons.size() == 1 ? filter : *filter.mutable_all_of()->add_filters();
    *condition.mutable_relation_aggregate() = std::move(comparison);
  }
  return absl::OkStatus();
}

// What one name of a filter object says.
absl::Status ReadCondition(std::string_view name, const Node& node, const Path& path, int depth, v1::Filter& filter) {
  if (!node.is_object() || IsTyped(node)) return ReadComparison(name, "eq", node, path, filter);
  if (Compares(node, true)) return ReadComparisons(name, node, path, filter);
  if (ComparesAggregates(node)) return ReadAggregates(name, node, path, depth, filter);
  return ReadRelated(name, node, path, depth, filter);
}

absl::Status ReadFilters(const Node& node, const Path& path, int depth, v1::FilterList& list) {
  if (!node.is_list()) return WrongKind(path, node, "a list of filters");
  for (size_t i = 0; i < node.items.size(); ++i) {
    ROWAN_RETURN_IF_ERROR(ReadFilter(node.items[i], path.Index(static_cast<int>(i)), depth + 1, *list.add_filters()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadFilter(const Node& node, const Path& path, int depth, v1::Filter& filter) {
  ROWAN_RETURN_IF_ERROR(CheckNesting(path, depth));
  ROWAN_RETURN_IF_ERROR(CheckObject(path, node, "a filter"));
  const bool single = node.members.size() == 1;
  if (!single) filter.mutable_all_of();
  for (const auto& [name, entry] : node.members) {
    const Path place = path.Member(name);
    v1::Filter& condition = single ? filter : *filter.mutable_all_of()->add_filters();
    if (name == "AND") {
      ROWAN_RETURN_IF_ERROR(ReadFilters(entry, place, depth, *condition.mutable_all_of()));
    } else if (name == "OR") {
      ROWAN_RETURN_IF_ERROR(ReadFilters(entry, place, depth, *condition.mutable_any_of()));
    } else if (name == "NOT") {
      ROWAN_RETURN_IF_ERROR(ReadFilter(entry, place, depth + 1, *condition.mutable_not_()));
    } else {
      ROWAN_RETURN_IF_ERROR(ReadCondition(name, entry, place, depth, condition));
    }
  }
  return absl::OkStatus();
}

}  // namespace rowan::document
