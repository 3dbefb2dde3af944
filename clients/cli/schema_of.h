// The schema that a command's NAME|FILE stands for. Private to clients/cli.
#pragma once

#include <variant>

#include "clients/cli/commands.h"
#include "rowan/v1/schema.pb.h"

namespace rowan::cli {

// Whether the text is a file: "-", or what no schema can be called, as "blog.yaml" or "./blog".
bool IsFile(const std::string& text);

// Returns a schema in its canonical form: of a file without a server, of a name as the server has it, or says what went
// wrong and returns the exit code. `channel` may be null for a file.
std::variant<v1::Schema, int> SchemaOf(const Options& options, const Channel& channel, Console& console);

}  // namespace rowan::cli
