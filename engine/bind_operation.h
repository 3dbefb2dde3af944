// Binds the operations of batches and interactive transactions. Everything that can be refused without asking the database
// is refused here. Paths of errors are those within the operation: "data.name". Pure; thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "absl/status/statusor.h"
#include "engine/bind/bind_aggregate.h"
#include "engine/bind/bind_context.h"
#include "engine/bind/bind_mutation.h"
#include "engine/bind/bind_query.h"
#include "engine/pg/connection.h"
#include "engine/references.h"

namespace rowan::v1 {
class BatchRequest;
class Operation;
class Shape;
enum IsolationLevel : int;
}  // namespace rowan::v1

namespace rowan {

// Returns the isolation of a transaction, whose default is READ COMMITTED. Errors: MalformedValue.
absl::StatusOr<pg::Isolation> IsolationOf(v1::IsolationLevel level);

// What the transaction lets its operations do.
struct OperationRules {
  pg::Isolation isolation = pg::Isolation::kReadCommitted;
  bool read_only = false;
};

// A read may have a lock.
using BoundOperation = std::variant<BoundRead, BoundAggregation, BoundExists, BoundMutation>;

// Binds an operation, with what `find` knows in place of its references.
absl::StatusOr<BoundOperation> BindOperation(const v1::Operation& operation, const OperationRules& rules,
                                             const FindReferent& find, const BindContext& binding);

// Takes the next bound operation of a batch and returns the shape of what it returns, or null.
using TakeOperation = std::function<absl::StatusOr<std::shared_ptr<const v1::Shape>>(int index, BoundOperation bound)>;

// Binds the operations of a batch one after the other, those that refer to earlier ones with samples in place of what these
// will return. Errors: those of the operations and of `take`, with paths that begin with `operations[i]`; MissingArgument,
// TooManyNodes, DuplicateName, MalformedValue.
absl::Status BindBatch(const v1::BatchRequest& request, const BindContext& binding, const TakeOperation& take);

}  // namespace rowan
