#include "engine/operation.h"

#include <utility>

#include "engine/base/errors.h"
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

  // The result is a part of a larger message.
  template <typename Response>
  absl::Status Answer(const exec::Reply& reply, Response& response) const {
    *response.mutable_shape() = *shape;
    return response.MergeFromString(reply.bytes) ? absl::OkStatus() : errors::Internal("records do not parse");
  }

  absl::Status operator()(const PreparedGet& get) {
    exec::Reply reply;
    ROWAN_RETURN_IF_ERROR(exec::RunGetInside(*get.read, get.arguments, connection, context, reply));
    ROWAN_RETURN_IF_ERROR(Answer(reply, *result.mutable_get()));
    return CheckCount(get.expect, get.arguments, reply.records);
  }
  absl::Status operator()(const PreparedLockingGet& get) {
    exec::Reply reply;
    ROWAN_RETURN_IF_ERROR(exec::RunLockingGet(*get.read, get.arguments, connection, context, reply));
    ROWAN_RETURN_IF_ERROR(Answer(reply, *result.mutable_get()));
    return CheckCount(get.expect, get.arguments, reply.records);
  }
  absl::Status operator()(const PreparedAggregate& aggregate) {
    exec::Reply reply;
    ROWAN_RETURN_IF_ERROR(
        exec::RunAggregationInside(*aggregate.aggregation, aggregate.arguments, connection, context, reply));
    return Answer(reply, *result.mutable_aggregate());
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
