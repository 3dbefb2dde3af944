// What may be null: first by foreign keys, whose relations decide for their fields, then field by field.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/catalog/schema_draft.h"

namespace rowan {
namespace {

bool Nullable(const v1::Field& field) {
  return field.nullable() || (field.optional() && !HasDefault(field) && field.generated().empty());
}

bool SetsNull(const v1::Relation& relation) {
  return relation.on_delete() == v1::REFERENTIAL_ACTION_SET_NULL ||
         relation.on_update() == v1::REFERENTIAL_ACTION_SET_NULL;
}

// The key's fields, unless one could not be added.
std::vector<v1::Field*> FieldsOf(const ForeignKeyDraft& key) {
  std::vector<v1::Field*> fields;
  for (const std::string& name : key.fields) {
    const auto found = key.holder->fields.find(name);
    if (found == key.holder->fields.end()) return {};
    fields.push_back(found->second);
  }
  return fields;
}

// SET NULL clears all fields, so all must be nullable.
void ImplyNullable(Draft& draft, const ForeignKeyDraft& key, const std::vector<v1::Field*>& fields) {
  const v1::Relation& relation = *key.relation->proto;
  const auto refuse = [&](const std::string& why) {
    draft.Report(
        "SET_NULL_ON_REQUIRED", key.relation->path,
        absl::StrCat("SET NULL on a foreign key that ", why, ": make it nullable, or choose restrict or cascade"));
  };
  if (relation.required()) return refuse("is declared required");
  for (const v1::Field* field : fields) {
    if (key.holder->IsPrimary(field->name())) {
      return refuse(absl::StrCat("is part of the primary key (", key.holder->proto->name(), ".", field->name(), ")"));
    }
  }
  bool changed = false;
  for (v1::Field* field : fields) {
    changed |= !Nullable(*field);
    field->set_nullable(true);
  }
  if (changed && !relation.nullable() && !relation.optional()) {
    draft.Notice("IMPLIED_NULLABLE", key.relation->path,
                 absl::StrCat("SET NULL makes ", key.holder->proto->name(), ".", absl::StrJoin(key.fields, ", "),
                              " nullable; say `nullable: true` to make it plain"));
  }
}

// A nullable foreign key has at least one nullable field: those that it added, or else all that may be.
void MakeNullable(Draft& draft, const ForeignKeyDraft& key, const std::vector<v1::Field*>& fields) {
  for (v1::Field* field : fields) {
    if (key.holder->added.count(field->name()) != 0 && !key.holder->IsPrimary(field->name())) field->set_nullable(true);
  }
  if (std::any_of(fields.begin(), fields.end(), [](const v1::Field* field) { return Nullable(*field); })) return;
  bool changed = false;
  for (v1::Field* field : fields) {
    if (key.holder->IsPrimary(field->name())) continue;
    field->set_nullable(true);
    changed = true;
  }
  if (!changed) draft.Invalid(key.relation->path, "the foreign key is part of the primary key and cannot be nullable");
}

void ResolveActions(Draft& draft, const ForeignKeyDraft& key, const std::vector<v1::Field*>& fields) {
  v1::Relation& relation = *key.relation->proto;
  const bool any = std::any_of(fields.begin(), fields.end(), [](const v1::Field* field) { return Nullable(*field); });
  const bool all = std::all_of(fields.begin(), fields.end(), [](const v1::Field* field) { return Nullable(*field); });
  if (relation.required() && any) {
    if (!SetsNull(relation))
      draft.Invalid(key.relation->path + ".required", "the relation is declared required, but its field is nullable");
    return;
  }
  const bool sets_default = relation.on_delete() == v1::REFERENTIAL_ACTION_SET_DEFAULT ||
                            relation.on_update() == v1::REFERENTIAL_ACTION_SET_DEFAULT;
  for (const v1::Field* field : fields) {
    if (!sets_default || Nullable(*field) || HasDefault(*field)) continue;
    draft.Invalid(key.relation->path, absl::StrCat("SET DEFAULT needs a default, or null, in ",
                                                   key.holder->proto->name(), ".", field->name()));
  }
  relation.set_nullable(any);
  relation.set_optional(any);
  relation.set_required(!any);
  if (relation.on_update() == v1::REFERENTIAL_ACTION_UNSPECIFIED)
    relation.set_on_update(v1::REFERENTIAL_ACTION_CASCADE);
  if (relation.on_delete() == v1::REFERENTIAL_ACTION_UNSPECIFIED) {
    relation.set_on_delete(all ? v1::REFERENTIAL_ACTION_SET_NULL : v1::REFERENTIAL_ACTION_RESTRICT);
  }
}

}  // namespace

void ResolveNullability(Draft& draft) {
  // Two passes, as foreign keys may share fields.
  for (const ForeignKeyDraft& key : draft.foreign_keys) {
    const std::vector<v1::Field*> fields = FieldsOf(key);
    if (fields.empty()) continue;
    const v1::Relation& relation = *key.relation->proto;
    if (SetsNull(relation)) {
      ImplyNullable(draft, key, fields);
    } else if (relation.nullable() || relation.optional()) {
      MakeNullable(draft, key, fields);
    }
  }
  for (const ForeignKeyDraft& key : draft.foreign_keys) {
    if (const std::vector<v1::Field*> fields = FieldsOf(key); !fields.empty()) ResolveActions(draft, key, fields);
  }
}

}  // namespace rowan
