#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/cli/commands.h"
#include "clients/cli/input.h"
#include "clients/cli/server.h"
#include "clients/cli/table.h"
#include "clients/document/schema.h"
#include "clients/document/write_document.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/schema_service.grpc.pb.h"

namespace rowan::cli {
namespace {

std::string SeverityName(v1::Severity severity) {
  switch (severity) {
    case v1::SEVERITY_NOTICE:
      return "notice";
    case v1::SEVERITY_WARNING:
      return "warning";
    case v1::SEVERITY_ERROR:
      return "error";
    default:  // the proto's enum is open
      return absl::StrCat("severity ", static_cast<int>(severity));
  }
}

absl::StatusOr<v1::Schema> ReadSchema(Options options, Console& console) {
  if (options.file.size() > 1 && options.file[0] == '@') options.file.erase(0, 1);  // as documents are given elsewhere
  ROWAN_ASSIGN_OR_RETURN(const document::Node node, ReadDocument(options, console));
  return document::ToSchema(node);
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  const absl::Time instant = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", instant, absl::UTCTimeZone());
}

document::Node ToDocument(const v1::ApplySchemaResponse& response) {
  document::Node node = document::Object();
  node.Add("schema", document::Text(response.schema().name()));
  node.Add("version", document::Text(response.schema().version()));
  node.Add("applied", document::Bool(response.applied()));
  document::Node& diagnostics = node.Add("diagnostics", document::List());
  for (const v1::Diagnostic& diagnostic : response.diagnostics()) {
    document::Node& entry = diagnostics.items.emplace_back(document::Object());
    entry.Add("severity", document::Text(SeverityName(diagnostic.severity())));
    entry.Add("reason", document::Text(diagnostic.reason()));
    entry.Add("path", document::Text(diagnostic.path()));
    entry.Add("message", document::Text(diagnostic.message()));
  }
  document::Node& steps = node.Add("steps", document::List());
  for (const v1::SchemaStep& step : response.steps()) {
    document::Node& entry = steps.items.emplace_back(document::Object());
    entry.Add("description", document::Text(step.description()));
    entry.Add("sql", document::Text(step.sql()));
  }
  return node;
}

// What became of the schema, in one sentence.
std::string Outcome(const Options& options, const v1::ApplySchemaResponse& response) {
  const std::string name = Printable(response.schema().name());
  const std::string version = Printable(response.schema().version());
  if (response.applied()) return absl::StrCat(name, " is now at version ", version);
  if (response.steps().empty())
    return absl::StrCat(name, " is valid; the database needs no change (version ", version, ")");
  const bool checked = options.command == Command::kSchemaValidate || options.validate_only;
  return absl::StrCat(name, " is valid; nothing was changed", checked ? "" : " by this call", " (version ", version,
                      ")");
}

void PrintApply(const Options& options, const v1::ApplySchemaResponse& response, Console& console) {
  for (const v1::SchemaStep& step : response.steps()) {
    console.out << Printable(step.description()) << '\n';
    if (!options.show_sql) continue;
    for (const absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(step.sql()), '\n'))
      console.out << "  " << Printable(std::string(line)) << '\n';
  }
  console.out << Outcome(options, response) << '\n';
}

// Notices and warnings are talk, so they go to the side.
void TellDiagnostics(const v1::ApplySchemaResponse& response, Console& console) {
  for (const v1::Diagnostic& diagnostic : response.diagnostics()) {
    console.err << "rowan: " << SeverityName(diagnostic.severity()) << " " << Printable(diagnostic.reason()) << " at "
                << Printable(diagnostic.path()) << ": " << Printable(diagnostic.message()) << "\n";
  }
}

// A schema that does not pass is what validate is there to find; that the server cannot be asked is not.
int ExitCodeOf(const Options& options, const Failure& failure) {
  const bool found =
      failure.code.empty() || failure.code == "INVALID_ARGUMENT" || failure.code == "FAILED_PRECONDITION";
  return options.command == Command::kSchemaValidate && found ? kExitFailedCheck : failure.exit_code;
}

int TellFailure(const Options& options, Console& console, Failure failure) {
  failure.exit_code = ExitCodeOf(options, failure);
  return Tell(console, failure);
}

document::Node ToDocument(const v1::SchemaSummary& summary) {
  document::Node node = document::Object();
  node.Add("name", document::Text(summary.name()));
  node.Add("version", document::Text(summary.version()));
  node.Add("apply_time", document::Text(TimeText(summary.apply_time())));
  node.Add("models", document::Number(int64_t{summary.model_count()}));
  node.Add("description", document::Text(summary.description()));
  return node;
}

void PrintTable(const v1::ListSchemasResponse& response, Console& console) {
  const std::vector<Column> columns = {{"name"}, {"version"}, {"applied"}, {"models", true}, {"description"}};
  std::vector<std::vector<std::string>> rows;
  for (const v1::SchemaSummary& summary : response.schemas()) {
    rows.push_back({Printable(summary.name()), Printable(summary.version()), TimeText(summary.apply_time()),
                    std::to_string(summary.model_count()), Printable(summary.description())});
  }
  WriteTable(columns, rows, console.color && console.out_is_terminal, console.out);
}

}  // namespace

int RunSchemaApply(const Options& options, const Channel& channel, Console& console) {
  const absl::StatusOr<v1::Schema> schema = ReadSchema(options, console);
  if (!schema.ok()) return TellFailure(options, console, FailureOf(schema.status()));
  if (options.offline) {
    console.out << Printable(schema->name()) << " is well formed; whether it is valid, only a server can tell\n";
    return Flush(console);
  }
  v1::ApplySchemaRequest request;
  *request.mutable_schema() = *schema;
  request.set_validate_only(options.validate_only || options.command == Command::kSchemaValidate);
  if (options.expected_version) request.set_expected_version(*options.expected_version);
  v1::SchemaService::Stub stub(channel);
  v1::ApplySchemaResponse response;
  if (const auto failure = Send(options, console, stub, &v1::SchemaService::Stub::ApplySchema, request, response))
    return TellFailure(options, console, *failure);
  if (options.format == Format::kJson) {
    console.out << document::ToJson(ToDocument(response)) << '\n';
  } else {
    if (!options.quiet) TellDiagnostics(response, console);
    PrintApply(options, response, console);
  }
  return Flush(console);
}

int RunSchemaGet(const Options& options, const Channel& channel, Console& console) {
  v1::GetSchemaRequest request;
  request.set_name(options.schema);
  v1::SchemaService::Stub stub(channel);
  v1::Schema schema;
  if (const auto failure = Send(options, console, stub, &v1::SchemaService::Stub::GetSchema, request, schema))
    return Tell(console, *failure);
  if (options.format == Format::kJson) {
    console.out << document::ToJson(document::FromSchema(schema)) << '\n';
  } else {
    console.out << "# version " << Printable(schema.version()) << ", applied " << TimeText(schema.apply_time()) << '\n'
                << document::SchemaYaml(schema);
  }
  return Flush(console);
}

int RunSchemaList(const Options& options, const Channel& channel, Console& console) {
  v1::SchemaService::Stub stub(channel);
  v1::ListSchemasResponse response;
  if (const auto failure =
          Send(options, console, stub, &v1::SchemaService::Stub::ListSchemas, v1::ListSchemasRequest(), response))
    return Tell(console, *failure);
  if (options.format == Format::kTable) {
    PrintTable(response, console);
  } else if (options.format == Format::kJson) {
    document::Node list = document::List();
    for (const v1::SchemaSummary& summary : response.schemas()) list.items.push_back(ToDocument(summary));
    console.out << document::ToJson(list) << '\n';
  } else {
    for (const v1::SchemaSummary& summary : response.schemas())
      console.out << document::ToJsonLine(ToDocument(summary)) << '\n';
  }
  return Flush(console);
}

}  // namespace rowan::cli
