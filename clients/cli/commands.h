// One function per group of commands. Each prints its results, or what went wrong, and returns the exit code. Private
// to clients/cli.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <optional>

#include "clients/cli/console.h"
#include "clients/cli/failure.h"
#include "clients/cli/options.h"

namespace rowan::v1 {
class ExplainRequest;
class ExplainResponse;
class ListSchemasResponse;
}  // namespace rowan::v1

namespace rowan::cli {

using Channel = std::shared_ptr<grpc::Channel>;

// Reads: read_commands.cc
int RunGet(const Options& options, const Channel& channel, Console& console);
int RunAggregate(const Options& options, const Channel& channel, Console& console);
// Returns kExitSuccess when there is a record and kExitFailedCheck when there is none.
int RunExists(const Options& options, const Channel& channel, Console& console);

// Streams: stream_command.cc
int RunStream(const Options& options, const Channel& channel, Console& console);

// Files of records: load_command.cc, export_command.cc
int RunLoad(const Options& options, const Channel& channel, Console& console);
int RunExport(const Options& options, const Channel& channel, Console& console);

// Insert, update, upsert, delete, and batches: write_commands.cc
int RunWrite(const Options& options, const Channel& channel, Console& console);
int RunBatch(const Options& options, const Channel& channel, Console& console);

// Transactions, a message a line: transact_command.cc. Returns kExitSuccess when the transaction ended as it was told
// to, and kExitFailedCheck when the input ended first.
int RunTransact(const Options& options, const Channel& channel, Console& console);

// Checks a schema: schema_validate_command.cc. `channel` is null when no server is asked.
int RunSchemaValidate(const Options& options, const Channel& channel, Console& console);

// Lays out the file of a schema: schema_format_command.cc. Returns kExitFailedCheck when --check finds that it would
// change.
int RunSchemaFormat(const Options& options, Console& console);

// Declarations for other languages, and drawings: schema_export_command.cc, schema_graph_command.cc. `channel` is null
// for a file.
int RunSchemaExport(const Options& options, const Channel& channel, Console& console);
int RunSchemaGraph(const Options& options, const Channel& channel, Console& console);

// Changes of schemas, diff and apply, and what a server says to validate: schema_change_commands.cc
int RunSchemaChange(const Options& options, const Channel& channel, Console& console);

// The schema of a database: schema_pull_command.cc
int RunSchemaPull(const Options& options, const Channel& channel, Console& console);

// What is registered: schema_commands.cc. Drift returns kExitFailedCheck when the database has drifted.
int RunSchemaDrift(const Options& options, const Channel& channel, Console& console);
int RunSchemaHistory(const Options& options, const Channel& channel, Console& console);
int RunSchemaGet(const Options& options, const Channel& channel, Console& console);
int RunSchemaList(const Options& options, const Channel& channel, Console& console);

// Plans and SQL: explain_command.cc
int RunExplain(const Options& options, const Channel& channel, Console& console);
// Prints the SQL of a request on `err`, as --show-sql wants it. Returns the failure of asking, which is that of the
// request itself.
std::optional<Failure> ShowSql(const Options& options, const Channel& channel, Console& console,
                               const v1::ExplainRequest& request);
// Reads the request of a data command, and shows its SQL when that is wanted. Returns kExitSuccess, or the exit code of
// what went wrong and was told.
int PrepareRequest(const Options& options, const Channel& channel, Console& console, v1::ExplainRequest& request);

// Loads: bench_command.cc. Returns kExitFailedCheck when a call failed.
int RunBench(const Options& options, const Channel& channel, Console& console);

// Health: health_command.cc
int RunHealth(const Options& options, const Channel& channel, Console& console);

}  // namespace rowan::cli
