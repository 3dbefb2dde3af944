// The plan of a read: a tree of selects that runs as one statement of nested sub-selects, hence in one snapshot and one
// round trip. Data only: no SQL, no values.
//
//   Select 0 User [name]                     SELECT t0."name", (SELECT ROW(t1."name") FROM roles t1 WHERE ...),
//   ARRAY(SELECT ROW(...) ...)
//     Select 1 role: Role [name]             FROM users t0 WHERE ... ORDER BY t0."id" LIMIT $1
//     Select 2 posts: Post [title]
//
// A row of the result has the fields first, then one column per related select; see hydrate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ir/query.h"

namespace rowan::plan {

struct Select {
  int number = 0;  // by pre-order; the alias in SQL is t<number>
  const Model* model = nullptr;
  const Relation* relation = nullptr;  // how it hangs on its parent; null at the root
  std::string name;                    // in the result; empty at the root
  std::vector<const Field*> fields;
  std::optional<ir::Predicate> where;
  std::vector<ir::Order> order;  // total: the primary key is appended; empty for to-one
  ir::Window window;
  std::vector<Select> related;
  // The root's rows are those whose primary keys are given as parameter arrays, in the order given. Then where, order
  // and window are empty, and the arrays are the first parameters.
  bool by_keys = false;
};

// Plans a read.
Select PlanRead(ir::Read read);

// Plans the reading of rows named by their primary keys: what a mutation returns.
Select PlanReadByKeys(ir::Selection selection);

}  // namespace rowan::plan
