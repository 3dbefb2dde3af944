// The plan of a read: a tree of selects. It runs as one statement of nested sub-selects, as one statement per select
// with the keys of all parents as arrays, or as one statement whose rows say which select they are of. Data only: no SQL,
// no values.
//
//   Select 0 User [name]                     nested:   SELECT t0."name", (SELECT ROW(t1."name") FROM roles t1 WHERE …),
//     Select 1 role: Role [name]                         ARRAY(SELECT ROW(…) …) FROM users t0 WHERE … ORDER BY t0."id" LIMIT $1
//     Select 2 posts: Post [title]           by level: SELECT t0."name", t0."role_id", t0."id" FROM users t0 WHERE …
//                                                      SELECT t1."id", t1."name" FROM roles t1 WHERE t1."id" = ANY($1)
//                                                      SELECT t2."user_id", t2."title" FROM posts t2 WHERE t2."user_id" = ANY($1) …
//                                            tagged:   WITH l0 AS MATERIALIZED (SELECT … FROM users t0 WHERE …)
//                                                      SELECT 0, … FROM l0 UNION ALL SELECT 1, … FROM roles t1 WHERE … UNION ALL …
//
// The columns of a row, in this order:
//   fields   the selected fields
//   counts   the counts
//   related  nested only: per related select a row (to-one) or an array of rows (to-many)
//   totals   per related select whose window asks for a total
//   links    not nested: the key fields that related selects hang on and that are not among the fields
//   places   the values of the order that are not among the fields and links, when `keyed`
// A row of a select below the root that is not nested has before them its parent's key, or where that is not told (NamesKey) the
// position of the key in the arrays (by level) or of the parent's row (tagged), from 1.
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
  std::vector<ir::Count> counts;
  std::optional<ir::Predicate> where;
  std::vector<const Field*> distinct;
  std::vector<ir::Order> order;  // total; empty for to-one
  ir::Window window;
  std::vector<Select> related;
  bool keyed = false;                // rows say where they stand in the order, for cursors
  std::vector<const Field*> links;   // unless nested: what the related selects hang on, beside the fields
  // The root's rows are those whose primary keys are given as parameter arrays, in the order given. Then where, order
  // and window are empty, and the arrays are the first parameters.
  bool by_keys = false;
  std::optional<ir::RowLock> lock;  // of the root's rows

  bool to_many() const { return relation != nullptr && relation->to_many(); }
  // Whether the list is less than all related rows.
  bool cut() const { return window.limit != ir::kNoSlot || window.offset != ir::kNoSlot || !distinct.empty(); }
};

enum class Strategy { kNested, kByLevel, kTagged };

struct Read {
  Select root;
  Strategy strategy = Strategy::kNested;
  std::string reason;  // why this strategy, for people
};

// The fields of the parent's model that a relation's rows hang on: the left sides of its pairs, or of its junction.
std::vector<const Field*> LinkFields(const Relation& relation);

// Whether rows of a select that is not nested say by the key itself whose they are. It must be one value that has one binary
// form only, and the list whole: then PostgreSQL needs no join with the keys, which costs it up to half of such a
// statement (docs/performance.md).
bool NamesKey(const Select& select);

// Whether, besides, the key is an integer: then keys that leave none out between the first and the last are told by these
// two, and PostgreSQL reads one stretch of an index instead of looking each of them up.
bool HasRanges(const Select& select);

// Plans a read and chooses how it runs, unless the request says so.
Read PlanRead(ir::Read read);

// Plans the reading of rows named by their primary keys: what a mutation returns. Always nested.
Read PlanReadByKeys(ir::Selection selection);

// A read that locks its root records: finds and locks them, then reads their trees as they are once the locks are had.
struct LockingRead {
  Read keys;     // the primary keys of the records, in order
  Read records;  // by those keys
};
LockingRead PlanLockingRead(ir::Read read);

// Where things are among the columns of a select's row: a field or link (-1: nowhere), and the values of a keyed select's
// order.
int FieldColumn(const Select& select, Strategy strategy, const Field* field);
std::vector<int> PlaceColumns(const Select& select, Strategy strategy);

}  // namespace rowan::plan
