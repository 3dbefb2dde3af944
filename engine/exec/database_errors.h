// What PostgreSQL says -> the errors of the catalogue (semantics E). The driver's text goes to the log and no further.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "engine/catalog/catalog.h"
#include "engine/exec/context.h"

namespace rowan::exec {

// What was going on when the error came.
struct Attempt {
  // The model whose rows the statement wrote, or null. A broken foreign key of its own table means a target that does
  // not exist; any other means rows that still refer to it.
  const Model* written = nullptr;
  int attempts = 1;  // how often the transaction was tried
  std::string place = "data";  // where its rows stand in the request
};

// Turns a status of engine/pg into one for the client. Statuses without a DatabaseError pass unchanged.
absl::Status TranslateDatabaseError(const absl::Status& status, const Attempt& attempt, const Context& context);

// Whether the transaction may succeed when it is run again: a serialization failure or a deadlock.
bool IsTransient(const absl::Status& status);

}  // namespace rowan::exec
