// Renders plans of reads. Never fails; the same plan always gives the same texts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/pg/statement.h"
#include "engine/plan/select.h"

namespace rowan::sql {

struct ReadStatement {
  std::string description;  // "read Post at posts"
  pg::Statement statement;
  int keys = 0;            // how many arrays of keys come first among the parameters
  std::vector<int> slots;  // what each parameter after those takes
  // By level, where keys are integers: the same for all keys from $1 to $2, which come in place of the array.
  std::optional<pg::Statement> range;
};

struct RenderedRead {
  // By the number of the select. A read that is nested or tagged has the root's only.
  std::vector<ReadStatement> selects;
  // Tagged, by the number of the select: which columns of the result hold the key (but of the root) and the columns of
  // plan/select.h. The first column of the result is the number of the select.
  std::vector<std::vector<int>> columns;
  // When a total is asked for: counts the root's records, or for an estimate is to be explained, not run: PostgreSQL's
  // estimate of its rows is the total.
  std::optional<ReadStatement> total;
};

RenderedRead RenderRead(const plan::Read& read);

// One row per group: the keys, then the computed columns.
ReadStatement RenderAggregation(const ir::Aggregation& aggregation);

// One row of one bool.
ReadStatement RenderExists(const ir::Exists& exists);

}  // namespace rowan::sql
