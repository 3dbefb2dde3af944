// The reactors of DataService's reads, which take requests and give answers as bytes: answers are written in protobuf's
// wire format as they are made. Bytes that are no request are refused with INVALID_ARGUMENT, MALFORMED_VALUE.
#pragma once

#include <grpcpp/grpcpp.h>

#include "service/call_adapter.h"

namespace rowan::service {

// Run a unary read on a worker and finish the reactor with its status. `response` outlives the reactor.
grpc::ServerUnaryReactor* RunGet(ServerState& state, grpc::CallbackServerContext& context,
                                 const grpc::ByteBuffer& request, grpc::ByteBuffer& response);
grpc::ServerUnaryReactor* RunAggregate(ServerState& state, grpc::CallbackServerContext& context,
                                       const grpc::ByteBuffer& request, grpc::ByteBuffer& response);

// Runs a stream on a worker, which is held back until gRPC accepted each message.
grpc::ServerWriteReactor<grpc::ByteBuffer>* RunStream(ServerState& state, grpc::CallbackServerContext& context,
                                                      const grpc::ByteBuffer& request);

}  // namespace rowan::service
