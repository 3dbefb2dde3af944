// get, list, history and drift: what is registered, and how the database compares.
#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/schema_printing.h"
#include "clients/cli/server.h"
#include "clients/cli/table.h"
#include "clients/document/schema.h"
#include "clients/document/write_document.h"
#include "rowan/v1/schema_service.grpc.pb.h"

namespace rowan::cli {
namespace {

using Stub = v1::SchemaService::Stub;
using Rows = std::vector<std::vector<std::string>>;
using cli::ToDocument;

// Of the 64 digits of a checksum, what tells two apart at a glance.
constexpr size_t kShortChecksum = 12;

document::Node ToDocument(const v1::SchemaSummary& summary) {
  document::Node node = document::Object();
  node.Add("name", document::Text(summary.name()));
  node.Add("version", document::Text(summary.version()));
  node.Add("apply_time", document::Text(TimeText(summary.apply_time())));
  node.Add("models", document::Number(int64_t{summary.model_count()}));
  node.Add("description", document::Text(summary.description()));
  return node;
}

std::vector<std::string> ToRow(const v1::SchemaSummary& summary) {
  return {Printable(summary.name()), Printable(summary.version()), TimeText(summary.apply_time()),
          std::to_string(summary.model_count()), Printable(summary.description())};
}

document::Node ToDocument(const v1::SchemaVersion& version) {
  document::Node node = document::Object();
  node.Add("version", document::Text(version.version()));
  node.Add("apply_time", document::Text(TimeText(version.apply_time())));
  node.Add("applied_by", document::Text(version.applied_by()));
  node.Add("adopted", document::Bool(version.adopted()));
  node.Add("checksum", document::Text(version.checksum()));
  document::Node& steps = node.Add("steps", document::List());
  for (const v1::SchemaStep& step : version.steps()) steps.items.push_back(ToDocument(step));
  return node;
}

std::vector<std::string> ToRow(const v1::SchemaVersion& version) {
  return {Printable(version.version()),     TimeText(version.apply_time()),
          Printable(version.applied_by()),  std::to_string(version.steps_size()),
          version.adopted() ? "yes" : "no", Printable(version.checksum().substr(0, kShortChecksum))};
}

document::Node ToDocument(const v1::SchemaDifference& difference) {
  document::Node node = document::Object();
  node.Add("severity", document::Text(SeverityName(difference.severity())));
  node.Add("kind", document::Text(difference.kind()));
  node.Add("path", document::Text(difference.path()));
  node.Add("object", document::Text(difference.object()));
  node.Add("expected", document::Text(difference.expected()));
  node.Add("found", document::Text(difference.found()));
  return node;
}

std::vector<std::string> ToRow(const v1::SchemaDifference& difference) {
  return {SeverityName(difference.severity()), Printable(difference.kind()), Printable(difference.object()),
          difference.expected().empty() ? "-" : Printable(difference.expected()),
          difference.found().empty() ? "-" : Printable(difference.found())};
}

// Prints entries as a table, a list or a line each.
template <typename Entries>
void Print(const Options& options, const std::vector<Column>& columns, const Entries& entries, Console& console) {
  if (options.format == Format::kTable) {
    Rows rows;
    for (const auto& entry : entries) rows.push_back(ToRow(entry));
    WriteTable(columns, rows, console.color && console.out_is_terminal, console.out);
  } else if (options.format == Format::kJson) {
    document::Node list = document::List();
    for (const auto& entry : entries) list.items.push_back(ToDocument(entry));
    console.out << document::ToJson(list) << '\n';
  } else {
    for (const auto& entry : entries) console.out << document::ToJsonLine(ToDocument(entry)) << '\n';
  }
}

}  // namespace

int RunSchemaGet(const Options& options, const Channel& channel, Console& console) {
  v1::GetSchemaRequest request;
  request.set_name(options.schema);
  request.set_version(options.schemas.version);
  Stub stub(channel);
  v1::Schema schema;
  if (const auto failure = Send(options, console, stub, &Stub::GetSchema, request, schema))
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
  Stub stub(channel);
  v1::ListSchemasResponse response;
  if (const auto failure = Send(options, console, stub, &Stub::ListSchemas, v1::ListSchemasRequest(), response))
    return Tell(console, *failure);
  Print(options, {{"name"}, {"version"}, {"applied"}, {"models", true}, {"description"}}, response.schemas(), console);
  return Flush(console);
}

int RunSchemaHistory(const Options& options, const Channel& channel, Console& console) {
  constexpr int64_t kPage = 50;
  v1::ListSchemaVersionsRequest request;
  request.set_name(options.schema);
  Stub stub(channel);
  std::vector<v1::SchemaVersion> versions;
  do {
    const int64_t left = options.read.limit ? *options.read.limit - static_cast<int64_t>(versions.size()) : kPage;
    if (left <= 0) break;
    request.set_page_size(static_cast<int32_t>(std::min(left, kPage)));
    v1::ListSchemaVersionsResponse response;
    if (const auto failure = Send(options, console, stub, &Stub::ListSchemaVersions, request, response))
      return Tell(console, *failure);
    versions.insert(versions.end(), response.versions().begin(), response.versions().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  Print(options, {{"version"}, {"applied"}, {"by"}, {"steps", true}, {"adopted"}, {"checksum"}}, versions, console);
  return Flush(console);
}

int RunSchemaDrift(const Options& options, const Channel& channel, Console& console) {
  v1::CheckDriftRequest request;
  request.set_name(options.schema);
  Stub stub(channel);
  v1::CheckDriftResponse response;
  if (const auto failure = Send(options, console, stub, &Stub::CheckDrift, request, response))
    return Tell(console, *failure);
  const auto& differences = response.differences();
  if (options.format == Format::kTable && differences.empty()) {
    console.out << "the database is as version " << Printable(response.version()) << " of " << Printable(options.schema)
                << " says\n";
  } else {
    Print(options, {{"severity"}, {"kind"}, {"object"}, {"expected"}, {"found"}}, differences, console);
  }
  const bool drifted = std::any_of(differences.begin(), differences.end(), [](const v1::SchemaDifference& difference) {
    return difference.severity() >= v1::SEVERITY_WARNING;
  });
  const int code = Flush(console);
  return code == kExitSuccess && drifted ? kExitFailedCheck : code;
}

}  // namespace rowan::cli
