// A server inside the test's process that answers as each test says, and remembers what it was asked. For tests only.
#pragma once

#include <google/protobuf/text_format.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "rowan/v1/data_service.grpc.pb.h"
#include "rowan/v1/schema_service.grpc.pb.h"

namespace rowan::cli {

// Reads a message from its text form; a test that gets it wrong fails.
template <typename Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// Makes the status of an error as the server sends it.
inline grpc::Status ErrorStatus(grpc::StatusCode code, const std::string& message, const google::rpc::ErrorInfo& info,
                                const google::rpc::BadRequest& request) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(info);
  if (!request.field_violations().empty()) status.add_details()->PackFrom(request);
  return grpc::Status(code, message, status.SerializeAsString());
}

template <typename Request, typename Response>
using Handler = std::function<grpc::Status(const Request&, Response&)>;

class FakeServer final : public v1::DataService::Service, public v1::SchemaService::Service {
 public:
  using StreamWriter = grpc::ServerWriter<v1::StreamResponse>;
  using TransactStream = grpc::ServerReaderWriter<v1::TransactResponse, v1::TransactRequest>;
  using LoadStream = grpc::ServerReaderWriter<v1::LoadResponse, v1::LoadRequest>;

  FakeServer() {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(static_cast<v1::DataService::Service*>(this));
    builder.RegisterService(static_cast<v1::SchemaService::Service*>(this));
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  ~FakeServer() override { server_->Shutdown(std::chrono::system_clock::now()); }

  const std::string& address() const { return address_; }
  void SetServing(bool serving) { server_->GetHealthCheckService()->SetServingStatus(serving); }

  // What the next calls answer. A method without a handler answers UNIMPLEMENTED.
  Handler<v1::GetRequest, v1::GetResponse> get;
  std::function<grpc::Status(grpc::ServerContext&, const v1::StreamRequest&, StreamWriter&)> stream;
  Handler<v1::AggregateRequest, v1::AggregateResponse> aggregate;
  Handler<v1::ExistsRequest, v1::ExistsResponse> exists;
  Handler<v1::InsertRequest, v1::MutationResponse> insert;
  Handler<v1::UpdateRequest, v1::MutationResponse> update;
  Handler<v1::DeleteRequest, v1::MutationResponse> remove;
  Handler<v1::UpsertRequest, v1::MutationResponse> upsert;
  Handler<v1::BatchRequest, v1::BatchResponse> batch;
  std::function<grpc::Status(TransactStream&)> transact;
  std::function<grpc::Status(LoadStream&)> load;
  Handler<v1::ExplainRequest, v1::ExplainResponse> explain;
  Handler<v1::ApplySchemaRequest, v1::ApplySchemaResponse> apply;
  Handler<v1::GetSchemaRequest, v1::Schema> get_schema;
  Handler<v1::ListSchemasRequest, v1::ListSchemasResponse> list_schemas;
  Handler<v1::ListSchemaVersionsRequest, v1::ListSchemaVersionsResponse> list_versions;
  Handler<v1::IntrospectRequest, v1::IntrospectResponse> introspect;
  Handler<v1::CheckDriftRequest, v1::CheckDriftResponse> check_drift;

  // Of the last call.
  std::string request_id;
  bool had_deadline = false;

 private:
  template <typename Request, typename Response>
  grpc::Status Answer(grpc::ServerContext* context, const Handler<Request, Response>& handler, const Request* request,
                      Response* response) {
    Remember(*context);
    return handler ? handler(*request, *response) : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no handler");
  }

  void Remember(grpc::ServerContext& context) {
    const auto id = context.client_metadata().find("x-request-id");
    request_id = id == context.client_metadata().end() ? "" : std::string(id->second.data(), id->second.size());
    had_deadline = context.deadline() < std::chrono::system_clock::now() + std::chrono::hours(24);
    context.AddTrailingMetadata("x-request-id", request_id);
  }

  grpc::Status Get(grpc::ServerContext* context, const v1::GetRequest* request, v1::GetResponse* response) override {
    return Answer(context, get, request, response);
  }
  grpc::Status Stream(grpc::ServerContext* context, const v1::StreamRequest* request, StreamWriter* writer) override {
    Remember(*context);
    return stream ? stream(*context, *request, *writer) : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no handler");
  }
  grpc::Status Aggregate(grpc::ServerContext* context, const v1::AggregateRequest* request,
                         v1::AggregateResponse* response) override {
    return Answer(context, aggregate, request, response);
  }
  grpc::Status Exists(grpc::ServerContext* context, const v1::ExistsRequest* request,
                      v1::ExistsResponse* response) override {
    return Answer(context, exists, request, response);
  }
  grpc::Status Insert(grpc::ServerContext* context, const v1::InsertRequest* request,
                      v1::MutationResponse* response) override {
    return Answer(context, insert, request, response);
  }
  grpc::Status Update(grpc::ServerContext* context, const v1::UpdateRequest* request,
                      v1::MutationResponse* response) override {
    return Answer(context, update, request, response);
  }
  grpc::Status Delete(grpc::ServerContext* context, const v1::DeleteRequest* request,
                      v1::MutationResponse* response) override {
    return Answer(context, remove, request, response);
  }
  grpc::Status Upsert(grpc::ServerContext* context, const v1::UpsertRequest* request,
                      v1::MutationResponse* response) override {
    return Answer(context, upsert, request, response);
  }
  grpc::Status Batch(grpc::ServerContext* context, const v1::BatchRequest* request,
                     v1::BatchResponse* response) override {
    return Answer(context, batch, request, response);
  }
  grpc::Status Transact(grpc::ServerContext* context, TransactStream* stream) override {
    Remember(*context);
    return transact ? transact(*stream) : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no handler");
  }
  grpc::Status Load(grpc::ServerContext* context, LoadStream* stream) override {
    Remember(*context);
    return load ? load(*stream) : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no handler");
  }
  grpc::Status Explain(grpc::ServerContext* context, const v1::ExplainRequest* request,
                       v1::ExplainResponse* response) override {
    return Answer(context, explain, request, response);
  }
  grpc::Status ApplySchema(grpc::ServerContext* context, const v1::ApplySchemaRequest* request,
                           v1::ApplySchemaResponse* response) override {
    return Answer(context, apply, request, response);
  }
  grpc::Status GetSchema(grpc::ServerContext* context, const v1::GetSchemaRequest* request,
                         v1::Schema* response) override {
    return Answer(context, get_schema, request, response);
  }
  grpc::Status ListSchemas(grpc::ServerContext* context, const v1::ListSchemasRequest* request,
                           v1::ListSchemasResponse* response) override {
    return Answer(context, list_schemas, request, response);
  }
  grpc::Status ListSchemaVersions(grpc::ServerContext* context, const v1::ListSchemaVersionsRequest* request,
                                  v1::ListSchemaVersionsResponse* response) override {
    return Answer(context, list_versions, request, response);
  }
  grpc::Status Introspect(grpc::ServerContext* context, const v1::IntrospectRequest* request,
                          v1::IntrospectResponse* response) override {
    return Answer(context, introspect, request, response);
  }
  grpc::Status CheckDrift(grpc::ServerContext* context, const v1::CheckDriftRequest* request,
                          v1::CheckDriftResponse* response) override {
    return Answer(context, check_drift, request, response);
  }

  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace rowan::cli
