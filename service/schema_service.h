// SchemaService over the engine. See schema_service.proto for the contract.
#pragma once

#include "rowan/v1/schema_service.grpc.pb.h"
#include "service/call_adapter.h"

namespace rowan::service {

class SchemaService final : public v1::SchemaService::CallbackService {
 public:
  // `state` outlives the service.
  explicit SchemaService(ServerState& state) : state_(state) {}

  grpc::ServerUnaryReactor* ApplySchema(grpc::CallbackServerContext* context, const v1::ApplySchemaRequest* request,
                                        v1::ApplySchemaResponse* response) override;
  grpc::ServerUnaryReactor* GetSchema(grpc::CallbackServerContext* context, const v1::GetSchemaRequest* request,
                                      v1::Schema* response) override;
  grpc::ServerUnaryReactor* ListSchemas(grpc::CallbackServerContext* context, const v1::ListSchemasRequest* request,
                                        v1::ListSchemasResponse* response) override;
  grpc::ServerUnaryReactor* ListSchemaVersions(grpc::CallbackServerContext* context,
                                               const v1::ListSchemaVersionsRequest* request,
                                               v1::ListSchemaVersionsResponse* response) override;
  grpc::ServerUnaryReactor* CheckDrift(grpc::CallbackServerContext* context, const v1::CheckDriftRequest* request,
                                       v1::CheckDriftResponse* response) override;
  grpc::ServerUnaryReactor* Introspect(grpc::CallbackServerContext* context, const v1::IntrospectRequest* request,
                                       v1::IntrospectResponse* response) override;

 private:
  ServerState& state_;
};

}  // namespace rowan::service
