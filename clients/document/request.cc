#include "clients/document/request.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "clients/document/document_error.h"
#include "clients/document/query_words.h"
#include "clients/document/read_query.h"
#include "clients/document/read_write.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::document {
namespace {

template <typename Request>
absl::Status ReadReturning(const Node& document, Request& request) {
  const Node* returning = document.Find("returning");
  return returning == nullptr ? absl::OkStatus()
                              : ReadSelection(*returning, Path("returning"), 1, *request.mutable_returning());
}

// `where`, `all_rows`, `expect`, `returning`, `dry_run` and `request_id`.
template <typename Request>
absl::Status ReadMutationParts(const Node& document, Request& request) {
  ROWAN_RETURN_IF_ERROR(ReadWhere(document, Path(""), request));
  if (const Node* all_rows = document.Find("all_rows")) {
    bool flag = false;
    ROWAN_RETURN_IF_ERROR(ReadFlag(*all_rows, Path("all_rows"), flag));
    request.set_all_rows(flag);
  }
  if (const Node* expect = FindGiven(document, "expect")) {
    ROWAN_RETURN_IF_ERROR(ReadExpectation(*expect, Path("expect"), *request.mutable_expect()));
  }
  ROWAN_RETURN_IF_ERROR(ReadRunParts(document, request));
  return ReadReturning(document, request);
}

// The records of an insert or upsert.
template <typename Request>
absl::Status ReadRecords(const Node& data, Request& request) {
  const Path path("data");
  // A list of one is named like the record alone, as the server does.
  const bool numbered = data.is_list() && data.items.size() > 1;
  return ForEach(data, path, [&](const Node& record, const Path& at) {
    return ReadRecord(record, numbered ? at : path, 1, *request.add_data());
  });
}

template <typename Request>
Request Named(std::string_view schema, std::string_view model) {
  Request request;
  request.set_schema(std::string(schema));
  request.set_model(std::string(model));
  return request;
}

// What Get and Stream share; `keys` are those that only one of them has.
template <typename Request, size_t n>
absl::StatusOr<Request> ToReadRequest(std::string_view schema, std::string_view model, const Node& document,
                                      const std::string_view (&keys)[n]) {
  const Path root("");
  Words known = {"select", "strategy"};
  known.insert(known.end(), std::begin(kListKeys), std::end(kListKeys));
  known.insert(known.end(), std::begin(keys), std::end(keys));
  ROWAN_RETURN_IF_ERROR(CheckKeys(root, document, "a read document", known));
  const Node* select = document.Find("select");
  if (select == nullptr)
    return DocumentError(Path("select"), "a read document needs \"select\", an object of the names to load");
  Request request = Named<Request>(schema, model);
  ROWAN_RETURN_IF_ERROR(ReadSelection(*select, Path("select"), 1, *request.mutable_select()));
  ROWAN_RETURN_IF_ERROR(ReadListParts(document, root, request));
  if (const Node* word = FindGiven(document, "strategy")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::Strategy strategy, ReadWord(*word, Path("strategy"), "strategy", kStrategies));
    request.set_strategy(strategy);
  }
  return request;
}

}  // namespace

absl::StatusOr<v1::GetRequest> ToGetRequest(std::string_view schema, std::string_view model, const Node& document) {
  static constexpr std::string_view kGetKeys[] = {"cursor", "backward", "total", "expect", "lock"};
  ROWAN_ASSIGN_OR_RETURN(auto request, ToReadRequest<v1::GetRequest>(schema, model, document, kGetKeys));
  if (const Node* expect = FindGiven(document, "expect")) {
    ROWAN_RETURN_IF_ERROR(ReadExpectation(*expect, Path("expect"), *request.mutable_expect()));
  }
  if (const Node* lock = FindGiven(document, "lock")) {
    ROWAN_RETURN_IF_ERROR(ReadLock(*lock, Path("lock"), *request.mutable_lock()));
  }
  return request;
}

absl::StatusOr<v1::StreamRequest> ToStreamRequest(std::string_view schema, std::string_view model,
                                                  const Node& document) {
  static constexpr std::string_view kStreamKeys[] = {"mode", "resume_token"};
  ROWAN_ASSIGN_OR_RETURN(auto request, ToReadRequest<v1::StreamRequest>(schema, model, document, kStreamKeys));
  if (const Node* word = FindGiven(document, "mode")) {
    ROWAN_ASSIGN_OR_RETURN(const v1::StreamMode mode, ReadWord(*word, Path("mode"), "mode", kStreamModes));
    request.set_mode(mode);
  }
  if (const Node* token = FindGiven(document, "resume_token")) {
    ROWAN_RETURN_IF_ERROR(ReadText(*token, Path("resume_token"),
                                   "a resume token, the text that an earlier stream gave,",
                                   *request.mutable_resume_token()));
  }
  return request;
}

bool IsLongInsert(const Node& document) {
  static constexpr std::string_view kKeys[] = {"data", "returning", "dry_run", "request_id"};
  return document.Find("data") != nullptr &&
         std::all_of(document.members.begin(), document.members.end(), [](const Member& member) {
           return std::find(std::begin(kKeys), std::end(kKeys), member.key) != std::end(kKeys);
         });
}

absl::StatusOr<v1::InsertRequest> ToInsertRequest(std::string_view schema, std::string_view model,
                                                  const Node& document) {
  auto request = Named<v1::InsertRequest>(schema, model);
  const bool long_form = IsLongInsert(document);
  if (long_form) {
    ROWAN_RETURN_IF_ERROR(ReadReturning(document, request));
    ROWAN_RETURN_IF_ERROR(ReadRunParts(document, request));
  }
  ROWAN_RETURN_IF_ERROR(ReadRecords(long_form ? *document.Find("data") : document, request));
  return request;
}

absl::StatusOr<v1::UpsertRequest> ToUpsertRequest(std::string_view schema, std::string_view model,
                                                  const Node& document) {
  ROWAN_RETURN_IF_ERROR(CheckKeys(Path(""), document, "an upsert document",
                                  {"data", "key", "on_conflict", "returning", "dry_run", "request_id"}));
  const Node* data = document.Find("data");
  if (data == nullptr) return DocumentError(Path("data"), "an upsert document needs \"data\", a record or a list");
  auto request = Named<v1::UpsertRequest>(schema, model);
  ROWAN_RETURN_IF_ERROR(ReadRecords(*data, request));
  if (const Node* key = FindGiven(document, "key")) {
    ROWAN_RETURN_IF_ERROR(ForEach(*key, Path("key"), [&](const Node& field, const Path& at) {
      return ReadText(field, at, "a field's name", *request.add_key());
    }));
  }
  if (const Node* conflict = FindGiven(document, "on_conflict")) {
    ROWAN_RETURN_IF_ERROR(ReadOnConflict(*conflict, Path("on_conflict"), *request.mutable_on_conflict()));
  }
  ROWAN_RETURN_IF_ERROR(ReadReturning(document, request));
  ROWAN_RETURN_IF_ERROR(ReadRunParts(document, request));
  return request;
}

absl::StatusOr<v1::UpdateRequest> ToUpdateRequest(std::string_view schema, std::string_view model,
                                                  const Node& document) {
  ROWAN_RETURN_IF_ERROR(CheckKeys(Path(""), document, "an update document",
                                  {"data", "where", "all_rows", "expect", "returning", "dry_run", "request_id"}));
  const Node* data = document.Find("data");
  if (data == nullptr)
    return DocumentError(Path("data"), "an update document needs \"data\", an object of what to write");
  auto request = Named<v1::UpdateRequest>(schema, model);
  ROWAN_RETURN_IF_ERROR(ReadRecord(*data, Path("data"), 1, *request.mutable_data()));
  ROWAN_RETURN_IF_ERROR(ReadMutationParts(document, request));
  return request;
}

absl::StatusOr<v1::DeleteRequest> ToDeleteRequest(std::string_view schema, std::string_view model,
                                                  const Node& document) {
  ROWAN_RETURN_IF_ERROR(CheckKeys(Path(""), document, "a delete document",
                                  {"where", "all_rows", "expect", "returning", "dry_run", "request_id"}));
  auto request = Named<v1::DeleteRequest>(schema, model);
  ROWAN_RETURN_IF_ERROR(ReadMutationParts(document, request));
  return request;
}

absl::StatusOr<v1::ExplainRequest> ToExplainRequest(std::string_view verb, std::string_view schema,
                                                    std::string_view model, const Node& document) {
  v1::ExplainRequest request;
  if (verb == "get") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_get(), ToGetRequest(schema, model, document));
  } else if (verb == "stream") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_stream(), ToStreamRequest(schema, model, document));
  } else if (verb == "aggregate") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_aggregate(), ToAggregateRequest(schema, model, document));
  } else if (verb == "exists") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_exists(), ToExistsRequest(schema, model, document));
  } else if (verb == "insert") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_insert(), ToInsertRequest(schema, model, document));
  } else if (verb == "update") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_update(), ToUpdateRequest(schema, model, document));
  } else if (verb == "upsert") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_upsert(), ToUpsertRequest(schema, model, document));
  } else if (verb == "delete") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_delete_(), ToDeleteRequest(schema, model, document));
  } else if (verb == "batch") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_batch(), ToBatchRequest(schema, document));
  } else {
    return UnknownWord(Path(""), "verb", verb,
                       {"get", "stream", "aggregate", "exists", "insert", "update", "upsert", "delete", "batch"});
  }
  return request;
}

}  // namespace rowan::document
