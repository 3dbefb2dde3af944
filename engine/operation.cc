#include "engine/operation.h"

#include <string>
#include <utility>

#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/bind/bind_aggregate.h"
#include "engine/bind/bind_mutation.h"
#include "engine/bind/bind_query.h"
#include "engine/exec/expectation.h"
#include "engine/hydrate/hydrate.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

constexpr char kRequests[] = "get, aggregate, exists, insert, update, upsert or delete";

absl::Status CheckSchema(const std::string& name, const ServedSchema& schema) {
  if (name.empty() || name == schema.catalog->schema_name) return absl::OkStatus();
  return errors::TransactionMisuse("schema", "a transaction works on one schema, which is " +
                                                 schema.catalog->schema_name + ". Leave the name out");
}

// Binds one operation, whose references have values in their places.
class Preparation {
 public:
  Preparation(const OperationRules& rules, ServedSchema& schema, const BindContext& binding)
      : rules_(rules), schema_(schema), binding_(binding) {}

  absl::StatusOr<PreparedOperation> Prepare(const v1::Operation& operation) {
    switch (operation.request_case()) {
      case v1::Operation::kGet:
        return Get(operation.get());
      case v1::Operation::kAggregate:
        return Aggregate(operation.aggregate());
      case v1::Operation::kExists:
        return Exists(operation.exists());
      case v1::Operation::kInsert:
        return Write(operation.insert(), BindInsert);
      case v1::Operation::kUpdate:
        return Write(operation.update(), BindUpdate);
      case v1::Operation::kUpsert:
        return Write(operation.upsert(), BindUpsert);
      case v1::Operation::kDelete:
        return Write(operation.delete_(), BindDelete);
      case v1::Operation::REQUEST_NOT_SET:
        break;
    }
    return errors::MissingArgument(Path("request"), kRequests);
  }

 private:
  absl::StatusOr<PreparedOperation> Get(const v1::GetRequest& request) {
    ROWAN_RETURN_IF_ERROR(CheckSchema(request.schema(), schema_));
    if (request.has_lock()) {
      if (rules_.read_only) return ReadOnly("lock");
      ROWAN_ASSIGN_OR_RETURN(BoundRead bound, BindLockingGet(request, binding_));
      const auto read = CompileLocking(schema_, std::move(bound.read));
      return Returning(read->records.root, PreparedLockingGet{read, std::move(bound.arguments), bound.expect});
    }
    ROWAN_ASSIGN_OR_RETURN(BoundRead bound, BindGet(request, binding_));
    if (rules_.isolation == pg::Isolation::kReadCommitted) {
      // Each statement sees what was committed before it, so a tree of several could be torn.
      if (bound.read.strategy == ir::Strategy::kByLevel) {
        return errors::TransactionMisuse("strategy",
                                         "under READ_COMMITTED a read is one statement. Leave the strategy out, or begin "
                                         "with isolation REPEATABLE_READ");
      }
      if (bound.read.window.total == ir::Total::kExact) {
        return errors::TransactionMisuse("total",
                                         "under READ_COMMITTED a total may not fit its page. Count with an Aggregate, or "
                                         "begin with isolation REPEATABLE_READ");
      }
      bound.read.strategy = ir::Strategy::kNested;
    }
    const auto read = Compile(schema_, std::move(bound.read));
    return Returning(read->plan.root, PreparedGet{read, std::move(bound.arguments), bound.expect});
  }

  absl::StatusOr<PreparedOperation> Aggregate(const v1::AggregateRequest& request) {
    ROWAN_RETURN_IF_ERROR(CheckSchema(request.schema(), schema_));
    ROWAN_ASSIGN_OR_RETURN(BoundAggregation bound, BindAggregation(request, binding_));
    const auto aggregation = Compile(schema_, std::move(bound.aggregation));
    return Returning(aggregation->plan, PreparedAggregate{aggregation, std::move(bound.arguments)});
  }

  absl::StatusOr<PreparedOperation> Exists(const v1::ExistsRequest& request) {
    ROWAN_RETURN_IF_ERROR(CheckSchema(request.schema(), schema_));
    ROWAN_ASSIGN_OR_RETURN(BoundExists bound, BindExists(request, binding_));
    return PreparedOperation{
        PreparedExists{Compile(schema_, std::move(bound.exists)), std::move(bound.arguments), bound.expect}, nullptr};
  }

  template <typename Request, typename Bind>
  absl::StatusOr<PreparedOperation> Write(const Request& request, Bind bind) {
    ROWAN_RETURN_IF_ERROR(CheckSchema(request.schema(), schema_));
    if (rules_.read_only) return ReadOnly("");
    if (request.dry_run() || !request.request_id().empty()) {
      return errors::TransactionMisuse(request.dry_run() ? "dry_run" : "request_id",
                                       "it holds for all of a transaction. Leave it out here; a batch takes it");
    }
    ROWAN_ASSIGN_OR_RETURN(BoundMutation bound, bind(request, binding_));
    const auto mutation = Compile(schema_, std::move(bound.mutation));
    PreparedMutation prepared{mutation, std::move(bound.arguments)};
    if (!mutation->program.returning) return PreparedOperation{std::move(prepared), nullptr};
    return Returning(mutation->program.returning->root, std::move(prepared));
  }

  static absl::Status ReadOnly(std::string_view path) {
    return errors::TransactionMisuse(path, "the transaction was begun with read_only. Begin another one to write or lock");
  }

  template <typename Root, typename Request>
  static PreparedOperation Returning(const Root& root, Request request) {
    auto shape = std::make_shared<v1::Shape>();
    HydrateShape(root, *shape);
    return {std::move(request), std::move(shape)};
  }

  const OperationRules& rules_;
  ServedSchema& schema_;
  const BindContext& binding_;
};

// Runs one operation.
struct Runner {
  pg::Connection& connection;
  const exec::Context& context;
  const v1::Shape* shape;
  exec::Failure& failure;
  v1::OperationResult& result;

  absl::Status operator()(const PreparedGet& get) {
    v1::GetResponse& response = *result.mutable_get();
    *response.mutable_shape() = *shape;
    ROWAN_RETURN_IF_ERROR(exec::RunGetInside(*get.read, get.arguments, connection, context, response));
    return CheckCount(get.expect, get.arguments, response.records_size());
  }
  absl::Status operator()(const PreparedLockingGet& get) {
    v1::GetResponse& response = *result.mutable_get();
    *response.mutable_shape() = *shape;
    ROWAN_RETURN_IF_ERROR(exec::RunLockingGet(*get.read, get.arguments, connection, context, response));
    return CheckCount(get.expect, get.arguments, response.records_size());
  }
  absl::Status operator()(const PreparedAggregate& aggregate) {
    v1::AggregateResponse& response = *result.mutable_aggregate();
    *response.mutable_shape() = *shape;
    return exec::RunAggregationInside(*aggregate.aggregation, aggregate.arguments, connection, context, response);
  }
  absl::Status operator()(const PreparedExists& exists) {
    v1::ExistsResponse& response = *result.mutable_exists();
    ROWAN_RETURN_IF_ERROR(
        exec::RunExistsInside(*exists.exists, exists.arguments, connection, context, response));
    return CheckExistence(exists.expect, response.exists());
  }
  absl::Status operator()(const PreparedMutation& mutation) {
    return exec::RunProgram(*mutation.mutation, mutation.arguments, connection, context, *result.mutable_mutation(),
                            failure.written);
  }
};

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

absl::StatusOr<PreparedOperation> PrepareOperation(const v1::Operation& operation, const OperationRules& rules,
                                                   const FindReferent& find, ServedSchema& schema,
                                                   const BindContext& binding) {
  Preparation preparation(rules, schema, binding);
  if (!HasReferences(operation)) return preparation.Prepare(operation);
  v1::Operation filled = operation;
  const std::vector<BrokenReference> broken = ReplaceReferences(find, filled);
  absl::StatusOr<PreparedOperation> prepared = preparation.Prepare(filled);
  if (broken.empty()) return prepared;
  return BrokenReferenceError(broken, prepared.status());
}

absl::Status RunOperation(const PreparedOperation& operation, pg::Connection& connection, const exec::Context& context,
                          exec::Failure& failure, v1::OperationResult& result) {
  return std::visit(Runner{connection, context, operation.shape.get(), failure, result}, operation.request);
}

absl::Status CheckCount(const std::optional<ir::Expectation>& expect, const Arguments& arguments, int64_t records) {
  return expect ? exec::CheckExpectation(*expect, arguments.expected, records) : absl::OkStatus();
}

absl::Status CheckExistence(std::optional<bool> expect, bool exists) {
  return !expect || *expect == exists ? absl::OkStatus() : errors::UnexpectedExistence("expect", *expect);
}

}  // namespace rowan
