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
#include <variant>
#include <vector>

#include "engine/catalog/catalog.h"

namespace rowan::ir {

enum class Comparison { kEq, kNe, kGt, kGte, kLt, kLte, kIn, kContains, kStartsWith, kEndsWith };

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
struct Compare {
  const Field* field;
  Comparison comparison;
  int slot;
};
struct NullTest {
  const Field* field;
  bool is_null;
};
// A related row exists that satisfies `where`, or any row when there is no `where`.
struct Related {
  const Relation* relation;
  std::unique_ptr<Predicate> where;
};

struct Predicate {
  std::variant<AllOf, AnyOf, Not, Compare, NullTest, Related> node;
};

struct Order {
  const Field* field;
  bool descending = false;
};

constexpr int kNoSlot = -1;

struct Window {
  int limit = kNoSlot;  // the slot holds the limit plus one
  int offset = kNoSlot;
};

struct RelatedSelection;

struct Selection {
  const Model* model = nullptr;
  std::vector<const Field*> fields;
  std::vector<RelatedSelection> related;
};

struct RelatedSelection {
  const Relation* relation = nullptr;
  std::string name;  // the alias, or the relation's name
  Selection selection;
  std::optional<Predicate> where;
  std::vector<Order> order;
  Window window;
};

struct Read {
  Selection selection;
  std::optional<Predicate> where;
  std::vector<Order> order;
  Window window;
  std::vector<Type> slots;  // the type of each slot
};

}  // namespace rowan::ir
