#include "clients/cli/file_columns.h"

namespace rowan::cli {

const v1::Model* FindModel(const v1::Schema& schema, std::string_view name) {
  for (const v1::Model& model : schema.models()) {
    if (model.name() == name) return &model;
  }
  return nullptr;
}

FileColumn FindColumn(const v1::Schema& schema, const v1::Model& model, std::string_view name) {
  FileColumn column{.name = std::string(name)};
  column.type.set_scalar(v1::SCALAR_TYPE_TEXT);
  const v1::Model* holder = &model;
  const size_t dot = name.find('.');
  column.field = name.substr(dot == std::string_view::npos ? 0 : dot + 1);
  if (dot != std::string_view::npos) {
    column.relation = name.substr(0, dot);
    holder = nullptr;
    for (const v1::Relation& relation : model.relations()) {
      if (relation.name() == column.relation) holder = FindModel(schema, relation.target());
    }
  }
  if (holder == nullptr) return column;
  for (const v1::Field& field : holder->fields()) {
    if (field.name() == column.field) column.type = field.type();
  }
  return column;
}

}  // namespace rowan::cli
