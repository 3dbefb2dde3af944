// PostgreSQL's plan of a statement, as people read it and as JSON. Private to clients/cli.
#pragma once

#include <iosfwd>

#include "clients/document/node.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {

// Prints a node and those below it, two blanks further in at each level, beginning with `indent` blanks:
//
//   Nested Loop: 10 rows expected, 3 found, 0.2 ms, cost 8.3
//     Index Scan of users as t0 by users_pkey (Outer): 1 row expected, 0.3 found × 10 loops, 0.1 ms, cost 4.1
//       where (id > 5), 2 rows removed
void PrintPlan(const v1::PlanNode& node, int indent, std::ostream& out);

// Returns a node and those below it as an object; what is unset is left out.
document::Node PlanDocument(const v1::PlanNode& node);

}  // namespace rowan::cli
