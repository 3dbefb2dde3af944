#include "clients/cli/help.h"

namespace rowan::cli {

const CommandHelp kHelp = {"rowan", "Reads and writes trees of records through a Rowan server, and registers schemas.",
                           R"(Examples:
  rowan health --wait 30s
  rowan schema apply blog.yaml
  rowan get blog User '{"select": {"name": true, "posts": {"title": true}}}'
  rowan insert blog User '{"name": "Alice", "role": {"connect": 1}}'

"rowan COMMAND --help" shows examples of each command. Data goes to standard output, progress and errors to standard error.

Exit codes:
  0       success
  1       no: exists found nothing, the server does not serve, calls of a bench failed, a schema is not valid, a database has drifted, an apply was not wanted
  2       the command line or the document is wrong; nothing was sent
  3       the output could not be written
  64+N    the call ended with gRPC status N, for example 67 INVALID_ARGUMENT, 69 NOT_FOUND, 78 UNAVAILABLE

Environment: ROWAN_ADDRESS, ROWAN_TIMEOUT, ROWAN_CA_FILE; NO_COLOR turns colours off.)"};

const CommandHelp kGetHelp = {
    "get", "Read one page of records with their related records",
    R"(The document has the keys select, where, order_by, limit, offset, cursor, backward, total, distinct_on and strategy. Without a limit the first 150 records
are read, at the root and in each list. Standard error tells when there are more, the total, and the cursors to go on with.

Examples:
  rowan get blog User
  rowan get blog User '{"select": {"id": true, "name": true, "role": {"name": true}, "posts": {"title": true, "tags": {"name": true}}}}'
  rowan get blog User '{select: {name: true, _count: {posts: true}}, where: {posts: {some: {title: {contains: release, mode: insensitive}}}}}'
  rowan get blog Post '{"select": {"title": true}, "order_by": [{"user": {"name": "asc"}}, {"title": "desc"}]}' --limit 20 --total exact
  rowan get blog Post '{"select": {"title": true}, "order_by": [{"user": {"name": "asc"}}, {"title": "desc"}]}' --limit 20 --cursor AYx...
  rowan get blog User @read.yaml --format table --show-sql

Tables flatten related records into columns like role.name and print lists in one cell.)"};

const CommandHelp kStreamHelp = {
    "stream", "Read all records, as they come, in bounded memory",
    R"(The document is that of get, with mode and resume_token in place of cursor, backward and total; without a limit all records are read. One JSON object per line
is printed as it arrives. The server reads on only as fast as the output is taken. Ctrl-C, or a reader that closes the pipe, stops the query on the
server. When the connection is lost, the stream goes on after the last record that was printed; when that fails too, the token for --resume is
printed. A stream that ends with exit code 0 is complete unless its reader closed the pipe.

Examples:
  rowan stream blog User > users.jsonl
  rowan stream blog Post '{"select": {"title": true, "tags": {"name": true}}, "order_by": "title"}' | head -5
  rowan stream blog Post '{"select": {"*": true}}' --mode keyset >> posts.jsonl
  rowan stream blog Post '{"select": {"*": true}}' --mode keyset --resume AYx... >> posts.jsonl
  rowan stream blog User '{"select": {"*": true}}' --format json > users.json)"};

const CommandHelp kAggregateHelp = {
    "aggregate", "Compute counts, sums and other aggregates, grouped or not",
    R"(The document has the keys where, group_by, select, having, order_by, limit and offset. The functions are count, sum, avg, min and max. Each group is
printed as an object of its columns.

Examples:
  rowan aggregate blog User '{"select": {"users": {"count": true}}}'
  rowan aggregate blog Post '{group_by: [user.name], select: {posts: {count: true}, last: {max: title}}, order_by: [{posts: desc}]}' --format table
  rowan aggregate blog Post '{"group_by": "user.name", "select": {"posts": {"count": true}}, "having": {"posts": {"gt": 3}}}' --limit 10)"};

const CommandHelp kExistsHelp = {
    "exists", "Tell whether a record exists that a filter lets through",
    R"(Prints true and exits with 0, or prints false and exits with 1. Errors have other exit codes. The document is {where: ...}; without one any
record will do.

Examples:
  rowan exists blog User '{"where": {"name": "Alice"}}'
  rowan exists blog User '{where: {posts: {none: {}}}}' && echo "somebody has not written yet")"};

const CommandHelp kInsertHelp = {
    "insert", "Insert records, with related records to create or connect",
    R"(The document is a record, a list of records, or {data: ..., returning: ...}. All is written, or nothing. The answer has the primary keys, or what --returning
asks for, and counts of what was done.

Examples:
  rowan insert blog Role '[{"name": "admin"}, {"name": "editor"}]'
  rowan insert blog User '{"name": "Alice", "role": {"connect": 1}, "profile": {"create": {"bio": "Builder"}},
                           "posts": {"create": [{"title": "First post", "tags": {"connect": [1, 2]}}]}}'
  rowan insert blog User '{"name": "Bob", "role": {"connect": {"name": "admin"}}}' --returning id,name
  rowan insert blog User '{"name": "Bob", "posts": {"connectOrCreate": {"key": 7, "create": {"title": "First"}}}}' --dry-run
  rowan insert blog User '{"name": "Carol"}' --once signup-4711
  rowan insert blog User - < users.json)"};

const CommandHelp kUpdateHelp = {"update", "Update the records that a filter matches, and their relations",
                                 R"(The document is {data: ..., where: ...}. Without a filter it needs "all_rows": true.

Examples:
  rowan update blog User '{"data": {"role": {"connect": 1}}, "where": {"id": 5}}'
  rowan update blog User '{"data": {"profile": {"create": {"bio": "Builder from Day 1"}}}, "where": {"id": 5}}'
  rowan update blog Post '{"data": {"tags": {"connect": [1, 2, 3], "disconnect": [4]}}, "where": {"id": 10}}' \
        --returning '{"id": true, "tags": {"name": true}}'
  rowan update blog User '{"data": {"logins": {"increment": 1}, "posts": {"deleteMany": {"where": {"draft": true}}}}, "where": {"id": 5}}' --expect 1)"};

const CommandHelp kUpsertHelp = {
    "upsert", "Insert records, or write to those whose key is taken",
    R"(The document is {data: ..., key: ..., on_conflict: ...}. The key is a field's name or a list of names, the primary key when left out. A record whose key is
taken gets the values that data gives, unless on_conflict says otherwise. The answer says of each record whether it was inserted, updated or kept.

Examples:
  rowan upsert blog Role '{"data": [{"name": "admin"}, {"name": "editor"}], "key": "name", "on_conflict": "keep"}'
  rowan upsert blog User '{"data": {"name": "Alice", "bio": "Builder"}, "key": "name"}' --returning id,name
  rowan upsert blog Page '{data: {path: /, hits: 1}, key: path, on_conflict: {update: {hits: {increment: 1}}}}'
  rowan upsert blog User '{data: {name: Alice, rank: 3}, key: name, on_conflict: {overwrite: rank, where: {rank: {lt: 3}}}}')"};

const CommandHelp kDeleteHelp = {
    "delete", "Delete the records that a filter matches",
    R"(The document is {where: ...}. Without a filter it needs "all_rows": true. --returning prints the records as they were.

Examples:
  rowan delete blog Post '{"where": {"id": 10}}'
  rowan delete blog Post '{"where": {"user": {"name": "Alice"}}}' --returning id,title --expect '{at_most: 5}')"};

const CommandHelp kBatchHelp = {
    "batch", "Run several reads and writes in one transaction",
    R"(The document is a list of operations, or {operations: [...], isolation: ...}. An operation has a model, one of get, aggregate, exists, insert, update,
upsert and delete with its document, and perhaps an id. {"ref": "u.id"} stands for what an earlier operation gave. All of it happens, or nothing.
The answer is the list of the operations' results.

Examples:
  rowan batch blog '[{"id": "u", "model": "User", "insert": {"name": "Alice"}},
                     {"model": "Post", "insert": {"title": "First", "userId": {"ref": "u.id"}}}]'
  rowan batch blog '[{model: User, exists: {where: {name: Alice}, expect: false}}, {model: User, insert: {name: Alice}}]'
  rowan batch blog @transfer.yaml --dry-run
  rowan batch blog @transfer.yaml --once transfer-4711)"};

const CommandHelp kTransactHelp = {
    "transact", "Run reads and writes in a transaction that stays open between them",
    R"(Reads a message a line and prints its answer on a line before it reads the next one, so that a program can decide by the answers. Messages are the
operations of batch, and
  {"begin": {"isolation": "serializable", "read_only": true, "idle_timeout_ms": 5000, "timeout_ms": 60000}}   first, when anything of it is wanted
  {"savepoint": "a"}  {"rollback_to": "a"}  {"release": "a"}
  {"commit": true}  {"rollback": true}                                                                        last; what follows is not read
A request that fails rolls everything back, unless --keep-going is given: then only the request is undone. The end of the input without a commit
rolls back and exits with 1.

Examples:
  rowan transact blog transfer.jsonl
  printf '%s\n' '{"model": "User", "insert": {"name": "Alice"}}' '{"commit": true}' | rowan transact blog)"};

const CommandHelp kLoadHelp = {
    "load", "Load many records of one model from a CSV or JSON lines file",
    R"(The first record of a CSV file, or the keys of the first JSON object, name the columns: fields like name, or the key of a related record like role.name.
An empty cell is null, and an empty one in quotes the empty text. Everything is loaded in one transaction, or nothing; --tolerate leaves so many bad rows out.
Prints counts; bad rows are told on standard error with their lines.

Examples:
  rowan load blog User users.csv
  rowan load blog User users.csv --tolerate 100 --rejects rejects.jsonl
  rowan load blog Role roles.jsonl --on-conflict update --key name
  generate | rowan load blog Tag - --format csv --on-conflict skip --key name)"};

const CommandHelp kExportHelp = {"export", "Write all records of one model to a CSV or JSON lines file",
                                 R"(Writes what load reads back: without --columns all fields that can be written.

Examples:
  rowan export blog User users.csv
  rowan export blog User users.jsonl --columns id,name,role.name
  rowan export blog Post - --format csv --where '{"user": {"name": "Alice"}}')"};

const CommandHelp kExplainHelp = {
    "explain", "Show the plan and the SQL of a request without running it",
    R"(--estimate adds PostgreSQL's own plan of each statement. --analyze runs the request in a transaction that is rolled back, writes included, and adds
what happened: rows, executions and times.

Examples:
  rowan explain get blog User '{"select": {"name": true, "posts": {"title": true}}}'
  rowan explain get blog User '{"select": {"name": true, "posts": {"title": true}}}' --strategy by_level --analyze
  rowan explain aggregate blog Post '{"group_by": "user.name", "select": {"posts": {"count": true}}}' --estimate
  rowan explain insert blog User '{"name": "Alice", "role": {"connect": 1}}'
  rowan explain upsert blog Role '{"data": {"name": "admin"}, "key": "name"}' --analyze
  rowan explain batch blog '[{"model": "Role", "insert": {"name": "admin"}}, {"model": "Role", "get": {"select": {"name": true}}}]'
  rowan explain delete blog Post '{"where": {"id": 10}}' --format json)"};

const CommandHelp kBenchHelp = {
    "bench", "Send requests for a while, and measure rates and latencies",
    R"(The document is a request, a list of requests that are mixed, or {requests: [...]}. A request has a model and a verb with its document as in a batch (and
stream), and perhaps a name and a weight, which says how often it is sent compared with the others. Writes are really written. A value can vary:
  {$random: [1, 1000]}              a whole number between these
  {$next: 1}                        1, 2, 3, ...
  {$next: 1, text: "user {}"}       "user 1", "user 2", ...

Without --rate each client sends its next request when it has its answer; with it, latencies count from when a request was due. When the first
answer to a request is an error, the run ends with it.

Examples:
  rowan bench blog '{model: User, get: {select: {name: true, posts: {title: true}}, where: {id: {$random: [1, 1000]}}}}' --clients 32
  rowan bench blog @mix.yaml --duration 60s --warm-up 5s --rate 2000 --format json
  rowan bench blog '[{weight: 9, model: Role, get: {select: {name: true}}}, {weight: 1, model: Tag, insert: {name: {$next: 1, text: "tag {}"}}}]')"};

const CommandHelp kHealthHelp = {"health", "Tell whether the server serves",
                                 R"(Prints SERVING and exits with 0, or says why not and exits with 1.

Examples:
  rowan health
  rowan health --wait 30s --address db.example.com:50051)"};

}  // namespace rowan::cli
