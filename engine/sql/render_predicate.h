// Renders conditions and what they are made of. Private to engine/sql and never fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/ir/query.h"
#include "engine/sql/writer.h"

namespace rowan::sql {

// What rendering a predicate needs beside the predicate: fresh aliases, and a record of which slot each parameter
// takes.
struct PredicateScope {
  int next_alias = 0;      // aliases of related rows are r0, r1, …
  std::vector<int> slots;  // of the statement's parameters, in order
};

// Writes the parameter for a slot.
void RenderSlot(Writer& writer, PredicateScope& scope, const Type& type, int slot);

// Writes the condition on the row with the alias.
void RenderPredicate(Writer& writer, PredicateScope& scope, const ir::Predicate& predicate, std::string_view alias);

// Writes `count(DISTINCT t0."name")` over rows with the alias.
void RenderAggregate(Writer& writer, const ir::Aggregate& aggregate, std::string_view alias);

// Writes `(SELECT <aggregate> FROM <related rows that satisfy where>)`.
void RenderRelatedAggregate(Writer& writer, PredicateScope& scope, const Relation& relation,
                            const ir::Aggregate& aggregate, const ir::Predicate* where, std::string_view alias);

// How a relation's rows come into a FROM clause.
//   RenderRelatedFrom   `<target> <alias>`, by way of the junction where there is one
//   RenderRelatedOn     what joins them to the parent's row
void RenderRelatedFrom(Writer& writer, const Relation& relation, std::string_view alias);
void RenderRelatedOn(Writer& writer, const Relation& relation, std::string_view parent_alias, std::string_view alias);

}  // namespace rowan::sql
