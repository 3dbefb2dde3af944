// libpqxx's exceptions -> the errors of the catalogue. Private to engine/store.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "engine/store/plan_migration.h"

namespace rowan::store {

using Log = std::function<void(const std::string& message)>;

// Runs `work`, which may throw what libpqxx throws, and returns its status or that of the exception. `step` tells which
// step runs, or null; it is read when an exception comes.
absl::Status Guarded(const Log& log, const SchemaStep* const& step, const std::function<absl::Status()>& work);

}  // namespace rowan::store
