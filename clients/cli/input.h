// What a command is given to read: text on the line, standard input, files.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "clients/cli/console.h"
#include "clients/cli/options.h"
#include "clients/document/node.h"

namespace rowan::cli {

// Reads a file. Errors: INVALID_ARGUMENT that names the path and the cause.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Reads standard input to its end. Errors: INVALID_ARGUMENT.
absl::StatusOr<std::string> ReadStandardInput(Console& console);

// Reads the document of a command, from its argument or --file: JSON or YAML, told apart by the file's name or by how
// it begins. Errors: INVALID_ARGUMENT when there is none, when there are two, and for those of files and syntax.
absl::StatusOr<document::Node> ReadDocument(const Options& options, Console& console);

// Tells whether the command was given a document.
bool HasDocument(const Options& options);

// Reads --returning: names separated by commas, or a selection in JSON or YAML.
absl::StatusOr<document::Node> ReadReturning(const std::string& text);

}  // namespace rowan::cli
