// Records, keys and the other parts of write documents. Private to clients/document.
#pragma once

#include "absl/status/status.h"
#include "clients/document/node.h"
#include "clients/document/read_query.h"
#include "engine/base/path.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::document {

// Writes a record with its nested writes. The outermost level is 1.
absl::Status ReadRecord(const Node& node, const Path& path, int depth, v1::RecordInput& record);

// Writes an `on_conflict`.
absl::Status ReadOnConflict(const Node& node, const Path& path, v1::OnConflict& conflict);

// Writes a number of records to be expected: 1, or {at_least: 1}.
absl::Status ReadExpectation(const Node& node, const Path& path, v1::Expectation& expect);

// Writes a lock: `update`, or {strength: update, wait: nowait}.
absl::Status ReadLock(const Node& node, const Path& path, v1::RowLock& lock);

// Writes `dry_run` and `request_id`.
template <typename Request>
absl::Status ReadRunParts(const Node& document, Request& request) {
  if (const Node* dry_run = FindGiven(document, "dry_run")) {
    bool flag = false;
    ROWAN_RETURN_IF_ERROR(ReadFlag(*dry_run, Path("dry_run"), flag));
    request.set_dry_run(flag);
  }
  if (const Node* id = FindGiven(document, "request_id")) {
    ROWAN_RETURN_IF_ERROR(ReadText(*id, Path("request_id"), "a request id, a text,", *request.mutable_request_id()));
  }
  return absl::OkStatus();
}

// Makes each {ref: "u1.id"} of an operation's document a reference, but for what is JSON.
void MarkReferences(Node& node);

}  // namespace rowan::document
