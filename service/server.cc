#include "service/server.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/pg/result.h"
#include "service/admin.h"
#include "service/call_adapter.h"
#include "service/data_service.h"
#include "service/embedded_postgres.h"
#include "service/log.h"
#include "service/schema_service.h"

namespace rowan::service {
namespace {

// Waits for SIGTERM and SIGINT in a thread of its own; all other threads have them blocked.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
    std::thread([this] {
      int received = 0;
      sigwait(&set_, &received);
      {
        std::lock_guard lock(mutex_);
        stop_ = true;
      }
      wake_.notify_all();
      sigwait(&set_, &received);
      // Whoever sends a second signal wants it now. The embedded server goes down with us.
      _exit(130);
    }).detach();
  }

  // Waits until the first signal came, at most `longest`. Returns whether it came.
  bool Wait(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, longest, [this] { return stop_; });
  }

 private:
  sigset_t set_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
};

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string ReadText(const std::string& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(const Config& config, const Address& address) {
  if (config.tls_cert_file.empty()) {
    if (!IsLoopback(address.host) && !config.insecure_listen) {
      return absl::FailedPreconditionError(
          config.grpc_address +
          " is off loopback and there is no TLS. Give --tls-cert-file and --tls-key-file, or --insecure-listen");
    }
    return grpc::InsecureServerCredentials();
  }
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({ReadText(config.tls_key_file), ReadText(config.tls_cert_file)});
  if (options.pem_key_cert_pairs.front().private_key.empty() || options.pem_key_cert_pairs.front().cert_chain.empty()) {
    return absl::FailedPreconditionError("tls.cert_file or tls.key_file cannot be read");
  }
  return grpc::SslServerCredentials(options);
}

// Whether libpq's own variables name a database.
bool EnvironmentNamesDatabase() {
  for (const char* name : {"PGHOST", "PGHOSTADDR", "PGSERVICE", "PGPORT", "PGDATABASE"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

EngineOptions MakeEngineOptions(const Config& config, std::string conninfo) {
  EngineOptions options;
  options.conninfo = std::move(conninfo);
  options.interactive_connections = config.db_pool_size;
  options.stream_connections = config.db_stream_pool_size;
  options.lanes = config.db_lanes;
  options.transaction_connections = config.db_transaction_pool_size;
  options.transaction_idle_timeout = config.transaction_idle_timeout;
  options.transaction_timeout = config.transaction_timeout;
  options.request_retention = config.request_retention;
  options.queue_limit = config.db_queue_limit;
  options.pool_wait = config.db_pool_wait;
  options.schema_poll_interval = config.schema_poll_interval;
  options.token_secret = config.token_secret;
  options.limits.reply_bytes = config.message_out_bytes;
  options.log = [](const std::string& request_id, const std::string& message) {
    Log(LogLevel::kWarning, message, {{"request_id", request_id}});
  };
  return options;
}

// Tells gRPC's health checks about the server and its services.
void SetServing(grpc::Server& server, bool serving) {
  grpc::HealthCheckServiceInterface* health = server.GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus(serving);
  for (const char* name : {"rowan.v1.DataService", "rowan.v1.SchemaService"}) health->SetServingStatus(name, serving);
}

// Reaches the database, trying again until it works or the server stops. The server is healthy from then on.
class DatabaseOpener {
 public:
  DatabaseOpener(ServerState& state, grpc::Server& server, EngineOptions options) {
    thread_ = std::thread([this, &state, &server, options = std::move(options)] { Run(state, server, options); });
  }
  ~DatabaseOpener() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    cancellation_->Cancel();
    thread_.join();
  }

 private:
  void Run(ServerState& state, grpc::Server& server, const EngineOptions& options) {
    auto pause = std::chrono::milliseconds(100);
    for (;;) {
      Call call;
      call.cancellation = cancellation_;
      absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(options, call);
      if (engine.ok()) {
        state.engine.store(std::shared_ptr<Engine>(*std::move(engine)));
        SetServing(server, true);
        Log(LogLevel::kInfo, "the database is reached and the schemas are loaded");
        return;
      }
      Log(LogLevel::kError, "the database cannot be opened; trying again",
          {{"reason", ErrorReasonOf(engine.status())}, {"cause", errors::InternalCause(engine.status())}});
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, pause, [this] { return stop_; })) return;
      pause = std::min(pause * 2, std::chrono::milliseconds(5000));
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  const std::shared_ptr<Cancellation> cancellation_ = std::make_shared<Cancellation>();
  std::thread thread_;
};

std::unique_ptr<grpc::Server> Listen(const Config& config, const std::shared_ptr<grpc::ServerCredentials>& credentials,
                                     DataService& data, SchemaService& schema, int& port) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(config.grpc_address, credentials, &port);
  builder.RegisterService(&data);
  builder.RegisterService(&schema);
  builder.SetMaxReceiveMessageSize(static_cast<int>(config.message_in_bytes));
  // Framing and the shape come on top of the records that the engine measures.
  builder.SetMaxSendMessageSize(static_cast<int>(std::min<int64_t>(config.message_out_bytes + (1 << 20), INT32_MAX)));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, config.max_streams_per_connection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  if (config.max_connection_age.count() > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, static_cast<int>(config.max_connection_age.count()));
  }
  return builder.BuildAndStart();
}

int Fail(const std::string& why) {
  Log(LogLevel::kError, why);
  return 1;
}

// Lets the calls that run finish: not ready for a while, so that balancers look elsewhere, then no new calls, then no
// calls.
void Drain(const Config& config, ServerState& state, grpc::Server& server) {
  Log(LogLevel::kInfo, "draining", {{"in_flight", std::to_string(state.in_flight)}});
  state.draining = true;
  // For good: a database that is reached only now does not make it healthy again.
  if (server.GetHealthCheckService() != nullptr) server.GetHealthCheckService()->Shutdown();
  std::this_thread::sleep_for(config.drain_grace);
  // Shutdown refuses new calls and waits for all that run, which include watches of health that never end by
  // themselves. Once only those are left, they are cut; the pause is for answers that are on their way.
  const auto until = std::chrono::system_clock::now() + config.drain_timeout;
  const std::future<void> over = std::async(std::launch::async, [&] { server.Shutdown(until); });
  while (state.in_flight > 0 && over.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) {
  }
  if (over.wait_for(std::chrono::milliseconds(200)) != std::future_status::ready)
    grpc_server_cancel_all_calls(server.c_server());
  over.wait();
  server.Wait();
}

}  // namespace

int Serve(const Config& config) {
  Signals signals;
  const LogFormat format = config.log_format == "json" || (config.log_format == "auto" && isatty(STDERR_FILENO) == 0)
                               ? LogFormat::kJson
                               : LogFormat::kText;
  const LogLevel level = config.log_level == "debug"     ? LogLevel::kDebug
                         : config.log_level == "info"    ? LogLevel::kInfo
                         : config.log_level == "warning" ? LogLevel::kWarning
                                                         : LogLevel::kError;
  StartLog(format, level);
  // Where abseil was built with its debugging aids, as Debian's is, every lock of gRPC looks for deadlocks under one lock
  // of the whole process.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);

  const absl::StatusOr<Address> address = ParseAddress(config.grpc_address);
  if (!address.ok()) return Fail("grpc.address " + std::string(address.status().message()));
  const auto credentials = Credentials(config, *address);
  if (!credentials.ok()) return Fail(std::string(credentials.status().message()));

  std::unique_ptr<EmbeddedPostgres> embedded;
  std::string conninfo = config.db_url;
  if (conninfo.empty() && !EnvironmentNamesDatabase()) {
    auto started = EmbeddedPostgres::Start(config.embedded_dir);
    if (!started.ok()) return Fail(std::string(started.status().message()));
    embedded = *std::move(started);
    conninfo = embedded->conninfo();
    Log(LogLevel::kInfo,
        "no database is configured: using an embedded PostgreSQL; for a real one give --db-url "
        "postgresql://host/database",
        {{"data", embedded->folder()}});
  }

  ServerState state;
  state.query_timeout = config.query_timeout;
  state.schema_timeout = config.schema_timeout;
  state.stream_timeout = config.stream_timeout;
  state.stall_timeout = config.stream_stall_timeout;
  state.transaction_idle_timeout = config.transaction_idle_timeout;
  state.transaction_timeout = config.transaction_timeout;
  state.unary_workers = std::make_unique<Workers>(config.workers, config.db_queue_limit);
  state.stream_workers = std::make_unique<Workers>(config.stream_workers, config.db_queue_limit);
  // An open transaction holds one, and as many may wait for a connection until they are told that there is none.
  state.transaction_workers =
      std::make_unique<Workers>(2 * config.db_transaction_pool_size, config.db_queue_limit);
  DataService data(state);
  SchemaService schema(state);
  int port = 0;
  const std::unique_ptr<grpc::Server> server = Listen(config, *credentials, data, schema, port);
  if (server == nullptr || port == 0) return Fail("cannot listen on " + config.grpc_address);
  SetServing(*server, false);
  auto opener = std::make_unique<DatabaseOpener>(state, *server, MakeEngineOptions(config, conninfo));
  std::unique_ptr<AdminServer> admin;
  if (config.admin_address != "off") {
    const absl::StatusOr<Address> at = ParseAddress(config.admin_address);
    if (at.ok()) admin = AdminServer::Start(state, at->host, at->port);
    if (admin == nullptr)
      return Fail("cannot listen on admin.address " + config.admin_address + "; give another, or off");
  }

  const std::string listening =
      config.grpc_address.substr(0, config.grpc_address.rfind(':') + 1) + std::to_string(port);
  std::printf("rowand listening on %s\n", listening.c_str());
  std::fflush(stdout);
  if (!config.address_file.empty()) {
    // Renamed into place, so that nobody reads half a line.
    const std::string unfinished = config.address_file + ".new";
    std::ofstream(unfinished) << listening << "\n";
    if (std::rename(unfinished.c_str(), config.address_file.c_str()) != 0)
      return Fail("cannot write address.file " + config.address_file);
  }
  Log(LogLevel::kInfo, "serving", {{"address", listening}, {"admin", admin ? std::to_string(admin->port()) : "off"}});

  while (!signals.Wait(std::chrono::hours(1))) {
  }
  Drain(config, state, *server);
  opener.reset();
  admin.reset();
  state.unary_workers.reset();
  state.stream_workers.reset();
  state.transaction_workers.reset();
  state.engine.store(nullptr);
  Log(LogLevel::kInfo, "stopped");
  return 0;
}

}  // namespace rowan::service
