// What the engine sends to PostgreSQL, and nothing else is ever sent on the data path: a text with numbered parameters,
// their types, and values in binary format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/identifier.h"

namespace rowan::pg {

// A statement without values. Immutable once rendered; the same text always comes with the same types, so that it is
// prepared once per connection.
struct Statement {
  std::string text;
  std::vector<uint32_t> parameter_oids;
};

// One parameter in binary format. Refers to bytes that outlive the execution.
struct Parameter {
  std::string_view bytes;
  bool null = false;
};

using rowan::QuoteIdentifier;
using rowan::QuoteQualified;

}  // namespace rowan::pg
