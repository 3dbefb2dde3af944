// What the command line said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/console.h"

namespace rowan::cli {

enum class Command {
  kGet,
  kStream,
  kAggregate,
  kExists,
  kInsert,
  kUpdate,
  kUpsert,
  kDelete,
  kBatch,
  kTransact,
  kLoad,
  kExport,
  kExplain,
  kBench,
  kHealth,
  kSchemaValidate,
  kSchemaFormat,
  kSchemaDiff,
  kSchemaApply,
  kSchemaPull,
  kSchemaDrift,
  kSchemaHistory,
  kSchemaExport,
  kSchemaGraph,
  kSchemaGet,
  kSchemaList,
};

enum class Format { kTable, kJson, kJsonLines, kText, kYaml, kCsv };

// Flags that stand in place of keys of a read document. Unset: what the document says.
struct ReadFlags {
  std::optional<int64_t> limit;
  std::optional<std::string> cursor;
  bool backward = false;
  std::optional<std::string> total;
  std::optional<std::string> strategy;
  std::optional<std::string> mode;
  std::optional<std::string> resume_token;
};

// How a write is run. They stand in place of keys of its document. Unset: what the document says.
struct WriteFlags {
  bool dry_run = false;
  std::string expect;       // of update and delete: an expectation in the document form
  std::string once;         // the id under which it happens once; empty: none
  bool keep_going = false;  // of transact: after requests that fail
};

// What load does with rows that cannot simply be inserted.
struct LoadFlags {
  std::string on_conflict = "reject";  // or "skip" or "update"
  std::vector<std::string> key;        // empty: the primary key
  std::vector<std::string> update;     // empty: all columns that are not of the key
  int64_t tolerated_rejects = 0;
  std::string rejects;  // a path; empty: none
};

// The load that bench puts on a server.
struct BenchFlags {
  int clients = 8;                              // that send at the same time
  int connections = 0;                          // that they share; once parsed at least 1 and at most `clients`
  int threads = 1;                              // of this process
  double rate = 0;                              // requests per second; zero: as fast as the answers come
  absl::Duration duration = absl::Seconds(10);  // that is measured
  absl::Duration warm_up = absl::Seconds(1);    // before it
  bool decode = false;                          // read the answers as a program would
};

// What schema export writes.
enum class Declaration { kProto, kJsonSchema, kTypeScript, kPython, kSchemaForm };

// What the commands of schemas take beside their file or name.
struct SchemaFlags {
  bool server = false;                            // of validate: the server too
  std::optional<std::string> expected_version;    // that must be current; "": not registered yet
  std::string to_version;                         // of diff and apply: an earlier version to go back to; empty: none
  std::vector<std::string> allow;                 // steps that may lose data
  std::vector<std::string> leave_out;             // steps that are not to be done
  std::string adopt;                              // "off", "warn" or "enforce"; empty: the database is changed
  std::string online;                             // "auto", "always" or "never"; empty: the server's default
  bool validate_only = false;                     // of apply
  bool yes = false;                               // no questions
  bool exit_code = false;                         // of diff: tell by the exit code whether there are steps
  std::vector<std::string> database_schemas;      // of pull; empty: all
  std::vector<std::string> tables;                // of pull; empty: all
  bool check = false;                             // of format: only tell whether it would change
  bool in_place = false;                          // of format: write over the file
  Declaration declaration = Declaration::kProto;  // of export
  bool svg = false;                               // of graph; otherwise Mermaid
  std::string version;                            // of get; empty: the current one
};

struct Options {
  Command command = Command::kGet;

  // The server.
  std::string address = "127.0.0.1:50051";
  bool tls = false;        // TLS although the address is of this machine
  bool plaintext = false;  // no TLS although the address is of another machine
  std::string ca_file;     // PEM; empty: the system's certificates
  absl::Duration timeout;  // zero: none
  std::string request_id;  // never empty once parsed

  // The output.
  Format format = Format::kJson;
  bool quiet = false;     // no progress and no notes
  bool show_sql = false;  // the SQL too

  // The command's own. Empty where it has none.
  std::string schema;     // a name
  std::string model;      // a name
  std::string document;   // text, "-", or "@path"
  std::string file;       // a path or "-"
  std::string verb;       // "get", "insert", …: the command, or what explain explains
  std::string returning;  // a selection
  ReadFlags read;
  WriteFlags write;
  LoadFlags load;
  std::vector<std::string> columns;  // of export; empty: all that can be loaded again
  std::string where;                 // of export: a filter as text, or "@path"
  bool estimate = false;             // of explain: with PostgreSQL's estimates
  bool analyze = false;              // of explain: with what happens when it runs
  BenchFlags bench;
  SchemaFlags schemas;
  std::string output;   // a path; empty: standard output
  absl::Duration wait;  // of health; zero: no waiting
};

// Reads a command line without the program's name. Environment: ROWAN_ADDRESS, ROWAN_CA_FILE, ROWAN_TIMEOUT, for which
// flags stand in first. When there is nothing left to do, because help or the version was asked for or because the line
// is wrong, says so on the console and gives the exit code.
std::variant<Options, int> ParseOptions(const std::vector<std::string>& arguments, Console& console);

}  // namespace rowan::cli
