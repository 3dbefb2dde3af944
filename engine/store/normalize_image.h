// Expressions as PostgreSQL writes them: `n > 0 AND n<9` is `((n > 0) AND (n < 9))` in its catalog. Only PostgreSQL can say
// so, and it does when it is shown the expressions on a temporary table.
//
// Some it writes in one way when it reads them first, and in another when it reads what it wrote: `state IN ('new', 'old')`
// on a varchar, `n BETWEEN 1 AND 9 AND m > 0`. What it wrote the second time stays.
#pragma once

#include "engine/store/database_image.h"

namespace pqxx {
class transaction_base;
}

namespace rowan::store {

// Replaces the expressions of defaults, generated columns, checks and predicates of `wanted` that are not texts of `live` by
// what PostgreSQL makes of them, and where that is not enough those of both, so that what means the same is the same text.
// An expression that it refuses stays as it is, which the step that needs it will tell. Leaves nothing behind in the
// transaction. Throws what libpqxx throws, but for such refusals.
void Normalize(pqxx::transaction_base& transaction, DatabaseImage& wanted, DatabaseImage& live);

// Replaces the expressions of generated columns, checks and predicates of `live` by those that a database has which is made
// of them. What PostgreSQL refuses stays as it is. Leaves nothing behind in the transaction.
void Settle(pqxx::transaction_base& transaction, DatabaseImage& live);

}  // namespace rowan::store
