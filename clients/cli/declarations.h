// Typed declarations of a schema's records for other languages. All take a schema in its canonical form, and give the
// same text for the same schema, with models in the order of their names, and fields and relations in theirs. Private
// to clients/cli.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "rowan/v1/schema.pb.h"

namespace rowan::cli {

// Returns a .proto file with a message for each model, whose numbers are those that the schema has. Errors:
// INVALID_ARGUMENT when a field or a relation has no number, which only registered schemas have.
absl::StatusOr<std::string> ProtoOf(const v1::Schema& schema);

// Returns a JSON Schema (2020-12) with a definition for each model's records as results have them.
std::string JsonSchemaOf(const v1::Schema& schema);

// Returns TypeScript with an interface for each model's records as results have them in JSON.
std::string TypeScriptOf(const v1::Schema& schema);

// Returns Python with a TypedDict for each model's records as the Python client gives them.
std::string PythonOf(const v1::Schema& schema);

// Appends a description as comments, a line each; nothing when it is empty. `mark`: what begins a line, indent
// included.
void AppendComment(std::string_view description, std::string_view mark, std::string& out);

// Returns a text in double quotes, as JSON, Python and TypeScript read it.
std::string Quoted(const std::string& text);

// Whether a relation leads to several records.
bool IsToMany(const v1::Relation& relation);

}  // namespace rowan::cli
