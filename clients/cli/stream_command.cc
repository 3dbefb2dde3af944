#include "clients/cli/commands.h"
#include "clients/cli/record_printer.h"
#include "clients/cli/verb_request.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {

int RunStream(const Options& options, const Channel& channel, Console& console) {
  const absl::StatusOr<v1::ExplainRequest> request = ReadVerbRequest(options, console);
  if (!request.ok()) return Tell(console, FailureOf(request.status()));
  if (options.show_sql) {
    if (const auto failure = ShowSql(options, channel, console, *request)) return Tell(console, *failure);
  }
  RecordPrinter printer(options.format, console.color && console.out_is_terminal, console.out);
  return StreamRecords(options, channel, console, request->stream(), printer);
}

}  // namespace rowan::cli
