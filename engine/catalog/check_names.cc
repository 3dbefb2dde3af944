// No two things may share a name in PostgreSQL. Tables, indexes and the indexes of unique keys share the names of one
// PostgreSQL schema, types too with tables; constraints share those of their table.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/schema_draft.h"

namespace rowan {
namespace {

// Names that are taken, and by what path.
class Names {
 public:
  explicit Names(Draft& draft) : draft_(draft) {}

  // Returns whether the name was free.
  bool Take(const std::string& name, const std::string& path, std::string_view what) {
    if (name.empty()) return false;  // not resolved, because of a problem reported elsewhere
    const auto [taken, fresh] = by_name_.emplace(name, path);
    if (fresh) return true;
    draft_.Report("NAME_COLLISION", path,
                  absl::StrCat("its ", std::string(what), " \"", Printable(name), "\" has the name of one of ",
                               taken->second, ": give one of them another name"),
                  {{"name", Printable(name)}, {"other", taken->second}});
    return false;
  }

 private:
  Draft& draft_;
  std::map<std::string, std::string> by_name_;
};

void CheckColumns(Draft& draft, const ModelDraft& model) {
  Names columns(draft);
  for (const auto& [name, field] : model.fields) columns.Take(field->column(), model.FieldPath(name), "column");
}

using NamesBySchema = std::map<std::string, Names>;

Names& In(Draft& draft, const std::string& schema, NamesBySchema& names) {
  return names.try_emplace(schema, draft).first->second;
}

void CheckModel(Draft& draft, const ModelDraft& model, bool own_table, Names& relations) {
  const std::string& table = model.proto->table();
  CheckColumns(draft, model);
  Names constraints(draft);
  const auto take_index = [&](const std::string& name, const std::string& path, bool constraint) {
    relations.Take(name, path, "index");
    if (constraint) constraints.Take(name, path, "constraint");
  };
  if (own_table) take_index(model.proto->primary_key_name(), model.path, true);
  for (const v1::UniqueKey& key : model.proto->unique_keys()) take_index(key.name(), model.path + ".unique", true);
  for (const v1::Index& index : model.proto->indexes()) take_index(index.name(), model.path + ".indexes", false);
  for (const v1::Check& check : model.proto->checks()) {
    constraints.Take(check.name(), absl::StrCat(model.path, ".checks.", Printable(check.name())), "constraint");
  }
  for (const auto& [name, field] : model.fields) {
    if (field->type().scalar() != v1::SCALAR_TYPE_ENUM || !field->type().native_type().empty()) continue;
    constraints.Take(ConstraintName("ck", table, {field->column()}), model.FieldPath(name), "constraint");
  }
  for (const ForeignKeyDraft* key : model.foreign_keys) {
    constraints.Take(key->relation->proto->constraint_name(), key->relation->path, "constraint");
  }
}

void CheckJunctions(Draft& draft, const ModelDraft& model, std::set<const RelationDraft*>& seen, NamesBySchema& names) {
  for (const auto& relation : model.relations) {
    if (relation->broken || relation->proto->kind() != v1::RELATION_KIND_MANY_TO_MANY) continue;
    if (!seen.insert(relation.get()).second) continue;
    if (relation->inverse != nullptr) seen.insert(relation->inverse);
    const v1::Junction& junction = relation->proto->junction();
    if (!junction.model().empty()) continue;
    Names& relations = In(
        draft, std::min(model.proto->database_schema(), relation->target->proto->database_schema()), names);
    if (!relations.Take(junction.table(), relation->path, "junction")) continue;
    const std::string& key = junction.primary_key_name();
    relations.Take(key.empty() ? ConstraintName("pk", junction.table(), {}) : key, relation->path, "index");
    if (!junction.index_name().empty()) relations.Take(junction.index_name(), relation->path, "index");
  }
}

// Fields may share a native enum when they agree on its labels.
void CheckEnums(Draft& draft, NamesBySchema& names) {
  std::map<std::pair<std::string, std::string>, std::pair<std::vector<std::string>, std::string>> known;
  for (const ModelDraft& model : draft.models) {
    for (const auto& [name, field] : model.fields) {
      const std::string& type = field->type().native_type();
      if (type.empty() || field->type().scalar() != v1::SCALAR_TYPE_ENUM) continue;
      const std::string path = model.FieldPath(name);
      const std::string& schema = field->type().native_schema();
      const auto [found, fresh] =
          known.emplace(std::pair(schema, type), std::pair(ToVector(field->type().labels()), path));
      if (fresh) {
        In(draft, schema, names).Take(type, path, "enum type");
      } else if (found->second.first != ToVector(field->type().labels())) {
        draft.Report(
            "NAME_COLLISION", path,
            absl::StrCat("the native enum \"", Printable(type), "\" has other labels in ", found->second.second),
            {{"name", Printable(type)}, {"other", found->second.second}});
      }
    }
  }
}

}  // namespace

void CheckNames(Draft& draft) {
  NamesBySchema names;
  std::set<const ModelDraft*> own_table;
  for (const ModelDraft& model : draft.models) {
    Names& relations = In(draft, model.proto->database_schema(), names);
    if (relations.Take(model.proto->table(), model.path, "table")) own_table.insert(&model);
  }
  for (const ModelDraft& model : draft.models) {
    // What is not Rowan's to make takes no names.
    const bool makes = own_table.count(&model) != 0 && !model.proto->read_only();
    CheckModel(draft, model, makes, In(draft, model.proto->database_schema(), names));
  }
  std::set<const RelationDraft*> seen;
  for (const ModelDraft& model : draft.models) CheckJunctions(draft, model, seen, names);
  CheckEnums(draft, names);
}

}  // namespace rowan
