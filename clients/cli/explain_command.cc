#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/cli/commands.h"
#include "clients/cli/input.h"
#include "clients/cli/returning.h"
#include "clients/cli/server.h"
#include "clients/document/request.h"
#include "clients/document/write_document.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.grpc.pb.h"

namespace rowan::cli {
namespace {

// A read without a document selects all fields, as the reads themselves do.
absl::StatusOr<document::Node> ReadVerbDocument(const Options& options, Console& console) {
  if (HasDocument(options) || (options.verb != "get" && options.verb != "stream"))
    return ReadDocument(options, console);
  document::Node all = document::Object();
  all.Add("select", document::Object()).Add("*", document::Bool(true));
  return all;
}

absl::StatusOr<v1::ExplainRequest> ReadRequest(const Options& options, Console& console) {
  ROWAN_ASSIGN_OR_RETURN(const document::Node document, ReadVerbDocument(options, console));
  ROWAN_ASSIGN_OR_RETURN(const document::Node whole, WithReturning(options.verb, document, options.returning));
  return document::ToExplainRequest(options.verb, options.schema, options.model, whole);
}

void PrintIndented(const std::string& text, std::ostream& out) {
  for (const absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n'))
    out << "  " << Printable(std::string(line)) << '\n';
}

void PrintStatements(const v1::ExplainResponse& response, std::ostream& out) {
  for (int i = 0; i < response.statements_size(); ++i) {
    const v1::ExplainStatement& statement = response.statements(i);
    out << i + 1 << ". " << Printable(statement.description()) << '\n';
    PrintIndented(statement.sql(), out);
    if (statement.parameter_types().empty()) continue;
    out << "  with";
    for (int k = 0; k < statement.parameter_types_size(); ++k)
      out << (k == 0 ? " $" : ", $") << k + 1 << ' ' << Printable(statement.parameter_types(k));
    out << '\n';
  }
}

document::Node ToDocument(const v1::ExplainResponse& response) {
  document::Node node = document::Object();
  node.Add("schema_version", document::Text(response.schema_version()));
  node.Add("plan", document::Text(response.plan()));
  document::Node& statements = node.Add("statements", document::List());
  for (const v1::ExplainStatement& statement : response.statements()) {
    document::Node& entry = statements.items.emplace_back(document::Object());
    entry.Add("description", document::Text(statement.description()));
    entry.Add("sql", document::Text(statement.sql()));
    document::Node& types = entry.Add("parameter_types", document::List());
    for (const std::string& type : statement.parameter_types()) types.items.push_back(document::Text(type));
  }
  return node;
}

}  // namespace

int RunExplain(const Options& options, const Channel& channel, Console& console) {
  const absl::StatusOr<v1::ExplainRequest> request = ReadRequest(options, console);
  if (!request.ok()) return Tell(console, FailureOf(request.status()));
  v1::DataService::Stub stub(channel);
  v1::ExplainResponse response;
  if (const auto failure = Send(options, console, stub, &v1::DataService::Stub::Explain, *request, response))
    return Tell(console, *failure);
  if (options.format == Format::kJson) {
    console.out << document::ToJson(ToDocument(response)) << '\n';
  } else {
    console.out << "plan\n";
    PrintIndented(response.plan(), console.out);
    PrintStatements(response, console.out);
  }
  return Flush(console);
}

std::optional<Failure> ShowSql(const Options& options, const Channel& channel, Console& console,
                               const v1::ExplainRequest& request) {
  v1::DataService::Stub stub(channel);
  v1::ExplainResponse response;
  if (auto failure = Send(options, console, stub, &v1::DataService::Stub::Explain, request, response)) return failure;
  PrintStatements(response, console.err);
  return std::nullopt;
}

}  // namespace rowan::cli
