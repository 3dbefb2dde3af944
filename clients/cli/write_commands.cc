#include <ostream>

#include "clients/cli/commands.h"
#include "clients/cli/record_printer.h"
#include "clients/cli/server.h"
#include "clients/cli/verb_request.h"
#include "clients/document/result.h"
#include "clients/document/write_document.h"
#include "rowan/v1/data_service.grpc.pb.h"

namespace rowan::cli {
namespace {

std::optional<Failure> SendWrite(const Options& options, const Channel& channel, Console& console,
                                 const v1::ExplainRequest& request, v1::MutationResponse& response) {
  using Stub = v1::DataService::Stub;
  Stub stub(channel);
  if (request.has_insert()) return Send(options, console, stub, &Stub::Insert, request.insert(), response);
  if (request.has_update()) return Send(options, console, stub, &Stub::Update, request.update(), response);
  return Send(options, console, stub, &Stub::Delete, request.delete_(), response);
}

void Print(const Options& options, const v1::MutationResponse& response, Console& console) {
  if (options.format == Format::kTable) {
    if (response.has_shape()) {
      RecordPrinter printer(Format::kTable, console.color && console.out_is_terminal, console.out);
      printer.Begin(response.shape());
      printer.Print(response.records());
      printer.End();
    }
    if (!options.quiet)
      console.err << "rowan: " << document::ToJsonLine(document::ToDocument(response.effects())) << "\n";
    return;
  }
  const document::Node node = document::ToDocument(response);
  console.out << (options.format == Format::kJson ? document::ToJson(node) : document::ToJsonLine(node)) << '\n';
}

}  // namespace

int RunWrite(const Options& options, const Channel& channel, Console& console) {
  const absl::StatusOr<v1::ExplainRequest> request = ReadVerbRequest(options, console);
  if (!request.ok()) return Tell(console, FailureOf(request.status()));
  if (options.show_sql) {
    if (const auto failure = ShowSql(options, channel, console, *request)) return Tell(console, *failure);
  }
  v1::MutationResponse response;
  if (const auto failure = SendWrite(options, channel, console, *request, response)) return Tell(console, *failure);
  Print(options, response, console);
  return Flush(console);
}

}  // namespace rowan::cli
