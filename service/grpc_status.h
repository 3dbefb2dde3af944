// The engine's errors as gRPC's: the code, the message, and the details of google.rpc.Status in the trailer
// `grpc-status-details-bin`.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace rowan::service {

// Copies code, message and those payloads whose URL is that of a google.rpc type. An INTERNAL error gets the request id
// into its metadata. Details are left out when they would not fit the 8 KiB that HTTP/2 peers commonly allow for
// trailers. Pure.
grpc::Status ToGrpcStatus(const absl::Status& status, const std::string& request_id);

}  // namespace rowan::service
