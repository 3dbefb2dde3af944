// The columns of a file of records: a field of the model, "name", or one of a related record, "role.name".
#pragma once

#include <string>
#include <string_view>

#include "rowan/v1/schema.pb.h"

namespace rowan::cli {

struct FileColumn {
  std::string name;
  std::string relation;  // empty: a field of the model
  std::string field;
  v1::FieldType type;  // text when the schema does not have it: the server says then what exists
};

// Returns the model of the name, or null.
const v1::Model* FindModel(const v1::Schema& schema, std::string_view name);

// Takes a column's name apart and finds its type. `schema` is in canonical form.
FileColumn FindColumn(const v1::Schema& schema, const v1::Model& model, std::string_view name);

}  // namespace rowan::cli
