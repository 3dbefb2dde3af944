// Puts the parameters of a step's statement together from the rows it works on. Private to engine/exec.
#pragma once

#include <vector>

#include "engine/exec/node_rows.h"
#include "engine/ir/arguments.h"
#include "engine/pg/statement.h"
#include "engine/sql/render_mutation.h"

namespace rowan::exec {

// Rows that a statement found: as many columns as it selects, each a value per row.
using FoundColumns = std::vector<std::vector<Encoded>>;

// Owns parameters and lends them to the driver.
class Parameters {
 public:
  // `rows` are the rows that the step works on, all of their nodes for a chain, where it is null; `found` are those that the
  // statement before it found.
  Parameters(const sql::StepStatement& statement, const plan::Program& program, const RowStore& store,
             const Arguments& arguments, const std::vector<int>* rows, const FoundColumns& found = {});

  std::vector<pg::Parameter> views() const;

 private:
  std::vector<Encoded> values_;
};

}  // namespace rowan::exec
