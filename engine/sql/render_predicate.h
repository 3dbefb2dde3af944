// Renders conditions. Private to engine/sql and never fails.
#pragma once

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

// Writes `FROM <target> <alias> WHERE <joined to the parent's row>`, by way of the junction where there is one. The
// caller goes on with AND, ORDER BY or a parenthesis.
void RenderRelated(Writer& writer, const Relation& relation, std::string_view parent_alias, std::string_view alias);

}  // namespace rowan::sql
