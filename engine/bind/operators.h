// The operators of filters: one row each. Add an operator: a value in query.proto, a row in operators.cc, a Comparison
// in ir/query.h, its SQL in sql/render_predicate.cc; the compiler names every other place.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/errors.h"
#include "engine/ir/query.h"
#include "engine/types/type.h"

namespace rowan {

// What an operator takes on its right side.
enum class OperandForm {
  kValue,    // one value of the left side's type
  kList,     // an array of such values, without nulls
  kPair,     // an array of two
  kElement,  // one element of the left side, which is an array
  kElements  // an array of such elements
};

struct OperatorFacts {
  int number;                                // v1::Operator
  std::string_view name;                     // in documents and messages
  std::optional<ir::Comparison> comparison;  // none: isNull and isEmpty, which take a bool
  OperandForm operand;
  bool (*allowed)(const Type& type);
  bool folds_case;    // has a form without regard to case
  bool takes_field;   // the right side may be another field
};

// Returns the operator's row, or null when the proto has no such value or it is UNSPECIFIED.
const OperatorFacts* FindOperator(int number);

// Returns the names of the operators that the type has, joined by ", ".
std::string AllowedOperators(const Type& type);

// Returns PostgreSQL's name of the text search configuration; nullopt when there is none of the name. The empty name is
// "simple".
std::optional<std::string_view> FindLanguage(std::string_view name);

// Returns the names of all languages.
errors::Names Languages();

}  // namespace rowan
