// Selections, filters, orders and pages of a document. Private to clients/document.
#pragma once

#include "absl/status/status.h"
#include "clients/document/document_error.h"
#include "clients/document/node.h"
#include "clients/document/request.h"
#include "engine/base/path.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/query.pb.h"

namespace rowan::document {

// Refuses what is nested deeper than kMaxNesting. The outermost level is 1.
absl::Status CheckNesting(const Path& path, int depth);

// Writes a selection, which may be empty.
absl::Status ReadSelection(const Node& node, const Path& path, int depth, v1::Selection& selection);

// Writes a filter: its single condition, or an all_of of none or several.
absl::Status ReadFilter(const Node& node, const Path& path, int depth, v1::Filter& filter);

// Writes the entries of an order_by.
absl::Status ReadOrder(const Node& node, const Path& path, google::protobuf::RepeatedPtrField<v1::OrderBy>& order);

// Read a text, or true or false.
absl::Status ReadText(const Node& node, const Path& path, std::string_view what, std::string& text);
absl::Status ReadFlag(const Node& node, const Path& path, bool& flag);

// Returns a member that is present and not null, or null: for the keys of a document, null means absent.
const Node* FindGiven(const Node& document, std::string_view key);

// The keys of every list that is read, and those of lists that are read a page at a time.
inline constexpr std::string_view kListKeys[] = {"where", "order_by", "limit", "offset", "distinct_on"};
inline constexpr std::string_view kPageKeys[] = {"cursor", "backward", "total"};

// Writes limit, offset and the page keys that are given. `target` has a page.
absl::Status ReadPage(const Node& document, const Path& parent, v1::Page& page);
bool HasPage(const Node& document);

// Calls `read` for each item of a list with its path, or for the operand itself.
template <typename Read>
absl::Status ForEach(const Node& operand, const Path& path, Read read) {
  if (!operand.is_list()) return read(operand, path);
  for (size_t i = 0; i < operand.items.size(); ++i) {
    ROWAN_RETURN_IF_ERROR(read(operand.items[i], path.Index(static_cast<int>(i))));
  }
  return absl::OkStatus();
}

// Writes a filter that stands under a key of a document; {} is no filter.
template <typename Filter>
absl::Status ReadWhere(const Node& document, const Path& parent, std::string_view key, Filter mutable_filter) {
  const Node* where = FindGiven(document, key);
  if (where == nullptr) return absl::OkStatus();
  const Path path = parent.Member(key);
  ROWAN_RETURN_IF_ERROR(CheckObject(path, *where, "a filter"));
  return where->members.empty() ? absl::OkStatus() : ReadFilter(*where, path, 1, *mutable_filter());
}
template <typename Target>
absl::Status ReadWhere(const Node& document, const Path& parent, Target& target) {
  return ReadWhere(document, parent, "where", [&] { return target.mutable_where(); });
}

// Writes the keys of a list to a read request or a related selection.
template <typename Target>
absl::Status ReadListParts(const Node& document, const Path& parent, Target& target) {
  ROWAN_RETURN_IF_ERROR(ReadWhere(document, parent, target));
  if (const Node* order = FindGiven(document, "order_by")) {
    ROWAN_RETURN_IF_ERROR(ReadOrder(*order, parent.Member("order_by"), *target.mutable_order_by()));
  }
  if (const Node* distinct = FindGiven(document, "distinct_on")) {
    ROWAN_RETURN_IF_ERROR(ForEach(*distinct, parent.Member("distinct_on"), [&](const Node& field, const Path& at) {
      return ReadText(field, at, "a field's name", *target.add_distinct_on());
    }));
  }
  return HasPage(document) ? ReadPage(document, parent, *target.mutable_page()) : absl::OkStatus();
}

}  // namespace rowan::document
