// The texts of --help. Private to clients/cli.
#pragma once

namespace rowan::cli {

struct CommandHelp {
  const char* name;
  const char* summary;  // one line
  const char* footer;   // examples and what else to know
};

extern const CommandHelp kHelp, kGetHelp, kStreamHelp, kAggregateHelp, kExistsHelp, kInsertHelp, kUpdateHelp,
    kUpsertHelp, kDeleteHelp, kBatchHelp, kTransactHelp, kLoadHelp, kExportHelp, kExplainHelp, kBenchHelp, kHealthHelp,
    kSchemaHelp, kSchemaValidateHelp, kSchemaFormatHelp, kSchemaDiffHelp, kSchemaApplyHelp, kSchemaPullHelp,
    kSchemaDriftHelp, kSchemaHistoryHelp, kSchemaExportHelp, kSchemaGraphHelp, kSchemaGetHelp, kSchemaListHelp;

}  // namespace rowan::cli
