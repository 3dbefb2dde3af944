// Values whose type is known, in files: cells of a table, and plain JSON without kinds. What ShowCell and ShowTyped
// give, ReadCell and ReadTyped read back to the same value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "clients/document/node.h"

namespace rowan::v1 {
class FieldType;
class Value;
}  // namespace rowan::v1

namespace rowan::document {

// Writes what a cell of a field of the type stands for to an empty `value`; no text is null. Whole numbers, numbers and
// decimals stand for themselves, as do "true" and "false", and JSON; bytes are in base64, arrays a list in JSON. A text
// that is nothing of the type becomes a text value, which the server refuses with the place of the row.
void ReadCell(const v1::FieldType& type, std::optional<std::string_view> text, v1::Value& value);

// Returns a value as a cell; nothing for null.
std::optional<std::string> ShowCell(const v1::Value& value);

// Writes what a node stands for in a field of the type to an empty `value`: as ReadCell, but JSON tells numbers,
// booleans, lists and null. An object that names the kind of a value, like {"$bytes": "AQID"}, stands for that.
void ReadTyped(const v1::FieldType& type, const Node& node, v1::Value& value);

// Returns a value as a node; a JSON value that would be read as something else names its kind: {"$json": null}.
Node ShowTyped(const v1::Value& value);

}  // namespace rowan::document
