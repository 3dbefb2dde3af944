// The one layout of schema documents.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "clients/document/parse_document.h"

namespace rowan::document {

// Lays out a schema: keys in one order, models, fields and relations in that of the author; a line for each field and
// relation; {type: text} as text. Means what it meant before, keeps every comment and the blank lines between parts,
// and changes nothing when it is done again. A comment inside of what becomes one line goes before that line. JSON
// becomes indented JSON. Errors: those of ParseDocument and ToSchema; INVALID_ARGUMENT (DOCUMENT_INVALID) for a text
// whose comments cannot be kept.
absl::StatusOr<std::string> FormatSchema(std::string_view text, Syntax syntax);

}  // namespace rowan::document
