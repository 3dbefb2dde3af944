// PostgreSQL's own account of a statement. Private to engine/exec.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/pg/connection.h"
#include "engine/pg/statement.h"

namespace rowan::v1 {
class PlanNode;
}

namespace rowan::exec {

// Returns the statement that explains another one, with the same parameters; its answer is one row of JSON. With
// `analyze` PostgreSQL runs the statement.
pg::Statement ExplainOf(const pg::Statement& statement, bool analyze);

// Returns how many rows PostgreSQL expects, from that answer.
absl::StatusOr<int64_t> EstimatedRows(std::string_view json);

// Reads that answer.
absl::Status ReadPlan(std::string_view json, v1::PlanNode& node);

// Parameters that let PostgreSQL plan a statement whose values nobody knows yet: nulls, and arrays of one null. Owned by
// the vector, which `parameters` refer to.
std::vector<std::string> UnknownParameters(const pg::Statement& statement, std::vector<pg::Parameter>& parameters);

}  // namespace rowan::exec
