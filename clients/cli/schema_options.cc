#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "clients/cli/option_parser.h"

namespace rowan::cli {
namespace {

void AddFile(CLI::App& app, Raw& raw, const std::string& what) {
  app.add_option("file", raw.options.file, what)->required()->type_name("");
}

void AddName(CLI::App& app, Raw& raw) {
  app.add_option("name", raw.options.schema, "The schema's name, for example blog")->required()->type_name("");
}

void AddOutput(CLI::App& app, Raw& raw) {
  app.add_option("-o,--output", raw.options.output, "Write to a file (default: standard output)")->type_name("FILE");
}

void AddYes(CLI::App& app, Raw& raw, const std::string& what) {
  app.add_flag("--yes", raw.options.schemas.yes, what);
}

void AddAdopt(CLI::App& app, Raw& raw, const std::string& what) {
  app.add_option("--adopt", raw.options.schemas.adopt, what)
      ->check(CLI::IsMember({"off", "warn", "enforce"}))
      ->type_name("LEVEL");
}

// What diff and apply share, so that the one shows what the other does.
void AddChange(CLI::App& app, Raw& raw) {
  SchemaFlags& flags = raw.options.schemas;
  AddFile(app, raw, "The schema in YAML or JSON; - for standard input; its name with --to-version");
  app.add_option("--to-version", flags.to_version,
                 "Go back to this version of the schema that is named in place of a file")
      ->type_name("VERSION");
  app.add_option("--allow", flags.allow, "A step that may lose data, like \"drop column posts.body\"; may be repeated")
      ->allow_extra_args(false)
      ->type_name("STEP");
  app.add_option("--leave-out", flags.leave_out, "A step that drops something and is not to be done; may be repeated")
      ->allow_extra_args(false)
      ->type_name("STEP");
  AddAdopt(app, raw,
           "Change nothing: the tables are there already. What differs is not looked at (off), told (warn) or refused "
           "(enforce)");
  app.add_option(
         "--online", flags.online,
         "Avoid long locks, at the price of several transactions: for large tables (auto, the default), for all "
         "that have rows (always), or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  // Through a function, since an empty version says something.
  app.add_option_function<std::string>(
         "--expected-version", [&flags](const std::string& version) { flags.expected_version = version; },
         "Go on only if this version is current; \"\" for not registered yet")
      ->type_name("VERSION");
}

void AddExport(CLI::App& schema, Raw& raw) {
  static constexpr std::tuple<const char*, Declaration, const char*> kDeclarations[] = {
      {"--proto", Declaration::kProto, "A .proto file with a message for each model"},
      {"--json-schema", Declaration::kJsonSchema, "A JSON Schema of the records"},
      {"--typescript", Declaration::kTypeScript, "TypeScript with an interface for each model"},
      {"--python", Declaration::kPython, "Python with a TypedDict for each model"},
      {"--schema-form", Declaration::kSchemaForm,
       "The JSON Schema of schema files themselves, for editors; takes no name"}};
  CLI::App* exported = AddCommand(schema, kSchemaExportHelp);
  CLI::Option* file =
      exported->add_option("file", raw.options.file, "The schema's name, or its file in YAML or JSON (but for --proto)")
          ->type_name("");
  CLI::Option_group* kinds = exported->add_option_group("What", "exactly one");
  for (const auto& [flag, declaration, what] : kDeclarations) {
    CLI::Option* option = kinds->add_flag_callback(
        flag, [&raw, declaration = declaration] { raw.options.schemas.declaration = declaration; }, what);
    if (declaration == Declaration::kSchemaForm) option->excludes(file);
  }
  kinds->require_option(1);
  AddOutput(*exported, raw);
  AddYes(*exported, raw, "Write over the file");
}

}  // namespace

void AddSchema(CLI::App& app, Raw& raw) {
  SchemaFlags& flags = raw.options.schemas;
  CLI::App* schema = AddCommand(app, kSchemaHelp);
  schema->require_subcommand(1);
  CLI::App* validate = AddCommand(*schema, kSchemaValidateHelp);
  AddFile(*validate, raw, "The schema in YAML or JSON; - for standard input");
  validate->add_flag("--server", flags.server, "Ask the server too, and print what applying would do");
  CLI::App* format = AddCommand(*schema, kSchemaFormatHelp);
  AddFile(*format, raw, "The schema in YAML or JSON; - for standard input");
  CLI::Option* check = format->add_flag("--check", flags.check, "Write nothing; exit with 1 when it would change");
  format->add_flag("--in-place", flags.in_place, "Write over the file")->excludes(check);
  AddOutput(*format, raw);
  AddYes(*format, raw, "Write over the file of --output");
  CLI::App* diff = AddCommand(*schema, kSchemaDiffHelp);
  AddChange(*diff, raw);
  diff->add_flag("--exit-code", flags.exit_code, "Exit with 2 when there are steps");
  CLI::App* apply = AddCommand(*schema, kSchemaApplyHelp);
  AddChange(*apply, raw);
  apply->add_flag("--validate-only", flags.validate_only, "Show what would be done, and do nothing; as diff");
  AddYes(*apply, raw, "Do not ask");
  for (CLI::App* command : {validate, diff, apply}) {
    command->add_flag("--sql,--show-sql", raw.options.show_sql, "Print the SQL of each step");
    AddFormat(*command, raw, {"text", "json"}, "text");
  }
  CLI::App* pull = AddCommand(*schema, kSchemaPullHelp);
  pull->add_option("--name", raw.options.schema, "The name that the schema is to have (default: the database's)")
      ->type_name("NAME");
  pull->add_option("--database-schema", flags.database_schemas, "A PostgreSQL schema to look at; may be repeated")
      ->allow_extra_args(false)
      ->type_name("SCHEMA");
  pull->add_option("--table", flags.tables, "A table to look at, as table or schema.table; may be repeated")
      ->allow_extra_args(false)
      ->type_name("TABLE");
  AddAdopt(*pull, raw, "Register it too, on the tables as they are: off, warn or enforce");
  AddOutput(*pull, raw);
  AddYes(*pull, raw, "Write over the file, and register anew");
  AddFormat(*pull, raw, {"yaml", "json"}, "yaml");
  CLI::App* drift = AddCommand(*schema, kSchemaDriftHelp);
  AddName(*drift, raw);
  AddFormat(*drift, raw, {"table", "json", "jsonl"}, "table");
  CLI::App* history = AddCommand(*schema, kSchemaHistoryHelp);
  AddName(*history, raw);
  AddLimit(*history, raw);
  AddFormat(*history, raw, {"table", "json", "jsonl"}, "table");
  AddExport(*schema, raw);
  CLI::App* graph = AddCommand(*schema, kSchemaGraphHelp);
  AddFile(*graph, raw, "The schema's name, or its file in YAML or JSON");
  CLI::Option* svg = graph->add_flag("--svg", flags.svg, "Draw it as SVG");
  graph
      ->add_flag_callback(
          "--mermaid", [&flags] { flags.svg = false; }, "Draw it as a Mermaid erDiagram (default)")
      ->excludes(svg);
  AddOutput(*graph, raw);
  AddYes(*graph, raw, "Write over the file");
  CLI::App* get = AddCommand(*schema, kSchemaGetHelp);
  AddName(*get, raw);
  get->add_option("--version", flags.version, "An earlier version (default: the current one)")->type_name("VERSION");
  AddFormat(*get, raw, {"yaml", "json"}, "yaml");
  CLI::App* list = AddCommand(*schema, kSchemaListHelp);
  AddFormat(*list, raw, {"table", "json", "jsonl"}, "table");
}

Command SchemaCommandOf(const CLI::App& chosen) {
  static constexpr std::pair<std::string_view, Command> kCommands[] = {
      {"validate", Command::kSchemaValidate}, {"format", Command::kSchemaFormat}, {"diff", Command::kSchemaDiff},
      {"apply", Command::kSchemaApply},       {"pull", Command::kSchemaPull},     {"drift", Command::kSchemaDrift},
      {"history", Command::kSchemaHistory},   {"export", Command::kSchemaExport}, {"graph", Command::kSchemaGraph},
      {"get", Command::kSchemaGet},           {"list", Command::kSchemaList}};
  for (const auto& [name, command] : kCommands) {
    if (chosen.get_name() == name) return command;
  }
  return Command::kSchemaList;
}

}  // namespace rowan::cli
