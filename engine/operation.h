// The operations of batches and interactive transactions: compiled one by one, and run inside a transaction that is open
// already. Paths of errors are those within the operation: "data.name".
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "absl/status/statusor.h"
#include "engine/bind_operation.h"
#include "engine/exec/run_transaction.h"
#include "engine/ir/arguments.h"
#include "engine/pg/connection.h"
#include "engine/served_schema.h"

namespace rowan::v1 {
class OperationResult;
class Shape;
}  // namespace rowan::v1

namespace rowan {

struct PreparedGet {
  std::shared_ptr<const exec::CompiledRead> read;
  Arguments arguments;
  std::optional<ir::Expectation> expect;
};
struct PreparedLockingGet {
  std::shared_ptr<const exec::CompiledLockingRead> read;
  Arguments arguments;
  std::optional<ir::Expectation> expect;
};
struct PreparedAggregate {
  std::shared_ptr<const exec::CompiledAggregation> aggregation;
  Arguments arguments;
};
struct PreparedExists {
  std::shared_ptr<const exec::CompiledExists> exists;
  Arguments arguments;
  std::optional<bool> expect;
};
struct PreparedMutation {
  std::shared_ptr<const exec::CompiledMutation> mutation;
  Arguments arguments;
};

struct PreparedOperation {
  std::variant<PreparedGet, PreparedLockingGet, PreparedAggregate, PreparedExists, PreparedMutation> request;
  std::shared_ptr<const v1::Shape> shape;  // of the records that it returns; null: none
};

// Compiles a bound operation.
PreparedOperation PrepareOperation(BoundOperation bound, ServedSchema& schema);

// Runs it and fills the result, the id excepted. Errors: statuses of engine/pg, and those of the catalogue that running
// the request itself gives.
absl::Status RunOperation(const PreparedOperation& operation, pg::Connection& connection, const exec::Context& context,
                          exec::Failure& failure, v1::OperationResult& result);

// Check what a read answered against what its request expects.
absl::Status CheckCount(const std::optional<ir::Expectation>& expect, const Arguments& arguments, int64_t records);
absl::Status CheckExistence(std::optional<bool> expect, bool exists);

}  // namespace rowan
