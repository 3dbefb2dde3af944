// The engine: everything a call means, without transport. Each function is straight-line: find the catalog, bind, plan,
// render, run, hydrate. The service gives it a Call and a place for the answer; tests use it the same way without a
// server.
//
// Thread-safe: any number of calls at once. Functions block the calling thread until the answer is complete, the call's
// deadline passes or it is cancelled. Every error is one of base/errors.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/base/call.h"
#include "engine/base/limits.h"
#include "engine/pg/lanes.h"
#include "engine/pg/pool.h"

namespace rowan::v1 {
class AggregateRequest;
class ApplySchemaRequest;
class ApplySchemaResponse;
class BatchRequest;
class BatchResponse;
class DeleteRequest;
class CheckDriftRequest;
class CheckDriftResponse;
class ExistsRequest;
class ExistsResponse;
class ExplainRequest;
class ExplainResponse;
class GetRequest;
class GetSchemaRequest;
class InsertRequest;
class IntrospectRequest;
class IntrospectResponse;
class ListSchemaVersionsRequest;
class ListSchemaVersionsResponse;
class ListSchemasResponse;
class LoadRequest;
class LoadResponse;
class MutationResponse;
class Schema;
class StreamRequest;
class TransactRequest;
class TransactResponse;
class UpdateRequest;
class UpsertRequest;
}  // namespace rowan::v1

namespace rowan {

struct EngineOptions {
  std::string conninfo;  // libpq's
  int interactive_connections = 10;
  int stream_connections = 4;
  int transaction_connections = 10;  // for interactive transactions
  int lanes = 2;                     // connections that quick reads share, and as many for inserts; 0: none
  int queue_limit = 1000;
  std::chrono::milliseconds pool_wait{1000};
  // What cursors and resume tokens are sealed with. Servers that clients move between share it. Empty: a secret that the
  // registry keeps, so that all servers of one database share it.
  std::string token_secret;
  // Longest silence of the client of an interactive transaction, and longest duration of one.
  std::chrono::milliseconds transaction_idle_timeout{30000};
  std::chrono::milliseconds transaction_timeout{300000};
  // How often the registry is asked for versions that other servers applied; they also tell at once where LISTEN works.
  std::chrono::milliseconds schema_poll_interval{500};
  // How long the answers of requests with a request_id are kept.
  std::chrono::milliseconds request_retention = std::chrono::hours(24);
  Limits limits;
  // Takes one line about something that an operator should see: a driver's message, a schema that no longer compiles.
  // Never holds a parameter's value. Called from any thread. `request_id` is empty outside calls.
  std::function<void(const std::string& request_id, const std::string& message)> log;
};

// Counts since start, for metrics and tests.
struct EngineCounters {
  int64_t plan_cache_hits = 0;
  int64_t plan_cache_misses = 0;
  int64_t statements = 0;
  int64_t retries = 0;
};

// Takes the messages of a stream, each a v1::StreamResponse in protobuf's wire format, one after the other, from the
// thread that called Engine::Stream.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // Returns once the transport accepted the message, so that the engine fetches no more before. An error (the client is
  // gone) ends the stream and is returned from Engine::Stream.
  virtual absl::Status Write(std::string_view message) = 0;
};

// The client's end of a bulk load, for the thread that called Engine::Load.
class LoadPeer {
 public:
  virtual ~LoadPeer() = default;
  // Waits for the client's next message. False when it has sent all. An error (the client is gone, or silent for too long)
  // undoes the load and is returned from Engine::Load.
  virtual absl::StatusOr<bool> Read(v1::LoadRequest& message) = 0;
  // As StreamSink::Write.
  virtual absl::Status Write(const v1::LoadResponse& message) = 0;
};

// The client's end of an interactive transaction, for the thread that called Engine::Transact.
class TransactPeer {
 public:
  enum class Arrival { kMessage, kEnd, kNothing };

  virtual ~TransactPeer() = default;
  // Waits for the client's next message until the time given, when there is kNothing. kEnd when it has sent all. An error
  // (the client is gone) rolls back and is returned from Engine::Transact.
  virtual absl::StatusOr<Arrival> Read(Clock::time_point until, v1::TransactRequest& message) = 0;
  // As StreamSink::Write.
  virtual absl::Status Write(const v1::TransactResponse& message) = 0;
  // Answers that a request failed, as TransactResponse.failed.
  virtual absl::Status Fail(const absl::Status& why) = 0;
};

// Takes the answer of a request that went together with others: the bytes of its response, an error, or nothing.
using SharedDone = std::function<void(std::optional<absl::StatusOr<std::string>> answer)>;

class Engine {
 public:
  // Opens the registry, creating it in an empty database, and loads all schemas. Errors: DatabaseUnavailable and others
  // of the database; the caller may try again.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(EngineOptions options, const Call& call);
  ~Engine();

  // The reads' responses are a v1::GetResponse and a v1::AggregateResponse in protobuf's wire format.
  absl::Status Get(const v1::GetRequest& request, const Call& call, std::string& response);
  // Begins a Get that is quick on a connection that it shares with others, and does not block. Returns false when it is
  // none of that kind, or wrong: then Get answers. Otherwise `done` is called once, from another thread and maybe before
  // this returns, with the answer, or with nothing: then, too, Get answers. `request` and `call` outlive that.
  bool BeginGet(const v1::GetRequest& request, const Call& call, SharedDone done);
  absl::Status Stream(const v1::StreamRequest& request, const Call& call, StreamSink& sink);
  absl::Status Aggregate(const v1::AggregateRequest& request, const Call& call, std::string& response);
  absl::Status Exists(const v1::ExistsRequest& request, const Call& call, v1::ExistsResponse& response);
  // `in_steps`: after BeginInsert gave nothing, so that it is not tried at once again.
  absl::Status Insert(const v1::InsertRequest& request, const Call& call, v1::MutationResponse& response,
                      bool in_steps = false);
  // As BeginGet, for an insert of new records that are few. The answer may be CommitOutcomeUnknown.
  bool BeginInsert(const v1::InsertRequest& request, const Call& call, SharedDone done);
  absl::Status Update(const v1::UpdateRequest& request, const Call& call, v1::MutationResponse& response);
  absl::Status Upsert(const v1::UpsertRequest& request, const Call& call, v1::MutationResponse& response);
  absl::Status Delete(const v1::DeleteRequest& request, const Call& call, v1::MutationResponse& response);
  absl::Status Load(const Call& call, LoadPeer& peer);
  absl::Status Batch(const v1::BatchRequest& request, const Call& call, v1::BatchResponse& response);
  absl::Status Transact(const Call& call, TransactPeer& peer);
  absl::Status Explain(const v1::ExplainRequest& request, const Call& call, v1::ExplainResponse& response);

  // `actor` is who asks, for the history: a user name, or "".
  absl::Status ApplySchema(const v1::ApplySchemaRequest& request, const std::string& actor, const Call& call,
                           v1::ApplySchemaResponse& response);
  absl::Status GetSchema(const v1::GetSchemaRequest& request, v1::Schema& response);
  absl::Status ListSchemas(v1::ListSchemasResponse& response);
  absl::Status ListSchemaVersions(const v1::ListSchemaVersionsRequest& request,
                                  v1::ListSchemaVersionsResponse& response);
  absl::Status CheckDrift(const v1::CheckDriftRequest& request, v1::CheckDriftResponse& response);
  absl::Status Introspect(const v1::IntrospectRequest& request, v1::IntrospectResponse& response);

  // Asks PostgreSQL for an answer. For readiness checks.
  absl::Status Ping(const Call& call);

  EngineCounters counters() const;
  pg::LaneCounts lanes() const;
  pg::LaneCounts insert_lanes() const;
  pg::PoolState interactive_pool() const;
  pg::PoolState stream_pool() const;
  pg::PoolState transaction_pool() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowan
