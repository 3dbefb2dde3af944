// A schema as it was written: its text, so that what is wrong with it can be told by line and column. Private to
// clients/cli.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/failure.h"
#include "clients/cli/options.h"
#include "rowan/v1/schema_service.pb.h"

namespace rowan::cli {

struct SchemaSource {
  std::string name;  // the file's, "<stdin>" for standard input; empty when the schema has no text
  std::string text;
};

// Reads the file of a command. Errors: INVALID_ARGUMENT that names the path and the cause.
absl::StatusOr<SchemaSource> ReadSource(const Options& options, Console& console);

// Reads the schema of a text. Errors: INVALID_ARGUMENT (DOCUMENT_INVALID) for bad syntax and form.
absl::StatusOr<v1::Schema> ParseSource(const SchemaSource& source);

// Something about a schema, and where it stands in the text.
struct PlacedDiagnostic {
  v1::Diagnostic diagnostic;
  int line = 0;  // 0: not known
  int column = 0;
};

// Finds the places of diagnostics. Without a text none is known.
std::vector<PlacedDiagnostic> Place(const SchemaSource& source, std::vector<v1::Diagnostic> diagnostics);

// Takes the problems out of a failure, each as an error, so that its message is left with what they have in common.
// There are none in failures that are not about the schema's content.
std::vector<v1::Diagnostic> TakeProblems(const SchemaSource& source, Failure& failure);

// Prints diagnostics on `err`, a line each: "blog.yaml:14:9: error UNKNOWN_TARGET: …", or with their paths where no
// place is known.
void TellDiagnostics(const SchemaSource& source, const std::vector<v1::Diagnostic>& diagnostics, Console& console);

}  // namespace rowan::cli
