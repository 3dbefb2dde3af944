// Renders how to count what a delete does to rows that refer to the deleted ones. Never fails.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ir/query.h"
#include "engine/sql/render_read.h"

namespace rowan::sql {

// The rows of one table that a delete reaches over a chain of foreign keys.
struct Cascade {
  std::string model;       // empty for a junction that is no model
  std::string table;
  std::string constraint;  // the last foreign key of the chain
  ReferentialAction action;
  int depth;               // foreign keys in the chain
  ReadStatement count;     // one row of one bigint
};

// Returns the chains from the model's rows that satisfy `where`, those that the database follows: on from a row only where it
// is deleted itself. No chain goes through one foreign key twice. At most 100, nearest first.
std::vector<Cascade> RenderCascades(const Catalog& catalog, const Model& model,
                                    const std::optional<ir::Predicate>& where);

}  // namespace rowan::sql
