#include "clients/document/read_query.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/document/value.h"
#include "engine/base/status_macros.h"

namespace rowan::document {
namespace {

constexpr std::pair<std::string_view, v1::Operator> kOperators[] = {
    {"eq", v1::OPERATOR_EQ},
    {"ne", v1::OPERATOR_NE},
    {"gt", v1::OPERATOR_GT},
    {"gte", v1::OPERATOR_GTE},
    {"lt", v1::OPERATOR_LT},
    {"lte", v1::OPERATOR_LTE},
    {"in", v1::OPERATOR_IN},
    {"contains", v1::OPERATOR_CONTAINS},
    {"startsWith", v1::OPERATOR_STARTS_WITH},
    {"endsWith", v1::OPERATOR_ENDS_WITH},
    {"isNull", v1::OPERATOR_IS_NULL},
};

constexpr std::pair<std::string_view, v1::Quantifier> kQuantifiers[] = {
    {"some", v1::QUANTIFIER_SOME},
    {"is", v1::QUANTIFIER_IS},
};

constexpr std::pair<std::string_view, v1::Direction> kDirections[] = {
    {"asc", v1::DIRECTION_ASC},
    {"desc", v1::DIRECTION_DESC},
};

// Returns the enum value that a word stands for, or null.
template <typename Enum, size_t n>
const Enum* FindWord(const std::pair<std::string_view, Enum> (&words)[n], std::string_view word) {
  const auto found =
      std::find_if(std::begin(words), std::end(words), [&](const auto& entry) { return entry.first == word; });
  return found == std::end(words) ? nullptr : &found->second;
}

absl::Status ReadComparison(std::string_view field, v1::Operator op, const Node& operand, const Path& path,
                            v1::Filter& filter) {
  v1::FieldFilter& comparison = *filter.mutable_field();
  comparison.set_field(std::string(field));
  comparison.set_operator_(op);
  return ReadValue(operand, path, *comparison.mutable_value());
}

// {gte: 18, lt: 65}: all must hold.
absl::Status ReadComparisons(std::string_view field, const Node& node, const Path& path, v1::Filter& filter) {
  for (const Member& member : node.members) {
    v1::Filter& condition = node.members.size() == 1 ? filter : *filter.mutable_all_of()->add_filters();
    ROWAN_RETURN_IF_ERROR(
        ReadComparison(field, *FindWord(kOperators, member.key), member.value, path.Member(member.key), condition));
  }
  return absl::OkStatus();
}

absl::Status ReadRelated(std::string_view relation, const Node& node, const Path& path, int depth, v1::Filter& filter) {
  v1::RelationFilter& related = *filter.mutable_relation();
  related.set_relation(std::string(relation));
  const v1::Quantifier* quantifier =
      node.members.size() == 1 ? FindWord(kQuantifiers, node.members.front().key) : nullptr;
  if (quantifier == nullptr) {
    return node.members.empty() ? absl::OkStatus() : ReadFilter(node, path, depth + 1, *related.mutable_where());
  }
  const auto& [word, where] = node.members.front();
  related.set_quantifier(*quantifier);
  ROWAN_RETURN_IF_ERROR(CheckObject(path.Member(word), where, "a filter"));
  return where.members.empty() ? absl::OkStatus()
                               : ReadFilter(where, path.Member(word), depth + 1, *related.mutable_where());
}

// What one name of a filter object says: a comparison, or a relation filter.
absl::Status ReadCondition(std::string_view name, const Node& node, const Path& path, int depth, v1::Filter& filter) {
  if (!node.is_object() || IsTyped(node)) return ReadComparison(name, v1::OPERATOR_EQ, node, path, filter);
  const auto is_operator = [](const Member& member) { return FindWord(kOperators, member.key) != nullptr; };
  if (!node.members.empty() && std::all_of(node.members.begin(), node.members.end(), is_operator)) {
    return ReadComparisons(name, node, path, filter);
  }
  return ReadRelated(name, node, path, depth, filter);
}

absl::Status ReadFilters(const Node& node, const Path& path, int depth, v1::FilterList& list) {
  if (!node.is_list()) return WrongKind(path, node, "a list of filters");
  for (size_t i = 0; i < node.items.size(); ++i) {
    ROWAN_RETURN_IF_ERROR(ReadFilter(node.items[i], path.Index(static_cast<int>(i)), depth + 1, *list.add_filters()));
  }
  return absl::OkStatus();
}

// An object whose `select` is an object is the long form; any other is a selection.
absl::Status ReadRelatedSelection(std::string_view name, const Node& node, const Path& path, int depth,
                                  v1::RelatedSelection& related) {
  related.set_relation(std::string(name));
  const Node* select = node.Find("select");
  if (select == nullptr || !select->is_object())
    return ReadSelection(node, path, depth + 1, *related.mutable_selection());
  ROWAN_RETURN_IF_ERROR(
      CheckKeys(path, node, "a relation's long form", {"relation", "select", "where", "order_by", "limit", "offset"}));
  if (const Node* relation = node.Find("relation")) {
    if (!relation->is_text()) return WrongKind(path.Member("relation"), *relation, "a relation's name");
    related.set_relation(relation->text);
    related.set_alias(std::string(name));
  }
  ROWAN_RETURN_IF_ERROR(ReadSelection(*select, path.Member("select"), depth + 1, *related.mutable_selection()));
  return ReadReadParts(node, path, related);
}

absl::Status ReadOrderEntry(const Node& node, const Path& path, v1::OrderBy& order) {
  order.set_direction(v1::DIRECTION_ASC);
  if (node.is_text()) {
    order.set_field(node.text);
    return absl::OkStatus();
  }
  if (!node.is_object() || node.members.size() != 1)
    return WrongKind(path, node, "a field's name or an object of one, {field: asc},");
  const auto& [field, direction] = node.members.front();
  const v1::Direction* known = direction.is_text() ? FindWord(kDirections, direction.text) : nullptr;
  if (known == nullptr) {
    return UnknownWord(path.Member(field), "direction", direction.is_text() ? direction.text : Describe(direction),
                       {"asc", "desc"});
  }
  order.set_field(field);
  order.set_direction(*known);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNesting(const Path& path, int depth) {
  if (depth <= kMaxNesting) return absl::OkStatus();
  return DocumentError(path, absl::StrCat("the document is nested more than ", kMaxNesting, " levels deep"));
}

absl::Status ReadSelection(const Node& node, const Path& path, int depth, v1::Selection& selection) {
  ROWAN_RETURN_IF_ERROR(CheckNesting(path, depth));
  ROWAN_RETURN_IF_ERROR(CheckObject(path, node, "a selection"));
  for (const auto& [name, entry] : node.members) {
    const Path place = path.Member(name);
    if (entry.is(true)) {
      selection.add_fields(name);
    } else if (entry.is_object()) {
      if (name == "*") return DocumentError(place, "\"*\" stands for fields; write \"*\": true");
      ROWAN_RETURN_IF_ERROR(ReadRelatedSelection(name, entry, place, depth, *selection.add_relations()));
    } else if (!entry.is(false)) {
      return WrongKind(place, entry, "true, false or an object");
    }
  }
  return absl::OkStatus();
}

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

absl::Status ReadOrder(const Node& node, const Path& path, google::protobuf::RepeatedPtrField<v1::OrderBy>& order) {
  if (!node.is_list()) return ReadOrderEntry(node, path, *order.Add());
  for (size_t i = 0; i < node.items.size(); ++i) {
    ROWAN_RETURN_IF_ERROR(ReadOrderEntry(node.items[i], path.Index(static_cast<int>(i)), *order.Add()));
  }
  return absl::OkStatus();
}

absl::Status ReadCount(const Node& node, const Path& path, int64_t& count) {
  return ReadInt64(node, count) ? absl::OkStatus() : WrongKind(path, node, "a whole number");
}

const Node* FindGiven(const Node& document, std::string_view key) {
  const Node* node = document.Find(key);
  return node == nullptr || node->is_null() ? nullptr : node;
}

}  // namespace rowan::document
