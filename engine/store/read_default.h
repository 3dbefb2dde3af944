// Reads defaults as PostgreSQL writes them.
#pragma once

#include <optional>
#include <string>

#include "engine/types/type.h"
#include "rowan/v1/schema.pb.h"

namespace rowan::store {

// Returns the literal or the generator (now, uuid) that the default of a column of the type comes to, when it is a
// plain one: 'x'::text, 0, '{}'::jsonb, ARRAY['a'::text], now(). Literals are of the kind that results have. Unset for
// any other expression, and for literals of types that travel as text. Pure.
std::optional<v1::Default> ReadDefault(const Type& type, const std::string& expression);

}  // namespace rowan::store
