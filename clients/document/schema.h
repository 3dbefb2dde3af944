// Schemas and their document form, both ways.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "clients/document/node.h"

namespace rowan::v1 {
class Schema;
}

namespace rowan::document {

// Returns the schema that a document stands for. Checks its form only: names and types are the server's to judge. A
// belongsTo relation named in a key is replaced by the fields of its foreign key. Errors: INVALID_ARGUMENT
// (DOCUMENT_INVALID) with a path like "models.User.fields.age.type".
absl::StatusOr<v1::Schema> ToSchema(const Node& document);

// Returns the document of a schema, without what is unset and without its version and time. ToSchema gives the schema
// back.
Node FromSchema(const v1::Schema& schema);

// Returns the document of a schema as YAML, one line for each field and relation.
std::string SchemaYaml(const v1::Schema& schema);

}  // namespace rowan::document
