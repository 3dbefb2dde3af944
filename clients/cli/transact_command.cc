#include <grpcpp/support/sync_stream.h>

#include <cstdint>
#include <fstream>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/page_notes.h"
#include "clients/cli/server.h"
#include "clients/document/parse_document.h"
#include "clients/document/request.h"
#include "clients/document/result.h"
#include "clients/document/write_document.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.grpc.pb.h"

namespace rowan::cli {
namespace {

using Stream = grpc::ClientReaderWriter<v1::TransactRequest, v1::TransactResponse>;

// How the messages came to their end.
enum class End {
  kAsTold,          // committed or rolled back, as a message said
  kInput,           // no more messages
  kFailed,          // a message failed, or was no message
  kOutput,          // an answer could not be written
  kStream,          // the server ended the transaction, or was lost
  kStreamAtCommit,  // the same while it was to commit
};

struct Course {
  End end = End::kInput;
  Failure failure;  // of kFailed
};

document::Node Single(std::string_view key, document::Node value) {
  document::Node node = document::Object();
  node.Add(key, std::move(value));
  return node;
}

document::Node ToDocument(const Failure& failure) {
  document::Node node = document::Object();
  if (!failure.code.empty()) node.Add("code", document::Text(failure.code));
  if (!failure.reason.empty()) node.Add("reason", document::Text(failure.reason));
  node.Add("message", document::Text(failure.message));
  document::Node paths = document::List();
  for (const auto& [path, description] : failure.places) {
    if (!path.empty()) paths.items.push_back(document::Text(path));
  }
  if (!paths.items.empty()) node.Add("paths", std::move(paths));
  return node;
}

document::Node ToDocument(const v1::TransactResponse& response) {
  switch (response.kind_case()) {
    case v1::TransactResponse::kBegun:
      return Single("begun", Single("schema_version", document::Text(response.begun().schema_version())));
    case v1::TransactResponse::kResult: {
      document::Node node = document::Object();
      if (!response.result().id().empty()) node.Add("id", document::Text(response.result().id()));
      node.Add("result", document::ToDocument(response.result()));
      return node;
    }
    case v1::TransactResponse::kFailed:
      return Single("failed", ToDocument(FailureOf(response.failed())));
    case v1::TransactResponse::kDone:
      return Single("done", document::Text(response.done()));
    case v1::TransactResponse::kCommitted:
      return Single("committed", document::Bool(response.committed()));
    case v1::TransactResponse::KIND_NOT_SET:
      break;
  }
  return document::Object();
}

// Prints an answer at once, for who waits for it before the next message.
bool Print(const document::Node& node, Console& console) {
  console.out << document::ToJsonLine(node) << '\n' << std::flush;
  return console.out.good();
}

absl::StatusOr<v1::TransactRequest> ReadMessage(const Options& options, const std::string& line) {
  ROWAN_ASSIGN_OR_RETURN(const document::Node node, document::ParseDocument(line, document::SyntaxOf(line, "")));
  return document::ToTransactRequest(options.schema, node);
}

// Sends a message and waits for its answer. False when the stream has ended.
bool Ask(Stream& stream, const v1::TransactRequest& request, v1::TransactResponse& response) {
  return stream.Write(request) && stream.Read(&response);
}

// Begins as a first message that only says so would.
bool Begin(Stream& stream, const Options& options) {
  v1::TransactRequest request;
  request.mutable_begin()->set_schema(options.schema);
  v1::TransactResponse response;
  return Ask(stream, request, response);
}

// Sends the lines one by one, and prints their answers.
Course RunLines(const Options& options, std::istream& in, Stream& stream, Console& console) {
  bool begun = false;
  std::string line;
  for (int64_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string place = absl::StrCat("line ", number);
    const absl::StatusOr<v1::TransactRequest> request = ReadMessage(options, line);
    if (!request.ok()) {
      Failure failure = FailureOf(request.status());
      // A mistake of syntax says where on the line it is.
      const std::string_view said = failure.message;
      failure.message = said.starts_with("line 1, ") ? absl::StrCat(place, std::string(said.substr(6)))
                                                     : absl::StrCat(place, ": ", std::string(said));
      if (!options.write.keep_going) return {End::kFailed, std::move(failure)};
      if (!Print(Single("failed", ToDocument(failure)), console)) return {End::kOutput, {}};
      continue;
    }
    if (!begun && !request->has_begin() && !Begin(stream, options)) return {End::kStream, {}};
    begun = true;
    v1::TransactResponse response;
    if (!Ask(stream, *request, response)) return {request->end().commit() ? End::kStreamAtCommit : End::kStream, {}};
    if (!Print(ToDocument(response), console)) return {End::kOutput, {}};
    if (response.has_failed() && !options.write.keep_going) {
      Failure failure = FailureOf(response.failed());
      failure.message = absl::StrCat(place, ": ", failure.message);
      return {End::kFailed, std::move(failure)};
    }
    if (response.has_result() && !options.quiet) TellOperation(place, response.result(), console);
    if (request->has_end() && !response.has_failed()) return {End::kAsTold, {}};
  }
  return {End::kInput, {}};
}

// What the end of a stream says that nobody asked for.
int TellStream(const Options& options, const CallContext& context, const grpc::Status& status, bool committing,
               Console& console) {
  Failure failure =
      status.ok() ? Failure{.message = "the server ended the transaction", .exit_code = kExitStatus + grpc::INTERNAL}
                  : FailureOf(status, context.grpc, options.request_id, options.address);
  if (committing && failure.reason.empty()) {
    failure.hint =
        "whether the transaction was committed is not known; read what it was to write before it is sent again";
  }
  return Tell(console, failure);
}

}  // namespace

int RunTransact(const Options& options, const Channel& channel, Console& console) {
  std::ifstream file;
  const bool from_file = !options.file.empty() && options.file != "-";
  if (from_file) {
    file.open(options.file, std::ios::binary);
    if (!file) {
      return Tell(console, {.message = "cannot read " + options.file,
                            .hint = "give the path of a file, or - for standard input"});
    }
  }
  v1::DataService::Stub stub(channel);
  CallContext context(options, console);
  const std::unique_ptr<Stream> stream = stub.Transact(&context.grpc);
  const Course course = RunLines(options, from_file ? file : console.in, *stream, console);
  stream->WritesDone();
  for (v1::TransactResponse rest; stream->Read(&rest);) continue;
  const grpc::Status status = stream->Finish();
  switch (course.end) {
    case End::kAsTold:
      return Flush(console);
    case End::kInput:
      console.err << "rowan: the input ended without {\"commit\": true}; nothing was written\n";
      return kExitFailedCheck;
    case End::kFailed:
      Tell(console, course.failure);
      console.err << "rowan: the transaction was rolled back; nothing was written\n";
      return course.failure.exit_code;
    case End::kOutput:
      return Tell(console, {.message = "the answer could not be written; the transaction was rolled back",
                            .exit_code = kExitOutput});
    case End::kStream:
    case End::kStreamAtCommit:
      return TellStream(options, context, status, course.end == End::kStreamAtCommit, console);
  }
  return kExitUsage;
}

}  // namespace rowan::cli
