#include "engine/exec/explain_postgres.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/types/codec.h"
#include "engine/types/type.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {
namespace {

using nlohmann::json;

absl::Status Unreadable() {
  return errors::Internal("PostgreSQL's plan is not the JSON that it should be");
}

// The conditions that PostgreSQL names one by one.
constexpr const char* kConditions[] = {"Index Cond", "Recheck Cond", "Hash Cond",   "Merge Cond",
                                       "Join Filter", "Filter",      "One-Time Filter", "Run Condition"};

std::string Text(const json& plan, const char* key) {
  const auto found = plan.find(key);
  return found != plan.end() && found->is_string() ? found->get<std::string>() : "";
}

double Figure(const json& plan, const char* key) {
  const auto found = plan.find(key);
  return found != plan.end() && found->is_number() ? found->get<double>() : 0;
}

// As PostgreSQL's text form names nodes: "Hash Semi Join", "Nested Loop Left Join".
std::string TypeOf(const json& plan) {
  std::string type = Text(plan, "Node Type");
  const std::string join = Text(plan, "Join Type");
  if (join.empty() || join == "Inner") return type;
  if (const size_t end = type.find(" Join"); end != std::string::npos) type.resize(end);
  return type + " " + join + " Join";
}

void Fill(const json& plan, int depth, v1::PlanNode& node) {
  constexpr int kDeepest = 200;
  node.set_type(TypeOf(plan));
  node.set_table(Text(plan, "Relation Name"));
  node.set_alias(Text(plan, "Alias"));
  node.set_index(Text(plan, "Index Name"));
  std::string role = Text(plan, "Subplan Name");
  if (role.empty()) role = Text(plan, "Parent Relationship");
  node.set_role(role);
  for (const char* condition : kConditions) {
    if (std::string text = Text(plan, condition); !text.empty()) node.add_conditions(std::move(text));
  }
  node.set_total_cost(Figure(plan, "Total Cost"));
  node.set_estimated_rows(static_cast<int64_t>(Figure(plan, "Plan Rows")));
  if (plan.contains("Actual Rows")) {
    const double loops = Figure(plan, "Actual Loops");
    node.set_actual_rows(Figure(plan, "Actual Rows"));
    node.set_loops(static_cast<int64_t>(loops));
    // PostgreSQL gives the time of one execution, and what a filter removed in one.
    if (plan.contains("Actual Total Time")) node.set_milliseconds(Figure(plan, "Actual Total Time") * loops);
    const double removed = Figure(plan, "Rows Removed by Filter") + Figure(plan, "Rows Removed by Join Filter") +
                           Figure(plan, "Rows Removed by Index Recheck");
    if (removed > 0) node.set_removed_rows(removed);
  }
  if (const auto children = plan.find("Plans"); children != plan.end() && children->is_array() && depth < kDeepest) {
    for (const json& child : *children) Fill(child, depth + 1, *node.add_children());
  }
}

// The topmost node, or null when the text is not PostgreSQL's.
absl::StatusOr<json> TopNode(std::string_view text) {
  const json answer = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_array() || answer.empty() || !answer[0].is_object() || !answer[0].contains("Plan")) {
    return Unreadable();
  }
  return answer[0]["Plan"];
}

}  // namespace

pg::Statement ExplainOf(const pg::Statement& statement, bool analyze) {
  const char* const explain = analyze ? "EXPLAIN (FORMAT JSON, ANALYZE) " : "EXPLAIN (FORMAT JSON) ";
  return {explain + statement.text, statement.parameter_oids};
}

absl::StatusOr<int64_t> EstimatedRows(std::string_view json_text) {
  ROWAN_ASSIGN_OR_RETURN(const json plan, TopNode(json_text));
  return static_cast<int64_t>(Figure(plan, "Plan Rows"));
}

absl::Status ReadPlan(std::string_view json_text, v1::PlanNode& node) {
  ROWAN_ASSIGN_OR_RETURN(const json plan, TopNode(json_text));
  Fill(plan, 0, node);
  return absl::OkStatus();
}

std::vector<std::string> UnknownParameters(const pg::Statement& statement, std::vector<pg::Parameter>& parameters) {
  std::vector<std::string> owned;
  owned.reserve(statement.parameter_oids.size());
  for (uint32_t oid : statement.parameter_oids) {
    const std::optional<Type> element = ElementOfArray(oid);
    owned.push_back(element ? EncodeArray(*element, {Encoded{.null = true}}).bytes : "");
    parameters.push_back({owned.back(), !element});
  }
  return owned;
}

}  // namespace rowan::exec
