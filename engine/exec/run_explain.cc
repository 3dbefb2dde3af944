#include "engine/exec/run_explain.h"

#include <utility>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/proto_enums.h"
#include "engine/exec/database_errors.h"
#include "engine/exec/explain_postgres.h"
#include "engine/types/codec.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {
namespace {

absl::Status Explain(pg::Connection& connection, const pg::Statement& statement, bool analyze,
                     const std::vector<pg::Parameter>& parameters, const Call& call, v1::PlanNode& node) {
  const pg::Statement explain = ExplainOf(statement, analyze);
  ROWAN_ASSIGN_OR_RETURN(const pg::Result result, connection.Execute(explain, parameters, call));
  if (result.rows() != 1) return errors::Internal("EXPLAIN has not one row");
  node.Clear();
  return ReadPlan(result.bytes(0, 0), node);
}

// EXPLAIN ANALYZE runs the statement and keeps its rows, so what it did is undone, and the statement runs once more.
absl::Status ExplainAndUndo(pg::Connection& connection, const pg::Statement& statement,
                            const std::vector<pg::Parameter>& parameters, const Call& call, v1::PlanNode& node) {
  ROWAN_RETURN_IF_ERROR(connection.Execute({"SAVEPOINT rowan_explain", {}}, {}, call).status());
  ROWAN_RETURN_IF_ERROR(Explain(connection, statement, true, parameters, call, node));
  ROWAN_RETURN_IF_ERROR(connection.Execute({"ROLLBACK TO SAVEPOINT rowan_explain", {}}, {}, call).status());
  return connection.Execute({"RELEASE SAVEPOINT rowan_explain", {}}, {}, call).status();
}

// Explains the statements that are sent where the response shows them.
StatementObserver Observer(const std::vector<ExplainedStatement>& statements, const Call& call,
                           v1::ExplainResponse& response) {
  return [&statements, &call, &response](pg::Connection& connection, const pg::Statement& statement,
                                         const std::vector<pg::Parameter>& parameters) -> absl::Status {
    for (size_t i = 0; i < statements.size(); ++i) {
      if (statements[i].statement->text != statement.text) continue;
      v1::PlanNode& node = *response.mutable_statements(static_cast<int>(i))->mutable_postgres_plan();
      return ExplainAndUndo(connection, statement, parameters, call, node);
    }
    return absl::OkStatus();
  };
}

Context Observed(const Context& context, const StatementObserver& observer) {
  return {context.catalog, context.limits, context.tokens, context.call, context.counters, context.log, &observer};
}

}  // namespace

absl::Status EstimateStatements(const std::vector<ExplainedStatement>& statements, const Arguments& arguments,
                                pg::Pool& pool, const Context& context, v1::ExplainResponse& response) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  pg::Connection& connection = **lease;
  absl::Status status = connection.Begin({.read_only = true}, context.call);
  for (size_t i = 0; status.ok() && i < statements.size(); ++i) {
    const ExplainedStatement& explained = statements[i];
    std::vector<pg::Parameter> parameters;
    const std::vector<std::string> owned = UnknownParameters(*explained.statement, parameters);
    for (size_t slot = 0; slot < explained.slots.size(); ++slot) {
      const Encoded& value = arguments.slots[explained.slots[slot]];
      parameters[explained.unknown + slot] = {value.bytes, value.null};
    }
    status = Explain(connection, *explained.statement, false, parameters, context.call,
                     *response.mutable_statements(static_cast<int>(i))->mutable_postgres_plan());
  }
  connection.Rollback();
  return TranslateDatabaseError(status, {}, context);
}

absl::Status AnalyzeRead(const CompiledRead& read, const std::vector<ExplainedStatement>& statements,
                         const Arguments& arguments, pg::Pool& pool, const Context& context,
                         v1::ExplainResponse& response) {
  const StatementObserver observer = Observer(statements, context.call, response);
  const Context observed = Observed(context, observer);
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  return TranslateDatabaseError(RunTree(read, arguments, **lease, observed).status(), {}, context);
}

absl::Status AnalyzeMutation(const CompiledMutation& mutation, const std::vector<ExplainedStatement>& statements,
                             const Arguments& arguments, pg::Pool& pool, const Context& context,
                             v1::ExplainResponse& response) {
  const StatementObserver observer = Observer(statements, context.call, response);
  v1::MutationResponse ignored;
  return RunMutation(mutation, arguments, {}, pool, Observed(context, observer), ignored);
}

absl::Status CountCascades(const std::vector<sql::Cascade>& cascades, const Arguments& arguments, pg::Pool& pool,
                           const Context& context, v1::ExplainResponse& response) {
  if (cascades.empty()) return absl::OkStatus();
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  pg::Connection& connection = **lease;
  absl::Status status = connection.Begin({.isolation = pg::Isolation::kRepeatableRead, .read_only = true}, context.call);
  for (size_t i = 0; status.ok() && i < cascades.size(); ++i) {
    std::vector<pg::Parameter> parameters;
    for (int slot : cascades[i].count.slots) {
      parameters.push_back({arguments.slots[slot].bytes, arguments.slots[slot].null});
    }
    const absl::StatusOr<pg::Result> result = connection.Execute(cascades[i].count.statement, parameters, context.call);
    status = result.status();
    if (!status.ok()) break;
    v1::CascadeCount& counted = *response.add_cascades();
    counted.set_model(cascades[i].model);
    counted.set_table(cascades[i].table);
    counted.set_constraint(cascades[i].constraint);
    counted.set_action(ActionProto(cascades[i].action));
    counted.set_depth(cascades[i].depth);
    counted.set_rows(DecodeInt64(result->bytes(0, 0)));
  }
  connection.Rollback();
  return TranslateDatabaseError(status, {}, context);
}

absl::Status AnalyzeStatement(const std::vector<ExplainedStatement>& statements, const Arguments& arguments,
                              pg::Pool& pool, const Context& context, v1::ExplainResponse& response) {
  absl::StatusOr<pg::Pool::Lease> lease = pool.Acquire(context.call);
  if (!lease.ok()) return TranslateDatabaseError(lease.status(), {}, context);
  pg::Connection& connection = **lease;
  absl::Status status = connection.Begin({.read_only = true}, context.call);
  std::vector<pg::Parameter> parameters;
  for (int slot : statements.front().slots) {
    parameters.push_back({arguments.slots[slot].bytes, arguments.slots[slot].null});
  }
  if (status.ok()) {
    status = Explain(connection, *statements.front().statement, true, parameters, context.call,
                     *response.mutable_statements(0)->mutable_postgres_plan());
  }
  connection.Rollback();
  return TranslateDatabaseError(status, {}, context);
}

}  // namespace rowan::exec
