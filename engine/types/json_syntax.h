// Whether a text is JSON as PostgreSQL's jsonb takes it.
#pragma once

#include <string_view>

namespace rowan {

// Levels of nested arrays and objects. PostgreSQL's own limit is its stack.
constexpr int kJsonDepth = 1000;

enum class JsonSyntax { kValid, kInvalid, kTooDeep };

// Checks one JSON text (RFC 8259) without byte order mark. Other than by the standard, \u0000 and halves of surrogate
// pairs are invalid: jsonb cannot hold them. Numbers may be of any size. The text is valid UTF-8 already. Pure.
JsonSyntax CheckJson(std::string_view text);

}  // namespace rowan
