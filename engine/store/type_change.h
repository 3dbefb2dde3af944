// What becomes of the rows when a column's type changes.
#pragma once

#include <string>

#include "engine/types/type.h"

namespace rowan::store {

enum class TypeChange {
  kNone,       // the same type
  kWidening,   // every value fits, and no row is written again
  kRewriting,  // every value fits, and all rows are written again
  kNarrowing,  // values may not fit, or lose digits
  kImpossible  // values of the one are not values of the other
};

TypeChange TypeChangeOf(const Type& from, const Type& to);

// Returns the expression that turns a value of the quoted column into one of the new type, or "" where PostgreSQL does
// by itself. The change is not impossible.
std::string ConversionOf(const Type& from, const Type& to, const std::string& column);

}  // namespace rowan::store
