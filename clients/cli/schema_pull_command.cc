#include <ostream>

#include "clients/cli/commands.h"
#include "clients/cli/output_file.h"
#include "clients/cli/schema_adoption.h"
#include "clients/cli/schema_source.h"
#include "clients/cli/server.h"
#include "clients/document/schema.h"
#include "clients/document/write_document.h"
#include "rowan/v1/schema_service.grpc.pb.h"

namespace rowan::cli {
namespace {

using Stub = v1::SchemaService::Stub;

// Registers what was pulled. What is registered already may be better than what was pulled, so it is replaced only when
// that is asked for.
int Adopt(const Options& options, const v1::Schema& schema, Stub& stub, Console& console) {
  v1::ApplySchemaRequest request;
  *request.mutable_schema() = schema;
  request.set_adopt(AdoptLevelNamed(options.schemas.adopt));
  if (!options.schemas.yes) request.set_expected_version("");
  v1::ApplySchemaResponse response;
  if (auto failure = Send(options, console, stub, &Stub::ApplySchema, request, response)) {
    if (failure->reason == "VERSION_MISMATCH") failure->hint = "give --yes to register it anew, or another --name";
    return Tell(console, *failure);
  }
  if (!options.quiet) TellDiagnostics({}, {response.diagnostics().begin(), response.diagnostics().end()}, console);
  if (!options.quiet) {
    console.err << "rowan: " << Printable(response.schema().name())
                << (response.applied() ? " is now at version " : " was already at version ")
                << Printable(response.schema().version()) << "\n";
  }
  return kExitSuccess;
}

}  // namespace

int RunSchemaPull(const Options& options, const Channel& channel, Console& console) {
  const SchemaFlags& flags = options.schemas;
  v1::IntrospectRequest request;
  request.set_name(options.schema);
  request.mutable_database_schemas()->Add(flags.database_schemas.begin(), flags.database_schemas.end());
  request.mutable_tables()->Add(flags.tables.begin(), flags.tables.end());
  Stub stub(channel);
  v1::IntrospectResponse response;
  if (const auto failure = Send(options, console, stub, &Stub::Introspect, request, response))
    return Tell(console, *failure);
  if (!options.quiet) TellDiagnostics({}, {response.diagnostics().begin(), response.diagnostics().end()}, console);
  const std::string text = options.format == Format::kJson
                               ? document::ToJson(document::FromSchema(response.schema())) + "\n"
                               : document::SchemaYaml(response.schema());
  if (const int code = WriteOutput(options, text, console); code != kExitSuccess) return code;
  return flags.adopt.empty() ? kExitSuccess : Adopt(options, response.schema(), stub, console);
}

}  // namespace rowan::cli
