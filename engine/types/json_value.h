// Values as JSON, for comparing them with what is inside a json field.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/base/path.h"
#include "engine/types/type.h"

namespace rowan::v1 {
class Value;
}

namespace rowan {

// Returns the value as JSON text by its kind: a bool, a number, a text as a JSON string, a json as it is, an array as a
// JSON array, null as JSON's null. Other kinds, NaN and infinities have no JSON: TYPE_MISMATCH or VALUE_OUT_OF_RANGE with
// the path. MALFORMED_VALUE when a json or a text is not valid.
absl::StatusOr<std::string> JsonOf(const v1::Value& value, const Path& path);

// Encodes valid JSON text as jsonb.
Encoded EncodeJson(std::string_view json);

}  // namespace rowan
