#include "service/admin.h"

#include <httplib.h>

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

int AdminServer::port() const { return impl_->port; }

std::unique_ptr<AdminServer> AdminServer::Start(ServerState& state, const std::string& host, int port) {
  auto impl = std::make_unique<Impl>();
  httplib::Server& server = impl->server;
  // A page a second is plenty here, and idle connections should not keep the process from ending.
  server.new_task_queue = [] { return new httplib::ThreadPool(2); };
  server.set_keep_alive_max_count(1);
  server.Get("/livez", [](const httplib::Request&, httplib::Response& response) { response.set_content("ok\n", "text/plain"); });
  server.Get("/readyz", [&state](const httplib::Request&, httplib::Response& response) {
    const std::shared_ptr<Engine> engine = state.engine.load();
    Call call;
    call.deadline = Clock::now() + std::chrono::seconds(1);
    const bool ready = !state.draining && engine != nullptr && engine->Ping(call).ok();
    response.status = ready ? 200 : 503;
    response.set_content(ready ? "ready\n" : state.draining ? "draining\n" : "the database cannot be reached\n", "text/plain");
  });
  server.Get("/metrics", [&state](const httplib::Request&, httplib::Response& response) {
    const std::shared_ptr<Engine> engine = state.engine.load();
    response.set_content(state.metrics.Text(engine.get(), state.in_flight), "text/plain; version=0.0.4");
  });
  impl->port = port == 0 ? server.bind_to_any_port(host.c_str()) : server.bind_to_port(host.c_str(), port) ? port : -1;
  if (impl->port <= 0) return nullptr;
  impl->thread = std::thread([raw = impl.get()] { raw->server.listen_after_bind(); });
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

}  // namespace rowan::service
