// The only functions that turn names and texts into SQL.
#pragma once

#include <string>
#include <string_view>

namespace rowan {

// Returns the name as an SQL identifier, always quoted. The name comes from a catalog, where names have no NUL and at
// most 63 bytes.
std::string QuoteIdentifier(std::string_view name);

// Returns `"schema"."name"`.
std::string QuoteQualified(std::string_view schema, std::string_view name);

// Returns the text as an SQL literal. For DDL, which takes no parameters; values of requests are parameters. The text has
// no NUL, and the connection has standard_conforming_strings on.
std::string QuoteLiteral(std::string_view text);

}  // namespace rowan
