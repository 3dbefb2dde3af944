// Fields that foreign keys relate and whose types are not the same: an integer that refers to a bigint, as databases have it
// that grew. PostgreSQL compares them and writes one where the other is; here the values are made to be the same bytes.
#pragma once

#include <optional>

#include "engine/types/type.h"

namespace rowan {

// Whether a field of one type may refer to one of the other: the same type, integers of any size, texts of any length.
bool MayRefer(const Type& from, const Type& to);

// Returns the value as one of the other type, which it may refer to or be referred to by. Unset when that cannot hold it.
std::optional<Encoded> ConvertKey(const Encoded& value, const Type& from, const Type& to);

}  // namespace rowan
