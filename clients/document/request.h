// From documents to the requests of rowan.v1. The conversion knows no schema, so it finds mistakes of form; whether
// names exist and types fit is the server's to say.
//
//   ParseJson(R"({"select": {"name": true}, "where": {"id": 5}})")  ->  ToGetRequest("blog", "User", node)
//
// Every error is INVALID_ARGUMENT (DOCUMENT_INVALID) with a path spelled like those of the server:
// "select.posts.where.title.eq". All functions are pure.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "clients/document/node.h"
#include "engine/base/path.h"

namespace rowan::v1 {
class AggregateRequest;
class BatchRequest;
class DeleteRequest;
class ExistsRequest;
class ExplainRequest;
class GetRequest;
class InsertRequest;
class Operation;
class StreamRequest;
class TransactRequest;
class UpdateRequest;
class UpsertRequest;
}  // namespace rowan::v1

namespace rowan::document {

// How deep selections, filters and writes may be nested. The server's own limits are lower; this one keeps a request
// below the 100 levels of messages that protobuf reads, so that the server can say what is wrong.
inline constexpr int kMaxNesting = 20;

// A read document, with `select`.
absl::StatusOr<v1::GetRequest> ToGetRequest(std::string_view schema, std::string_view model, const Node& document);
absl::StatusOr<v1::StreamRequest> ToStreamRequest(std::string_view schema, std::string_view model,
                                                  const Node& document);

// An aggregate document.
absl::StatusOr<v1::AggregateRequest> ToAggregateRequest(std::string_view schema, std::string_view model,
                                                        const Node& document);

// {where: …} or {}.
absl::StatusOr<v1::ExistsRequest> ToExistsRequest(std::string_view schema, std::string_view model,
                                                  const Node& document);

// One record, a list of records, or {data: …, returning: …, dry_run: …, request_id: …}.
absl::StatusOr<v1::InsertRequest> ToInsertRequest(std::string_view schema, std::string_view model,
                                                  const Node& document);

// Tells whether an insert document is in the long form: {data: …}, with no keys besides those above.
bool IsLongInsert(const Node& document);

// {data: …, where: …, all_rows: …, returning: …}, with `data` required.
absl::StatusOr<v1::UpdateRequest> ToUpdateRequest(std::string_view schema, std::string_view model,
                                                  const Node& document);

// {where: …, all_rows: …, returning: …}.
absl::StatusOr<v1::DeleteRequest> ToDeleteRequest(std::string_view schema, std::string_view model,
                                                  const Node& document);

// {data: …, key: …, on_conflict: …, returning: …}, with `data` required.
absl::StatusOr<v1::UpsertRequest> ToUpsertRequest(std::string_view schema, std::string_view model,
                                                  const Node& document);

// {operations: […], isolation: …, dry_run: …, request_id: …}, or just the list of operations.
absl::StatusOr<v1::BatchRequest> ToBatchRequest(std::string_view schema, const Node& document);

// One operation of a batch or a transaction, {id: …, model: …, <verb>: …}; `path` is where it stands.
absl::StatusOr<v1::Operation> ToOperation(const Node& document, const Path& path);

// One message of a transaction: an operation, or an object with a single key of begin ({isolation: …, read_only: …,
// idle_timeout_ms: …, timeout_ms: …}), savepoint, rollback_to, release (a name), commit and rollback (true).
absl::StatusOr<v1::TransactRequest> ToTransactRequest(std::string_view schema, const Node& document);

// A document of the verb get, stream, aggregate, exists, insert, update, upsert, delete or batch, which has no model.
absl::StatusOr<v1::ExplainRequest> ToExplainRequest(std::string_view verb, std::string_view schema,
                                                    std::string_view model, const Node& document);

}  // namespace rowan::document
