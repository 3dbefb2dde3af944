// Operations, and the batches and transactions that run them.
#include <algorithm>
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

constexpr WordEntry<v1::IsolationLevel> kIsolations[] = {{"read_committed", v1::ISOLATION_LEVEL_READ_COMMITTED},
                                                         {"repeatable_read", v1::ISOLATION_LEVEL_REPEATABLE_READ},
                                                         {"serializable", v1::ISOLATION_LEVEL_SERIALIZABLE}};

constexpr std::string_view kControls[] = {"begin", "savepoint", "rollback_to", "release", "commit", "rollback"};

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

// Writes the isolation that a document gives.
template <typename Target>
absl::Status ReadIsolation(const Node& document, const Path& parent, Target& target) {
  const Node* isolation = FindGiven(document, "isolation");
  if (isolation == nullptr) return absl::OkStatus();
  ROWAN_ASSIGN_OR_RETURN(const v1::IsolationLevel level,
                         ReadWord(*isolation, parent.Member("isolation"), "isolation", kIsolations));
  target.set_isolation(level);
  return absl::OkStatus();
}

absl::Status ReadBegin(const Node& node, const Path& path, v1::BeginTransaction& begin) {
  ROWAN_RETURN_IF_ERROR(
      CheckKeys(path, node, "the beginning", {"isolation", "read_only", "idle_timeout_ms", "timeout_ms"}));
  ROWAN_RETURN_IF_ERROR(ReadIsolation(node, path, begin));
  if (const Node* read_only = FindGiven(node, "read_only")) {
    bool flag = false;
    ROWAN_RETURN_IF_ERROR(ReadFlag(*read_only, path.Member("read_only"), flag));
    begin.set_read_only(flag);
  }
  const auto read_time = [&](std::string_view key, int64_t& time) {
    const Node* given = FindGiven(node, key);
    return given == nullptr || ReadInt64(*given, time) ? absl::OkStatus()
                                                       : WrongKind(path.Member(key), *given, "a whole number");
  };
  int64_t idle = 0;
  int64_t whole = 0;
  ROWAN_RETURN_IF_ERROR(read_time("idle_timeout_ms", idle));
  ROWAN_RETURN_IF_ERROR(read_time("timeout_ms", whole));
  begin.set_idle_timeout_ms(idle);
  begin.set_timeout_ms(whole);
  return absl::OkStatus();
}

}  // namespace

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
    if (!verb.empty())
      return DocumentError(path, "an operation has one verb, not " + std::string(verb) + " and " + std::string(known));
    verb = known;
  }
  if (verb.empty())
    return DocumentError(path, "an operation needs one of " + Listed(Words(std::begin(kVerbs), std::end(kVerbs))));
  Node body = *document.Find(verb);
  MarkReferences(body);
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
    ROWAN_RETURN_IF_ERROR(ReadIsolation(document, Path(""), request));
    ROWAN_RETURN_IF_ERROR(ReadRunParts(document, request));
  }
  const Path root("operations");
  for (size_t i = 0; i < operations->items.size(); ++i) {
    ROWAN_ASSIGN_OR_RETURN(*request.add_operations(),
                           ToOperation(operations->items[i], root.Index(static_cast<int>(i))));
  }
  return request;
}

absl::StatusOr<v1::TransactRequest> ToTransactRequest(std::string_view schema, const Node& document) {
  const Path root("");
  Words known = OperationKeys();
  known.insert(known.end(), std::begin(kControls), std::end(kControls));
  ROWAN_RETURN_IF_ERROR(CheckKeys(root, document, "a message of a transaction", known));
  v1::TransactRequest request;
  const bool controls = std::any_of(std::begin(kControls), std::end(kControls),
                                    [&](std::string_view key) { return document.Find(key) != nullptr; });
  if (!controls) {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_operation(), ToOperation(document, root));
    return request;
  }
  if (document.members.size() != 1)
    return DocumentError(root, "a message says one thing; " +
                                   Listed(Words(std::begin(kControls), std::end(kControls))) + " stand alone");
  const auto& [key, operand] = document.members.front();
  const Path path = root.Member(key);
  if (key == "begin") {
    request.mutable_begin()->set_schema(std::string(schema));
    ROWAN_RETURN_IF_ERROR(ReadBegin(operand, path, *request.mutable_begin()));
  } else if (key == "savepoint") {
    ROWAN_RETURN_IF_ERROR(ReadText(operand, path, "the mark's name, a text,", *request.mutable_savepoint()));
  } else if (key == "rollback_to") {
    ROWAN_RETURN_IF_ERROR(ReadText(operand, path, "the mark's name, a text,", *request.mutable_rollback_to()));
  } else if (key == "release") {
    ROWAN_RETURN_IF_ERROR(ReadText(operand, path, "the mark's name, a text,", *request.mutable_release()));
  } else {
    if (!operand.is(true)) return WrongKind(path, operand, "true");
    request.mutable_end()->set_commit(key == "commit");
  }
  return request;
}

}  // namespace rowan::document
