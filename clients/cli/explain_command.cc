#include <ostream>

#include "absl/strings/str_split.h"
#include "clients/cli/commands.h"
#include "clients/cli/postgres_plan.h"
#include "clients/cli/server.h"
#include "clients/cli/verb_request.h"
#include "clients/document/write_document.h"
#include "rowan/v1/data_service.grpc.pb.h"

namespace rowan::cli {
namespace {

std::string_view ActionName(v1::ReferentialAction action) {
  switch (action) {
    case v1::REFERENTIAL_ACTION_CASCADE:
      return "cascade";
    case v1::REFERENTIAL_ACTION_SET_NULL:
      return "set null";
    case v1::REFERENTIAL_ACTION_SET_DEFAULT:
      return "set default";
    case v1::REFERENTIAL_ACTION_RESTRICT:
      return "restrict";
    case v1::REFERENTIAL_ACTION_NO_ACTION:
      return "no action";
    default:
      return "unknown";
  }
}

void PrintIndented(const std::string& text, std::ostream& out) {
  for (const absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n'))
    out << "  " << Printable(std::string(line)) << '\n';
}

void PrintStatement(int number, const v1::ExplainStatement& statement, std::ostream& out) {
  out << number << ". " << Printable(statement.description()) << '\n';
  PrintIndented(statement.sql(), out);
  if (statement.parameter_types().empty()) return;
  out << "  with";
  for (int k = 0; k < statement.parameter_types_size(); ++k)
    out << (k == 0 ? " $" : ", $") << k + 1 << ' ' << Printable(statement.parameter_types(k));
  out << '\n';
}

// Empty for what has none.
std::string_view StrategyName(v1::Strategy strategy) {
  switch (strategy) {
    case v1::STRATEGY_NESTED:
      return "nested";
    case v1::STRATEGY_BY_LEVEL:
      return "by_level";
    case v1::STRATEGY_TAGGED:
      return "tagged";
    default:
      return "";
  }
}

void PrintStrategy(const v1::ExplainResponse& response, std::ostream& out) {
  const std::string_view name = StrategyName(response.strategy());
  if (name.empty()) return;
  out << "strategy " << name;
  if (!response.strategy_reason().empty()) out << ": " << Printable(response.strategy_reason());
  out << '\n';
}

void PrintText(const Options& options, const v1::ExplainResponse& response, std::ostream& out) {
  out << "plan\n";
  PrintIndented(response.plan(), out);
  PrintStrategy(response, out);
  for (int i = 0; i < response.statements_size(); ++i) {
    const v1::ExplainStatement& statement = response.statements(i);
    PrintStatement(i + 1, statement, out);
    if (statement.has_postgres_plan()) {
      out << "  PostgreSQL's plan, " << (options.analyze ? "estimated and as it ran" : "estimated") << '\n';
      PrintPlan(statement.postgres_plan(), 2, out);
    } else if (options.analyze) {
      out << "  was not sent: there were no rows for it\n";
    }
  }
  if (response.cascades_size() > 0) out << "\nRows that refer to the deleted ones\n";
  for (const v1::CascadeCount& cascade : response.cascades()) {
    out << std::string(static_cast<size_t>(2 * cascade.depth()), ' ') << cascade.rows() << " of "
        << (cascade.model().empty() ? cascade.table() : cascade.model()) << " by " << cascade.constraint() << ": "
        << ActionName(cascade.action()) << '\n';
  }
}

document::Node ToDocument(const v1::ExplainResponse& response) {
  document::Node node = document::Object();
  node.Add("schema_version", document::Text(response.schema_version()));
  node.Add("plan", document::Text(response.plan()));
  if (const std::string_view name = StrategyName(response.strategy()); !name.empty()) {
    node.Add("strategy", document::Text(std::string(name)));
    node.Add("strategy_reason", document::Text(response.strategy_reason()));
  }
  document::Node& statements = node.Add("statements", document::List());
  for (const v1::ExplainStatement& statement : response.statements()) {
    document::Node& entry = statements.items.emplace_back(document::Object());
    entry.Add("description", document::Text(statement.description()));
    entry.Add("sql", document::Text(statement.sql()));
    document::Node& types = entry.Add("parameter_types", document::List());
    for (const std::string& type : statement.parameter_types()) types.items.push_back(document::Text(type));
    if (statement.has_postgres_plan()) entry.Add("postgres_plan", PlanDocument(statement.postgres_plan()));
  }
  if (response.cascades_size() == 0) return node;
  document::Node& cascades = node.Add("cascades", document::List());
  for (const v1::CascadeCount& cascade : response.cascades()) {
    document::Node& entry = cascades.items.emplace_back(document::Object());
    entry.Add("model", cascade.model().empty() ? document::Null() : document::Text(cascade.model()));
    entry.Add("table", document::Text(cascade.table()));
    entry.Add("constraint", document::Text(cascade.constraint()));
    entry.Add("action", document::Text(std::string(ActionName(cascade.action()))));
    entry.Add("depth", document::Number(cascade.depth()));
    entry.Add("rows", document::Number(cascade.rows()));
  }
  return node;
}

}  // namespace

int RunExplain(const Options& options, const Channel& channel, Console& console) {
  absl::StatusOr<v1::ExplainRequest> request = ReadVerbRequest(options, console);
  if (!request.ok()) return Tell(console, FailureOf(request.status()));
  if (options.estimate) request->set_mode(v1::EXPLAIN_MODE_ESTIMATE);
  if (options.analyze) request->set_mode(v1::EXPLAIN_MODE_ANALYZE);
  v1::DataService::Stub stub(channel);
  v1::ExplainResponse response;
  if (const auto failure = Send(options, console, stub, &v1::DataService::Stub::Explain, *request, response))
    return Tell(console, *failure);
  if (options.format == Format::kJson) {
    console.out << document::ToJson(ToDocument(response)) << '\n';
  } else {
    PrintText(options, response, console.out);
  }
  return Flush(console);
}

std::optional<Failure> ShowSql(const Options& options, const Channel& channel, Console& console,
                               const v1::ExplainRequest& request) {
  v1::DataService::Stub stub(channel);
  v1::ExplainResponse response;
  if (auto failure = Send(options, console, stub, &v1::DataService::Stub::Explain, request, response)) return failure;
  for (int i = 0; i < response.statements_size(); ++i) PrintStatement(i + 1, response.statements(i), console.err);
  return std::nullopt;
}

int PrepareRequest(const Options& options, const Channel& channel, Console& console, v1::ExplainRequest& request) {
  absl::StatusOr<v1::ExplainRequest> read = ReadVerbRequest(options, console);
  if (!read.ok()) return Tell(console, FailureOf(read.status()));
  request = *std::move(read);
  if (!options.show_sql) return kExitSuccess;
  const std::optional<Failure> failure = ShowSql(options, channel, console, request);
  return failure ? Tell(console, *failure) : kExitSuccess;
}

}  // namespace rowan::cli
