// The reactor of DataService.Load.
#pragma once

#include <grpcpp/grpcpp.h>

#include "rowan/v1/data_service.grpc.pb.h"
#include "service/call_adapter.h"

namespace rowan::service {

// Runs a load on a stream worker. The next message is read while the engine works on the last one, and no further; it
// writes one message at a time. A client that neither sends nor reads for state.stall_timeout loses its load.
grpc::ServerBidiReactor<v1::LoadRequest, v1::LoadResponse>* RunLoad(ServerState& state,
                                                                    grpc::CallbackServerContext& context);

}  // namespace rowan::service
