#include "engine/bind_operation.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

constexpr char kRequests[] = "get, aggregate, exists, insert, update, upsert or delete";

absl::Status CheckSchema(const std::string& name, const Catalog& catalog) {
  if (name.empty() || name == catalog.schema_name) return absl::OkStatus();
  return errors::TransactionMisuse(
      "schema", "a transaction works on one schema, which is " + catalog.schema_name + ". Leave the name out");
}

absl::Status ReadOnly(std::string_view path) {
  return errors::TransactionMisuse(path, "the transaction was begun with read_only. Begin another one to write or lock");
}

absl::StatusOr<BoundOperation> BindRead(const v1::GetRequest& request, const OperationRules& rules,
                                        const BindContext& binding) {
  if (request.has_lock()) return rules.read_only ? ReadOnly("lock") : BindLockingGet(request, binding);
  ROWAN_ASSIGN_OR_RETURN(BoundRead bound, BindGet(request, binding));
  if (rules.isolation != pg::Isolation::kReadCommitted) return bound;
  // Each statement sees what was committed before it, so a tree of several could be torn.
  if (bound.read.strategy == ir::Strategy::kByLevel) {
    return errors::TransactionMisuse("strategy",
                                     "under READ_COMMITTED a read is one statement. Leave the strategy out, or begin with "
                                     "isolation REPEATABLE_READ");
  }
  if (bound.read.window.total == ir::Total::kExact) {
    return errors::TransactionMisuse("total",
                                     "under READ_COMMITTED a total may not fit its page. Count with an Aggregate, or begin "
                                     "with isolation REPEATABLE_READ");
  }
  if (bound.read.strategy == ir::Strategy::kAny) bound.read.strategy = ir::Strategy::kNested;
  return bound;
}

template <typename Request, typename Bind>
absl::StatusOr<BoundOperation> BindWrite(const Request& request, const OperationRules& rules,
                                         const BindContext& binding, Bind bind) {
  if (rules.read_only) return ReadOnly("");
  if (request.dry_run() || !request.request_id().empty()) {
    return errors::TransactionMisuse(request.dry_run() ? "dry_run" : "request_id",
                                     "it holds for all of a transaction. Leave it out here; a batch takes it");
  }
  return bind(request, binding);
}

// Binds an operation whose references have values in their places.
absl::StatusOr<BoundOperation> BindFilled(const v1::Operation& operation, const OperationRules& rules,
                                          const BindContext& binding) {
  const auto of_schema = [&](const auto& request, auto bind) -> absl::StatusOr<BoundOperation> {
    ROWAN_RETURN_IF_ERROR(CheckSchema(request.schema(), binding.catalog));
    return bind(request);
  };
  const auto write = [&](const auto& request, auto bind) {
    return of_schema(request, [&](const auto& one) { return BindWrite(one, rules, binding, bind); });
  };
  switch (operation.request_case()) {
    case v1::Operation::kGet:
      return of_schema(operation.get(), [&](const auto& get) { return BindRead(get, rules, binding); });
    case v1::Operation::kAggregate:
      return of_schema(operation.aggregate(), [&](const auto& aggregate) { return BindAggregation(aggregate, binding); });
    case v1::Operation::kExists:
      return of_schema(operation.exists(), [&](const auto& exists) { return BindExists(exists, binding); });
    case v1::Operation::kInsert:
      return write(operation.insert(), BindInsert);
    case v1::Operation::kUpdate:
      return write(operation.update(), BindUpdate);
    case v1::Operation::kUpsert:
      return write(operation.upsert(), BindUpsert);
    case v1::Operation::kDelete:
      return write(operation.delete_(), BindDelete);
    case v1::Operation::REQUEST_NOT_SET:
      break;
  }
  return errors::MissingArgument(Path("request"), kRequests);
}

}  // namespace

absl::StatusOr<pg::Isolation> IsolationOf(v1::IsolationLevel level) {
  switch (level) {
    case v1::ISOLATION_LEVEL_UNSPECIFIED:
    case v1::ISOLATION_LEVEL_READ_COMMITTED:
      return pg::Isolation::kReadCommitted;
    case v1::ISOLATION_LEVEL_REPEATABLE_READ:
      return pg::Isolation::kRepeatableRead;
    case v1::ISOLATION_LEVEL_SERIALIZABLE:
      return pg::Isolation::kSerializable;
    default:
      return errors::MalformedValue(Path("isolation"), "isolation level",
                                    "there are READ_COMMITTED, REPEATABLE_READ and SERIALIZABLE");
  }
}

absl::StatusOr<BoundOperation> BindOperation(const v1::Operation& operation, const OperationRules& rules,
                                             const FindReferent& find, const BindContext& binding) {
  if (!HasReferences(operation)) return BindFilled(operation, rules, binding);
  v1::Operation filled = operation;
  const std::vector<BrokenReference> broken = ReplaceReferences(find, filled);
  absl::StatusOr<BoundOperation> bound = BindFilled(filled, rules, binding);
  if (broken.empty()) return bound;
  return BrokenReferenceError(broken, bound.status());
}

absl::Status BindBatch(const v1::BatchRequest& request, const BindContext& binding, const TakeOperation& take) {
  const Path path("operations");
  if (request.operations().empty()) return errors::MissingArgument(path, "at least one operation");
  if (request.operations_size() > binding.limits.batch_operations) {
    return errors::TooManyNodes(path, binding.limits.batch_operations, "operations");
  }
  OperationRules rules;
  ROWAN_ASSIGN_OR_RETURN(rules.isolation, IsolationOf(request.isolation()));
  Referents earlier;
  std::vector<std::shared_ptr<const v1::Shape>> shapes;
  for (int i = 0; i < request.operations_size(); ++i) {
    const v1::Operation& operation = request.operations(i);
    const auto at = [&](const absl::Status& status) { return WithPathPrefix(status, absl::StrCat("operations[", i, "]")); };
    absl::StatusOr<BoundOperation> bound = BindOperation(operation, rules, earlier.find(), binding);
    if (!bound.ok()) return at(bound.status());
    absl::StatusOr<std::shared_ptr<const v1::Shape>> shape = take(i, *std::move(bound));
    if (!shape.ok()) return at(shape.status());
    shapes.push_back(*std::move(shape));
    if (!earlier.Add(operation.id(), {.shape = shapes.back().get()})) {
      return errors::DuplicateName(path.Index(i).Member("id"), operation.id());
    }
  }
  return absl::OkStatus();
}

}  // namespace rowan
