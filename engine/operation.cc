#include "engine/operation.h"

#include <utility>

#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/exec/expectation.h"
#include "engine/hydrate/hydrate.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

template <typename Root, typename Request>
PreparedOperation Returning(const Root& root, Request request) {
  auto shape = std::make_shared<v1::Shape>();
  HydrateShape(root, *shape);
  return {std::move(request), std::move(shape)};
}

struct Compiler {
  ServedSchema& schema;

  PreparedOperation operator()(BoundRead bound) {
    if (bound.read.lock) {
      const auto read = CompileLocking(schema, std::move(bound.read));
      return Returning(read->records.root, PreparedLockingGet{read, std::move(bound.arguments), bound.expect});
    }
    const auto read = Compile(schema, std::move(bound.read));
    return Returning(read->plan.root, PreparedGet{read, std::move(bound.arguments), bound.expect});
  }
  PreparedOperation operator()(BoundAggregation bound) {
    const auto aggregation = Compile(schema, std::move(bound.aggregation));
    return Returning(aggregation->plan, PreparedAggregate{aggregation, std::move(bound.arguments)});
  }
  PreparedOperation operator()(BoundExists bound) {
    return {PreparedExists{Compile(schema, std::move(bound.exists)), std::move(bound.arguments), bound.expect}, nullptr};
  }
  PreparedOperation operator()(BoundMutation bound) {
    const auto mutation = Compile(schema, std::move(bound.mutation));
    PreparedMutation prepared{mutation, std::move(bound.arguments)};
    if (!mutation->program.returning) return {std::move(prepared), nullptr};
    return Returning(mutation->program.returning->root, std::move(prepared));
  }
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

PreparedOperation PrepareOperation(BoundOperation bound, ServedSchema& schema) {
  return std::visit(Compiler{schema}, std::move(bound));
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
