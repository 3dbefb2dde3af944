#include "service/schema_service.h"

#include <functional>
#include <thread>

#include "engine/base/thread_priority.h"

namespace rowan::service {
namespace {

// Runs what may take seconds of processor time on a thread that lets all others go first.
absl::Status RunBehindOthers(const std::function<absl::Status()>& run) {
  absl::Status status;
  std::thread thread([&] {
    LetOthersFirst();
    status = run();
  });
  thread.join();
  return status;
}

}  // namespace

grpc::ServerUnaryReactor* SchemaService::ApplySchema(grpc::CallbackServerContext* context,
                                                     const v1::ApplySchemaRequest* request,
                                                     v1::ApplySchemaResponse* response) {
  const std::string& name = request->has_earlier() ? request->earlier().name() : request->schema().name();
  // The history keeps where a change came from; there are no user names yet.
  return RunUnary(
      state_, *context, "ApplySchema", {name, ""},
      [=, peer = context->peer()](Engine& engine, const Call& call) {
        return RunBehindOthers([&] { return engine.ApplySchema(*request, peer, call, *response); });
      },
      state_.schema_timeout);
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

grpc::ServerUnaryReactor* SchemaService::ListSchemaVersions(grpc::CallbackServerContext* context,
                                                            const v1::ListSchemaVersionsRequest* request,
                                                            v1::ListSchemaVersionsResponse* response) {
  return RunUnary(state_, *context, "ListSchemaVersions", {request->name(), ""},
                  [=](Engine& engine, const Call&) { return engine.ListSchemaVersions(*request, *response); });
}

grpc::ServerUnaryReactor* SchemaService::Introspect(grpc::CallbackServerContext* context,
                                                    const v1::IntrospectRequest* request,
                                                    v1::IntrospectResponse* response) {
  return RunUnary(
      state_, *context, "Introspect", {request->name(), ""},
      [=](Engine& engine, const Call&) {
        return RunBehindOthers([&] { return engine.Introspect(*request, *response); });
      },
      state_.schema_timeout);
}

grpc::ServerUnaryReactor* SchemaService::CheckDrift(grpc::CallbackServerContext* context,
                                                    const v1::CheckDriftRequest* request,
                                                    v1::CheckDriftResponse* response) {
  return RunUnary(
      state_, *context, "CheckDrift", {request->name(), ""},
      [=](Engine& engine, const Call&) {
        return RunBehindOthers([&] { return engine.CheckDrift(*request, *response); });
      },
      state_.schema_timeout);
}

}  // namespace rowan::service
