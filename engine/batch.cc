#include "engine/batch.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

std::string PathOf(int index) {
  return absl::StrCat("operations[", index, "]");
}

// The operations before the one that is looked at, by name.
class Earlier {
 public:
  FindReferent find() const {
    return [this](std::string_view id) -> const Referent* {
      const auto found = referents_.find(id);
      return found == referents_.end() ? nullptr : &found->second;
    };
  }
  // Returns false when there is one of the name.
  bool Add(const std::string& id, const Referent& referent) {
    return id.empty() || referents_.try_emplace(id, referent).second;
  }

 private:
  std::map<std::string, Referent, std::less<>> referents_;
};

}  // namespace

absl::StatusOr<PreparedBatch> PrepareBatch(const v1::BatchRequest& request, ServedSchema& schema,
                                           const BindContext& binding) {
  const Path path("operations");
  if (request.operations().empty()) return errors::MissingArgument(path, "at least one operation");
  if (request.operations_size() > binding.limits.batch_operations) {
    return errors::TooManyNodes(path, binding.limits.batch_operations, "operations");
  }
  PreparedBatch batch;
  ROWAN_ASSIGN_OR_RETURN(batch.isolation, IsolationOf(request.isolation()));
  Earlier earlier;
  for (int i = 0; i < request.operations_size(); ++i) {
    const v1::Operation& operation = request.operations(i);
    absl::StatusOr<PreparedOperation> prepared =
        PrepareOperation(operation, {.isolation = batch.isolation}, earlier.find(), schema, binding);
    if (!prepared.ok()) return WithPathPrefix(prepared.status(), PathOf(i));
    batch.operations.push_back(*std::move(prepared));
    if (!earlier.Add(operation.id(), {.shape = batch.operations.back().shape.get()})) {
      return errors::DuplicateName(path.Index(i).Member("id"), operation.id());
    }
  }
  return batch;
}

absl::Status RunBatch(const v1::BatchRequest& request, const PreparedBatch& prepared, exec::Transaction transaction,
                      ServedSchema& schema, const BindContext& binding, pg::Pool& pool, const exec::Context& context,
                      v1::BatchResponse& response) {
  transaction.options.isolation = prepared.isolation;
  const auto run = [&](pg::Connection& connection, exec::Failure& failure) -> absl::Status {
    Earlier earlier;
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
            const PreparedOperation again,
            PrepareOperation(operation, {.isolation = prepared.isolation}, earlier.find(), schema, binding));
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
