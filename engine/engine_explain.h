// Explains a request: bind, plan and render, then say what would be sent; and, where it is asked for and there is a
// database, what PostgreSQL says to that. Thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "engine/bind/bind_context.h"
#include "engine/exec/context.h"
#include "engine/pg/pool.h"

namespace rowan::v1 {
class ExplainRequest;
class ExplainResponse;
}  // namespace rowan::v1

namespace rowan {

// Where to ask PostgreSQL.
struct ExplainDatabase {
  pg::Pool& pool;
  const exec::Context& context;
};

// Returns the name of the schema that the request inside is for; empty when there is none.
std::string ExplainedSchema(const v1::ExplainRequest& request);

// Fills the response. `database` may be null when the mode is PLAN, which golden tests use. Errors: those that the request
// itself would give before any SQL, and with other modes than PLAN those of running it; MISSING_ARGUMENT without a
// request.
absl::Status ExplainRequest(const v1::ExplainRequest& request, const BindContext& context,
                            const ExplainDatabase* database, v1::ExplainResponse& response);

}  // namespace rowan
