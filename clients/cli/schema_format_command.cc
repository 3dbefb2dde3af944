#include <ostream>

#include "clients/cli/commands.h"
#include "clients/cli/output_file.h"
#include "clients/cli/schema_source.h"
#include "clients/document/format_schema.h"

namespace rowan::cli {

int RunSchemaFormat(const Options& options, Console& console) {
  const absl::StatusOr<SchemaSource> source = ReadSource(options, console);
  if (!source.ok()) return Tell(console, FailureOf(source.status()));
  const absl::StatusOr<std::string> text =
      document::FormatSchema(source->text, document::SyntaxOf(source->text, source->name));
  if (!text.ok()) {
    Failure failure = FailureOf(text.status());
    TellDiagnostics(*source, TakeProblems(*source, failure), console);
    return Tell(console, failure);
  }
  const bool differs = *text != source->text;
  if (options.schemas.check) {
    if (differs && !options.quiet) console.err << "rowan: " << Printable(source->name) << " is laid out otherwise\n";
    return differs ? kExitFailedCheck : kExitSuccess;
  }
  if (!options.schemas.in_place) return WriteOutput(options, *text, console);
  if (options.file == "-") {
    return Tell(console, {.message = "--in-place needs a file; standard input has no place to write to"});
  }
  return differs ? ReplaceFile(source->name, *text, console) : kExitSuccess;
}

}  // namespace rowan::cli
