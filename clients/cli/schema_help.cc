#include "clients/cli/help.h"

namespace rowan::cli {

const CommandHelp kSchemaHelp = {"schema", "Register schemas, change them, and read them back",
                                 R"(Examples:
  rowan schema pull -o shop.yaml
  rowan schema validate blog.yaml
  rowan schema diff blog.yaml
  rowan schema apply blog.yaml
  rowan schema history blog
  rowan schema drift blog
  rowan schema get blog
  rowan schema list)"};

const CommandHelp kSchemaValidateHelp = {
    "validate", "Check a schema, without a server or with it, and change nothing",
    R"(Tells every mistake with file, line and column, and exits with 1 when there is one. With --server the database has its say too, and what applying would do is printed.

Examples:
  rowan schema validate blog.yaml
  rowan schema validate blog.yaml --format json
  rowan schema validate blog.yaml --server)"};

const CommandHelp kSchemaFormatHelp = {
    "format", "Lay out the file of a schema",
    R"(Keys in one order, a line for each field and relation; every comment stays. Needs no server.

Examples:
  rowan schema format blog.yaml
  rowan schema format blog.yaml --in-place
  rowan schema format blog.yaml --check)"};

const CommandHelp kSchemaDiffHelp = {
    "diff", "Print the plan by which apply would change the database, and change nothing",
    R"(Each step is printed with its risk, the lock that it takes and why. The steps of a stage happen together or not at all. A plan with steps that may
lose data is refused until each is named with --allow, or left out.

Examples:
  rowan schema diff blog.yaml
  rowan schema diff blog.yaml --sql --exit-code
  rowan schema diff blog.yaml --allow "drop column posts.body"
  rowan schema diff blog --to-version 0f3a5c7e9b1d2f40)"};

const CommandHelp kSchemaApplyHelp = {
    "apply", "Register a schema, and bring the database up to it",
    R"(Prints the plan, and asks before a step is done. Without a terminal a plan that has steps needs --yes. The same schema again changes nothing. Whoever
applies another version between the plan and the answer makes it end with ABORTED.

Examples:
  rowan schema apply blog.yaml
  rowan schema apply blog.yaml --yes
  rowan schema apply blog.yaml --allow "drop column posts.body" --leave-out "drop table drafts"
  rowan schema apply blog.yaml --online always --timeout 10m
  rowan schema apply shop.yaml --adopt enforce
  rowan schema apply blog --to-version 0f3a5c7e9b1d2f40)"};

const CommandHelp kSchemaPullHelp = {
    "pull", "Write the schema of the database that the server serves",
    R"(Reads the database's catalog and changes nothing. What no schema can hold is told on standard error.

Examples:
  rowan schema pull > shop.yaml
  rowan schema pull --name shop --database-schema public --table orders --table customers -o shop.yaml
  rowan schema pull --name shop -o shop.yaml --adopt enforce)"};

const CommandHelp kSchemaDriftHelp = {
    "drift", "Compare a registered schema with the database",
    R"(Prints every difference. Exits with 1 when an error or a warning is among them: an error breaks requests, a warning changes what the database allows.

Examples:
  rowan schema drift blog
  rowan schema drift blog --format json)"};

const CommandHelp kSchemaHistoryHelp = {"history", "List what was ever applied to a schema, the latest first",
                                        R"(Examples:
  rowan schema history blog
  rowan schema history blog --limit 5
  rowan schema history blog --format json                  the steps too)"};

const CommandHelp kSchemaExportHelp = {
    "export", "Declare the records of a schema for other languages",
    R"(Of a file without a server, of a name as the server has it. --proto needs a name, since the numbers of fields are allotted when a schema is
registered; they are kept in later versions, so messages stay readable. --schema-form prints the JSON Schema with which editors complete schema files.

Examples:
  rowan schema export blog --proto -o blog.proto
  rowan schema export blog.yaml --json-schema
  rowan schema export blog --typescript -o blog.ts --yes
  rowan schema export blog --python
  rowan schema export --schema-form)"};

const CommandHelp kSchemaGraphHelp = {
    "graph", "Draw a schema",
    R"(A box for each model with its table, key and foreign keys, and an edge for each relation.

Examples:
  rowan schema graph blog
  rowan schema graph blog.yaml --svg -o blog.svg)"};

const CommandHelp kSchemaGetHelp = {"get", "Print a registered schema with every name and default spelled out",
                                    R"(What is printed can be applied again.

Examples:
  rowan schema get blog > blog.yaml
  rowan schema get blog --version 0f3a5c7e9b1d2f40
  rowan schema get blog --format json)"};

const CommandHelp kSchemaListHelp = {"list", "List the registered schemas",
                                     R"(Examples:
  rowan schema list
  rowan schema list --format json)"};

}  // namespace rowan::cli
