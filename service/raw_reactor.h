// The reactors of those calls of DataService that take requests and give answers as bytes: reads, whose answers are written
// in protobuf's wire format as they are made, and what may go to PostgreSQL together with others without a worker (pg/lanes.h).
// Bytes that are no request are refused with INVALID_ARGUMENT, MALFORMED_VALUE.
#pragma once

#include <grpcpp/grpcpp.h>

#include "service/call_adapter.h"

namespace rowan::service {

// Run a unary call, together with others or on a worker, and finish the reactor with its status. `response` outlives the
// reactor.
grpc::ServerUnaryReactor* RunGet(ServerState& state, grpc::CallbackServerContext& context,
                                 const grpc::ByteBuffer& request, grpc::ByteBuffer& response);
grpc::ServerUnaryReactor* RunAggregate(ServerState& state, grpc::CallbackServerContext& context,
                                       const grpc::ByteBuffer& request, grpc::ByteBuffer& response);

grpc::ServerUnaryReactor* RunInsert(ServerState& state, grpc::CallbackServerContext& context,
                                    const grpc::ByteBuffer& request, grpc::ByteBuffer& response);

// Runs a stream on a worker, which is held back until gRPC accepted each message.
grpc::ServerWriteReactor<grpc::ByteBuffer>* RunStream(ServerState& state, grpc::CallbackServerContext& context,
                                                      const grpc::ByteBuffer& request);

}  // namespace rowan::service
