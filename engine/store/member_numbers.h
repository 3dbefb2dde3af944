// The numbers that fields and relations have in typed messages. A number stands for one thing in all versions of its model:
// a reader of any version's messages finds under it what it was generated for, or nothing.
//
// Private to engine/store. Everything throws what libpqxx throws.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/catalog/catalog.h"
#include "engine/store/match_catalogs.h"

namespace pqxx {
class transaction_base;
}

namespace rowan::v1 {
class Schema;
}

namespace rowan::store {

// Of one version: model -> field or relation -> number.
using MemberNumbers = std::map<std::string, std::map<std::string, int32_t>>;

// Gives every field and relation of the schema its number. What was in the registered version keeps its own under whatever
// name (see MatchCatalogs), and what comes back under its name gets that which it had, as long as messages hold it in the
// same way. All others get one that nothing of their model ever had. `registered` is null for the first version.
MemberNumbers AllotNumbers(pqxx::transaction_base& transaction, const Catalog& schema, const Catalog* registered,
                           const MemberNumbers& former, const Matches& matches);

// Fills in the numbers of all fields and relations, and those that others of their models have or had.
void FillNumbers(pqxx::transaction_base& transaction, const MemberNumbers& numbers, v1::Schema& schema);

// The numbers as the registry keeps them, and back.
std::string NumbersToJson(const MemberNumbers& numbers);
MemberNumbers NumbersFromJson(const std::string& json);

}  // namespace rowan::store
