#include <utility>

#include "engine/base/status_macros.h"
#include "engine/pg/connection_state.h"

namespace rowan::pg {

absl::Status Connection::BeginCopy(const std::string& copy, const Call& call) {
  ROWAN_RETURN_IF_ERROR(State::CheckStart(call));
  ROWAN_RETURN_IF_ERROR(state_->SendBeginning(call));
  const Cancellation::Registration on_cancel(call.cancellation, [this] { state_->SendCancel(); });
  if (!state_->SendText(copy.c_str())) return state_->Broken();
  ROWAN_RETURN_IF_ERROR(state_->Flush(call));
  ROWAN_ASSIGN_OR_RETURN(const OwnedResult result, state_->Next(call));
  if (result != nullptr && PQresultStatus(result.get()) == PGRES_COPY_IN) return absl::OkStatus();
  if (result == nullptr || !Failed(result.get())) return state_->Broken();
  absl::Status error = ErrorOf(result.get());
  ROWAN_RETURN_IF_ERROR(state_->Drain(call));
  return error;
}

absl::Status Connection::PutCopy(std::string_view bytes, const Call& call) {
  ROWAN_RETURN_IF_ERROR(State::CheckStart(call));
  const Cancellation::Registration on_cancel(call.cancellation, [this] { state_->SendCancel(); });
  if (PQputCopyData(state_->connection, bytes.data(), static_cast<int>(bytes.size())) != 1) return state_->Broken();
  // libpq would keep all that PostgreSQL does not take.
  return state_->Flush(call);
}

absl::Status Connection::EndCopy(const Call& call) {
  ROWAN_RETURN_IF_ERROR(State::CheckStart(call));
  const Cancellation::Registration on_cancel(call.cancellation, [this] { state_->SendCancel(); });
  if (PQputCopyEnd(state_->connection, nullptr) != 1) return state_->Broken();
  absl::Status error = state_->Drain(call);
  if (state_->cancel_sent) state_->broken = true;
  return error;
}

void Connection::AbortCopy() {
  if (broken() || PQtransactionStatus(state_->connection) != PQTRANS_ACTIVE) return;
  // The call may be over; PostgreSQL answers an end by the client with an error, which is what was wanted.
  Call call;
  call.deadline = Clock::now() + std::chrono::seconds(2);
  if (PQputCopyEnd(state_->connection, "given up") != 1 || state_->Drain(call).ok()) state_->broken = true;
}

}  // namespace rowan::pg
