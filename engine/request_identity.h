// From a request to how its transaction ends: dry_run and request_id.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "engine/base/call.h"
#include "engine/exec/run_transaction.h"

namespace google::protobuf {
class Message;
}

namespace rowan {

// Takes the parts that all writes have beside what they write; `request_id` may be empty, and is then the call's
// idempotency_key. `request` has a field request_id, which is no part of its fingerprint. Errors: ConflictingInput,
// ValueOutOfRange, MalformedValue.
absl::StatusOr<exec::Transaction> DescribeTransaction(const std::string& schema, const std::string& request_id,
                                                      bool dry_run, const google::protobuf::Message& request,
                                                      std::chrono::milliseconds retention, const Call& call);

// The same of a request that has the parts as fields.
template <typename Request>
absl::StatusOr<exec::Transaction> TransactionOf(const Request& request, std::chrono::milliseconds retention,
                                                const Call& call) {
  return DescribeTransaction(request.schema(), request.request_id(), request.dry_run(), request, retention, call);
}

}  // namespace rowan
