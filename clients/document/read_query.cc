#include "clients/document/read_query.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/document/query_words.h"

namespace rowan::document {
namespace {

// Makes the key an alias when the entry says what the relation is.
template <typename Target>
absl::Status ReadAlias(std::string_view name, const Node& node, const Path& path, Target& target) {
  target.set_relation(std::string(name));
  const Node* relation = node.Find("relation");
  if (relation == nullptr) return absl::OkStatus();
  target.set_alias(std::string(name));
  return ReadText(*relation, path.Member("relation"), "a relation's name", *target.mutable_relation());
}

// An object whose `select` is an object is the long form; any other is a selection.
absl::Status ReadRelatedSelection(std::string_view name, const Node& node, const Path& path, int depth,
                                  v1::RelatedSelection& related) {
  const Node* select = node.Find("select");
  if (select == nullptr || !select->is_object()) {
    related.set_relation(std::string(name));
    return ReadSelection(node, path, depth + 1, *related.mutable_selection());
  }
  Words known = {"relation", "select"};
  known.insert(known.end(), std::begin(kListKeys), std::end(kListKeys));
  known.insert(known.end(), std::begin(kPageKeys), std::end(kPageKeys));
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "a relation's long form", known));
  ROWAN_RETURN_IF_ERROR(ReadAlias(name, node, path, related));
  ROWAN_RETURN_IF_ERROR(ReadSelection(*select, path.Member("select"), depth + 1, *related.mutable_selection()));
  return ReadListParts(node, path, related);
}

absl::Status ReadCounts(const Node& node, const Path& path, v1::Selection& selection) {
  for (const auto& [name, entry] : node.members) {
    const Path place = path.Member(name);
    if (entry.is(false)) continue;
    v1::RelatedCount& count = *selection.add_counts();
    count.set_relation(name);
    if (entry.is(true)) continue;
    if (!entry.is_object()) return WrongKind(place, entry, "true, false or an object");
    ROWAN_RETURN_IF_ERROR(CheckKeys(place, entry, "a count", {"relation", "where"}));
    ROWAN_RETURN_IF_ERROR(ReadAlias(name, entry, place, count));
    ROWAN_RETURN_IF_ERROR(ReadWhere(entry, place, count));
  }
  return absl::OkStatus();
}

// Whether an operand is meant as a direction: an object that is not leads on to related rows.
bool IsDirection(const Node& node) {
  const auto is_part = [](const Member& member) { return member.key == "direction" || member.key == "nulls"; };
  return !node.is_object() ||
         (!node.members.empty() && std::all_of(node.members.begin(), node.members.end(), is_part));
}

absl::Status ReadDirection(const Node& node, const Path& path, v1::OrderBy& order) {
  order.set_direction(v1::DIRECTION_ASC);
  if (!node.is_object()) {
    ROWAN_ASSIGN_OR_RETURN(const v1::Direction direction, ReadWord(node, path, "direction", kDirections));
    order.set_direction(direction);
    return absl::OkStatus();
  }
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, node, "a direction", {"direction", "nulls"}));
  if (const Node* word = node.Find("direction")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::Direction direction,
                           ReadWord(*word, path.Member("direction"), "direction", kDirections));
    order.set_direction(direction);
  }
  if (const Node* word = node.Find("nulls")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::Nulls nulls, ReadWord(*word, path.Member("nulls"), "place of nulls", kNulls));
    order.set_nulls(nulls);
  }
  return absl::OkStatus();
}

// What stands under a name of an order: a direction, or what is beyond a relation.
absl::Status ReadOrderBy(const std::string& name, const Node& operand, const Path& path, int depth,
                         v1::OrderBy& order) {
  ROWAN_RETURN_IF_ERROR(CheckNesting(path, depth));
  if (IsDirection(operand)) {
    order.set_field(name);
    return ReadDirection(operand, path, order);
  }
  order.add_relations(name);
  if (operand.members.size() != 1) return WrongKind(path, operand, "asc, desc or an object of one entry");
  const auto& [inner, rest] = operand.members.front();
  const Path place = path.Member(inner);
  const v1::AggregateFunction* function = FindAggregate(inner);
  if (function == nullptr) return ReadOrderBy(inner, rest, place, depth + 1, order);
  order.mutable_aggregate()->set_function(*function);
  if (*function == v1::AGGREGATE_FUNCTION_COUNT && IsDirection(rest)) return ReadDirection(rest, place, order);
  if (!rest.is_object() || rest.members.size() != 1) return WrongKind(place, rest, "an object of one entry, {field: asc},");
  const auto& [field, direction] = rest.members.front();
  order.mutable_aggregate()->set_field(field);
  return ReadDirection(direction, place.Member(field), order);
}

absl::Status ReadOrderEntry(const Node& node, const Path& path, v1::OrderBy& order) {
  if (node.is_text()) {
    order.set_direction(v1::DIRECTION_ASC);
    order.set_field(node.text);
    return absl::OkStatus();
  }
  if (!node.is_object() || node.members.size() != 1)
    return WrongKind(path, node, "a field's name or an object of one, {field: asc},");
  const auto& [name, operand] = node.members.front();
  return ReadOrderBy(name, operand, path.Member(name), 1, order);
}

absl::Status ReadCount(const Node& node, const Path& path, int64_t& count) {
  return ReadInt64(node, count) ? absl::OkStatus() : WrongKind(path, node, "a whole number");
}

}  // namespace

absl::Status CheckNesting(const Path& path, int depth) {
  if (depth <= kMaxNesting) return absl::OkStatus();
  return DocumentError(path, absl::StrCat("the document is nested more than ", kMaxNesting, " levels deep"));
}

absl::Status ReadText(const Node& node, const Path& path, std::string_view what, std::string& text) {
  if (!node.is_text()) return WrongKind(path, node, what);
  text = node.text;
  return absl::OkStatus();
}

absl::Status ReadFlag(const Node& node, const Path& path, bool& flag) {
  if (node.kind != Node::Kind::kBool) return WrongKind(path, node, "true or false");
  flag = node.truth;
  return absl::OkStatus();
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
      ROWAN_RETURN_IF_ERROR(
          name == "_count" ? ReadCounts(entry, place, selection)
                           : ReadRelatedSelection(name, entry, place, depth, *selection.add_relations()));
    } else if (!entry.is(false)) {
      return WrongKind(place, entry, "true, false or an object");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadOrder(const Node& node, const Path& path, google::protobuf::RepeatedPtrField<v1::OrderBy>& order) {
  return ForEach(node, path,
                 [&](const Node& entry, const Path& at) { return ReadOrderEntry(entry, at, *order.Add()); });
}

bool HasPage(const Node& document) {
  return std::any_of(std::begin(kPageKeys), std::end(kPageKeys),
                     [&](std::string_view key) { return FindGiven(document, key) != nullptr; }) ||
         FindGiven(document, "limit") != nullptr || FindGiven(document, "offset") != nullptr;
}

absl::Status ReadPage(const Node& document, const Path& parent, v1::Page& page) {
  int64_t count = 0;
  if (const Node* limit = FindGiven(document, "limit")) {
    ROWAN_RETURN_IF_ERROR(ReadCount(*limit, parent.Member("limit"), count));
    page.set_limit(count);
  }
  if (const Node* offset = FindGiven(document, "offset")) {
    ROWAN_RETURN_IF_ERROR(ReadCount(*offset, parent.Member("offset"), count));
    page.set_offset(count);
  }
  if (const Node* cursor = FindGiven(document, "cursor")) {
    ROWAN_RETURN_IF_ERROR(ReadText(*cursor, parent.Member("cursor"),
                                   "a cursor, the text that an earlier answer gave,", *page.mutable_cursor()));
  }
  if (const Node* backward = FindGiven(document, "backward")) {
    bool flag = false;
    ROWAN_RETURN_IF_ERROR(ReadFlag(*backward, parent.Member("backward"), flag));
    page.set_backward(flag);
  }
  if (const Node* total = FindGiven(document, "total")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::Total kind, ReadWord(*total, parent.Member("total"), "total", kTotals));
    page.set_total(kind);
  }
  return absl::OkStatus();
}

const Node* FindGiven(const Node& document, std::string_view key) {
  const Node* node = document.Find(key);
  return node == nullptr || node->is_null() ? nullptr : node;
}

}  // namespace rowan::document
