// PostgreSQL's account of what a request sends: its estimates, or what happened when it ran inside a transaction that is
// rolled back.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "engine/exec/context.h"
#include "engine/exec/run_mutation.h"
#include "engine/exec/run_read.h"
#include "engine/ir/arguments.h"
#include "engine/pg/pool.h"
#include "engine/sql/render_cascade.h"

namespace rowan::v1 {
class ExplainResponse;
}

namespace rowan::exec {

// One statement of the response, in its order.
struct ExplainedStatement {
  const pg::Statement* statement;
  int unknown;             // how many parameters come first that only running tells
  std::vector<int> slots;  // of those after them
};

// Adds PostgreSQL's estimates to the response's statements, which are `statements`. Nothing is run.
absl::Status EstimateStatements(const std::vector<ExplainedStatement>& statements, const Arguments& arguments,
                                pg::Pool& pool, const Context& context, v1::ExplainResponse& response);

// Run the request and add what happened. The statements of the response that were not sent stay without.
absl::Status AnalyzeRead(const CompiledRead& read, const std::vector<ExplainedStatement>& statements,
                         const Arguments& arguments, pg::Pool& pool, const Context& context,
                         v1::ExplainResponse& response);
absl::Status AnalyzeMutation(const CompiledMutation& mutation, const std::vector<ExplainedStatement>& statements,
                             const Arguments& arguments, pg::Pool& pool, const Context& context,
                             v1::ExplainResponse& response);
// Counts what a delete would reach, and adds it to the response.
absl::Status CountCascades(const std::vector<sql::Cascade>& cascades, const Arguments& arguments, pg::Pool& pool,
                           const Context& context, v1::ExplainResponse& response);
// Runs a single statement that reads.
absl::Status AnalyzeStatement(const std::vector<ExplainedStatement>& statements, const Arguments& arguments,
                              pg::Pool& pool, const Context& context, v1::ExplainResponse& response);

}  // namespace rowan::exec
