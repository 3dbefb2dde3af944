// The codec table: rowan.v1.Value <-> PostgreSQL's binary format, one row per scalar type. All there is to know about
// how a type travels is here. Formats follow the *_send and *_recv functions of PostgreSQL 13 to 18.
//
//   encode_value.cc   values on their way to PostgreSQL
//   decode_value.cc   values from PostgreSQL
//
// All functions are pure and thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/base/path.h"
#include "engine/types/type.h"

namespace rowan::v1 {
class Value;
}

namespace rowan {

class MessageWriter;

// Encodes `value` for a column or parameter of `type`. A null_value gives Encoded{.null = true}: whether null is
// welcome is the caller's business. The kind is a hint (widening only); errors, all with `path`: MISSING_VALUE,
// UNKNOWN_REFERENCE, TYPE_MISMATCH, VALUE_OUT_OF_RANGE (also too long a string, too many digits, an unknown enum
// label), MALFORMED_VALUE (bad UTF-8, NUL, bad syntax). Decimals that have more digits after the point than the scale are refused, not rounded;
// likewise nanoseconds, ints that a float cannot hold exactly and doubles that are not whole for an int. Only doubles
// and decimals for a float are rounded to the nearest one, as any literal is, and refused when they are beyond its
// range.
absl::StatusOr<Encoded> EncodeValue(const Type& type, const v1::Value& value, const Path& path);

// The error of a reference where a value is to be encoded: transactions have put values in place of theirs by then.
absl::Status StrayReference(const v1::Value& value, const Path& path);

// Writes the value that `bytes` hold, or null, as the fields of a v1::Value, with the kind that the proto documents for
// the type. The bytes must be what PostgreSQL sent for a column of the type; anything else is our bug and gives INTERNAL.
absl::Status WriteValue(const Type& type, std::string_view bytes, bool null, MessageWriter& writer);
// The same as a message.
absl::Status DecodeValue(const Type& type, std::string_view bytes, v1::Value& value);

// Encodes a one-dimensional array of `elements`, each an encoded value of the scalar `element` (never itself an array).
Encoded EncodeArray(const Type& element, const std::vector<Encoded>& elements);

// Reads what PostgreSQL sent for a one-dimensional array; null elements have null set.
absl::StatusOr<std::vector<Encoded>> DecodeArray(std::string_view bytes);

// Encodes and decodes a bigint, which limits, counts and ordinals travel as.
Encoded EncodeInt64(int64_t value);
int64_t DecodeInt64(std::string_view bytes);
Encoded EncodeBool(bool value);

// Writes a value that came from EncodeValue or from PostgreSQL as short text for error messages about keys: 42, alice,
// 2024-05-01. Cut to 64 bytes.
std::string KeyText(const Type& type, const Encoded& value);

}  // namespace rowan
