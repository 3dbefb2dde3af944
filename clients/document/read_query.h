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

// Reads a limit or an offset.
absl::Status ReadCount(const Node& node, const Path& path, int64_t& count);

// Returns a member that is present and not null, or null: for the keys of a document, null means absent.
const Node* FindGiven(const Node& document, std::string_view key);

// Writes `where` to a request or a related selection. {} is no filter.
template <typename Target>
absl::Status ReadWhere(const Node& document, const Path& parent, Target& target) {
  const Node* where = FindGiven(document, "where");
  if (where == nullptr) return absl::OkStatus();
  const Path path = parent.Member("where");
  ROWAN_RETURN_IF_ERROR(CheckObject(path, *where, "a filter"));
  return where->members.empty() ? absl::OkStatus() : ReadFilter(*where, path, 1, *target.mutable_where());
}

// Writes `where`, `order_by`, `limit` and `offset` to a read request or a related selection.
template <typename Target>
absl::Status ReadReadParts(const Node& document, const Path& parent, Target& target) {
  ROWAN_RETURN_IF_ERROR(ReadWhere(document, parent, target));
  if (const Node* order = FindGiven(document, "order_by")) {
    ROWAN_RETURN_IF_ERROR(ReadOrder(*order, parent.Member("order_by"), *target.mutable_order_by()));
  }
  int64_t count = 0;
  if (const Node* limit = FindGiven(document, "limit")) {
    ROWAN_RETURN_IF_ERROR(ReadCount(*limit, parent.Member("limit"), count));
    target.mutable_page()->set_limit(count);
  }
  if (const Node* offset = FindGiven(document, "offset")) {
    ROWAN_RETURN_IF_ERROR(ReadCount(*offset, parent.Member("offset"), count));
    target.mutable_page()->set_offset(count);
  }
  return absl::OkStatus();
}

}  // namespace rowan::document
