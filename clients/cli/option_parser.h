// What the parts of the command line's parser share. Private to clients/cli.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "clients/cli/help.h"
#include "clients/cli/options.h"

namespace rowan::cli {

// What the parser writes before it is read into Options. It outlives the parser.
struct Raw {
  Options options;
  std::string timeout;
  std::string wait;
  std::string duration;
  std::string warm_up;
  std::string format;
  std::optional<std::string> limit;
};

// Adds a command with its help and returns it; `parent` owns it.
CLI::App* AddCommand(CLI::App& parent, const CommandHelp& help);

// Adds --format with the formats that the command has. `preset`: what is taken without it, for the help.
void AddFormat(CLI::App& app, Raw& raw, const std::vector<std::string>& allowed, const std::string& preset);

// Adds --limit.
void AddLimit(CLI::App& app, Raw& raw);

// Adds the command schema with all of its own: schema_options.cc.
void AddSchema(CLI::App& app, Raw& raw);

// Returns which command of schema was chosen.
Command SchemaCommandOf(const CLI::App& chosen);

}  // namespace rowan::cli
