#include <grpcpp/support/sync_stream.h>

#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/progress.h"
#include "clients/cli/row_reader.h"
#include "clients/cli/server.h"
#include "clients/document/node.h"
#include "clients/document/write_document.h"
#include "rowan/v1/data_service.grpc.pb.h"
#include "rowan/v1/schema_service.grpc.pb.h"

namespace rowan::cli {
namespace {

// What one message holds at most, about.
constexpr int kBatchRows = 2000;
constexpr size_t kBatchBytes = 512 << 10;
// How many rejects are told on standard error; a file takes them all.
constexpr size_t kToldRejects = 20;

using Stream = grpc::ClientReaderWriter<v1::LoadRequest, v1::LoadResponse>;

Failure Unusable(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint)};
}

v1::LoadBegin BeginOf(const Options& options, const std::vector<FileColumn>& columns) {
  v1::LoadBegin begin;
  begin.set_schema(options.schema);
  begin.set_model(options.model);
  for (const FileColumn& column : columns) {
    v1::LoadColumn& added = *begin.add_columns();
    added.set_relation(column.relation);
    added.set_field(column.field);
  }
  const LoadFlags& load = options.load;
  if (load.on_conflict != "reject") {
    v1::LoadConflict& conflict = *begin.mutable_on_conflict();
    for (const std::string& field : load.key) conflict.add_key(field);
    if (load.on_conflict == "skip") {
      conflict.set_skip(true);
    } else {
      for (const std::string& column : load.update) conflict.mutable_update()->add_columns(column);
      conflict.mutable_update();
    }
  }
  begin.set_tolerated_rejects(load.tolerated_rejects);
  begin.set_dry_run(options.write.dry_run);
  begin.set_request_id(options.write.once);
  return begin;
}

// What comes back while rows go out, taken by a thread of its own.
class Answers {
 public:
  Answers(Stream& stream, Progress& progress) : stream_(stream), progress_(progress), thread_([this] { Take(); }) {}
  ~Answers() { Wait(); }

  void Wait() {
    if (thread_.joinable()) thread_.join();
  }

  // After Wait.
  const std::optional<v1::LoadResult>& result() const { return result_; }
  const std::vector<v1::LoadReject>& rejects() const { return rejects_; }

 private:
  void Take() {
    v1::LoadResponse response;
    while (stream_.Read(&response)) {
      switch (response.kind_case()) {
        case v1::LoadResponse::kProgress:
          if (response.progress().stage() == v1::LOAD_STAGE_WRITING) {
            progress_.Note("all rows have come; the database writes them");
          }
          break;
        case v1::LoadResponse::kReject:
          rejects_.push_back(response.reject());
          break;
        case v1::LoadResponse::kResult:
          result_ = response.result();
          break;
        case v1::LoadResponse::KIND_NOT_SET:
          break;
      }
    }
  }

  Stream& stream_;
  Progress& progress_;
  std::optional<v1::LoadResult> result_;
  std::vector<v1::LoadReject> rejects_;  // the server sends no more than it tolerates, and one
  std::thread thread_;
};

// Sends all rows, and that they are all. Stops when the server wants no more. Errors: those of the file.
absl::Status SendRows(Stream& stream, RowReader& rows, Progress& progress) {
  int64_t told = 0;
  for (bool more = true; more;) {
    v1::LoadRequest request;
    size_t bytes = 0;
    while (request.rows().rows_size() < kBatchRows && bytes < kBatchBytes) {
      v1::LoadRow row;
      const absl::StatusOr<bool> read = rows.Next(row);
      if (!read.ok()) return read.status();
      more = *read;
      if (!more) break;
      bytes += row.ByteSizeLong();
      *request.mutable_rows()->add_rows() = std::move(row);
    }
    const int sent = request.rows().rows_size();
    if (sent > 0 && !stream.Write(request)) return absl::OkStatus();
    progress.Add(sent, rows.bytes() - told);
    told = rows.bytes();
  }
  v1::LoadRequest end;
  end.set_end(true);
  stream.Write(end);
  return absl::OkStatus();
}

std::string RejectLine(const v1::LoadReject& reject, const RowReader& rows) {
  document::Node node = document::Object();
  node.Add("line", document::Number(rows.LineOf(reject.row())));
  node.Add("row", document::Number(reject.row()));
  node.Add("path", document::Text(reject.path()));
  node.Add("reason", document::Text(reject.reason()));
  node.Add("message", document::Text(reject.message()));
  return document::ToJsonLine(node);
}

void TellRejects(const Answers& answers, const RowReader& rows, std::ostream* file, Console& console) {
  size_t told = 0;
  for (const v1::LoadReject& reject : answers.rejects()) {
    if (file != nullptr) *file << RejectLine(reject, rows) << "\n";
    if (told++ >= kToldRejects) continue;
    console.err << "rowan: line " << rows.LineOf(reject.row()) << ": " << Printable(reject.reason()) << ": "
                << Printable(reject.message()) << "\n";
  }
  if (told > kToldRejects) {
    console.err << "rowan: and " << told - kToldRejects << " more rejects"
                << (file == nullptr ? "; --rejects FILE keeps them all" : "") << "\n";
  }
}

void PrintResult(const v1::LoadResult& result, bool dry_run, std::ostream& out) {
  document::Node node = document::Object();
  node.Add("received", document::Number(result.received()));
  node.Add("inserted", document::Number(result.inserted()));
  node.Add("updated", document::Number(result.updated()));
  node.Add("skipped", document::Number(result.skipped()));
  node.Add("rejected", document::Number(result.rejected()));
  if (dry_run) node.Add("dry_run", document::Bool(true));
  if (result.repeated_answer()) node.Add("repeated_answer", document::Bool(true));
  out << document::ToJsonLine(node) << "\n";
}

int64_t SizeOf(std::ifstream& file) {
  const int64_t size = file.seekg(0, std::ios::end).tellg();
  file.clear();
  file.seekg(0);
  return size;
}

// Prints the SQL of the load, when that is wanted.
std::optional<Failure> ShowLoadSql(const Options& options, const Channel& channel, Console& console,
                                   const v1::LoadBegin& begin) {
  if (!options.show_sql) return std::nullopt;
  v1::ExplainRequest request;
  *request.mutable_load() = begin;
  return ShowSql(options, channel, console, request);
}

// The load of rows that are there to be read.
int LoadRows(const Options& options, const Channel& channel, Console& console, RowReader& rows,
             std::optional<int64_t> file_bytes, std::ostream* rejects) {
  v1::LoadRequest first;
  *first.mutable_begin() = BeginOf(options, rows.columns());
  if (const auto failure = ShowLoadSql(options, channel, console, first.begin())) return Tell(console, *failure);
  v1::DataService::Stub stub(channel);
  CallContext context(options, console);
  Progress progress(console, !options.quiet, {}, file_bytes);
  const auto stream = stub.Load(&context.grpc);
  stream->Write(first);
  Answers answers(*stream, progress);
  const absl::Status sent = SendRows(*stream, rows, progress);
  if (!sent.ok()) context.grpc.TryCancel();
  stream->WritesDone();
  answers.Wait();
  const grpc::Status status = stream->Finish();
  progress.Stop();
  TellRejects(answers, rows, rejects, console);
  if (!sent.ok()) {
    return Tell(console, Unusable(std::string(sent.message()), "nothing was loaded; mend the file, and load it again"));
  }
  if (!status.ok()) return Tell(console, FailureOf(status, context.grpc, options.request_id, options.address));
  if (!options.quiet) console.err << "rowan: " << progress.Text() << "\n";
  if (answers.result()) PrintResult(*answers.result(), options.write.dry_run, console.out);
  return Flush(console);
}

}  // namespace

int RunLoad(const Options& options, const Channel& channel, Console& console) {
  const LoadFlags& load = options.load;
  if ((load.on_conflict == "reject" && !load.key.empty()) || (load.on_conflict != "update" && !load.update.empty())) {
    return Tell(console, Unusable("--key is for --on-conflict skip and update, and --update for update alone",
                                  "say with --on-conflict what happens to rows whose key is taken"));
  }
  std::ifstream file;
  std::optional<int64_t> file_bytes;
  if (options.file != "-") {
    file.open(options.file, std::ios::binary);
    if (!file)
      return Tell(console, Unusable("cannot read " + options.file, "give the path of a file, or - for standard input"));
    file_bytes = SizeOf(file);
    if (*file_bytes < 0) file_bytes.reset();
  }
  std::ofstream rejects;
  if (!load.rejects.empty()) {
    rejects.open(load.rejects, std::ios::binary);
    if (!rejects) return Tell(console, Unusable("cannot write " + load.rejects, "give the path of a file"));
  }
  v1::SchemaService::Stub schemas(channel);
  v1::GetSchemaRequest request;
  request.set_name(options.schema);
  v1::Schema schema;
  if (const auto failure = Send(options, console, schemas, &v1::SchemaService::Stub::GetSchema, request, schema)) {
    return Tell(console, *failure);
  }
  // Without the model the server says which there are.
  const v1::Model* model = FindModel(schema, options.model);
  const auto rows = ReadRows(options.format, options.file == "-" ? console.in : file, [&](std::string_view name) {
    return FindColumn(schema, model == nullptr ? v1::Model::default_instance() : *model, name);
  });
  if (!rows.ok()) return Tell(console, Unusable(std::string(rows.status().message()), "nothing was loaded"));
  if ((*rows)->columns().empty()) {
    PrintResult({}, options.write.dry_run, console.out);
    return Flush(console);
  }
  const int code = LoadRows(options, channel, console, **rows, file_bytes, rejects.is_open() ? &rejects : nullptr);
  if (rejects.is_open() && !rejects.flush()) {
    return Tell(console, {.message = "cannot write all of " + options.load.rejects, .exit_code = kExitOutput});
  }
  return code;
}

}  // namespace rowan::cli
