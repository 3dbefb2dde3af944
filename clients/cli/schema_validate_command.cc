#include <ostream>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/schema_printing.h"
#include "clients/cli/schema_source.h"
#include "clients/document/write_document.h"
#include "engine/catalog/compile_catalog.h"

namespace rowan::cli {
namespace {

// What can be said of a schema without a server.
struct Verdict {
  v1::Schema canonical;  // when there are no errors
  std::vector<v1::Diagnostic> diagnostics;
  std::optional<Failure> failure;
};

Verdict Judge(const SchemaSource& source) {
  Verdict verdict;
  const absl::StatusOr<v1::Schema> schema = ParseSource(source);
  const absl::StatusOr<CompiledSchema> compiled =
      schema.ok() ? CompileSchema(*schema) : absl::StatusOr<CompiledSchema>(schema.status());
  if (!compiled.ok()) {
    verdict.failure = FailureOf(compiled.status());
    verdict.diagnostics = TakeProblems(source, *verdict.failure);
    return verdict;
  }
  verdict.canonical = compiled->canonical;
  for (const SchemaNotice& notice : compiled->notices) {
    v1::Diagnostic& diagnostic = verdict.diagnostics.emplace_back();
    diagnostic.set_severity(v1::SEVERITY_NOTICE);
    diagnostic.set_reason(notice.reason);
    diagnostic.set_path(notice.path);
    diagnostic.set_message(notice.message);
  }
  return verdict;
}

document::Node ToDocument(const SchemaSource& source, const Verdict& verdict) {
  document::Node node = document::Object();
  node.Add("file", document::Text(source.name));
  node.Add("valid", document::Bool(!verdict.failure));
  if (!verdict.failure) {
    node.Add("schema", document::Text(verdict.canonical.name()));
    node.Add("version", document::Text(verdict.canonical.version()));
  }
  document::Node& list = node.Add("diagnostics", document::List());
  for (const PlacedDiagnostic& placed : Place(source, verdict.diagnostics)) {
    document::Node& entry = list.items.emplace_back(cli::ToDocument(placed.diagnostic));
    entry.Add("line", placed.line > 0 ? document::Number(int64_t{placed.line}) : document::Null());
    entry.Add("column", placed.line > 0 ? document::Number(int64_t{placed.column}) : document::Null());
  }
  return node;
}

}  // namespace

int RunSchemaValidate(const Options& options, const Channel& channel, Console& console) {
  if (options.schemas.server) return RunSchemaChange(options, channel, console);
  const absl::StatusOr<SchemaSource> source = ReadSource(options, console);
  if (!source.ok()) return Tell(console, FailureOf(source.status()));
  Verdict verdict = Judge(*source);
  if (options.format == Format::kJson) {
    console.out << document::ToJson(ToDocument(*source, verdict)) << '\n';
  } else {
    if (verdict.failure || !options.quiet) TellDiagnostics(*source, verdict.diagnostics, console);
    if (!verdict.failure) {
      console.out << Printable(verdict.canonical.name()) << " is valid (version "
                  << Printable(verdict.canonical.version()) << ")\n";
    }
  }
  const int code = Flush(console);
  if (code != kExitSuccess || !verdict.failure) return code;
  verdict.failure->exit_code = kExitFailedCheck;
  return options.format == Format::kJson ? kExitFailedCheck : Tell(console, *verdict.failure);
}

}  // namespace rowan::cli
