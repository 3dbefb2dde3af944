#include "engine/store/type_change.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace rowan::store {
namespace {

// The bytes of an integer; 0 for other types.
int IntegerSize(Scalar scalar) {
  switch (scalar) {
    case Scalar::kInt16:
      return 2;
    case Scalar::kInt32:
      return 4;
    case Scalar::kInt64:
      return 8;
    default:
      return 0;
  }
}

// The decimal digits that hold every value of an integer.
int DigitsOf(Scalar integer) {
  return integer == Scalar::kInt16 ? 5 : integer == Scalar::kInt32 ? 10 : 19;
}

bool IsFloat(Scalar scalar) {
  return scalar == Scalar::kFloat32 || scalar == Scalar::kFloat64;
}

bool IsNumber(Scalar scalar) {
  return IntegerSize(scalar) > 0 || IsFloat(scalar) || scalar == Scalar::kDecimal;
}

bool IsText(const Type& type) {
  return type.native_name.empty() && (type.scalar == Scalar::kText || type.scalar == Scalar::kString);
}

TypeChange NumberChange(const Type& from, const Type& to) {
  const int before = IntegerSize(from.scalar);
  const int after = IntegerSize(to.scalar);
  if (before > 0 && after > 0) return before < after ? TypeChange::kRewriting : TypeChange::kNarrowing;
  if (before > 0 && to.scalar == Scalar::kDecimal) {
    const bool fits = to.precision == 0 || to.precision - to.scale >= DigitsOf(from.scalar);
    return fits ? TypeChange::kRewriting : TypeChange::kNarrowing;
  }
  // A double has 53 bits, a float 24.
  if (before > 0) return before * 8 <= (to.scalar == Scalar::kFloat64 ? 32 : 16) ? TypeChange::kRewriting : TypeChange::kNarrowing;
  if (from.scalar == Scalar::kDecimal && to.scalar == Scalar::kDecimal) {
    if (to.precision == 0) return TypeChange::kWidening;
    if (from.precision == 0 || to.scale < from.scale || to.precision - to.scale < from.precision - from.scale) {
      return TypeChange::kNarrowing;
    }
    return to.scale == from.scale ? TypeChange::kWidening : TypeChange::kRewriting;
  }
  return from.scalar == Scalar::kFloat32 && to.scalar == Scalar::kFloat64 ? TypeChange::kRewriting : TypeChange::kNarrowing;
}

TypeChange TextChange(const Type& from, const Type& to) {
  return to.length == 0 || (from.length > 0 && from.length <= to.length) ? TypeChange::kWidening : TypeChange::kNarrowing;
}

bool IsMoment(Scalar scalar) {
  return scalar == Scalar::kTimestamp || scalar == Scalar::kLocalTimestamp || scalar == Scalar::kDate;
}

TypeChange ScalarChange(const Type& from, const Type& to) {
  if (IsText(from) && IsText(to)) return TextChange(from, to);
  if (IsText(to) && to.length == 0) return TypeChange::kRewriting;  // everything has a text form
  if (IsText(from) || IsText(to)) return TypeChange::kNarrowing;
  if (IsNumber(from.scalar) && IsNumber(to.scalar)) return NumberChange(from, to);
  if (IsMoment(from.scalar) && IsMoment(to.scalar)) {
    return to.scalar == Scalar::kDate ? TypeChange::kNarrowing : TypeChange::kRewriting;
  }
  if (from.scalar == Scalar::kTimestamp || from.scalar == Scalar::kLocalTimestamp) {
    return to.scalar == Scalar::kTime ? TypeChange::kNarrowing : TypeChange::kImpossible;
  }
  if (from.scalar == Scalar::kEnum && to.scalar == Scalar::kEnum) {
    const bool all = std::all_of(from.labels.begin(), from.labels.end(), [&](const std::string& label) {
      return std::find(to.labels.begin(), to.labels.end(), label) != to.labels.end();
    });
    return all ? TypeChange::kRewriting : TypeChange::kNarrowing;
  }
  // What native types make of each other only PostgreSQL knows.
  if (!from.native_name.empty() || !to.native_name.empty()) return TypeChange::kNarrowing;
  return TypeChange::kImpossible;
}

}  // namespace

TypeChange TypeChangeOf(const Type& from, const Type& to) {
  if (SqlType(from) == SqlType(to)) return TypeChange::kNone;
  if (from.array && !to.array) return TypeChange::kImpossible;
  Type before = from;
  Type after = to;
  before.array = after.array = false;
  if (from.array == to.array) {
    const TypeChange change = ScalarChange(before, after);
    return from.array && change == TypeChange::kWidening && before.scalar != after.scalar ? TypeChange::kRewriting : change;
  }
  if (SqlType(before) == SqlType(after)) return TypeChange::kRewriting;
  const TypeChange change = ScalarChange(before, after);
  return change == TypeChange::kWidening ? TypeChange::kRewriting : change;
}

std::string ConversionOf(const Type& from, const Type& to, const std::string& column) {
  if (!from.array && to.array) return absl::StrCat("ARRAY[", column, "]::", SqlType(to));
  // Assignments refuse what does not fit; casts would cut it.
  const bool assigned = (IsText(from) && IsText(to)) || (IsNumber(from.scalar) && IsNumber(to.scalar)) ||
                        (IsMoment(from.scalar) && IsMoment(to.scalar));
  if (assigned) return "";
  if (IsText(to) && to.length > 0) return absl::StrCat(column, from.array ? "::text[]" : "::text");
  const bool by_text = !from.native_name.empty() && !to.native_name.empty();
  return absl::StrCat(column, by_text ? (from.array ? "::text[]" : "::text") : "", "::", SqlType(to));
}

}  // namespace rowan::store
