// A command that did not succeed: what to tell, and how to exit.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "clients/cli/console.h"

namespace grpc {
class ClientContext;
class Status;
}  // namespace grpc

namespace rowan::v1 {
class RequestFailed;
}  // namespace rowan::v1

namespace rowan::cli {

struct Failure {
  std::string code;    // of gRPC, "NOT_FOUND"; empty when nothing was sent
  std::string reason;  // of rowan.v1.ErrorReason; empty when there is none
  std::string message;
  std::vector<std::pair<std::string, std::string>>
      places;              // path in the document, and what is wrong there (empty: the message says it)
  std::string hint;        // what to do next; may be empty
  std::string request_id;  // empty when nothing was sent
  std::chrono::milliseconds retry_delay{0};  // how long to wait before it is sent again, when the server says so
  int exit_code = kExitUsage;
};

// Takes the failure from a call that ended: code, message and the google.rpc details. `context` is that of the call;
// the request id that it echoes replaces `request_id`. `address` is for the hint.
Failure FailureOf(const grpc::Status& status, const grpc::ClientContext& context, const std::string& request_id,
                  const std::string& address);

// Takes the failure of a request within a transaction. Its exit code is that of a call that ends so.
Failure FailureOf(const v1::RequestFailed& failed);

// Takes the failure from a mistake of a document or file that was found before anything was sent.
Failure FailureOf(const absl::Status& status);

// Prints the failure on `err` and returns its exit code.
int Tell(Console& console, const Failure& failure);

}  // namespace rowan::cli
