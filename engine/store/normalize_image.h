// Expressions as PostgreSQL writes them: `n > 0 AND n<9` is `((n > 0) AND (n < 9))` in its catalog. Only PostgreSQL can say
// so, and it does when it is shown the expressions on a temporary table.
#pragma once

#include "engine/store/database_image.h"

namespace pqxx {
class transaction_base;
}

namespace rowan::store {

// Returns `wanted` with those expressions of defaults, generated columns, checks and predicates that are not texts of
// `live` replaced by what PostgreSQL makes of them. An expression that it refuses stays as it is, which the step that needs
// it will tell. Leaves nothing behind in the transaction. Throws what libpqxx throws, but for such refusals.
DatabaseImage Normalized(pqxx::transaction_base& transaction, const DatabaseImage& wanted, const DatabaseImage& live);

}  // namespace rowan::store
