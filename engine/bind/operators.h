// The operators of filters: one row each. Add an operator: a value in query.proto, a row in operators.cc, a Comparison
// in ir/query.h, its SQL in sql/render_predicate.cc; the compiler names every other place.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/ir/query.h"
#include "engine/types/type.h"

namespace rowan {

struct OperatorFacts {
  int number;                                // v1::Operator
  std::string_view name;                     // in documents and messages
  std::optional<ir::Comparison> comparison;  // none: isNull, which is no comparison
  bool (*allowed)(const Type& type);
};

// Returns the operator's row, or null when the proto has no such value or it is UNSPECIFIED.
const OperatorFacts* FindOperator(int number);

// Returns the names of the operators that the type has, joined by ", ".
std::string AllowedOperators(const Type& type);

}  // namespace rowan
