#include "clients/cli/schema_of.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "clients/cli/schema_source.h"
#include "clients/cli/server.h"
#include "engine/catalog/compile_catalog.h"
#include "rowan/v1/schema_service.grpc.pb.h"

namespace rowan::cli {
namespace {

std::variant<v1::Schema, int> CompileFile(const Options& options, Console& console) {
  const absl::StatusOr<SchemaSource> source = ReadSource(options, console);
  if (!source.ok()) return Tell(console, FailureOf(source.status()));
  const absl::StatusOr<v1::Schema> schema = ParseSource(*source);
  const absl::StatusOr<CompiledSchema> compiled =
      schema.ok() ? CompileSchema(*schema) : absl::StatusOr<CompiledSchema>(schema.status());
  if (compiled.ok()) return compiled->canonical;
  Failure failure = FailureOf(compiled.status());
  TellDiagnostics(*source, TakeProblems(*source, failure), console);
  return Tell(console, failure);
}

}  // namespace

bool IsFile(const std::string& text) {
  const auto is_part = [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; };
  return text.empty() || !absl::ascii_isalpha(text[0]) || !std::all_of(text.begin(), text.end(), is_part);
}

std::variant<v1::Schema, int> SchemaOf(const Options& options, const Channel& channel, Console& console) {
  if (IsFile(options.file)) return CompileFile(options, console);
  v1::GetSchemaRequest request;
  request.set_name(options.file);
  v1::SchemaService::Stub stub(channel);
  v1::Schema schema;
  if (const auto failure = Send(options, console, stub, &v1::SchemaService::Stub::GetSchema, request, schema))
    return Tell(console, *failure);
  return schema;
}

}  // namespace rowan::cli
