#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/declarations.h"
#include "clients/cli/output_file.h"
#include "clients/cli/schema_of.h"
#include "clients/document/schema_form.h"

namespace rowan::cli {
namespace {

absl::StatusOr<std::string> Declare(Declaration declaration, const v1::Schema& schema) {
  switch (declaration) {
    case Declaration::kProto:
      return ProtoOf(schema);
    case Declaration::kJsonSchema:
      return JsonSchemaOf(schema);
    case Declaration::kTypeScript:
      return TypeScriptOf(schema);
    case Declaration::kPython:
      return PythonOf(schema);
    case Declaration::kSchemaForm:
      return document::SchemaFormJson();
  }
  return absl::InternalError("no such declaration");
}

}  // namespace

int RunSchemaExport(const Options& options, const Channel& channel, Console& console) {
  const Declaration declaration = options.schemas.declaration;
  v1::Schema schema;
  if (declaration != Declaration::kSchemaForm) {
    if (declaration == Declaration::kProto && IsFile(options.file)) {
      return Tell(console, {.message = absl::StrCat(options.file,
                                                    " is a file, and has no field numbers: they are allotted when a "
                                                    "schema is registered, and kept from then on"),
                            .hint = "apply it, and export it by its name"});
    }
    std::variant<v1::Schema, int> found = SchemaOf(options, channel, console);
    if (const int* code = std::get_if<int>(&found)) return *code;
    schema = std::get<v1::Schema>(std::move(found));
  }
  const absl::StatusOr<std::string> text = Declare(declaration, schema);
  if (!text.ok()) return Tell(console, FailureOf(text.status()));
  return WriteOutput(options, *text, console);
}

}  // namespace rowan::cli
