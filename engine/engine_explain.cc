#include "engine/engine_explain.h"

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/bind_aggregate.h"
#include "engine/bind/bind_load.h"
#include "engine/bind/bind_mutation.h"
#include "engine/bind/bind_query.h"
#include "engine/bind_operation.h"
#include "engine/exec/run_explain.h"
#include "engine/hydrate/hydrate.h"
#include "engine/plan/mutation.h"
#include "engine/plan/print_load.h"
#include "engine/plan/print_plan.h"
#include "engine/plan/select.h"
#include "engine/sql/render_load.h"
#include "engine/sql/render_mutation.h"
#include "engine/sql/render_read.h"
#include "engine/types/type.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

// How many records of a stream are looked at when it is run for an explanation.
constexpr int64_t kAnalyzedRows = 1000;

constexpr char kRequests[] = "get, stream, aggregate, exists, insert, update, upsert, delete, batch or load";

v1::Strategy StrategyProto(plan::Strategy strategy) {
  switch (strategy) {
    case plan::Strategy::kNested:
      return v1::STRATEGY_NESTED;
    case plan::Strategy::kByLevel:
      return v1::STRATEGY_BY_LEVEL;
    case plan::Strategy::kTagged:
      return v1::STRATEGY_TAGGED;
  }
  return v1::STRATEGY_UNSPECIFIED;
}

// One explanation on its way: the response, and the statements that it shows.
class Explanation {
 public:
  Explanation(v1::ExplainMode mode, const ExplainDatabase* database, v1::ExplainResponse& response)
      : mode_(mode), database_(database), response_(response) {}

  absl::Status Read(absl::StatusOr<BoundRead> bound) {
    if (!bound.ok()) return bound.status();
    exec::CompiledRead read{plan::PlanRead(std::move(bound->read)), {}};
    read.sql = sql::RenderRead(read.plan);
    SetShape(read.plan.root);
    response_.set_plan(plan::PrintPlan(read.plan));
    response_.set_strategy(StrategyProto(read.plan.strategy));
    response_.set_strategy_reason(read.plan.reason);
    for (const sql::ReadStatement& statement : read.sql.selects) Add(statement);
    if (read.sql.total) Add(*read.sql.total);
    if (mode_ != v1::EXPLAIN_MODE_ANALYZE) return Estimate(bound->arguments);
    // The rows of a single statement are nobody's business here.
    if (statements_.size() == 1) return Analyze(bound->arguments);
    return exec::AnalyzeRead(read, statements_, bound->arguments, database_->pool, database_->context, response_);
  }

  absl::Status LockingRead(BoundRead bound) {
    plan::LockingRead read = plan::PlanLockingRead(std::move(bound.read));
    SetShape(read.records.root);
    response_.set_plan(plan::PrintPlan(read.keys) + plan::PrintPlan(read.records));
    const sql::RenderedRead keys = sql::RenderRead(read.keys);
    const sql::RenderedRead records = sql::RenderRead(read.records);
    Add(keys.selects.front());
    Add(records.selects.front());
    return Estimate(bound.arguments);
  }

  absl::Status Aggregation(absl::StatusOr<BoundAggregation> bound) {
    if (!bound.ok()) return bound.status();
    SetShape(bound->aggregation);
    response_.set_plan(plan::PrintPlan(bound->aggregation));
    return Single(sql::RenderAggregation(bound->aggregation), bound->arguments);
  }

  absl::Status Exists(absl::StatusOr<BoundExists> bound) {
    if (!bound.ok()) return bound.status();
    response_.set_plan(plan::PrintPlan(bound->exists));
    return Single(sql::RenderExists(bound->exists), bound->arguments);
  }

  // `alone`: it is all of its transaction, and need not leave that whole when it fails.
  absl::Status Mutation(absl::StatusOr<BoundMutation> bound, bool alone = true) {
    if (!bound.ok()) return bound.status();
    exec::CompiledMutation mutation{plan::PlanMutation(std::move(bound->mutation)), {}, nullptr};
    if (!alone) mutation.program.chain.reset();
    mutation.sql = sql::RenderMutation(mutation.program);
    const plan::Program& program = mutation.program;
    if (program.kind == ir::MutationKind::kDelete && database_ != nullptr && mode_ != v1::EXPLAIN_MODE_PLAN &&
        mode_ != v1::EXPLAIN_MODE_UNSPECIFIED) {
      ROWAN_RETURN_IF_ERROR(exec::CountCascades(
          sql::RenderCascades(database_->context.catalog, *program.nodes.front().model, program.where),
          bound->arguments, database_->pool, database_->context, response_));
    }
    if (program.returning) SetShape(program.returning->root);
    response_.set_plan(plan::PrintPlan(program));
    const auto add = [this](const sql::StepStatement& step) {
      Add(step.description, step.statement, static_cast<int>(step.statement.parameter_oids.size()), {});
    };
    if (mutation.sql.chain) add(mutation.sql.ChainFor(program, bound->arguments.rows));
    for (size_t i = 0; i < program.steps.size(); ++i) {
      for (const sql::StepStatement& step : mutation.sql.steps[i]) add(step);
      if (std::holds_alternative<plan::ReadBack>(program.steps[i])) Add(*mutation.sql.returning);
    }
    if (mode_ != v1::EXPLAIN_MODE_ANALYZE) return Estimate(bound->arguments);
    return exec::AnalyzeMutation(mutation, statements_, bound->arguments, database_->pool, database_->context,
                                 response_);
  }

  // One operation after the other, as if each were a request.
  absl::Status Batch(const v1::BatchRequest& batch, const BindContext& context) {
    if (mode_ == v1::EXPLAIN_MODE_ANALYZE) {
      return errors::ConflictingInput(Path("mode"), "request", "operations of a batch work on what others did");
    }
    return BindBatch(batch, context, [&](int index, BoundOperation bound) { return Operation(index, std::move(bound)); });
  }

  absl::Status Load(absl::StatusOr<ir::Load> load) {
    if (!load.ok()) return load.status();
    if (mode_ == v1::EXPLAIN_MODE_ESTIMATE || mode_ == v1::EXPLAIN_MODE_ANALYZE) {
      return errors::ConflictingInput(Path("mode"), "request", "a load is explained without its rows");
    }
    response_.set_plan(plan::PrintLoad(*load));
    const sql::LoadStatements sql = sql::RenderLoad(*load);
    const auto add = [&](const sql::LoadStatement& statement) {
      if (!statement.statement.text.empty()) Add(statement.description, statement.statement, 0, {});
    };
    add(sql.stage);
    add(sql.copy);
    for (const sql::ReferenceStatements& reference : sql.references) {
      add(reference.find);
      add(reference.reject);
    }
    for (const sql::LoadStatement* statement : {&sql.write, &sql.repeated, &sql.index, &sql.write_range, &sql.advance}) add(*statement);
    statements_.clear();  // they refer to what ends here
    return absl::OkStatus();
  }

 private:
  template <typename Root>
  void SetShape(const Root& root) {
    auto shape = std::make_shared<v1::Shape>();
    HydrateShape(root, *shape);
    shape_ = std::move(shape);
  }

  absl::StatusOr<std::shared_ptr<const v1::Shape>> Operation(int index, BoundOperation bound) {
    const std::string place = absl::StrCat("operations[", index, "]:");
    v1::ExplainResponse response;
    Explanation explanation(mode_, database_, response);
    ROWAN_RETURN_IF_ERROR(std::visit(Visitor{explanation}, std::move(bound)));
    response_.set_plan(absl::StrCat(response_.plan(), place, "\n", response.plan()));
    for (v1::ExplainStatement& statement : *response.mutable_statements()) {
      statement.set_description(absl::StrCat(place, " ", statement.description()));
      *response_.add_statements() = std::move(statement);
    }
    return explanation.shape_;
  }

  struct Visitor {
    Explanation& explanation;
    absl::Status operator()(BoundRead bound) const {
      return bound.read.lock ? explanation.LockingRead(std::move(bound)) : explanation.Read(std::move(bound));
    }
    absl::Status operator()(BoundAggregation bound) const { return explanation.Aggregation(std::move(bound)); }
    absl::Status operator()(BoundExists bound) const { return explanation.Exists(std::move(bound)); }
    absl::Status operator()(BoundMutation bound) const { return explanation.Mutation(std::move(bound), false); }
  };

  void Add(const std::string& description, const pg::Statement& statement, int unknown, std::vector<int> slots) {
    v1::ExplainStatement& explained = *response_.add_statements();
    explained.set_description(description);
    explained.set_sql(statement.text);
    for (uint32_t oid : statement.parameter_oids) explained.add_parameter_types(OidName(oid));
    statements_.push_back({&statement, unknown, std::move(slots)});
  }
  void Add(const sql::ReadStatement& statement) {
    Add(statement.description, statement.statement, statement.keys, statement.slots);
    if (statement.range) Add(statement.description + ", many keys without gaps", *statement.range, 2, statement.slots);
  }

  absl::Status Single(const sql::ReadStatement& statement, const Arguments& arguments) {
    Add(statement);
    return mode_ == v1::EXPLAIN_MODE_ANALYZE ? Analyze(arguments) : Estimate(arguments);
  }

  absl::Status Analyze(const Arguments& arguments) {
    return exec::AnalyzeStatement(statements_, arguments, database_->pool, database_->context, response_);
  }

  absl::Status Estimate(const Arguments& arguments) {
    if (mode_ != v1::EXPLAIN_MODE_ESTIMATE) return absl::OkStatus();
    return exec::EstimateStatements(statements_, arguments, database_->pool, database_->context, response_);
  }

  const v1::ExplainMode mode_;
  const ExplainDatabase* const database_;
  v1::ExplainResponse& response_;
  std::vector<exec::ExplainedStatement> statements_;
  std::shared_ptr<const v1::Shape> shape_;  // of the records that the request returns, if it does
};

}  // namespace

std::string ExplainedSchema(const v1::ExplainRequest& request) {
  switch (request.request_case()) {
    case v1::ExplainRequest::kGet:
      return request.get().schema();
    case v1::ExplainRequest::kStream:
      return request.stream().schema();
    case v1::ExplainRequest::kInsert:
      return request.insert().schema();
    case v1::ExplainRequest::kUpdate:
      return request.update().schema();
    case v1::ExplainRequest::kUpsert:
      return request.upsert().schema();
    case v1::ExplainRequest::kBatch:
      return request.batch().schema();
    case v1::ExplainRequest::kDelete:
      return request.delete_().schema();
    case v1::ExplainRequest::kAggregate:
      return request.aggregate().schema();
    case v1::ExplainRequest::kExists:
      return request.exists().schema();
    case v1::ExplainRequest::kLoad:
      return request.load().schema();
    case v1::ExplainRequest::REQUEST_NOT_SET:
      break;
  }
  return "";
}

absl::Status ExplainRequest(const v1::ExplainRequest& request, const BindContext& context,
                            const ExplainDatabase* database, v1::ExplainResponse& response) {
  response.set_schema_version(context.catalog.version);
  const bool analyzed = database != nullptr && request.mode() == v1::EXPLAIN_MODE_ANALYZE;
  Explanation explanation(database == nullptr ? v1::EXPLAIN_MODE_PLAN : request.mode(), database, response);
  switch (request.request_case()) {
    case v1::ExplainRequest::kGet:
      return explanation.Read(BindGet(request.get(), context));
    case v1::ExplainRequest::kStream:
      // The levels of a stream are run for its first page, as the stream itself does.
      return explanation.Read(BindStream(request.stream(), context, analyzed ? std::optional(kAnalyzedRows) : std::nullopt));
    case v1::ExplainRequest::kInsert:
      return explanation.Mutation(BindInsert(request.insert(), context));
    case v1::ExplainRequest::kUpdate:
      return explanation.Mutation(BindUpdate(request.update(), context));
    case v1::ExplainRequest::kUpsert:
      return explanation.Mutation(BindUpsert(request.upsert(), context));
    case v1::ExplainRequest::kDelete:
      return explanation.Mutation(BindDelete(request.delete_(), context));
    case v1::ExplainRequest::kAggregate:
      return explanation.Aggregation(BindAggregation(request.aggregate(), context));
    case v1::ExplainRequest::kExists:
      return explanation.Exists(BindExists(request.exists(), context));
    case v1::ExplainRequest::kLoad:
      return explanation.Load(BindLoad(request.load(), context));
    case v1::ExplainRequest::kBatch:
      return explanation.Batch(request.batch(), context);
    case v1::ExplainRequest::REQUEST_NOT_SET:
      break;
  }
  return errors::MissingArgument(Path("request"), kRequests);
}

}  // namespace rowan
