#include "service/schema_service.h"

namespace rowan::service {

grpc::ServerUnaryReactor* SchemaService::ApplySchema(grpc::CallbackServerContext* context,
                                                     const v1::ApplySchemaRequest* request,
                                                     v1::ApplySchemaResponse* response) {
  // The history keeps where a change came from; there are no user names yet.
  return RunUnary(state_, *context, "ApplySchema", {request->schema().name(), ""},
                  [=, peer = context->peer()](Engine& engine, const Call& call) {
                    return engine.ApplySchema(*request, peer, call, *response);
                  });
}

grpc::ServerUnaryReactor* SchemaService::GetSchema(grpc::CallbackServerContext* context,
                                                   const v1::GetSchemaRequest* request, v1::Schema* response) {
  return RunUnary(state_, *context, "GetSchema", {request->name(), ""},
                  [=](Engine& engine, const Call&) { return engine.GetSchema(*request, *response); });
}

grpc::ServerUnaryReactor* SchemaService::ListSchemas(grpc::CallbackServerContext* context,
                                                     const v1::ListSchemasRequest*, v1::ListSchemasResponse* response) {
  return RunUnary(state_, *context, "ListSchemas", {},
                  [=](Engine& engine, const Call&) { return engine.ListSchemas(*response); });
}

grpc::ServerUnaryReactor* SchemaService::Introspect(grpc::CallbackServerContext* context,
                                                    const v1::IntrospectRequest* request,
                                                    v1::IntrospectResponse* response) {
  return RunUnary(state_, *context, "Introspect", {request->name(), ""},
                  [=](Engine& engine, const Call&) { return engine.Introspect(*request, *response); });
}

}  // namespace rowan::service
