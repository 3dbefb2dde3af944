// Single values: rowan.v1.Value and its document form. Private to clients/document.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "clients/document/node.h"
#include "engine/base/path.h"

namespace rowan::v1 {
class Value;
}

namespace rowan::document {

// Writes the value that a node stands for to an empty `value`. Errors: INVALID_ARGUMENT (DOCUMENT_INVALID) with the
// path for a `$kind` that does not exist or whose operand is malformed.
absl::Status ReadValue(const Node& node, const Path& path, v1::Value& value);

// Tells whether a node is an object that names the kind of a value, {"$bytes": "AQID"}, or a reference.
bool IsTyped(const Node& node);

// Returns a value as results show it: plain, for the field's type says what it is.
Node ShowValue(const v1::Value& value);

// Returns a value so that ReadValue gives it back, with its kind named where plain would be read as another.
Node WriteValue(const v1::Value& value);

// Returns a number without its exponent, or nothing when it would have more digits than PostgreSQL's numeric. `digits`
// must be a number in JSON's spelling, or one with a leading + or a bare point.
std::optional<std::string> PlainDecimal(std::string_view digits);

}  // namespace rowan::document
