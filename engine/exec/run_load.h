// Runs a bulk load in one transaction; all or nothing but for the rejects that it tolerates.
//
// Rows go to PostgreSQL as they come, in pieces of about 64 KiB, and the next ones are asked for when it took them, so
// memory is bounded whatever their number, and a slow database slows the client down. Then a few statements make
// records of them all. When a constraint is violated, the rows to blame are found by halves: a range of rows is written
// within a savepoint, and one that fails is cut in two, down to single rows.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/exec/context.h"
#include "engine/exec/run_transaction.h"
#include "engine/ir/load.h"
#include "engine/pg/pool.h"
#include "engine/sql/render_load.h"
#include "engine/types/type.h"

namespace rowan::v1 {
class LoadRequest;
class LoadResponse;
class LoadRow;
}  // namespace rowan::v1

namespace rowan::exec {

// What a load takes and gives while it runs.
struct LoadFeed {
  // Waits for the client's next message, the first one after the begin. False when it has sent all.
  std::function<absl::StatusOr<bool>(v1::LoadRequest&)> read;
  // Encodes the values of a row with this number, one for each column. An error makes the row a reject.
  std::function<absl::Status(const v1::LoadRow&, int64_t, std::vector<Encoded>&)> encode;
  // Takes a message and returns when the transport accepted it. The result comes after the commit.
  std::function<absl::Status(const v1::LoadResponse&)> write;
};

// A load that ran before under its identity gives the kept result, and reads no rows. Errors: those of reading and
// writing and of the database; that of the first row beyond the tolerated rejects; ConflictingInput for a second begin;
// KeyReused; CommitOutcomeUnknown.
absl::Status RunLoad(const ir::Load& load, const sql::LoadStatements& sql, const LoadFeed& feed,
                     const Transaction& transaction, pg::Pool& pool, const Context& context);

}  // namespace rowan::exec
