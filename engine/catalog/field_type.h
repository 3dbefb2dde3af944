// From the proto's types to the engine's. Private to engine/catalog.
#pragma once

#include <string>

#include "engine/types/codec.h"
#include "engine/types/type.h"

namespace rowan::v1 {
class FieldType;
}

namespace rowan {

// Returns the engine's type for a resolved one (neither number, auto-increment nor unspecified).
Type FieldTypeOf(const v1::FieldType& type);

// Returns a value as an SQL literal, quoted, to be followed by a cast to its type. The value came from DecodeValue, is
// not null, and is read with standard_conforming_strings on.
std::string SqlLiteral(const v1::Value& value);

}  // namespace rowan
