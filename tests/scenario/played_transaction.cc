#include "tests/scenario/played_transaction.h"

#include <thread>
#include <utility>

#include "clients/document/request.h"

namespace rowan {

absl::StatusOr<TransactPeer::Arrival> PlayedTransaction::Read(Clock::time_point until, v1::TransactRequest& message) {
  if (next_ < messages.size()) {
    message = messages[next_++];
    return Arrival::kMessage;
  }
  if (!silent) return Arrival::kEnd;
  std::this_thread::sleep_until(until);
  return Arrival::kNothing;
}

absl::Status PlayedTransaction::Write(const v1::TransactResponse& message) {
  answers.push_back({absl::OkStatus(), message});
  return absl::OkStatus();
}

absl::Status PlayedTransaction::Fail(const absl::Status& why) {
  answers.push_back({why, {}});
  return absl::OkStatus();
}

absl::StatusOr<v1::TransactRequest> ToMessage(const std::string& schema, const document::Node& step) {
  v1::TransactRequest message;
  const auto text = [](const document::Node* node) { return node == nullptr ? std::string() : node->text; };
  if (const document::Node* begin = step.Find("begin")) {
    v1::BeginTransaction& asked = *message.mutable_begin();
    const document::Node* named = begin->Find("schema");
    asked.set_schema(named == nullptr ? schema : named->text);
    const std::string isolation = text(begin->Find("isolation"));
    if (isolation == "repeatable_read") asked.set_isolation(v1::ISOLATION_LEVEL_REPEATABLE_READ);
    if (isolation == "serializable") asked.set_isolation(v1::ISOLATION_LEVEL_SERIALIZABLE);
    asked.set_read_only(begin->Find("read_only") != nullptr);
    int64_t limit = 0;
    if (const document::Node* idle = begin->Find("idle_timeout_ms"); idle != nullptr && document::ReadInt64(*idle, limit)) {
      asked.set_idle_timeout_ms(limit);
    }
    if (const document::Node* total = begin->Find("timeout_ms"); total != nullptr && document::ReadInt64(*total, limit)) {
      asked.set_timeout_ms(limit);
    }
  } else if (const document::Node* operation = step.Find("operation")) {
    absl::StatusOr<v1::Operation> converted = document::ToOperation(*operation, Path("operation"));
    if (!converted.ok()) return converted.status();
    *message.mutable_operation() = *std::move(converted);
  } else if (const document::Node* savepoint = step.Find("savepoint")) {
    message.set_savepoint(savepoint->text);
  } else if (const document::Node* back = step.Find("rollback_to")) {
    message.set_rollback_to(back->text);
  } else if (const document::Node* release = step.Find("release")) {
    message.set_release(release->text);
  } else if (const document::Node* end = step.Find("end")) {
    message.mutable_end()->set_commit(end->text == "commit");
  }
  return message;
}

}  // namespace rowan
