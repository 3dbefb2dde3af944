// What the engine sends to PostgreSQL, and nothing else is ever sent on the data path: a text with numbered parameters, their types, and values
// in binary format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// Returns the name as an SQL identifier, always quoted. The only function that turns a name into SQL. The name comes from a
// catalog, where names have no NUL and at most 63 bytes.
std::string QuoteIdentifier(std::string_view name);

// Returns `"schema"."name"`.
std::string QuoteQualified(std::string_view schema, std::string_view name);

}  // namespace rowan::pg
