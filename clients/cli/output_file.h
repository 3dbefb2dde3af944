// Where a command that writes one text puts it. Private to clients/cli.
#pragma once

#include <string>

#include "clients/cli/console.h"
#include "clients/cli/options.h"

namespace rowan::cli {

// Writes a text to the file of --output, which must not be there yet unless --yes is given, or to `out` without one. A
// file that cannot be written over whole stays as it was. Returns kExitSuccess, or says what went wrong and returns
// kExitUsage for a file that is there and kExitOutput for one that cannot be written.
int WriteOutput(const Options& options, const std::string& text, Console& console);

// Writes a text over the file of a path, or to a new one, whole or not at all. Says what went wrong and returns
// kExitOutput when it cannot.
int ReplaceFile(const std::string& path, const std::string& text, Console& console);

}  // namespace rowan::cli
