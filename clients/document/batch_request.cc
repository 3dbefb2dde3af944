#include <string>

#include "clients/document/document_error.h"
#include "clients/document/query_words.h"
#include "clients/document/read_write.h"
#include "clients/document/request.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::document {
namespace {

constexpr WordEntry<v1::IsolationLevel> kIsolations[] = {
    {"read_committed", v1::ISOLATION_LEVEL_READ_COMMITTED},
    {"repeatable_read", v1::ISOLATION_LEVEL_REPEATABLE_READ},
    {"serializable", v1::ISOLATION_LEVEL_SERIALIZABLE}};

constexpr std::string_view kVerbs[] = {"get", "aggregate", "exists", "insert", "update", "upsert", "delete"};

Words OperationKeys() {
  Words keys = {"id", "model"};
  keys.insert(keys.end(), std::begin(kVerbs), std::end(kVerbs));
  return keys;
}

// A path of a request's own document, moved below where the document stands.
absl::Status Below(const Path& path, const absl::Status& status) {
  if (status.ok()) return status;
  const std::string inner = ErrorMetadataOf(status)["path"];
  std::string message(status.message());
  if (message.starts_with(inner + ": ")) message = message.substr(inner.size() + 2);
  return inner.empty() ? DocumentError(path, message) : DocumentError(path.Member(inner), message);
}

}  // namespace

absl::StatusOr<v1::IsolationLevel> ReadIsolation(const Node& node, const Path& path) {
  return ReadWord(node, path, "isolation", kIsolations);
}

absl::StatusOr<v1::Operation> ToOperation(const Node& document, const Path& path) {
  ROWAN_RETURN_IF_ERROR(CheckKeys(path, document, "an operation", OperationKeys()));
  v1::Operation operation;
  if (const Node* id = FindGiven(document, "id")) {
    ROWAN_RETURN_IF_ERROR(ReadText(*id, path.Member("id"), "the operation's id, a text,", *operation.mutable_id()));
  }
  std::string model;
  const Node* named = document.Find("model");
  if (named == nullptr) return DocumentError(path.Member("model"), "an operation needs \"model\", the model's name");
  ROWAN_RETURN_IF_ERROR(ReadText(*named, path.Member("model"), "the model's name", model));
  std::string_view verb;
  for (std::string_view known : kVerbs) {
    if (document.Find(known) == nullptr) continue;
    if (!verb.empty()) return DocumentError(path, "an operation has one verb, not " + std::string(verb) + " and " + std::string(known));
    verb = known;
  }
  if (verb.empty()) return DocumentError(path, "an operation needs one of " + Listed(Words(std::begin(kVerbs), std::end(kVerbs))));
  const Node body = WithReferences(*document.Find(verb));
  const Path at = path.Member(verb);
  const auto take = [&](auto request, auto* target) {
    if (!request.ok()) return Below(at, request.status());
    *target = *std::move(request);
    return absl::OkStatus();
  };
  absl::Status status;
  if (verb == "get") status = take(ToGetRequest("", model, body), operation.mutable_get());
  if (verb == "aggregate") status = take(ToAggregateRequest("", model, body), operation.mutable_aggregate());
  if (verb == "exists") status = take(ToExistsRequest("", model, body), operation.mutable_exists());
  if (verb == "insert") status = take(ToInsertRequest("", model, body), operation.mutable_insert());
  if (verb == "update") status = take(ToUpdateRequest("", model, body), operation.mutable_update());
  if (verb == "upsert") status = take(ToUpsertRequest("", model, body), operation.mutable_upsert());
  if (verb == "delete") status = take(ToDeleteRequest("", model, body), operation.mutable_delete_());
  if (!status.ok()) return status;
  return operation;
}

absl::StatusOr<v1::BatchRequest> ToBatchRequest(std::string_view schema, const Node& document) {
  v1::BatchRequest request;
  request.set_schema(std::string(schema));
  const Node* operations = &document;
  if (!document.is_list()) {
    ROWAN_RETURN_IF_ERROR(
        CheckKeys(Path(""), document, "a batch document", {"operations", "isolation", "dry_run", "request_id"}));
    operations = document.Find("operations");
    if (operations == nullptr || !operations->is_list())
      return DocumentError(Path("operations"), "a batch document needs \"operations\", a list");
    if (const Node* isolation = FindGiven(document, "isolation")) {
      ROWAN_ASSIGN_OR_RETURN(const v1::IsolationLevel level, ReadIsolation(*isolation, Path("isolation")));
      request.set_isolation(level);
    }
    ROWAN_RETURN_IF_ERROR(ReadRunParts(document, request));
  }
  const Path root("operations");
  for (size_t i = 0; i < operations->items.size(); ++i) {
    ROWAN_ASSIGN_OR_RETURN(*request.add_operations(),
                           ToOperation(operations->items[i], root.Index(static_cast<int>(i))));
  }
  return request;
}

}  // namespace rowan::document
