// The bound form of reads: every name is a catalog object, every literal a numbered, typed slot whose value is in
// Arguments. What depends on a value's nullness or a list's absence is decided already and shows in the form.
//
//   {select: {name: true}, where: {role: {name: {eq: "admin"}}}, limit: 5}
//   ->  Read{selection{User, [name]}, where Related{role, Compare{Role.name, kEq, slot 0}}, window{limit slot 1}}
//       Arguments{slots ["admin", 6]}       (a limit's slot holds one more than asked, to see whether there is more)
//
// Trees own their parts. Pointers go into the catalog that the request was bound with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/catalog/catalog.h"

namespace rowan::ir {

constexpr int kNoSlot = -1;

// --- aggregates

enum class Function { kCount, kSum, kAvg, kMin, kMax };

// As requests name it.
constexpr std::string_view FunctionName(Function function) {
  switch (function) {
    case Function::kCount:
      return "count";
    case Function::kSum:
      return "sum";
    case Function::kAvg:
      return "avg";
    case Function::kMin:
      return "min";
    case Function::kMax:
      return "max";
  }
  return "";
}

// One value from many rows.
struct Aggregate {
  Function function = Function::kCount;
  const Field* field = nullptr;  // null: kCount counts rows
  bool distinct = false;
  Type type;              // of the result
  bool nullable = false;  // the result over no values is null
};

// --- predicates

enum class Comparison {
  kEq,
  kNe,
  kGt,
  kGte,
  kLt,
  kLte,
  kIn,
  kNotIn,
  kBetween,
  kContains,
  kStartsWith,
  kEndsWith,
  kLike,
  kRegex,
  kHas,
  kHasSome,
  kHasEvery,
  kSearch,
  kIsDistinctFrom
};

struct Predicate;

struct AllOf {
  std::vector<Predicate> predicates;
};
struct AnyOf {
  std::vector<Predicate> predicates;
};
// The exact complement: holds where the predicate is false or null.
struct Not {
  std::unique_ptr<Predicate> predicate;
};

// What a comparison has on its left side.

// What a place inside a json field is compared as; a place that holds JSON of another type is null as text or number.
enum class JsonForm { kJson, kText, kNumber };
struct JsonPlace {
  const Field* field;
  int path;  // the slot of the text[] that leads to the place
  JsonForm form;
};
// An aggregate of the related rows that satisfy `where`.
struct RelatedAggregate {
  const Relation* relation;
  Aggregate aggregate;
  std::unique_ptr<Predicate> where;
};
// A column of the result of an aggregation, by position.
struct ResultColumn {
  int position;
};
using Operand = std::variant<const Field*, JsonPlace, RelatedAggregate, ResultColumn>;

struct Compare {
  Operand left;
  Type type;  // of the left side
  Comparison comparison;
  int slot = kNoSlot;            // the right side; the lower bound of kBetween
  int upper = kNoSlot;           // the upper bound of kBetween
  const Field* other = nullptr;  // another field of the row, in place of the slot
  bool ignore_case = false;
  std::string_view language;  // kSearch: PostgreSQL's configuration, from the list of operators.h
};
struct NullTest {
  Operand left;
  bool is_null;
};
struct EmptyTest {
  const Field* field;  // an array
  bool is_empty;
};

enum class Quantifier { kSome, kNone, kEvery, kEveryNonempty };

// Looks at the related rows; without `where` at all of them. A to-one relation has kSome (is) and kNone (is not).
struct Related {
  const Relation* relation;
  Quantifier quantifier = Quantifier::kSome;
  std::unique_ptr<Predicate> where;
};

struct Predicate {
  std::variant<AllOf, AnyOf, Not, Compare, NullTest, EmptyTest, Related> node;
};

// --- orders and windows

// Rows by a value: a field at the end of a chain of to-one relations, or an aggregate over a to-many relation there.
struct Order {
  std::vector<const Relation*> path;  // to-one relations; empty: the row itself
  const Field* field = nullptr;       // of the row that the path leads to; null with `many`
  const Relation* many = nullptr;
  Aggregate aggregate;  // over `many`
  bool descending = false;
  bool nulls_first = false;

  const Type& type() const { return many == nullptr ? field->type : aggregate.type; }
  bool nullable() const { return many == nullptr ? !path.empty() || field->nullable : aggregate.nullable; }
};

enum class Total { kNone, kExact, kEstimated };

// A part of an ordered list.
struct Window {
  int limit = kNoSlot;  // the slot holds the limit plus one
  // The same number where it is a part of the form, else 0: of a root it is while it is small, so that PostgreSQL plans for
  // it (docs/adr/0020).
  int rows = 0;
  int offset = kNoSlot;
  // The order's values at the record that the window begins after (or ends before): a slot each, kNoSlot for null. Empty:
  // none.
  std::vector<int> cursor;
  bool backward = false;
  Total total = Total::kNone;
  int list = 0;  // its number in Arguments
};

// --- selections

// How many related rows satisfy `where`.
struct Count {
  const Relation* relation = nullptr;
  std::string name;
  std::optional<Predicate> where;
};

struct RelatedSelection;

struct Selection {
  const Model* model = nullptr;
  std::vector<const Field*> fields;
  std::vector<Count> counts;
  std::vector<RelatedSelection> related;
};

struct RelatedSelection {
  const Relation* relation = nullptr;
  std::string name;  // the alias, or the relation's name
  Selection selection;
  std::optional<Predicate> where;
  std::vector<const Field*> distinct;  // the first row for each combination of values
  std::vector<Order> order;            // total for to-many: the primary key is appended; empty for to-one
  Window window;
};

enum class Bound { kExactly, kAtLeast, kAtMost };

// How many rows must match. The count is in Arguments.
struct Expectation {
  Bound bound;
};

// How root records are locked.
enum class LockStrength { kUpdate, kNoKeyUpdate, kShare, kKeyShare };
enum class LockWait { kWait, kNoWait, kSkipLocked };
struct RowLock {
  LockStrength strength;
  LockWait wait;
};

// How a client wants a tree to be read.
enum class Strategy { kAny, kNested, kByLevel, kTagged };

struct Read {
  Selection selection;
  std::optional<Predicate> where;
  std::vector<const Field*> distinct;
  std::vector<Order> order;  // total
  Window window;
  Strategy strategy = Strategy::kAny;
  bool by_key = false;          // the filter lets one record through at most
  bool cursors = true;          // whether somebody may go on from a record of the root
  std::optional<RowLock> lock;  // with it the limit's slot holds the limit itself
  std::vector<Type> slots;      // the type of each slot
};

// --- aggregations

struct GroupKey {
  std::string name;
  std::vector<const Relation*> path;  // to-one relations
  const Field* field = nullptr;
};
struct AggregateColumn {
  std::string name;
  Aggregate aggregate;
  std::optional<Predicate> where;  // which rows of the group
};
struct ColumnOrder {
  int position;
  bool descending = false;
  bool nulls_first = false;
};

// The result's columns are the keys, then the aggregates.
struct Aggregation {
  const Model* model = nullptr;
  std::optional<Predicate> where;
  std::vector<GroupKey> keys;
  std::vector<AggregateColumn> columns;
  std::optional<Predicate> having;  // on ResultColumns
  std::vector<ColumnOrder> order;   // all keys are in it
  Window window;
  std::vector<Type> slots;
};

struct Exists {
  const Model* model = nullptr;
  std::optional<Predicate> where;
  std::vector<Type> slots;
};

}  // namespace rowan::ir
