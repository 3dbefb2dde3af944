#include "clients/cli/options.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/help.h"
#include "clients/cli/option_parser.h"
#include "engine/base/nearest.h"

namespace rowan::cli {
namespace {

// Of bench, without --connections.
constexpr int kConnections = 4;

// The format of a name that the parser has checked.
Format FormatNamed(const std::string& name) {
  static constexpr std::pair<std::string_view, Format> kFormats[] = {
      {"table", Format::kTable}, {"json", Format::kJson}, {"jsonl", Format::kJsonLines},
      {"text", Format::kText},   {"yaml", Format::kYaml}, {"csv", Format::kCsv}};
  for (const auto& [known, format] : kFormats) {
    if (known == name) return format;
  }
  return Format::kJson;
}

// The format that the name of a file of records tells.
std::optional<Format> FormatOfFile(const std::string& name) {
  const auto ends = [&](std::string_view end) { return std::string_view(name).ends_with(end); };
  if (ends(".csv")) return Format::kCsv;
  if (ends(".jsonl") || ends(".ndjson")) return Format::kJsonLines;
  return std::nullopt;
}

}  // namespace

void AddFormat(CLI::App& app, Raw& raw, const std::vector<std::string>& allowed, const std::string& preset) {
  raw.format.clear();
  app.add_option("--format", raw.format, "How to print: " + CLI::detail::join(allowed, ", ") + ". Default: " + preset)
      ->check(CLI::IsMember(allowed))
      ->type_name("FORMAT");
}

CLI::App* AddCommand(CLI::App& parent, const CommandHelp& help) {
  CLI::App* app = parent.add_subcommand(help.name, help.summary);
  app->footer(help.footer);
  app->fallthrough();
  return app;
}

void AddLimit(CLI::App& app, Raw& raw) {
  app.add_option("--limit", raw.limit, "How many to read at most; of a document with a limit, in place of that")
      ->type_name("NUMBER");
}

namespace {

void AddSchemaName(CLI::App& app, Raw& raw) {
  app.add_option("schema", raw.options.schema, "The schema's name, for example blog")->required()->type_name("");
}

CLI::Option* AddModelName(CLI::App& app, Raw& raw) {
  return app.add_option("model", raw.options.model, "The model's name, for example User")->type_name("");
}

void AddDocumentText(CLI::App& app, Raw& raw, const std::string& what) {
  app.add_option("document", raw.options.document,
                 what + ", in JSON or YAML: the text itself, - for standard input, or @FILE")
      ->type_name("");
  app.add_option("--file", raw.options.file, "Read the document from a file; - for standard input")->type_name("FILE");
}

void AddDocument(CLI::App& app, Raw& raw, const std::string& what) {
  AddSchemaName(app, raw);
  AddModelName(app, raw)->required();
  AddDocumentText(app, raw, what);
}

void AddShowSql(CLI::App& app, Raw& raw) {
  app.add_flag("--show-sql", raw.options.show_sql, "Print the SQL on standard error first");
}

void AddStrategy(CLI::App& app, Raw& raw) {
  app.add_option("--strategy", raw.options.read.strategy,
                 "How to read the tree: nested, by_level or tagged (default: the server chooses)")
      ->type_name("STRATEGY");
}

void AddReads(CLI::App& app, Raw& raw) {
  ReadFlags& read = raw.options.read;
  CLI::App* get = AddCommand(app, kGetHelp);
  AddDocument(*get, raw, "What to read; all fields when left out");
  AddLimit(*get, raw);
  get->add_option("--cursor", read.cursor, "Go on at a cursor that an earlier get printed")->type_name("CURSOR");
  get->add_flag("--backward", read.backward, "Read the last records before the cursor, or of all");
  get->add_option("--total", read.total, "Count all records too: exact, estimated or none")->type_name("KIND");
  AddStrategy(*get, raw);
  AddFormat(*get, raw, {"json", "jsonl", "table"}, "json");
  AddShowSql(*get, raw);
  CLI::App* stream = AddCommand(app, kStreamHelp);
  AddDocument(*stream, raw, "What to read; all fields when left out");
  AddLimit(*stream, raw);
  stream->add_option("--mode", read.mode, "What it sees of concurrent writes: snapshot (default) or keyset")
      ->type_name("MODE");
  stream->add_option("--resume", read.resume_token, "Go on after the record of a token that an earlier stream printed")
      ->type_name("TOKEN");
  AddStrategy(*stream, raw);
  AddFormat(*stream, raw, {"jsonl", "json", "table"}, "jsonl");
  AddShowSql(*stream, raw);
  CLI::App* aggregate = AddCommand(app, kAggregateHelp);
  AddDocument(*aggregate, raw, "What to compute");
  AddLimit(*aggregate, raw);
  AddFormat(*aggregate, raw, {"json", "jsonl", "table"}, "json");
  AddShowSql(*aggregate, raw);
  CLI::App* exists = AddCommand(app, kExistsHelp);
  AddDocument(*exists, raw, "What to look for; any record when left out");
  AddShowSql(*exists, raw);
}

// Flags of all that writes in a single call.
void AddRun(CLI::App& app, Raw& raw) {
  app.add_flag("--dry-run", raw.options.write.dry_run, "Do it all, answer, and undo it");
  app.add_option("--once", raw.options.write.once,
                 "An id under which it happens once: a repeat does nothing, and has the answer of the first time")
      ->type_name("ID");
}

void AddWrites(CLI::App& app, Raw& raw) {
  const std::pair<const CommandHelp&, const char*> writes[] = {{kInsertHelp, "A record or a list of records"},
                                                               {kUpdateHelp, "What to write and where"},
                                                               {kUpsertHelp, "The records and their key"},
                                                               {kDeleteHelp, "What to delete"}};
  for (const auto& [help, what] : writes) {
    CLI::App* write = AddCommand(app, help);
    AddDocument(*write, raw, what);
    AddFormat(*write, raw, {"json", "jsonl", "table"}, "json");
    write->add_option("--returning", raw.options.returning, "What to return: names like id,name, or a selection")
        ->type_name("SELECTION");
    AddRun(*write, raw);
    if (write->get_name() == "update" || write->get_name() == "delete") {
      write
          ->add_option("--expect", raw.options.write.expect,
                       "How many records must match, or nothing is written: 1, or {at_least: 1}, or {at_most: 1}")
          ->type_name("COUNT");
    }
    AddShowSql(*write, raw);
  }
  CLI::App* batch = AddCommand(app, kBatchHelp);
  AddSchemaName(*batch, raw);
  AddDocumentText(*batch, raw, "The list of operations");
  AddFormat(*batch, raw, {"json", "jsonl"}, "json");
  AddRun(*batch, raw);
  AddShowSql(*batch, raw);
  CLI::App* transact = AddCommand(app, kTransactHelp);
  AddSchemaName(*transact, raw);
  transact->add_option("file", raw.options.file, "The messages, one a line; standard input when left out, or -")
      ->type_name("");
  transact->add_flag("--keep-going", raw.options.write.keep_going, "Go on after requests that fail");
}

void AddFile(CLI::App& app, Raw& raw, const std::string& standard) {
  AddSchemaName(app, raw);
  AddModelName(app, raw)->required();
  app.add_option("file", raw.options.file, "The file; - for standard " + standard)->required()->type_name("");
  raw.format.clear();
  app.add_option("--format", raw.format, "csv or jsonl. Default: what the file's name ends with")
      ->check(CLI::IsMember({"csv", "jsonl"}))
      ->type_name("FORMAT");
}

void AddFiles(CLI::App& app, Raw& raw) {
  LoadFlags& flags = raw.options.load;
  CLI::App* load = AddCommand(app, kLoadHelp);
  AddFile(*load, raw, "input");
  load->add_option("--on-conflict", flags.on_conflict,
                   "What happens to a row whose key is taken: reject (default), skip or update")
      ->check(CLI::IsMember({"reject", "skip", "update"}))
      ->type_name("POLICY");
  load->add_option("--key", flags.key, "The fields of that key, like maker,code (default: the primary key)")
      ->delimiter(',')
      ->type_name("FIELDS");
  load->add_option("--update", flags.update, "What to update, like name,role (default: all columns but the key)")
      ->delimiter(',')
      ->type_name("COLUMNS");
  load->add_option("--tolerate", flags.tolerated_rejects, "How many bad rows to leave out (default 0)")
      ->check(CLI::Range(0, 10000))
      ->type_name("NUMBER");
  load->add_option("--rejects", flags.rejects, "Write the bad rows' lines and why to a file, as JSON lines")
      ->type_name("FILE");
  AddRun(*load, raw);
  AddShowSql(*load, raw);
  CLI::App* exported = AddCommand(app, kExportHelp);
  AddFile(*exported, raw, "output");
  exported->add_option("--columns", raw.options.columns, "What to write, like id,name,role.name")
      ->delimiter(',')
      ->type_name("COLUMNS");
  exported->add_option("--where", raw.options.where, "Which records: a filter in JSON or YAML, or @FILE (default: all)")
      ->type_name("FILTER");
  AddLimit(*exported, raw);
}

void AddExplain(CLI::App& app, Raw& raw) {
  CLI::App* explain = AddCommand(app, kExplainHelp);
  explain
      ->add_option("verb", raw.options.verb, "get, stream, aggregate, exists, insert, update, upsert, delete or batch")
      ->required()
      ->check(CLI::IsMember({"get", "stream", "aggregate", "exists", "insert", "update", "upsert", "delete", "batch"}))
      ->type_name("");
  AddSchemaName(*explain, raw);
  AddModelName(*explain, raw)->description("The model's name, for example User; a batch has none");
  AddDocumentText(*explain, raw, "The document of the verb");
  CLI::Option* estimate =
      explain->add_flag("--estimate", raw.options.estimate, "Add PostgreSQL's plan of each statement");
  explain->add_flag("--analyze", raw.options.analyze, "Run it, undo it, and add what happened to PostgreSQL's plan")
      ->excludes(estimate);
  AddStrategy(*explain, raw);
  explain->add_option("--returning", raw.options.returning, "What to return, for insert, update, upsert and delete")
      ->type_name("SELECTION");
  AddFormat(*explain, raw, {"text", "json"}, "text");
}

void AddBench(CLI::App& app, Raw& raw) {
  BenchFlags& flags = raw.options.bench;
  CLI::App* bench = AddCommand(app, kBenchHelp);
  AddSchemaName(*bench, raw);
  AddDocumentText(*bench, raw, "The requests to send");
  bench->add_option("--clients", flags.clients, "How many send at the same time (default 8)")
      ->check(CLI::Range(1, 10000))
      ->type_name("NUMBER");
  bench->add_option("--connections", flags.connections, "How many connections they share (default: 4 at most)")
      ->check(CLI::Range(1, 1000))
      ->type_name("NUMBER");
  bench->add_option("--threads", flags.threads, "With how many threads they are served (default 1)")
      ->check(CLI::Range(1, 256))
      ->type_name("NUMBER");
  bench->add_option("--rate", flags.rate, "How many requests to send a second (default: as fast as answers come)")
      ->check(CLI::Range(0.001, 1e7))
      ->type_name("NUMBER");
  bench->add_option("--duration", raw.duration, "How long to measure (default 10s)")->type_name("DURATION");
  bench->add_option("--warm-up", raw.warm_up, "How long to send before that (default 1s)")->type_name("DURATION");
  bench->add_flag("--decode", flags.decode, "Decode the answers, as a program would");
  AddFormat(*bench, raw, {"text", "json"}, "text");
}

void AddHealth(CLI::App& app, Raw& raw) {
  CLI::App* health = AddCommand(app, kHealthHelp);
  health->add_option("--wait", raw.wait, "Wait so long for the server to serve, for example 30s")
      ->type_name("DURATION");
}

void AddGlobal(CLI::App& app, Raw& raw) {
  app.add_option("--address", raw.options.address, "The server, host:port or unix:path (default 127.0.0.1:50051)")
      ->envname("ROWAN_ADDRESS")
      ->group("Server");
  app.add_option("--timeout", raw.timeout,
                 "How long to wait for the answer, for example 500ms or 2m; 0 for ever (default 30s; for ever for "
                 "stream, load, export and transact)")
      ->envname("ROWAN_TIMEOUT")
      ->type_name("DURATION")
      ->group("Server");
  CLI::Option* tls =
      app.add_flag("--tls", raw.options.tls, "Use TLS (default, but for addresses of this machine)")->group("Server");
  app.add_flag("--plaintext", raw.options.plaintext, "Do without TLS")->excludes(tls)->group("Server");
  app.add_option("--ca-file", raw.options.ca_file, "Trust the certificates of a PEM file; implies --tls")
      ->envname("ROWAN_CA_FILE")
      ->type_name("FILE")
      ->group("Server");
  app.add_option("--request-id", raw.options.request_id,
                 "The id to find the call by in the server's log (default: made up)")
      ->type_name("ID")
      ->group("Server");
  app.add_flag("--quiet", raw.options.quiet, "No progress and no notes on standard error");
}

Command CommandOf(const CLI::App& app) {
  const CLI::App* chosen = app.get_subcommands().front();
  if (chosen->get_name() == "schema") return SchemaCommandOf(*chosen->get_subcommands().front());
  static constexpr std::pair<std::string_view, Command> kCommands[] = {
      {"get", Command::kGet},           {"stream", Command::kStream}, {"aggregate", Command::kAggregate},
      {"exists", Command::kExists},     {"insert", Command::kInsert}, {"update", Command::kUpdate},
      {"upsert", Command::kUpsert},     {"delete", Command::kDelete}, {"batch", Command::kBatch},
      {"transact", Command::kTransact}, {"load", Command::kLoad},     {"export", Command::kExport},
      {"explain", Command::kExplain},   {"bench", Command::kBench},   {"health", Command::kHealth}};
  for (const auto& [name, command] : kCommands) {
    if (chosen->get_name() == name) return command;
  }
  return Command::kHealth;
}

Format DefaultFormat(Command command) {
  switch (command) {
    case Command::kGet:
    case Command::kAggregate:
    case Command::kInsert:
    case Command::kUpdate:
    case Command::kUpsert:
    case Command::kDelete:
    case Command::kBatch:
      return Format::kJson;
    case Command::kStream:
    case Command::kTransact:
    case Command::kLoad:
    case Command::kExport:
      return Format::kJsonLines;
    case Command::kExists:
    case Command::kExplain:
    case Command::kBench:
    case Command::kHealth:
    case Command::kSchemaValidate:
    case Command::kSchemaDiff:
    case Command::kSchemaApply:
      return Format::kText;
    case Command::kSchemaFormat:
    case Command::kSchemaExport:
    case Command::kSchemaGraph:
    case Command::kSchemaPull:
    case Command::kSchemaGet:
      return Format::kYaml;
    case Command::kSchemaDrift:
    case Command::kSchemaHistory:
    case Command::kSchemaList:
      return Format::kTable;
  }
  return Format::kJson;
}

// Reads "500ms", "30s", "2m" or "0". False for anything else, negative ones and for ever included.
bool ReadDuration(const std::string& text, absl::Duration& duration) {
  return absl::ParseDuration(text, &duration) && duration >= absl::ZeroDuration() &&
         duration != absl::InfiniteDuration();
}

std::string NewRequestId() {
  std::random_device random;
  const auto word = [&] { return static_cast<uint32_t>(random()); };
  return absl::StrFormat("%08x%08x%08x%08x", word(), word(), word(), word());
}

int Usage(Console& console, const std::string& message, const std::string& hint) {
  console.err << "rowan: " << Printable(message) << "\n";
  if (!hint.empty()) console.err << "  hint: " << hint << "\n";
  return kExitUsage;
}

// The hint for a line that does not parse: the verb that was perhaps meant, or where to read on.
std::string UsageHint(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* chosen = &app;
  std::string path = "rowan";
  while (!chosen->get_subcommands().empty()) {
    chosen = chosen->get_subcommands().front();
    path += " " + chosen->get_name();
  }
  std::vector<std::string_view> names;
  for (const CLI::App* command : chosen->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  for (const std::string& argument : arguments) {
    if (names.empty() || argument.empty() || argument[0] == '-' || argument == chosen->get_name()) continue;
    const std::vector<std::string> nearest = NearestNames(argument, names);
    if (!nearest.empty()) return "did you mean \"" + path + " " + nearest.front() + "\"?";
  }
  return "see \"" + path + " --help\"";
}

}  // namespace

std::variant<Options, int> ParseOptions(const std::vector<std::string>& arguments, Console& console) {
  Raw raw;
  CLI::App app(kHelp.summary, "rowan");
  app.footer(kHelp.footer);
  app.set_version_flag("--version", "rowan " ROWAN_VERSION, "Print the version and exit");
  app.require_subcommand(1);
  app.fallthrough();
  app.get_formatter()->column_width(32);
  AddGlobal(app, raw);
  AddReads(app, raw);
  AddWrites(app, raw);
  AddFiles(app, raw);
  AddExplain(app, raw);
  AddSchema(app, raw);
  AddBench(app, raw);
  AddHealth(app, raw);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // it takes them from the back
  } catch (const CLI::Success& wanted) {
    return app.exit(wanted, console.out, console.err);
  } catch (const CLI::ParseError& error) {
    return Usage(console, error.what(), UsageHint(app, arguments));
  }
  Options options = std::move(raw.options);
  options.command = CommandOf(app);
  if (options.verb.empty()) options.verb = app.get_subcommands().front()->get_name();
  if (options.command == Command::kExplain) {
    const bool of_batch = options.verb == "batch";
    if (of_batch ? !options.document.empty() : options.model.empty()) {
      return Usage(console, of_batch ? "a batch has no model of its own" : "model is required",
                   of_batch ? "write \"rowan explain batch SCHEMA DOCUMENT\"; its operations name their models"
                            : "see \"rowan explain --help\"");
    }
    if (of_batch) options.document = std::exchange(options.model, "");
  }
  options.format = raw.format.empty() ? DefaultFormat(options.command) : FormatNamed(raw.format);
  const bool of_files = options.command == Command::kLoad || options.command == Command::kExport;
  if (of_files && raw.format.empty()) {
    const std::optional<Format> format = FormatOfFile(options.file);
    if (!format) {
      return Usage(console, "the name \"" + options.file + "\" does not tell its format",
                   "give --format csv or --format jsonl");
    }
    options.format = *format;
  }
  const bool nameless = options.command == Command::kSchemaExport && options.file.empty();
  if (nameless && options.schemas.declaration != Declaration::kSchemaForm) {
    return Usage(console, "file is required", "give the schema's name or its file");
  }
  const bool unbounded = options.command == Command::kStream || options.command == Command::kTransact || of_files;
  options.timeout = unbounded ? absl::ZeroDuration() : absl::Seconds(30);
  const std::tuple<const char*, const std::string&, absl::Duration&> durations[] = {
      {"--timeout", raw.timeout, options.timeout},
      {"--wait", raw.wait, options.wait},
      {"--duration", raw.duration, options.bench.duration},
      {"--warm-up", raw.warm_up, options.bench.warm_up}};
  for (const auto& [flag, text, duration] : durations) {
    if (!text.empty() && !ReadDuration(text, duration)) {
      return Usage(console, absl::StrCat(flag, ": \"", text, "\" is no duration"), "write it like 500ms, 30s or 2m");
    }
  }
  BenchFlags& bench = options.bench;
  bench.connections = std::min(bench.clients, bench.connections == 0 ? kConnections : bench.connections);
  if (raw.limit && !absl::SimpleAtoi(*raw.limit, &options.read.limit.emplace())) {
    return Usage(console, "--limit: \"" + *raw.limit + "\" is no whole number", "write it like 20");
  }
  if (options.request_id.empty()) options.request_id = NewRequestId();
  return options;
}

}  // namespace rowan::cli
