// Unique keys, indexes and the names of constraints. Marks on fields and relations become entries of the model's lists,
// where they can have a name; the marks stay, and say of a canonical schema what is so.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/schema_draft.h"

namespace rowan {
namespace {

using Names = std::vector<std::string>;

bool AllExist(const ModelDraft& model, const Names& fields) {
  return std::all_of(fields.begin(), fields.end(),
                     [&](const std::string& field) { return model.fields.count(field) != 0; });
}

const v1::UniqueKey* FindUnique(const ModelDraft& model, const Names& fields) {
  for (const v1::UniqueKey& key : model.proto->unique_keys()) {
    if (ToVector(key.fields()) == fields) return &key;
  }
  return nullptr;
}

bool HasPlainIndex(const ModelDraft& model, const Names& fields) {
  const auto& indexes = model.proto->indexes();
  return std::any_of(indexes.begin(), indexes.end(), [&](const v1::Index& index) {
    return !index.unique() && index.predicate().empty() && ToVector(index.fields()) == fields;
  });
}

void CheckListed(Draft& draft, ModelDraft& model) {
  const auto check = [&](const std::string& path, const google::protobuf::RepeatedPtrField<std::string>& fields) {
    for (const std::string& field : fields) {
      if (model.fields.count(field) == 0)
        draft.Unknown(path, "field of " + model.proto->name(), field, NamesOf(model.fields));
    }
  };
  for (int i = 0; i < model.proto->unique_keys_size(); ++i) {
    check(absl::StrCat(model.path, ".unique[", i, "]"), model.proto->unique_keys(i).fields());
  }
  for (int i = 0; i < model.proto->indexes_size(); ++i) {
    check(absl::StrCat(model.path, ".indexes[", i, "]"), model.proto->indexes(i).fields());
  }
}

void AddUniqueKeys(ModelDraft& model) {
  const auto add = [&](const Names& fields) {
    if (!AllExist(model, fields) || IsKey(model, fields)) return;
    *model.proto->add_unique_keys()->mutable_fields() = {fields.begin(), fields.end()};
  };
  for (const v1::Field& field : model.proto->fields()) {
    if (field.unique()) add({field.name()});
  }
  for (const ForeignKeyDraft* key : model.foreign_keys) {
    if (key->unique) add(key->fields);
  }
  for (v1::UniqueKey& key : *model.proto->mutable_unique_keys()) {
    const Names fields = ToVector(key.fields());
    if (key.name().empty() && AllExist(model, fields)) {
      key.set_name(ConstraintName("uq", model.proto->table(), ColumnsOf(model, fields)));
    }
    if (fields.size() == 1 && AllExist(model, fields)) model.fields.at(fields[0])->set_unique(true);
  }
}

void AddIndexes(Draft& draft, ModelDraft& model) {
  const auto add = [&](const Names& fields, const std::string& path) {
    if (!AllExist(model, fields) || HasPlainIndex(model, fields)) return;
    if (model.primary == fields || FindUnique(model, fields) != nullptr) {
      draft.Notice("REDUNDANT_INDEX", path, "a unique key has an index already, so that no second one is made");
      return;
    }
    *model.proto->add_indexes()->mutable_fields() = {fields.begin(), fields.end()};
  };
  for (const v1::Field& field : model.proto->fields()) {
    if (field.index()) add({field.name()}, model.FieldPath(field.name()));
  }
  for (const ForeignKeyDraft* key : model.foreign_keys) {
    if (key->relation->proto->index()) add(key->fields, key->relation->path);
  }
  for (v1::Index& index : *model.proto->mutable_indexes()) {
    const Names fields = ToVector(index.fields());
    if (!AllExist(model, fields)) continue;
    if (index.name().empty()) index.set_name(ConstraintName("idx", model.proto->table(), ColumnsOf(model, fields)));
    if (fields.size() == 1 && !index.unique() && index.predicate().empty()) model.fields.at(fields[0])->set_index(true);
  }
}

template <typename Repeated>
void SortByName(Repeated* repeated) {
  std::stable_sort(repeated->pointer_begin(), repeated->pointer_end(),
                   [](const auto* a, const auto* b) { return a->name() < b->name(); });
}

void ResolveForeignKeyNames(Draft& draft, const ForeignKeyDraft& key) {
  v1::Relation& relation = *key.relation->proto;
  if (!AllExist(*key.holder, key.fields)) return;
  if (relation.constraint_name().empty()) {
    relation.set_constraint_name(ConstraintName("fk", key.holder->proto->table(), ColumnsOf(*key.holder, key.fields)));
  }
  if (HasPlainIndex(*key.holder, key.fields)) relation.set_index(true);
  const bool belongs_to = relation.kind() == v1::RELATION_KIND_BELONGS_TO;
  if (belongs_to && (key.unique || FindUnique(*key.holder, key.fields) != nullptr)) relation.set_unique(true);
  if (!AllExist(*key.target, key.references) || IsKey(*key.target, key.references)) return;
  draft.Invalid(
      key.relation->path + ".references",
      absl::StrCat("(", absl::StrJoin(key.references, ", "), ") is neither the primary key nor a unique key of ",
                   key.target->proto->name(), ": refer to its primary key, or declare these fields unique there"));
}

// Whether an index of the model begins with the fields, in any order.
bool IsIndexed(const ModelDraft& model, const Names& fields) {
  const auto begins = [&](const Names& indexed) {
    return indexed.size() >= fields.size() && SameNames(Names(indexed.begin(), indexed.begin() + fields.size()), fields);
  };
  const auto& keys = model.proto->unique_keys();
  const auto& indexes = model.proto->indexes();
  return begins(model.primary) ||
         std::any_of(keys.begin(), keys.end(), [&](const v1::UniqueKey& key) { return begins(ToVector(key.fields())); }) ||
         std::any_of(indexes.begin(), indexes.end(), [&](const v1::Index& index) {
           return index.predicate().empty() && begins(ToVector(index.fields()));
         });
}

// PostgreSQL makes no index on a foreign key by itself, and reading a relation from its other end wants one.
void SuggestIndex(Draft& draft, const RelationDraft& relation) {
  const bool from_other_end =
      relation.proto->kind() == v1::RELATION_KIND_HAS_ONE || relation.proto->kind() == v1::RELATION_KIND_HAS_MANY;
  if (relation.broken || !from_other_end || relation.foreign_key == nullptr) return;
  const ForeignKeyDraft& key = *relation.foreign_key;
  if (!AllExist(*key.holder, key.fields) || IsIndexed(*key.holder, key.fields)) return;
  draft.Notice("INDEX_MISSING", key.relation->path,
               absl::StrCat("no index of ", key.holder->proto->name(), " begins with (", absl::StrJoin(key.fields, ", "), "), so reading ",
                            relation.QualifiedName(), ", and deleting records of ", key.target->proto->name(), ", looks at all rows: `index: true` here makes one"));
}

}  // namespace

void ResolveKeys(Draft& draft) {
  for (ModelDraft& model : draft.models) {
    CheckListed(draft, model);
    AddUniqueKeys(model);
    AddIndexes(draft, model);
  }
  for (const ForeignKeyDraft& key : draft.foreign_keys) ResolveForeignKeyNames(draft, key);
  for (const ModelDraft& model : draft.models) {
    for (const auto& relation : model.relations) SuggestIndex(draft, *relation);
  }
  for (ModelDraft& model : draft.models) {
    SortByName(model.proto->mutable_unique_keys());
    SortByName(model.proto->mutable_indexes());
    SortByName(model.proto->mutable_checks());
  }
}

}  // namespace rowan
