// DataService over the engine. See data_service.proto for the contract.
#pragma once

#include "rowan/v1/data_service.grpc.pb.h"
#include "service/call_adapter.h"

namespace rowan::service {

// These methods take and give bytes, see raw_reactor.h.
class DataService final
    : public v1::DataService::WithRawCallbackMethod_Get<v1::DataService::WithRawCallbackMethod_Stream<
          v1::DataService::WithRawCallbackMethod_Aggregate<
              v1::DataService::WithRawCallbackMethod_Insert<v1::DataService::CallbackService>>>> {
 public:
  // `state` outlives the service.
  explicit DataService(ServerState& state) : state_(state) {}

  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Stream(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* Aggregate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Exists(grpc::CallbackServerContext* context, const v1::ExistsRequest* request,
                                   v1::ExistsResponse* response) override;
  grpc::ServerUnaryReactor* Insert(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Update(grpc::CallbackServerContext* context, const v1::UpdateRequest* request,
                                   v1::MutationResponse* response) override;
  grpc::ServerUnaryReactor* Upsert(grpc::CallbackServerContext* context, const v1::UpsertRequest* request,
                                   v1::MutationResponse* response) override;
  grpc::ServerUnaryReactor* Delete(grpc::CallbackServerContext* context, const v1::DeleteRequest* request,
                                   v1::MutationResponse* response) override;
  grpc::ServerBidiReactor<v1::LoadRequest, v1::LoadResponse>* Load(grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Batch(grpc::CallbackServerContext* context, const v1::BatchRequest* request,
                                  v1::BatchResponse* response) override;
  grpc::ServerBidiReactor<v1::TransactRequest, v1::TransactResponse>* Transact(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Explain(grpc::CallbackServerContext* context, const v1::ExplainRequest* request,
                                    v1::ExplainResponse* response) override;

 private:
  ServerState& state_;
};

}  // namespace rowan::service
