// Binds write requests: request proto + catalog -> ir::Mutation + Arguments. Everything that can be refused without
// asking the database is refused here, with its path, before any SQL. Pure; thread-safe.
//
// Records are bound node by node, not record by record: all records of one place in the request, whoever their parents
// are, become rows of one node, so that the form does not depend on their number.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "engine/bind/bind_context.h"
#include "engine/ir/arguments.h"
#include "engine/ir/mutation.h"

namespace rowan::v1 {
class DeleteRequest;
class InsertRequest;
class UpdateRequest;
class UpsertRequest;
}  // namespace rowan::v1

namespace rowan {

struct BoundMutation {
  ir::Mutation mutation;
  Arguments arguments;
};

// An insert that says nothing of what to return returns the primary key.
absl::StatusOr<BoundMutation> BindInsert(const v1::InsertRequest& request, const BindContext& context);
absl::StatusOr<BoundMutation> BindUpdate(const v1::UpdateRequest& request, const BindContext& context);
// Returns the primary key, too.
absl::StatusOr<BoundMutation> BindUpsert(const v1::UpsertRequest& request, const BindContext& context);
absl::StatusOr<BoundMutation> BindDelete(const v1::DeleteRequest& request, const BindContext& context);

}  // namespace rowan
