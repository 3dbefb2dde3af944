#include "clients/cli/commands.h"
#include "clients/cli/record_printer.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {

int RunStream(const Options& options, const Channel& channel, Console& console) {
  v1::ExplainRequest request;
  if (const int code = PrepareRequest(options, channel, console, request); code != kExitSuccess) return code;
  RecordPrinter printer(options.format, console.color && console.out_is_terminal, console.out);
  return StreamRecords(options, channel, console, request.stream(), printer);
}

}  // namespace rowan::cli
