// The shape of a bound request as a string: the key of the plan cache, beside the schema's version. Two requests have
// one key exactly when they differ in values only, that is, when one plan and one SQL text serve both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ir/arguments.h"
#include "engine/ir/mutation.h"
#include "engine/ir/query.h"

namespace rowan::ir {

std::string ShapeKey(const Read& read);
std::string ShapeKey(const Mutation& mutation);
std::string ShapeKey(const Aggregation& aggregation);
std::string ShapeKey(const Exists& exists);

// What decides the places of records in one list, with values: tells lists apart whose cursors do not fit each other. The list
// is of the model's records, or of a relation's where that is not null.
std::string ListIdentity(std::string_view schema_version, const Model& model, const Relation* relation,
                         const std::optional<Predicate>& where, const std::vector<const Field*>& distinct,
                         const std::vector<Order>& order, const Arguments& arguments, const ListArguments& list);

}  // namespace rowan::ir
