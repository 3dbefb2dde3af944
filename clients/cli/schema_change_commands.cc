// diff and apply, and what a server says to validate: what a change of a schema would do, and doing it.
#include <ostream>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/schema_adoption.h"
#include "clients/cli/schema_printing.h"
#include "clients/cli/schema_source.h"
#include "clients/cli/server.h"
#include "clients/document/write_document.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/schema_service.grpc.pb.h"

namespace rowan::cli {
namespace {

using Stub = v1::SchemaService::Stub;

v1::OnlinePolicy OnlineNamed(const std::string& name) {
  if (name == "auto") return v1::ONLINE_POLICY_AUTO;
  if (name == "always") return v1::ONLINE_POLICY_ALWAYS;
  if (name == "never") return v1::ONLINE_POLICY_NEVER;
  return v1::ONLINE_POLICY_UNSPECIFIED;
}

absl::StatusOr<v1::ApplySchemaRequest> ReadRequest(const Options& options, const SchemaSource& source) {
  const SchemaFlags& flags = options.schemas;
  v1::ApplySchemaRequest request;
  if (flags.to_version.empty()) {
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_schema(), ParseSource(source));
  } else {
    request.mutable_earlier()->set_name(options.file);
    request.mutable_earlier()->set_version(flags.to_version);
  }
  request.set_validate_only(true);
  request.mutable_allow_data_loss()->Add(flags.allow.begin(), flags.allow.end());
  request.mutable_leave_out()->Add(flags.leave_out.begin(), flags.leave_out.end());
  request.set_adopt(AdoptLevelNamed(flags.adopt));
  request.set_online(OnlineNamed(flags.online));
  if (flags.expected_version) request.set_expected_version(*flags.expected_version);
  return request;
}

// Whether nothing is to be done after the plan was told.
bool PlansOnly(const Options& options) {
  return options.command != Command::kSchemaApply || options.schemas.validate_only;
}

// What became of the schema, in one sentence.
std::string Outcome(const Options& options, const v1::ApplySchemaResponse& response) {
  const std::string name = Printable(response.schema().name());
  const std::string version = Printable(response.schema().version());
  if (response.applied()) return absl::StrCat(name, " is now at version ", version);
  if (response.steps().empty())
    return absl::StrCat(name, " is valid; the database needs no change (version ", version, ")");
  return absl::StrCat(name, " is valid; nothing was changed", PlansOnly(options) ? "" : " by this call", " (version ",
                      version, ")");
}

// A schema that does not pass is what validate is there to find; that the server cannot be asked is not.
int ExitCodeOf(const Options& options, const Failure& failure) {
  const bool found =
      failure.code.empty() || failure.code == "INVALID_ARGUMENT" || failure.code == "FAILED_PRECONDITION";
  return options.command == Command::kSchemaValidate && found ? kExitFailedCheck : failure.exit_code;
}

// `source` has no text when the schema is named.
int TellFailure(const Options& options, const SchemaSource& source, Console& console, Failure failure) {
  failure.exit_code = ExitCodeOf(options, failure);
  if (failure.reason == "DATA_LOSS" && failure.hint.empty()) {
    failure.hint = "name each step that is meant with --allow, or with --leave-out to keep what it would drop";
  }
  TellDiagnostics(source, TakeProblems(source, failure), console);
  return Tell(console, failure);
}

// Fills in the version that the plan is made for, so that applying fails when another one comes between. Returns the
// failure of asking.
std::optional<Failure> ExpectCurrentVersion(const Options& options, Console& console, Stub& stub,
                                            v1::ApplySchemaRequest& request) {
  v1::ListSchemasResponse schemas;
  if (auto failure = Send(options, console, stub, &Stub::ListSchemas, v1::ListSchemasRequest(), schemas)) {
    return failure;
  }
  const std::string& name = request.has_earlier() ? request.earlier().name() : request.schema().name();
  request.set_expected_version("");
  for (const v1::SchemaSummary& summary : schemas.schemas()) {
    if (summary.name() == name) request.set_expected_version(summary.version());
  }
  return std::nullopt;
}

void PrintOutcome(const Options& options, const v1::ApplySchemaResponse& response, Console& console) {
  if (options.format == Format::kJson) {
    console.out << document::ToJson(ToDocument(response)) << '\n';
  } else {
    console.out << Outcome(options, response) << '\n';
  }
}

// Asks whether the steps are meant. Returns kExitSuccess when they are.
int Consent(const Options& options, const v1::ApplySchemaResponse& plan, Console& console) {
  if (plan.steps().empty() || options.schemas.yes) return kExitSuccess;
  if (!console.in_is_terminal || !console.err_is_terminal || options.file == "-") {
    const std::string steps = plan.steps_size() == 1 ? "1 step" : absl::StrCat(plan.steps_size(), " steps");
    return Tell(console,
                {.message = absl::StrCat("the plan has ", steps, ", and there is nobody to ask; nothing was applied"),
                 .hint = "give --yes to apply it without a question"});
  }
  if (const int code = Flush(console); code != kExitSuccess) return code;
  if (Confirm(console, "apply? [y/N] ")) return kExitSuccess;
  console.err << "rowan: nothing was applied\n";
  return kExitFailedCheck;
}

}  // namespace

int RunSchemaChange(const Options& options, const Channel& channel, Console& console) {
  SchemaSource source;
  if (options.schemas.to_version.empty()) {
    absl::StatusOr<SchemaSource> read = ReadSource(options, console);
    if (!read.ok()) return Tell(console, FailureOf(read.status()));
    source = *std::move(read);
  }
  absl::StatusOr<v1::ApplySchemaRequest> request = ReadRequest(options, source);
  if (!request.ok()) return TellFailure(options, source, console, FailureOf(request.status()));
  Stub stub(channel);
  if (!PlansOnly(options) && !request->has_expected_version()) {
    if (const auto failure = ExpectCurrentVersion(options, console, stub, *request)) return Tell(console, *failure);
  }
  v1::ApplySchemaResponse response;
  if (const auto failure = Send(options, console, stub, &Stub::ApplySchema, *request, response))
    return TellFailure(options, source, console, *failure);
  if (options.format != Format::kJson) {
    if (!options.quiet)
      TellDiagnostics(source, {response.diagnostics().begin(), response.diagnostics().end()}, console);
    PrintPlan(response.steps(), options.show_sql, console);
  }
  if (!PlansOnly(options)) {
    if (const int code = Consent(options, response, console); code != kExitSuccess) return code;
    request->set_validate_only(false);
    response.Clear();
    if (const auto failure = Send(options, console, stub, &Stub::ApplySchema, *request, response))
      return TellFailure(options, source, console, *failure);
  }
  PrintOutcome(options, response, console);
  const int code = Flush(console);
  const bool differs = options.schemas.exit_code && !response.steps().empty();
  return code == kExitSuccess && differs ? kExitDiffers : code;
}

}  // namespace rowan::cli
