// The `rowan` program, apart from its process: everything but signals, terminals and the environment's streams.
#pragma once

#include <string>
#include <vector>

#include "clients/cli/console.h"

namespace rowan::cli {

// Runs one command line, without the program's name, and returns the exit code. Blocks until the command is done, or
// `console.interrupt` ends it.
int Run(const std::vector<std::string>& arguments, Console& console);

}  // namespace rowan::cli
