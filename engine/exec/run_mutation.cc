#include "engine/exec/run_mutation.h"

#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {

absl::Status RunMutation(const CompiledMutation& mutation, const Arguments& arguments, const Transaction& transaction,
                         pg::Pool& pool, const Context& context, v1::MutationResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const bool repeated,
                         RunTransaction(transaction, pool, context, response,
                                        [&](pg::Connection& connection, Failure& failure) {
                                          return RunProgram(mutation, arguments, connection, context, response,
                                                            failure.written);
                                        }));
  response.set_repeated_answer(repeated);
  return absl::OkStatus();
}

}  // namespace rowan::exec
