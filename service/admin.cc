#include "service/admin.h"

#include <httplib.h>

#include <chrono>
#include <thread>
#include <utility>

namespace rowan::service {

struct AdminServer::Impl {
  httplib::Server server;
  int port = 0;
  std::thread thread;
};

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AdminServer::~AdminServer() {
  impl_->server.stop();
  impl_->thread.join();
}

int AdminServer::port() const {
  return impl_->port;
}

std::unique_ptr<AdminServer> AdminServer::Start(ServerState& state, const std::string& host, int port) {
  auto impl = std::make_unique<Impl>();
  httplib::Server& server = impl->server;
  // A page a second is plenty here, and idle connections should not keep the process from ending.
  server.new_task_queue = [] { return new httplib::ThreadPool(2); };
  server.set_keep_alive_max_count(1);
  // The library's default would let two processes share a port, each answering some of the requests.
  server.set_socket_options([](int socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  server.Get("/livez",
             [](const httplib::Request&, httplib::Response& response) { response.set_content("ok\n", "text/plain"); });
  server.Get("/readyz", [&state](const httplib::Request&, httplib::Response& response) {
    const std::shared_ptr<Engine> engine = state.engine.load();
    Call call;
    call.deadline = Clock::now() + std::chrono::seconds(1);
    const bool ready = !state.draining && engine != nullptr && engine->Ping(call).ok();
    response.status = ready ? 200 : 503;
    response.set_content(ready            ? "ready\n"
                         : state.draining ? "draining\n"
                                          : "the database cannot be reached\n",
                         "text/plain");
  });
  server.Get("/metrics", [&state](const httplib::Request&, httplib::Response& response) {
    const std::shared_ptr<Engine> engine = state.engine.load();
    response.set_content(state.metrics.Text(engine.get(), state.in_flight), "text/plain; version=0.0.4");
  });
  impl->port = port == 0 ? server.bind_to_any_port(host.c_str()) : server.bind_to_port(host.c_str(), port) ? port : -1;
  if (impl->port <= 0) return nullptr;
  impl->thread = std::thread([raw = impl.get()] { raw->server.listen_after_bind(); });
  // A stop before it listens would be lost, and the join after it would last for ever.
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

}  // namespace rowan::service
