#include "clients/document/request.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "clients/document/document_error.h"
#include "clients/document/query_words.h"
#include "clients/document/read_query.h"
#include "clients/document/value.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::document {
namespace {

absl::Status ReadRecord(const Node& node, const Path& path, int depth, v1::RecordInput& record);

absl::Status ReadKey(const Node& node, const Path& path, v1::Key& key) {
  if (node.is_object() && !IsTyped(node)) {
    if (node.members.empty())
      return DocumentError(path, "an empty object names no record; write the key's fields, or the primary key's value");
    for (const auto& [name, value] : node.members) {
      ROWAN_RETURN_IF_ERROR(ReadValue(value, path.Member(name), (*key.mutable_fields())[name]));
    }
    return absl::OkStatus();
  }
  if (!node.is_list()) return ReadValue(node, path, *key.add_primary());
  if (node.items.empty())
    return DocumentError(path, "an empty list names no record; write the values of the primary key");
  for (size_t i = 0; i < node.items.size(); ++i) {
    ROWAN_RETURN_IF_ERROR(ReadValue(node.items[i], path.Index(static_cast<int>(i)), *key.add_primary()));
  }
  return absl::OkStatus();
}

absl::Status ReadRelationWrite(const Node& node, const Path& path, int depth, v1::RelationWrite& write) {
  for (const auto& [verb, operand] : node.members) {
    const Path place = path.Member(verb);
    if (verb == "create") {
      ROWAN_RETURN_IF_ERROR(ForEach(operand, place, [&](const Node& record, const Path& at) {
        return ReadRecord(record, at, depth + 1, *write.add_create());
      }));
    } else if (verb == "connect") {
      ROWAN_RETURN_IF_ERROR(ForEach(
          operand, place, [&](const Node& key, const Path& at) { return ReadKey(key, at, *write.add_connect()); }));
    } else if (operand.is(true)) {
      write.set_disconnect_current(true);
    } else {
      ROWAN_RETURN_IF_ERROR(ForEach(
          operand, place, [&](const Node& key, const Path& at) { return ReadKey(key, at, *write.add_disconnect()); }));
    }
  }
  return absl::OkStatus();
}

// An object whose keys are all verbs is a relation write; anything else is a value.
bool IsRelationWrite(const Node& node) {
  const auto is_verb = [](const Member& member) {
    return member.key == "create" || member.key == "connect" || member.key == "disconnect";
  };
  return node.is_object() && !node.members.empty() && std::all_of(node.members.begin(), node.members.end(), is_verb);
}

absl::Status ReadRecord(const Node& node, const Path& path, int depth, v1::RecordInput& record) {
  ROWAN_RETURN_IF_ERROR(CheckNesting(path, depth));
  ROWAN_RETURN_IF_ERROR(CheckObject(path, node, "a record"));
  for (const auto& [name, entry] : node.members) {
    const Path place = path.Member(name);
    if (IsRelationWrite(entry)) {
      ROWAN_RETURN_IF_ERROR(ReadRelationWrite(entry, place, depth, (*record.mutable_relations())[name]));
    } else {
      ROWAN_RETURN_IF_ERROR(ReadValue(entry, place, (*record.mutable_values())[name]));
    }
  }
  return absl::OkStatus();
}

template <typename Request>
absl::Status ReadReturning(const Node& document, Request& request) {
  const Node* returning = document.Find("returning");
  return returning == nullptr ? absl::OkStatus()
                              : ReadSelection(*returning, Path("returning"), 1, *request.mutable_returning());
}

// `where`, `all_rows` and `returning`.
template <typename Request>
absl::Status ReadMutationParts(const Node& document, Request& request) {
  ROWAN_RETURN_IF_ERROR(ReadWhere(document, Path(""), request));
  if (const Node* all_rows = document.Find("all_rows")) {
    bool flag = false;
    ROWAN_RETURN_IF_ERROR(ReadFlag(*all_rows, Path("all_rows"), flag));
    request.set_all_rows(flag);
  }
  return ReadReturning(document, request);
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
  return ToReadRequest<v1::GetRequest>(schema, model, document, kPageKeys);
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
  return document.Find("data") != nullptr && document.members.size() == (document.Find("returning") == nullptr ? 1 : 2);
}

absl::StatusOr<v1::InsertRequest> ToInsertRequest(std::string_view schema, std::string_view model,
                                                  const Node& document) {
  auto request = Named<v1::InsertRequest>(schema, model);
  const bool long_form = IsLongInsert(document);
  if (long_form) ROWAN_RETURN_IF_ERROR(ReadReturning(document, request));
  const Node& data = long_form ? *document.Find("data") : document;
  const Path path("data");
  // A list of one is named like the record alone, as the server does.
  const bool numbered = data.is_list() && data.items.size() > 1;
  ROWAN_RETURN_IF_ERROR(ForEach(data, path, [&](const Node& record, const Path& at) {
    return ReadRecord(record, numbered ? at : path, 1, *request.add_data());
  }));
  return request;
}

absl::StatusOr<v1::UpdateRequest> ToUpdateRequest(std::string_view schema, std::string_view model,
                                                  const Node& document) {
  ROWAN_RETURN_IF_ERROR(
      CheckKeys(Path(""), document, "an update document", {"data", "where", "all_rows", "returning"}));
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
  ROWAN_RETURN_IF_ERROR(CheckKeys(Path(""), document, "a delete document", {"where", "all_rows", "returning"}));
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
  } else if (verb == "delete") {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_delete_(), ToDeleteRequest(schema, model, document));
  } else {
    return UnknownWord(Path(""), "verb", verb, {"get", "stream", "aggregate", "exists", "insert", "update", "delete"});
  }
  return request;
}

}  // namespace rowan::document
