// The JSON Schema of schema documents, with which editors complete and check them.
#pragma once

#include <string>

namespace rowan::document {

// Returns a JSON Schema (2020-12) that takes what ToSchema takes, made from the same words. It has no say on names,
// types' numbers, and what is only wrong in connection.
std::string SchemaFormJson();

}  // namespace rowan::document
