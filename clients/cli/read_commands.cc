#include <ostream>

#include "clients/cli/commands.h"
#include "clients/cli/page_notes.h"
#include "clients/cli/record_printer.h"
#include "clients/cli/server.h"
#include "rowan/v1/data_service.grpc.pb.h"

namespace rowan::cli {
namespace {

using Stub = v1::DataService::Stub;

template <typename Response>
void PrintRecords(const Options& options, const Response& response, Console& console) {
  RecordPrinter printer(options.format, console.color && console.out_is_terminal, console.out);
  printer.Begin(response.shape());
  printer.Print(response.records());
  printer.End();
}

}  // namespace

int RunGet(const Options& options, const Channel& channel, Console& console) {
  v1::ExplainRequest request;
  if (const int code = PrepareRequest(options, channel, console, request); code != kExitSuccess) return code;
  Stub stub(channel);
  v1::GetResponse response;
  if (const auto failure = Send(options, console, stub, &Stub::Get, request.get(), response))
    return Tell(console, *failure);
  PrintRecords(options, response, console);
  if (!options.quiet) TellPage(request.get(), response, console);
  return Flush(console);
}

int RunAggregate(const Options& options, const Channel& channel, Console& console) {
  v1::ExplainRequest request;
  if (const int code = PrepareRequest(options, channel, console, request); code != kExitSuccess) return code;
  Stub stub(channel);
  v1::AggregateResponse response;
  if (const auto failure = Send(options, console, stub, &Stub::Aggregate, request.aggregate(), response))
    return Tell(console, *failure);
  PrintRecords(options, response, console);
  if (!options.quiet && response.has_more()) {
    console.err << "rowan: there are more groups; the first " << response.records_size()
                << " were printed. Give a larger \"limit\" or an \"offset\".\n";
  }
  return Flush(console);
}

int RunExists(const Options& options, const Channel& channel, Console& console) {
  v1::ExplainRequest request;
  if (const int code = PrepareRequest(options, channel, console, request); code != kExitSuccess) return code;
  Stub stub(channel);
  v1::ExistsResponse response;
  if (const auto failure = Send(options, console, stub, &Stub::Exists, request.exists(), response))
    return Tell(console, *failure);
  console.out << (response.exists() ? "true\n" : "false\n");
  const int flushed = Flush(console);
  return flushed != kExitSuccess || response.exists() ? flushed : kExitFailedCheck;
}

}  // namespace rowan::cli
