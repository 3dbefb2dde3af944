#include "engine/types/key_types.h"

#include <cstdint>
#include <limits>
#include <string>

#include "engine/types/wire.h"

namespace rowan {
namespace {

bool IsInteger(const Type& type) {
  return !type.array &&
         (type.scalar == Scalar::kInt16 || type.scalar == Scalar::kInt32 || type.scalar == Scalar::kInt64);
}

bool IsText(const Type& type) {
  return !type.array && type.native_name.empty() && (type.scalar == Scalar::kString || type.scalar == Scalar::kText);
}

template <typename Integer>
std::optional<Encoded> EncodeAs(int64_t value) {
  if (value < std::numeric_limits<Integer>::min() || value > std::numeric_limits<Integer>::max()) return std::nullopt;
  Encoded encoded;
  PutInteger(static_cast<Integer>(value), encoded.bytes);
  return encoded;
}

}  // namespace

bool MayRefer(const Type& from, const Type& to) {
  return from == to || (IsInteger(from) && IsInteger(to)) || (IsText(from) && IsText(to));
}

std::optional<Encoded> ConvertKey(const Encoded& value, const Type& from, const Type& to) {
  // A text that is too long for the other type is for PostgreSQL to refuse.
  if (value.null || from.scalar == to.scalar || !IsInteger(to)) return value;
  const int64_t integer = DecodeInteger(value.bytes);
  if (to.scalar == Scalar::kInt16) return EncodeAs<int16_t>(integer);
  if (to.scalar == Scalar::kInt32) return EncodeAs<int32_t>(integer);
  return EncodeAs<int64_t>(integer);
}

}  // namespace rowan
