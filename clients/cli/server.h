// Calls to the server: the channel, and what every call carries.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "clients/cli/console.h"
#include "clients/cli/failure.h"
#include "clients/cli/options.h"
#include "engine/base/call.h"

namespace rowan::cli {

// Tells whether an address is on this machine: a loopback name or number, or a unix socket.
bool IsLocal(std::string_view address);

// Opens a channel: in plain text to this machine, with TLS to others, unless the options say otherwise. Nothing is sent
// yet. Errors: INVALID_ARGUMENT for a CA file that cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const Options& options);

// The context of one call, with deadline and request id; an interrupt cancels it. Neither copied nor moved.
struct CallContext {
  CallContext(const Options& options, Console& console);

  grpc::ClientContext grpc;
  Cancellation::Registration interrupt;
};

// Makes a unary call. Returns its failure, or nothing when `response` is filled.
template <typename Stub, typename Request, typename Response>
std::optional<Failure> Send(const Options& options, Console& console, Stub& stub,
                            grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                            const Request& request, Response& response) {
  CallContext context(options, console);
  const grpc::Status status = (stub.*method)(&context.grpc, request, &response);
  if (status.ok()) return std::nullopt;
  return FailureOf(status, context.grpc, options.request_id, options.address);
}

}  // namespace rowan::cli
