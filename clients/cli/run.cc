#include "clients/cli/run.h"

#include <ostream>

#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/schema_of.h"
#include "clients/cli/server.h"

namespace rowan::cli {
namespace {

int Dispatch(const Options& options, const Channel& channel, Console& console) {
  switch (options.command) {
    case Command::kGet:
      return RunGet(options, channel, console);
    case Command::kStream:
      return RunStream(options, channel, console);
    case Command::kAggregate:
      return RunAggregate(options, channel, console);
    case Command::kExists:
      return RunExists(options, channel, console);
    case Command::kInsert:
    case Command::kUpdate:
    case Command::kUpsert:
    case Command::kDelete:
      return RunWrite(options, channel, console);
    case Command::kBatch:
      return RunBatch(options, channel, console);
    case Command::kTransact:
      return RunTransact(options, channel, console);
    case Command::kLoad:
      return RunLoad(options, channel, console);
    case Command::kExport:
      return RunExport(options, channel, console);
    case Command::kExplain:
      return RunExplain(options, channel, console);
    case Command::kBench:
      return RunBench(options, channel, console);
    case Command::kHealth:
      return RunHealth(options, channel, console);
    case Command::kSchemaValidate:
      return RunSchemaValidate(options, channel, console);
    case Command::kSchemaFormat:
      return RunSchemaFormat(options, console);
    case Command::kSchemaDiff:
    case Command::kSchemaApply:
      return RunSchemaChange(options, channel, console);
    case Command::kSchemaPull:
      return RunSchemaPull(options, channel, console);
    case Command::kSchemaDrift:
      return RunSchemaDrift(options, channel, console);
    case Command::kSchemaHistory:
      return RunSchemaHistory(options, channel, console);
    case Command::kSchemaExport:
      return RunSchemaExport(options, channel, console);
    case Command::kSchemaGraph:
      return RunSchemaGraph(options, channel, console);
    case Command::kSchemaGet:
      return RunSchemaGet(options, channel, console);
    case Command::kSchemaList:
      return RunSchemaList(options, channel, console);
  }
  return kExitUsage;
}

// Whether the command talks to a server.
bool NeedsServer(const Options& options) {
  if (options.command == Command::kSchemaValidate) return options.schemas.server;
  const bool takes_files = options.command == Command::kSchemaExport || options.command == Command::kSchemaGraph;
  return options.command != Command::kSchemaFormat && !(takes_files && IsFile(options.file));
}

}  // namespace

int Run(const std::vector<std::string>& arguments, Console& console) {
  const std::variant<Options, int> parsed = ParseOptions(arguments, console);
  if (const int* code = std::get_if<int>(&parsed)) {
    console.out.flush();
    return *code;
  }
  const Options& options = std::get<Options>(parsed);
  if (!NeedsServer(options)) return Dispatch(options, nullptr, console);
  const absl::StatusOr<Channel> channel = OpenChannel(options);
  if (!channel.ok()) return Tell(console, FailureOf(channel.status()));
  return Dispatch(options, *channel, console);
}

}  // namespace rowan::cli
