#include "engine/batch.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

std::string PathOf(int index) {
  return absl::StrCat("operations[", index, "]");
}

}  // namespace

absl::StatusOr<PreparedBatch> PrepareBatch(const v1::BatchRequest& request, ServedSchema& schema,
                                           const BindContext& binding) {
  PreparedBatch batch;
  ROWAN_RETURN_IF_ERROR(BindBatch(request, binding, [&](int, BoundOperation bound) {
    batch.operations.push_back(PrepareOperation(std::move(bound), schema));
    return batch.operations.back().shape;
  }));
  ROWAN_ASSIGN_OR_RETURN(batch.isolation, IsolationOf(request.isolation()));
  return batch;
}

absl::Status RunBatch(const v1::BatchRequest& request, const PreparedBatch& prepared, exec::Transaction transaction,
                      ServedSchema& schema, const BindContext& binding, pg::Pool& pool, const exec::Context& context,
                      v1::BatchResponse& response) {
  transaction.options.isolation = prepared.isolation;
  const auto run = [&](pg::Connection& connection, exec::Failure& failure) -> absl::Status {
    Referents earlier;
    int64_t bytes = 0;
    // References to results stay valid.
    response.mutable_results()->Reserve(request.operations_size());
    for (int i = 0; i < request.operations_size(); ++i) {
      const v1::Operation& operation = request.operations(i);
      failure = {.path = PathOf(i)};
      v1::OperationResult& result = *response.add_results();
      result.set_id(operation.id());
      if (HasReferences(operation)) {
        ROWAN_ASSIGN_OR_RETURN(
            BoundOperation bound,
            BindOperation(operation, {.isolation = prepared.isolation}, earlier.find(), binding));
        const PreparedOperation again = PrepareOperation(std::move(bound), schema);
        ROWAN_RETURN_IF_ERROR(RunOperation(again, connection, context, failure, result));
      } else {
        ROWAN_RETURN_IF_ERROR(RunOperation(prepared.operations[i], connection, context, failure, result));
      }
      bytes += static_cast<int64_t>(result.ByteSizeLong());
      if (bytes > context.limits.reply_bytes) return errors::ReplyTooLarge(context.limits.reply_bytes);
      earlier.Add(operation.id(), ReferentOf(result));
    }
    failure = {};
    return absl::OkStatus();
  };
  ROWAN_ASSIGN_OR_RETURN(const bool repeated, exec::RunTransaction(transaction, pool, context, response, run));
  response.set_repeated_answer(repeated);
  return absl::OkStatus();
}

}  // namespace rowan
