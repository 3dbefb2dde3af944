// The reactor of DataService.Transact.
#pragma once

#include <grpcpp/grpcpp.h>

#include "rowan/v1/data_service.grpc.pb.h"
#include "service/call_adapter.h"

namespace rowan::service {

// Runs a transaction on a worker of its own kind, which it holds from its first message to its end. A message is read when the last one
// was answered, and the answers are written one at a time. A client that does not take an answer for
// state.transaction_idle_timeout loses its transaction.
grpc::ServerBidiReactor<v1::TransactRequest, v1::TransactResponse>* RunTransact(ServerState& state,
                                                                                grpc::CallbackServerContext& context);

}  // namespace rowan::service
