// Binds bulk loads: what is loaded at its begin, and then row by row. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/bind/bind_context.h"
#include "engine/ir/load.h"
#include "engine/types/type.h"

namespace rowan::v1 {
class LoadBegin;
class LoadRow;
}  // namespace rowan::v1

namespace rowan {

// Errors: INVALID_ARGUMENT with the path of the mistake, as load.proto says.
absl::StatusOr<ir::Load> BindLoad(const v1::LoadBegin& request, const BindContext& context);

// Encodes the values of one row, one for each of the load's columns, over what `values` holds. `number` is the row's,
// for paths. Errors: those of EncodeValue; NULL_NOT_ALLOWED; TYPE_MISMATCH for too few or too many values.
absl::Status BindLoadRow(const ir::Load& load, const v1::LoadRow& row, int64_t number, std::vector<Encoded>& values);

}  // namespace rowan
