#include "engine/engine_explain.h"

#include <utility>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/bind_mutation.h"
#include "engine/bind/bind_query.h"
#include "engine/plan/mutation.h"
#include "engine/plan/print_plan.h"
#include "engine/plan/select.h"
#include "engine/sql/render_mutation.h"
#include "engine/sql/render_read.h"
#include "engine/types/type.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

void AddStatement(const std::string& description, const pg::Statement& statement, v1::ExplainResponse& response) {
  v1::ExplainStatement& explained = *response.add_statements();
  explained.set_description(description);
  explained.set_sql(statement.text);
  for (uint32_t oid : statement.parameter_oids) explained.add_parameter_types(OidName(oid));
}

absl::Status ExplainRead(absl::StatusOr<BoundRead> bound, v1::ExplainResponse& response) {
  if (!bound.ok()) return bound.status();
  const plan::Select plan = plan::PlanRead(std::move(bound->read));
  response.set_plan(plan::PrintPlan(plan));
  AddStatement("read " + plan.model->name, sql::RenderRead(plan).statement, response);
  return absl::OkStatus();
}

absl::Status ExplainMutation(absl::StatusOr<BoundMutation> bound, v1::ExplainResponse& response) {
  if (!bound.ok()) return bound.status();
  const plan::Program program = plan::PlanMutation(std::move(bound->mutation));
  const sql::RenderedProgram rendered = sql::RenderMutation(program);
  response.set_plan(plan::PrintPlan(program));
  for (size_t i = 0; i < program.steps.size(); ++i) {
    for (const sql::StepStatement& step : rendered.steps[i]) AddStatement(step.description, step.statement, response);
    if (std::holds_alternative<plan::ReadBack>(program.steps[i])) {
      AddStatement("read back " + program.returning->model->name, rendered.returning.statement, response);
    }
  }
  return absl::OkStatus();
}

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
    case v1::ExplainRequest::kDelete:
      return request.delete_().schema();
    case v1::ExplainRequest::REQUEST_NOT_SET:
      break;
  }
  return "";
}

absl::Status ExplainRequest(const v1::ExplainRequest& request, const Catalog& catalog, const Limits& limits,
                            v1::ExplainResponse& response) {
  response.set_schema_version(catalog.version);
  switch (request.request_case()) {
    case v1::ExplainRequest::kGet:
      return ExplainRead(BindGet(request.get(), catalog, limits), response);
    case v1::ExplainRequest::kStream:
      return ExplainRead(BindStream(request.stream(), catalog, limits), response);
    case v1::ExplainRequest::kInsert:
      return ExplainMutation(BindInsert(request.insert(), catalog, limits), response);
    case v1::ExplainRequest::kUpdate:
      return ExplainMutation(BindUpdate(request.update(), catalog, limits), response);
    case v1::ExplainRequest::kDelete:
      return ExplainMutation(BindDelete(request.delete_(), catalog, limits), response);
    case v1::ExplainRequest::REQUEST_NOT_SET:
      break;
  }
  return errors::MissingArgument(Path("request"), "get, stream, insert, update or delete");
}

}  // namespace rowan
