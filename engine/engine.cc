#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/batch.h"
#include "engine/bind/bind_aggregate.h"
#include "engine/bind/bind_context.h"
#include "engine/bind/bind_load.h"
#include "engine/bind/bind_mutation.h"
#include "engine/bind/bind_query.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/engine_explain.h"
#include "engine/engine_schema.h"
#include "engine/exec/context.h"
#include "engine/exec/database_errors.h"
#include "engine/exec/run_load.h"
#include "engine/exec/run_mutation.h"
#include "engine/exec/run_read.h"
#include "engine/lane_requests.h"
#include "engine/operation.h"
#include "engine/request_identity.h"
#include "engine/served_schemas.h"
#include "engine/sql/render_load.h"
#include "engine/store/schema_store.h"
#include "engine/store/watch_versions.h"
#include "engine/transact.h"
#include "engine/types/message_writer.h"
#include "rowan/v1/data_service.pb.h"
#include "rowan/v1/schema_service.pb.h"

namespace rowan {
namespace {

// Keeps the shape back until something follows, so that a stream which turns out to be of an outdated schema begins anew.
class HoldingSink : public StreamSink {
 public:
  explicit HoldingSink(StreamSink& sink) : sink_(sink) {}

  absl::Status Write(std::string_view message) override {
    if (shape_.empty()) {
      shape_ = message;
      return absl::OkStatus();
    }
    if (!sent_) {
      sent_ = true;
      ROWAN_RETURN_IF_ERROR(sink_.Write(shape_));
    }
    return sink_.Write(message);
  }

  bool sent() const { return sent_; }
  // Forgets a shape that was not sent.
  void Restart() { shape_.clear(); }

 private:
  StreamSink& sink_;
  std::string shape_;  // the first message
  bool sent_ = false;
};

}  // namespace

struct Engine::Impl {
  EngineOptions options;
  std::unique_ptr<const TokenKey> tokens;
  std::unique_ptr<store::SchemaStore> store;
  std::unique_ptr<pg::Pool> interactive;
  std::unique_ptr<pg::Pool> stream;
  std::unique_ptr<pg::Pool> transaction;

  exec::Counters counters;
  PlanCacheCounters plan_cache;

  std::unique_ptr<ServedSchemas> schemas;
  std::unique_ptr<pg::Lanes> lanes;
  std::unique_ptr<pg::Lanes> insert_lanes;
  std::unique_ptr<store::VersionWatcher> watcher;  // ends before what it refreshes

  absl::StatusOr<std::shared_ptr<ServedSchema>> Find(std::string_view name) const { return schemas->Find(name); }

  exec::Context Context(const ServedSchema& schema, const Call& call) {
    return {*schema.catalog, options.limits, *tokens, call, counters, options.log};
  }
  BindContext Binding(const ServedSchema& schema) const { return {*schema.catalog, options.limits, *tokens}; }

  // Runs `run`, and once more when the database turned out to be another one than the schema says: another server may have
  // applied a version that is not known here yet, or a prepared statement may be of the time before it. `run` changes
  // nothing but its answer, which it clears, unless it succeeds.
  template <typename Run>
  absl::Status Retried(Run run, const std::function<bool()>& repeatable = [] { return true; }) {
    const int64_t seen = schemas->refreshes();
    const absl::Status status = run();
    if (status.ok() || ErrorReasonOf(status) != "SCHEMA_DRIFT" || !repeatable()) return status;
    if (!schemas->RefreshOnce(seen).ok()) return status;
    for (pg::Pool* pool : {interactive.get(), stream.get(), transaction.get()}) pool->Renew();
    lanes->Renew();
    insert_lanes->Renew();
    return run();
  }

  // Tells how the schemas differ from the database.
  void LogDrift() {
    for (const std::shared_ptr<ServedSchema>& schema : schemas->Current()) {
      const auto differences = store->FindDrift(*schema->catalog);
      if (!differences.ok()) continue;  // the store logs why
      const auto graver = std::count_if(differences->begin(), differences->end(), [](const auto& difference) {
        return difference.gravity != store::Gravity::kNotice;
      });
      if (graver == 0) continue;
      const store::SchemaDifference& first = differences->front();
      options.log("", "schema " + schema->catalog->schema_name + " has drifted: " + std::to_string(graver) +
                          " differences, first " + first.kind + " of " + first.object + ": the database has " +
                          (first.found.empty() ? "nothing" : first.found) + ", the schema says " + first.expected);
    }
  }

  absl::Status StreamOnce(const v1::StreamRequest& request, const Call& call, StreamSink& sink);

  template <typename Request, typename Bind>
  absl::Status Mutate(const Request& request, const Call& call, v1::MutationResponse& response, Bind bind,
                      bool in_steps = false) {
    return Retried([&] { return MutateOnce(request, call, response, bind, in_steps); });
  }

  template <typename Request, typename Bind>
  absl::Status MutateOnce(const Request& request, const Call& call, v1::MutationResponse& response, Bind bind,
                          bool in_steps) {
    response.Clear();
    ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, Find(request.schema()));
    ROWAN_ASSIGN_OR_RETURN(const exec::Transaction transaction,
                           TransactionOf(request, options.request_retention, call));
    ROWAN_ASSIGN_OR_RETURN(BoundMutation bound, bind(request, Binding(*schema)));
    const auto compiled = Compile(*schema, std::move(bound.mutation));
    return exec::RunMutation(*compiled, bound.arguments, transaction, *interactive, Context(*schema, call), response,
                             in_steps);
  }
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(EngineOptions options, const Call&) {
  auto impl = std::make_unique<Impl>();
  if (!options.log) options.log = [](const std::string&, const std::string&) {};
  impl->options = std::move(options);
  const EngineOptions& opened = impl->options;
  const auto pool = [&](std::string name, int size) {
    return std::make_unique<pg::Pool>(pg::PoolOptions{.name = std::move(name),
                                                      .conninfo = opened.conninfo,
                                                      .size = size,
                                                      .queue_limit = opened.queue_limit,
                                                      .wait = opened.pool_wait});
  };
  impl->interactive = pool("interactive", opened.interactive_connections);
  impl->stream = pool("stream", opened.stream_connections);
  impl->transaction = pool("transaction", opened.transaction_connections);
  const auto lanes = [&](bool writes) {
    return std::make_unique<pg::Lanes>(pg::LaneOptions{
        .conninfo = opened.conninfo, .count = opened.lanes, .writes = writes, .queue_limit = opened.queue_limit});
  };
  impl->lanes = lanes(false);
  impl->insert_lanes = lanes(true);
  const auto log_store = [log = opened.log](const std::string& message) { log("", message); };
  ROWAN_ASSIGN_OR_RETURN(impl->store, store::SchemaStore::Open({.conninfo = opened.conninfo, .log = log_store}));
  std::string secret = opened.token_secret;
  if (secret.empty()) {
    ROWAN_ASSIGN_OR_RETURN(secret, impl->store->TokenSecret());
  }
  impl->tokens = std::make_unique<const TokenKey>(std::move(secret));
  impl->schemas = std::make_unique<ServedSchemas>(*impl->store, opened.limits, impl->plan_cache, log_store);
  ROWAN_RETURN_IF_ERROR(impl->schemas->Refresh());
  Impl& running = *impl;
  impl->watcher = std::make_unique<store::VersionWatcher>(
      store::StoreOptions{.conninfo = opened.conninfo, .log = log_store}, opened.schema_poll_interval,
      [&running] { running.LogDrift(); },
      [&running] {
        if (const absl::Status status = running.schemas->Refresh(); !status.ok()) {
          running.options.log("", "schemas are not refreshed: " + std::string(status.message()));
        }
      });
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

absl::Status Engine::Get(const v1::GetRequest& request, const Call& call, std::string& response) {
  return impl_->Retried([&]() -> absl::Status {
    ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, impl_->Find(request.schema()));
    ROWAN_ASSIGN_OR_RETURN(BoundRead bound, BindGet(request, impl_->Binding(*schema)));
    const auto compiled = Compile(*schema, std::move(bound.read));
    exec::Reply reply;
    ROWAN_RETURN_IF_ERROR(
        exec::RunGet(*compiled, bound.arguments, *impl_->interactive, impl_->Context(*schema, call), reply));
    response = absl::StrCat(compiled->shape, reply.bytes);
    return CheckCount(bound.expect, bound.arguments, reply.records);
  });
}

bool Engine::BeginGet(const v1::GetRequest& request, const Call& call, SharedDone done) {
  if (impl_->options.lanes == 0) return false;
  absl::StatusOr<std::shared_ptr<ServedSchema>> schema = impl_->Find(request.schema());
  if (!schema.ok()) return false;
  absl::StatusOr<BoundRead> bound = BindGet(request, impl_->Binding(**schema));
  if (!bound.ok()) return false;
  std::shared_ptr<const exec::CompiledRead> read = Compile(**schema, std::move(bound->read));
  if (!read->single() || !read->pace->quick()) return false;
  const exec::Context context = impl_->Context(**schema, call);
  auto get = LaneGet(*std::move(schema), std::move(read), *std::move(bound), context, std::move(done));
  return impl_->lanes->Submit(std::move(get)) == nullptr;
}

absl::Status Engine::Stream(const v1::StreamRequest& request, const Call& call, StreamSink& sink) {
  HoldingSink holding(sink);
  return impl_->Retried(
      [&] {
        holding.Restart();
        return impl_->StreamOnce(request, call, holding);
      },
      [&] { return !holding.sent(); });
}

absl::Status Engine::Impl::StreamOnce(const v1::StreamRequest& request, const Call& call, StreamSink& sink) {
  ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, Find(request.schema()));
  const BindContext binding = Binding(*schema);
  const bool paged = request.mode() == v1::STREAM_MODE_KEYSET;
  int rows = exec::kFirstPageRows;
  ROWAN_ASSIGN_OR_RETURN(BoundRead bound,
                         BindStream(request, binding, paged ? std::optional<int64_t>(rows) : std::nullopt));
  auto compiled = Compile(*schema, std::move(bound.read));
  ROWAN_RETURN_IF_ERROR(sink.Write(compiled->shape));
  exec::StreamProgress progress{.resume_token = request.resume_token()};
  MessageWriter message;
  const exec::BatchSink on_batch = [&](std::string_view batch) {
    message.Clear();
    message.Bytes(v1::StreamResponse::kBatchFieldNumber, batch);
    return sink.Write(message.bytes());
  };
  const exec::Context context = Context(*schema, call);
  if (!paged) {
    ROWAN_RETURN_IF_ERROR(
        exec::RunStream(*compiled, bound.arguments, *stream, context, on_batch, progress));
  } else {
    // Each page is the same stream resumed where the last one ended.
    v1::StreamRequest next = request;
    const int64_t passed = bound.arguments.lists[compiled->plan.root.window.list].passed;
    const auto ended = [&] { return request.page().has_limit() && passed + progress.records >= request.page().limit(); };
    for (;;) {
      exec::StreamPage page;
      ROWAN_RETURN_IF_ERROR(
          exec::RunStreamPage(*compiled, bound.arguments, *stream, context, on_batch, progress, page));
      if (!page.more || ended()) break;
      rows = exec::NextPageRows(rows, page, options.limits);
      next.set_resume_token(progress.resume_token);
      ROWAN_ASSIGN_OR_RETURN(bound, BindStream(next, binding, rows));
      compiled = Compile(*schema, std::move(bound.read));
    }
  }
  v1::StreamResponse end;
  end.mutable_totals()->set_records(progress.records);
  end.mutable_totals()->set_batches(progress.batches);
  end.mutable_totals()->set_resume_token(progress.resume_token);
  return sink.Write(end.SerializeAsString());
}

absl::Status Engine::Aggregate(const v1::AggregateRequest& request, const Call& call,
                               std::string& response) {
  return impl_->Retried([&]() -> absl::Status {
    ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, impl_->Find(request.schema()));
    ROWAN_ASSIGN_OR_RETURN(BoundAggregation bound, BindAggregation(request, impl_->Binding(*schema)));
    const auto compiled = Compile(*schema, std::move(bound.aggregation));
    exec::Reply reply;
    ROWAN_RETURN_IF_ERROR(exec::RunAggregation(*compiled, bound.arguments, *impl_->interactive,
                                               impl_->Context(*schema, call), reply));
    response = absl::StrCat(compiled->shape, reply.bytes);
    return absl::OkStatus();
  });
}

absl::Status Engine::Exists(const v1::ExistsRequest& request, const Call& call, v1::ExistsResponse& response) {
  return impl_->Retried([&]() -> absl::Status {
    response.Clear();
    ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, impl_->Find(request.schema()));
    ROWAN_ASSIGN_OR_RETURN(BoundExists bound, BindExists(request, impl_->Binding(*schema)));
    const auto compiled = Compile(*schema, std::move(bound.exists));
    ROWAN_RETURN_IF_ERROR(
        exec::RunExists(*compiled, bound.arguments, *impl_->interactive, impl_->Context(*schema, call), response));
    return CheckExistence(bound.expect, response.exists());
  });
}

absl::Status Engine::Insert(const v1::InsertRequest& request, const Call& call, v1::MutationResponse& response,
                            bool in_steps) {
  return impl_->Mutate(request, call, response, BindInsert, in_steps);
}

bool Engine::BeginInsert(const v1::InsertRequest& request, const Call& call, SharedDone done) {
  if (impl_->options.lanes == 0) return false;
  absl::StatusOr<std::shared_ptr<ServedSchema>> schema = impl_->Find(request.schema());
  if (!schema.ok()) return false;
  const absl::StatusOr<exec::Transaction> transaction = TransactionOf(request, impl_->options.request_retention, call);
  if (!transaction.ok()) return false;
  absl::StatusOr<BoundMutation> bound = BindInsert(request, impl_->Binding(**schema));
  if (!bound.ok()) return false;
  std::shared_ptr<const exec::CompiledMutation> mutation = Compile(**schema, std::move(bound->mutation));
  const exec::Context context = impl_->Context(**schema, call);
  if (!exec::StandsAlone(mutation->program, *transaction, context) || !mutation->pace->quick()) return false;
  auto insert = LaneInsert(*std::move(schema), std::move(mutation), std::move(bound->arguments), context, std::move(done));
  return insert != nullptr && impl_->insert_lanes->Submit(std::move(insert)) == nullptr;
}

absl::Status Engine::Update(const v1::UpdateRequest& request, const Call& call, v1::MutationResponse& response) {
  return impl_->Mutate(request, call, response, BindUpdate);
}

absl::Status Engine::Upsert(const v1::UpsertRequest& request, const Call& call, v1::MutationResponse& response) {
  return impl_->Mutate(request, call, response, BindUpsert);
}

absl::Status Engine::Delete(const v1::DeleteRequest& request, const Call& call, v1::MutationResponse& response) {
  return impl_->Mutate(request, call, response, BindDelete);
}

absl::Status Engine::Load(const Call& call, LoadPeer& peer) {
  v1::LoadRequest first;
  ROWAN_ASSIGN_OR_RETURN(const bool begun, peer.Read(first));
  if (!begun || !first.has_begin()) return errors::MissingArgument(Path("begin"), "what is loaded, in the first message");
  ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, impl_->Find(first.begin().schema()));
  ROWAN_ASSIGN_OR_RETURN(const exec::Transaction transaction,
                         TransactionOf(first.begin(), impl_->options.request_retention, call));
  ROWAN_ASSIGN_OR_RETURN(const ir::Load load, BindLoad(first.begin(), impl_->Binding(*schema)));
  const exec::LoadFeed feed{
      .read = [&](v1::LoadRequest& message) { return peer.Read(message); },
      .encode = [&](const v1::LoadRow& row, int64_t number,
                    std::vector<Encoded>& values) { return BindLoadRow(load, row, number, values); },
      .write = [&](const v1::LoadResponse& message) { return peer.Write(message); }};
  return exec::RunLoad(load, sql::RenderLoad(load), feed, transaction, *impl_->stream, impl_->Context(*schema, call));
}

absl::Status Engine::Batch(const v1::BatchRequest& request, const Call& call, v1::BatchResponse& response) {
  return impl_->Retried([&]() -> absl::Status {
    response.Clear();
    ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, impl_->Find(request.schema()));
    ROWAN_ASSIGN_OR_RETURN(exec::Transaction transaction,
                           TransactionOf(request, impl_->options.request_retention, call));
    const BindContext binding = impl_->Binding(*schema);
    ROWAN_ASSIGN_OR_RETURN(const PreparedBatch prepared, PrepareBatch(request, *schema, binding));
    return RunBatch(request, prepared, std::move(transaction), *schema, binding, *impl_->interactive,
                    impl_->Context(*schema, call), response);
  });
}

absl::Status Engine::Transact(const Call& call, TransactPeer& peer) {
  const EngineOptions& options = impl_->options;
  v1::TransactRequest first;
  ROWAN_ASSIGN_OR_RETURN(const TransactPeer::Arrival arrival,
                         peer.Read(Clock::now() + options.transaction_idle_timeout, first));
  if (arrival == TransactPeer::Arrival::kNothing) {
    return errors::TransactionTimeout("idle", absl::FromChrono(options.transaction_idle_timeout));
  }
  if (arrival == TransactPeer::Arrival::kEnd || !first.has_begin()) {
    return errors::TransactionMisuse("begin", "a transaction starts with its begin. Send it as the first message");
  }
  const absl::StatusOr<std::shared_ptr<ServedSchema>> schema = impl_->Find(first.begin().schema());
  if (!schema.ok()) return WithPathPrefix(schema.status(), "begin");
  ROWAN_ASSIGN_OR_RETURN(
      const TransactOptions asked,
      TransactOptionsOf(first.begin(), options.transaction_idle_timeout, options.transaction_timeout));
  Call bounded = call;
  bounded.deadline = std::min(call.deadline, asked.until);
  return RunTransact(asked, **schema, impl_->Binding(**schema), *impl_->transaction,
                     impl_->Context(**schema, bounded), peer);
}

absl::Status Engine::Explain(const v1::ExplainRequest& request, const Call& call, v1::ExplainResponse& response) {
  return impl_->Retried([&]() -> absl::Status {
    response.Clear();
    if (request.request_case() == v1::ExplainRequest::REQUEST_NOT_SET) {
      return errors::MissingArgument(Path("request"), "get, stream, aggregate, exists, insert, update, upsert, delete, batch or load");
    }
    ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, impl_->Find(ExplainedSchema(request)));
    const exec::Context context = impl_->Context(*schema, call);
    const ExplainDatabase database{*impl_->interactive, context};
    return ExplainRequest(request, impl_->Binding(*schema), &database, response);
  });
}

absl::Status Engine::ApplySchema(const v1::ApplySchemaRequest& request, const std::string& actor, const Call& call,
                                 v1::ApplySchemaResponse& response) {
  return rowan::ApplySchema(request, actor, call, *impl_->store, *impl_->schemas, response);
}

absl::Status Engine::GetSchema(const v1::GetSchemaRequest& request, v1::Schema& response) {
  return rowan::GetSchema(request, *impl_->store, *impl_->schemas, response);
}

absl::Status Engine::ListSchemas(v1::ListSchemasResponse& response) {
  rowan::ListSchemas(*impl_->schemas, response);
  return absl::OkStatus();
}

absl::Status Engine::ListSchemaVersions(const v1::ListSchemaVersionsRequest& request,
                                        v1::ListSchemaVersionsResponse& response) {
  return rowan::ListSchemaVersions(request, *impl_->store, *impl_->schemas, *impl_->tokens, response);
}

absl::Status Engine::CheckDrift(const v1::CheckDriftRequest& request, v1::CheckDriftResponse& response) {
  return rowan::CheckDrift(request, *impl_->store, *impl_->schemas, response);
}

absl::Status Engine::Introspect(const v1::IntrospectRequest& request, v1::IntrospectResponse& response) {
  return rowan::Introspect(request, *impl_->store, response);
}

absl::Status Engine::Ping(const Call& call) {
  static const Catalog kNone;
  const exec::Context context{kNone, impl_->options.limits, *impl_->tokens, call, impl_->counters, impl_->options.log};
  absl::StatusOr<pg::Pool::Lease> connection = impl_->interactive->Acquire(call);
  if (!connection.ok()) return exec::TranslateDatabaseError(connection.status(), {}, context);
  const pg::Statement statement{"SELECT 1", {}};
  return exec::TranslateDatabaseError((*connection)->ExecuteRead(statement, {}, call).status(), {}, context);
}

EngineCounters Engine::counters() const {
  return {.plan_cache_hits = impl_->plan_cache.hits,
          .plan_cache_misses = impl_->plan_cache.misses,
          .statements = impl_->counters.statements,
          .retries = impl_->counters.retries};
}

pg::LaneCounts Engine::lanes() const {
  return impl_->lanes->counts();
}

pg::LaneCounts Engine::insert_lanes() const {
  return impl_->insert_lanes->counts();
}

pg::PoolState Engine::interactive_pool() const {
  return impl_->interactive->state();
}
pg::PoolState Engine::stream_pool() const {
  return impl_->stream->state();
}

pg::PoolState Engine::transaction_pool() const {
  return impl_->transaction->state();
}

}  // namespace rowan
