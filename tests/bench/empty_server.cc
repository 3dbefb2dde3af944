// A server that does nothing: it answers every Get with an empty message that it has not even read. What a call costs
// here is what gRPC itself costs, which no server that is built on it can go below.
//
//   bench_empty_server        prints "listening on 127.0.0.1:PORT", and serves until SIGTERM
#include <grpcpp/grpcpp.h>

#include <csignal>
#include <iostream>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "rowan/v1/data_service.grpc.pb.h"

namespace {

class EmptyService final : public rowan::v1::DataService::WithRawCallbackMethod_Get<rowan::v1::DataService::Service> {
 public:
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                grpc::ByteBuffer* response) override {
    const grpc::Slice nothing;
    *response = grpc::ByteBuffer(&nothing, 1);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // as rowand does
  EmptyService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << "listening on 127.0.0.1:" << port << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown();
  return 0;
}
