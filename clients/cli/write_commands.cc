#include <ostream>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/page_notes.h"
#include "clients/cli/record_printer.h"
#include "clients/cli/server.h"
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
  if (request.has_upsert()) return Send(options, console, stub, &Stub::Upsert, request.upsert(), response);
  if (request.has_update()) return Send(options, console, stub, &Stub::Update, request.update(), response);
  return Send(options, console, stub, &Stub::Delete, request.delete_(), response);
}

// Tells what would surprise who does not look at the answer closely.
void TellHow(bool dry_run, bool repeated, Console& console) {
  if (dry_run) console.err << "rowan: a dry run: all of it was undone\n";
  if (repeated) console.err << "rowan: the request had happened before under its id; this is the answer of then\n";
}

bool IsDryRun(const v1::ExplainRequest& request) {
  return request.insert().dry_run() || request.update().dry_run() || request.upsert().dry_run() ||
         request.delete_().dry_run() || request.batch().dry_run();
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
  v1::ExplainRequest request;
  if (const int code = PrepareRequest(options, channel, console, request); code != kExitSuccess) return code;
  v1::MutationResponse response;
  if (const auto failure = SendWrite(options, channel, console, request, response)) return Tell(console, *failure);
  Print(options, response, console);
  if (!options.quiet) TellHow(IsDryRun(request), response.repeated_answer(), console);
  return Flush(console);
}

int RunBatch(const Options& options, const Channel& channel, Console& console) {
  v1::ExplainRequest request;
  if (const int code = PrepareRequest(options, channel, console, request); code != kExitSuccess) return code;
  v1::DataService::Stub stub(channel);
  v1::BatchResponse response;
  if (const auto failure = Send(options, console, stub, &v1::DataService::Stub::Batch, request.batch(), response))
    return Tell(console, *failure);
  const document::Node results = document::ToDocument(response);
  if (options.format == Format::kJson) {
    console.out << document::ToJson(results) << '\n';
  } else {
    for (const document::Node& result : results.items) console.out << document::ToJsonLine(result) << '\n';
  }
  if (!options.quiet) {
    for (int i = 0; i < response.results_size(); ++i)
      TellOperation(absl::StrCat("operations[", i, "]"), response.results(i), console);
    TellHow(IsDryRun(request), response.repeated_answer(), console);
  }
  return Flush(console);
}

}  // namespace rowan::cli
