// rowand: the server. `rowand help` tells how to use it.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "service/config.h"
#include "service/server.h"

extern char** environ;

namespace {

constexpr char kUsage[] =
    "rowand serves PostgreSQL data over gRPC.\n\n"
    "  rowand serve [settings]         serve (the default)\n"
    "  rowand check-config [settings]  check the configuration and say nothing when it is right\n"
    "  rowand print-config [settings]  show each setting, its value and where it came from\n"
    "  rowand version                  show the version\n\n"
    "Settings are flags, or ROWAN_… variables, or a YAML file given with --config FILE:\n";

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string verb = "serve";
  if (!arguments.empty() && !arguments.front().starts_with("--")) {
    verb = arguments.front();
    arguments.erase(arguments.begin());
  }
  if (verb == "help" || (!arguments.empty() && arguments.front() == "--help")) {
    std::printf("%s%s", kUsage, rowan::service::ConfigHelp().c_str());
    return 0;
  }
  if (verb == "version" || (!arguments.empty() && arguments.front() == "--version")) {
    std::printf("rowand %s\n", ROWAN_VERSION);
    return 0;
  }
  std::map<std::string, std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    environment[text.substr(0, text.find('='))] = text.substr(std::min(text.find('='), text.size() - 1) + 1);
  }
  const auto loaded = rowan::service::LoadConfig(arguments, environment);
  if (!loaded.ok()) {
    std::fprintf(stderr, "rowand: %s\n", std::string(loaded.status().message()).c_str());
    return 2;
  }
  if (verb == "serve") return rowan::service::Serve(loaded->config);
  if (verb == "check-config") return 0;
  if (verb == "print-config") {
    for (const auto& [name, value, origin, help] : loaded->settings) {
      std::printf("%-28s %-24s %s\n", name.c_str(), value.c_str(), origin.c_str());
    }
    return 0;
  }
  std::fprintf(stderr, "rowand: there is no verb %s; there are serve, check-config, print-config, version, help\n",
               verb.c_str());
  return 2;
}
