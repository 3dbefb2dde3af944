#include <grpcpp/support/sync_stream.h>

#include <map>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/input.h"
#include "clients/cli/progress.h"
#include "clients/cli/record_printer.h"
#include "clients/cli/server.h"
#include "clients/document/request.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.grpc.pb.h"

namespace rowan::cli {
namespace {

// The document, or one that selects all fields when there is none.
absl::StatusOr<document::Node> ReadReadDocument(const Options& options, Console& console) {
  if (HasDocument(options)) return ReadDocument(options, console);
  document::Node all = document::Object();
  all.Add("select", document::Object()).Add("*", document::Bool(true));
  return all;
}

// How many nested lists were cut at their limits, by the path of their relation.
using CutLists = std::map<std::string, int64_t>;

void CountCut(const v1::Shape& shape, const v1::Record& record, const std::string& prefix, CutLists& cut) {
  for (int i = 0; i < shape.relations_size() && i < record.related_size(); ++i) {
    const v1::ShapeRelation& relation = shape.relations(i);
    const std::string path = prefix + relation.name();
    if (record.related(i).has_more()) ++cut[path];
    for (const v1::Record& related : record.related(i).records()) CountCut(relation.shape(), related, path + ".", cut);
  }
}

// Tells that there are more records than were printed: truncation is never silent.
void TellCut(const v1::GetResponse& response, Console& console) {
  if (response.has_more()) {
    console.err << "rowan: there are more records; the first " << response.records_size()
                << " were printed. Give a larger \"limit\", an \"offset\", or use \"rowan stream\".\n";
  }
  CutLists cut;
  for (const v1::Record& record : response.records()) CountCut(response.shape(), record, "", cut);
  for (const auto& [path, lists] : cut) {
    console.err << "rowan: there are more records in " << lists << (lists == 1 ? " list" : " lists") << " of "
                << Printable(path) << "; give the relation a larger \"limit\".\n";
  }
}

// What a stream has come to.
struct StreamEnd {
  bool closed = false;  // the reader of the output went away, or the output cannot be written
  int exit_code = kExitSuccess;
  bool totals = false;
  int64_t expected = 0;
};

// Prints the messages of a stream until its end, or until nothing more can be written.
StreamEnd PrintStream(grpc::ClientReader<v1::StreamResponse>& reader, RecordPrinter& printer, Progress& progress,
                      Console& console) {
  StreamEnd end;
  v1::StreamResponse message;
  while (!end.closed && reader.Read(&message)) {
    switch (message.kind_case()) {
      case v1::StreamResponse::kShape:
        printer.Begin(message.shape());
        break;
      case v1::StreamResponse::kBatch:
        printer.Print(message.batch().records());
        progress.Add(message.batch().records_size());
        break;
      case v1::StreamResponse::kTotals:
        printer.End();
        end.totals = true;
        end.expected = message.totals().records();
        break;
      case v1::StreamResponse::KIND_NOT_SET:
        break;
    }
    if (!console.out.good() || !console.out.flush()) end.closed = true;
  }
  if (end.closed) end.exit_code = Flush(console);
  return end;
}

Failure Incomplete(const Options& options, std::string message) {
  return {.code = "DATA_LOSS",
          .message = std::move(message),
          .hint = "what was printed is not all",
          .request_id = options.request_id,
          .exit_code = kExitStatus + grpc::StatusCode::DATA_LOSS};
}

}  // namespace

int RunGet(const Options& options, const Channel& channel, Console& console) {
  const absl::StatusOr<document::Node> document = ReadReadDocument(options, console);
  if (!document.ok()) return Tell(console, FailureOf(document.status()));
  const absl::StatusOr<v1::GetRequest> request = document::ToGetRequest(options.schema, options.model, *document);
  if (!request.ok()) return Tell(console, FailureOf(request.status()));
  if (options.show_sql) {
    v1::ExplainRequest explain;
    *explain.mutable_get() = *request;
    if (const auto failure = ShowSql(options, channel, console, explain)) return Tell(console, *failure);
  }
  v1::DataService::Stub stub(channel);
  v1::GetResponse response;
  if (const auto failure = Send(options, console, stub, &v1::DataService::Stub::Get, *request, response))
    return Tell(console, *failure);
  RecordPrinter printer(options.format, console.color && console.out_is_terminal, console.out);
  printer.Begin(response.shape());
  printer.Print(response.records());
  printer.End();
  if (!options.quiet) TellCut(response, console);
  return Flush(console);
}

int RunStream(const Options& options, const Channel& channel, Console& console) {
  const absl::StatusOr<document::Node> document = ReadReadDocument(options, console);
  if (!document.ok()) return Tell(console, FailureOf(document.status()));
  const absl::StatusOr<v1::StreamRequest> request = document::ToStreamRequest(options.schema, options.model, *document);
  if (!request.ok()) return Tell(console, FailureOf(request.status()));
  if (options.show_sql) {
    v1::ExplainRequest explain;
    *explain.mutable_stream() = *request;
    if (const auto failure = ShowSql(options, channel, console, explain)) return Tell(console, *failure);
  }
  v1::DataService::Stub stub(channel);
  CallContext context(options, console);
  RecordPrinter printer(options.format, console.color && console.out_is_terminal, console.out);
  Progress progress(console, !options.quiet);
  const auto reader = stub.Stream(&context.grpc, *request);
  const StreamEnd end = PrintStream(*reader, printer, progress, console);
  // A reader that went away wants no more: the server must hear it, or it would wait for this side for ever.
  if (end.closed) context.grpc.TryCancel();
  const grpc::Status status = reader->Finish();
  progress.Stop();
  if (end.closed) return end.exit_code;
  const int flushed = Flush(console);
  if (flushed != kExitSuccess) return flushed;
  if (!options.quiet)
    console.err << "rowan: " << progress.Text() << (status.ok() ? "" : ", then the stream ended early") << "\n";
  if (!status.ok()) return Tell(console, FailureOf(status, context.grpc, options.request_id, options.address));
  if (!end.totals) return Tell(console, Incomplete(options, "the stream ended without its totals"));
  if (end.expected != progress.rows()) {
    return Tell(console, Incomplete(options, absl::StrCat("the server sent ", end.expected, " records, and ",
                                                          progress.rows(), " arrived")));
  }
  return kExitSuccess;
}

}  // namespace rowan::cli
