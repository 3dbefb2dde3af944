#include "engine/plan/print_load.h"

namespace rowan::plan {
namespace {

std::string Names(const std::vector<const Field*>& fields) {
  std::string names;
  for (const Field* field : fields) names += (names.empty() ? "" : ", ") + field->name;
  return names;
}

}  // namespace

std::string PrintLoad(const ir::Load& load) {
  std::string text = "load " + load.model->name + " [";
  for (size_t i = 0; i < load.columns.size(); ++i) {
    const ir::LoadColumn& column = load.columns[i];
    text += (i == 0 ? "" : ", ") + (column.relation == nullptr ? "" : column.relation->name + ".") + column.field->name;
  }
  text += "]\n- take rows\n";
  for (const ir::LoadReference& reference : load.references) {
    text += "- lock " + reference.target->name + " by " + Names(reference.key) + " for key share";
    if (!reference.gives.empty()) text += ", giving " + Names(reference.gives);
    text += "\n- reject rows without their " + reference.name;
    if (!reference.own_columns.empty()) text += ", unless it is another row";
    text += "\n";
  }
  text += "- insert " + load.model->name + " [";
  for (size_t i = 0; i < load.fields.size(); ++i) {
    const ir::LoadField& field = load.fields[i];
    text += (i == 0 ? "" : ", ") + field.field->name;
    if (field.reference >= 0) text += " of " + load.references[field.reference].name;
  }
  text += "]";
  switch (load.policy) {
    case ir::ConflictPolicy::kReject:
      break;
    case ir::ConflictPolicy::kSkip:
      text += ", skip where " + Names(load.key->fields) + " is taken";
      break;
    case ir::ConflictPolicy::kUpdate:
      text += ", update [" + Names(load.updates) + "] where " + Names(load.key->fields) + " is taken";
      if (load.version != nullptr) text += ", counting in " + load.version->name;
      break;
  }
  return text + "\n- when that fails: find the rows to blame by halves, and reject them\n";
}

}  // namespace rowan::plan
