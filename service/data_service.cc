#include "service/data_service.h"

#include "service/load_reactor.h"
#include "service/raw_reactor.h"
#include "service/transact_reactor.h"

namespace rowan::service {

grpc::ServerUnaryReactor* DataService::Get(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) {
  return RunGet(state_, *context, *request, *response);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* DataService::Stream(grpc::CallbackServerContext* context,
                                                                const grpc::ByteBuffer* request) {
  return RunStream(state_, *context, *request);
}

grpc::ServerUnaryReactor* DataService::Aggregate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) {
  return RunAggregate(state_, *context, *request, *response);
}

grpc::ServerUnaryReactor* DataService::Exists(grpc::CallbackServerContext* context, const v1::ExistsRequest* request,
                                              v1::ExistsResponse* response) {
  return RunUnary(state_, *context, "Exists", {request->schema(), request->model()},
                  [=](Engine& engine, const Call& call) { return engine.Exists(*request, call, *response); });
}

grpc::ServerUnaryReactor* DataService::Insert(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) {
  return RunInsert(state_, *context, *request, *response);
}

grpc::ServerUnaryReactor* DataService::Update(grpc::CallbackServerContext* context, const v1::UpdateRequest* request,
                                              v1::MutationResponse* response) {
  return RunUnary(state_, *context, "Update", {request->schema(), request->model()},
                  [=](Engine& engine, const Call& call) { return engine.Update(*request, call, *response); });
}

grpc::ServerUnaryReactor* DataService::Upsert(grpc::CallbackServerContext* context, const v1::UpsertRequest* request,
                                              v1::MutationResponse* response) {
  return RunUnary(state_, *context, "Upsert", {request->schema(), request->model()},
                  [=](Engine& engine, const Call& call) { return engine.Upsert(*request, call, *response); });
}

grpc::ServerUnaryReactor* DataService::Delete(grpc::CallbackServerContext* context, const v1::DeleteRequest* request,
                                              v1::MutationResponse* response) {
  return RunUnary(state_, *context, "Delete", {request->schema(), request->model()},
                  [=](Engine& engine, const Call& call) { return engine.Delete(*request, call, *response); });
}

grpc::ServerBidiReactor<v1::LoadRequest, v1::LoadResponse>* DataService::Load(grpc::CallbackServerContext* context) {
  return RunLoad(state_, *context);
}

grpc::ServerUnaryReactor* DataService::Batch(grpc::CallbackServerContext* context, const v1::BatchRequest* request,
                                             v1::BatchResponse* response) {
  return RunUnary(state_, *context, "Batch", {request->schema(), ""},
                  [=](Engine& engine, const Call& call) { return engine.Batch(*request, call, *response); });
}

grpc::ServerBidiReactor<v1::TransactRequest, v1::TransactResponse>* DataService::Transact(
    grpc::CallbackServerContext* context) {
  return RunTransact(state_, *context);
}

grpc::ServerUnaryReactor* DataService::Explain(grpc::CallbackServerContext* context, const v1::ExplainRequest* request,
                                               v1::ExplainResponse* response) {
  return RunUnary(state_, *context, "Explain", {},
                  [=](Engine& engine, const Call& call) { return engine.Explain(*request, call, *response); });
}

}  // namespace rowan::service
