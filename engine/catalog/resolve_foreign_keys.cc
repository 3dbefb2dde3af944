// Primary keys, foreign keys and inverses; adds the fields that foreign keys need.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/schema_draft.h"

namespace rowan {
namespace {

const std::vector<std::string>& PrimaryOf(Draft& draft, ModelDraft& model);

bool IsBelongsTo(const RelationDraft& relation) {
  return relation.proto->kind() == v1::RELATION_KIND_BELONGS_TO;
}

std::vector<std::string> References(Draft& draft, const RelationDraft& belongs_to) {
  if (!belongs_to.proto->references().empty()) return ToVector(belongs_to.proto->references());
  return PrimaryOf(draft, *belongs_to.target);
}

// The fields of a belongsTo's foreign key; empty when they cannot be known.
std::vector<std::string> BelongsToFields(Draft& draft, const RelationDraft& belongs_to) {
  if (!belongs_to.proto->fields().empty()) return ToVector(belongs_to.proto->fields());
  if (belongs_to.target == nullptr) return {};
  return ForeignKeyFieldNames(belongs_to.proto->name(), References(draft, belongs_to));
}

// Puts the fields of belongsTo relations in the place of their names.
std::vector<std::string> Expanded(Draft& draft, ModelDraft& model,
                                  const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<std::string> fields;
  for (const std::string& name : names) {
    const auto relation = model.relation_by_name.find(name);
    if (relation == model.relation_by_name.end() || !IsBelongsTo(*relation->second)) {
      fields.push_back(name);
      continue;
    }
    for (std::string& field : BelongsToFields(draft, *relation->second)) fields.push_back(std::move(field));
  }
  return fields;
}

const std::vector<std::string>& PrimaryOf(Draft& draft, ModelDraft& model) {
  if (model.keyed == ModelDraft::Keyed::kYes) return model.primary;
  if (model.keyed == ModelDraft::Keyed::kInProgress) {
    draft.Invalid(
        model.path + ".primary_key",
        "the key holds a relation whose own key leads back to this one, so that its fields cannot be known: name them "
        "with `fields` and give them types");
    return model.primary;
  }
  model.keyed = ModelDraft::Keyed::kInProgress;
  std::vector<std::string> marked;
  for (const v1::Field& field : model.proto->fields()) {
    if (field.primary()) marked.push_back(field.name());
  }
  std::vector<std::string> primary = Expanded(draft, model, model.proto->primary_key());
  if (primary.empty()) {
    primary = marked;
    if (marked.empty()) {
      draft.Invalid(model.path,
                    "the model has no primary key: mark a field `primary: true`, or list fields in primary_key");
    }
  } else {
    const bool all_listed = std::all_of(marked.begin(), marked.end(), [&](const std::string& field) {
      return std::find(primary.begin(), primary.end(), field) != primary.end();
    });
    if (!all_listed) {
      draft.Invalid(model.path + ".primary_key",
                    absl::StrCat("it lists ", absl::StrJoin(primary, ", "), ", but marked primary are ",
                                 absl::StrJoin(marked, ", "), ": say it one way"));
    }
  }
  model.primary = std::move(primary);
  model.keyed = ModelDraft::Keyed::kYes;
  return model.primary;
}

// Makes sure that the model has the field of a foreign key.
void AddField(Draft& draft, ModelDraft& model, const std::string& name, const RelationDraft& relation) {
  model.foreign.insert(name);
  if (model.fields.count(name) != 0) return;
  if (model.relation_by_name.count(name) != 0) {
    draft.Report("NAME_COLLISION", relation.path,
                 absl::StrCat("its foreign-key field \"", name, "\" has the name of a relation of ",
                              model.proto->name(), ": name another with `fields`"),
                 {{"name", name}});
    return;
  }
  if (model.proto->fields_size() == kMaxFields) {
    draft.Invalid(model.path + ".fields", "with the fields of foreign keys the model has more than 500 fields");
  }
  v1::Field* field = model.proto->add_fields();
  field->set_name(name);
  field->set_column(Shortened(SnakeCase(name)));
  model.fields.emplace(name, field);
  model.added.insert(name);
}

void AddForeignKey(Draft& draft, RelationDraft& relation, ModelDraft& holder, ModelDraft& target,
                   std::vector<std::string> fields, std::vector<std::string> references) {
  if (references.empty()) {
    relation.broken = true;  // the target has no key, which is reported there
    return;
  }
  if (fields.size() != references.size()) {
    draft.Invalid(relation.path + ".fields",
                  absl::StrCat("the foreign key has ", fields.size(), " fields (", absl::StrJoin(fields, ", "),
                               ") and refers to ", references.size(), " (", absl::StrJoin(references, ", "), ") of ",
                               target.proto->name()));
    relation.broken = true;
    return;
  }
  if (std::set<std::string>(fields.begin(), fields.end()).size() != fields.size()) {
    draft.Invalid(relation.path + ".fields", "a field is named twice");
    relation.broken = true;
    return;
  }
  for (const std::string& field : fields) AddField(draft, holder, field, relation);
  relation.foreign_key = &draft.foreign_keys.emplace_back(
      ForeignKeyDraft{&holder, &target, &relation, std::move(fields), std::move(references), relation.proto->unique()});
  holder.foreign_keys.push_back(relation.foreign_key);
  *relation.proto->mutable_fields() = {relation.foreign_key->fields.begin(), relation.foreign_key->fields.end()};
  if (IsBelongsTo(relation)) {
    *relation.proto->mutable_references() = {relation.foreign_key->references.begin(),
                                             relation.foreign_key->references.end()};
  }
}

// The belongsTo relations of `relation`'s target that point back.
std::vector<RelationDraft*> PointingBack(const RelationDraft& relation) {
  std::vector<RelationDraft*> found;
  for (const auto& candidate : relation.target->relations) {
    if (IsBelongsTo(*candidate) && candidate->target == relation.source) found.push_back(candidate.get());
  }
  return found;
}

// Narrows several candidates to those that name the relation, or at least name no other.
std::vector<RelationDraft*> Willing(const std::vector<RelationDraft*>& candidates, const std::string& name) {
  std::vector<RelationDraft*> naming;
  std::vector<RelationDraft*> open;
  for (RelationDraft* candidate : candidates) {
    if (candidate->proto->inverse() == name) naming.push_back(candidate);
    if (candidate->proto->inverse().empty()) open.push_back(candidate);
  }
  return naming.empty() ? open : naming;
}

// Finds the belongsTo at the other end. Returns false when a problem was reported; without one the relation implies its
// foreign key.
bool FindInverse(Draft& draft, RelationDraft& relation) {
  const std::vector<RelationDraft*> candidates = PointingBack(relation);
  const std::string& named = relation.proto->inverse();
  if (!named.empty()) {
    const auto found = relation.target->relation_by_name.find(named);
    if (found == relation.target->relation_by_name.end()) {
      std::vector<std::string_view> names;
      for (const RelationDraft* candidate : candidates) names.push_back(candidate->proto->name());
      draft.Unknown(relation.path + ".inverse", "relation of " + relation.target->proto->name(), named, names);
      return false;
    }
    if (std::find(candidates.begin(), candidates.end(), found->second) == candidates.end()) {
      draft.Invalid(relation.path + ".inverse",
                    absl::StrCat(found->second->QualifiedName(), " is no belongs_to of ",
                                 relation.source->proto->name(), ", so it cannot be the other end"));
      return false;
    }
    relation.inverse = found->second;
    return true;
  }
  if (!relation.proto->fields().empty()) {
    for (RelationDraft* candidate : candidates) {
      if (ToVector(candidate->proto->fields()) == ToVector(relation.proto->fields())) relation.inverse = candidate;
    }
    return true;
  }
  const std::vector<RelationDraft*> willing = Willing(candidates, relation.proto->name());
  if (willing.size() > 1) {
    const std::string listed =
        absl::StrJoin(willing, ", ", [](std::string* out, const RelationDraft* r) { out->append(r->QualifiedName()); });
    draft.Report("AMBIGUOUS_INVERSE", relation.path,
                 absl::StrCat("its other end can be any of ", listed,
                              ": name one, for example `inverse: ", willing[0]->proto->name(), "`"),
                 {{"candidates", listed}});
    return false;
  }
  if (!willing.empty()) relation.inverse = willing[0];
  return true;
}

// What a hasOne or hasMany says about a foreign key that its other end describes.
void RefuseForeignKeyAttributes(Draft& draft, RelationDraft& relation) {
  const v1::Relation& proto = *relation.proto;
  const auto refuse = [&](bool given, const char* attribute) {
    if (!given) return;
    draft.Invalid(absl::StrCat(relation.path, ".", attribute),
                  absl::StrCat("the foreign key is that of ", relation.inverse->QualifiedName(), ": write it there"));
  };
  refuse(!proto.constraint_name().empty(), "constraint_name");
  refuse(proto.on_update() != v1::REFERENTIAL_ACTION_UNSPECIFIED, "on_update");
  refuse(proto.on_delete() != v1::REFERENTIAL_ACTION_UNSPECIFIED, "on_delete");
  refuse(proto.index(), "index");
  refuse(proto.nullable(), "nullable");
  refuse(proto.optional(), "optional");
  refuse(proto.required(), "required");
  refuse(proto.unique(), "unique");
}

// The foreign key of a hasOne or hasMany whose target has no belongsTo: on the target, named after this table.
void ImplyForeignKey(Draft& draft, RelationDraft& relation) {
  ModelDraft& source = *relation.source;
  std::vector<std::string> references = PrimaryOf(draft, source);
  std::vector<std::string> fields = ToVector(relation.proto->fields());
  if (fields.empty()) {
    std::string stem = CamelCase(Singular(source.proto->table()));
    if (stem.empty()) stem = CamelCase(source.proto->name());
    if (stem.empty()) stem = source.proto->name();
    fields = ForeignKeyFieldNames(stem, references);
  }
  for (const ForeignKeyDraft* other : relation.target->foreign_keys) {
    if (other->fields != fields) continue;
    draft.Report("NAME_COLLISION", relation.path,
                 absl::StrCat("the foreign key ", relation.target->proto->name(), "(", absl::StrJoin(fields, ", "),
                              ") is that of ", other->relation->QualifiedName(), " already: declare the belongs_to in ",
                              relation.target->proto->name(), ", or name other `fields`"),
                 {{"name", absl::StrJoin(fields, ", ")}});
    relation.broken = true;
    return;
  }
  AddForeignKey(draft, relation, *relation.target, source, std::move(fields), std::move(references));
}

void ResolveHas(Draft& draft, RelationDraft& relation) {
  if (!FindInverse(draft, relation)) {
    relation.broken = true;
    return;
  }
  if (relation.inverse == nullptr) {
    ImplyForeignKey(draft, relation);
  } else {
    RefuseForeignKeyAttributes(draft, relation);
    relation.foreign_key = relation.inverse->foreign_key;
    relation.broken = relation.foreign_key == nullptr;
    relation.proto->set_inverse(relation.inverse->proto->name());
    relation.proto->clear_fields();
  }
  const bool one = relation.proto->kind() == v1::RELATION_KIND_HAS_ONE;
  if (one && relation.foreign_key != nullptr) relation.foreign_key->unique = true;
  if (relation.proto->on_connect_owned() == v1::OWNERSHIP_POLICY_UNSPECIFIED) {
    relation.proto->set_on_connect_owned(v1::OWNERSHIP_POLICY_MOVE);
  }
  if (one && relation.proto->on_displaced() == v1::DISPLACEMENT_POLICY_UNSPECIFIED) {
    relation.proto->set_on_displaced(v1::DISPLACEMENT_POLICY_DETACH);
  }
}

// A belongsTo may say which hasOne or hasMany is its other end.
void CheckNamedInverse(Draft& draft, const RelationDraft& belongs_to) {
  const std::string& named = belongs_to.proto->inverse();
  if (named.empty()) return;
  const auto found = belongs_to.target->relation_by_name.find(named);
  if (found == belongs_to.target->relation_by_name.end()) {
    draft.Unknown(belongs_to.path + ".inverse", "relation of " + belongs_to.target->proto->name(), named,
                  NamesOf(belongs_to.target->relation_by_name));
  } else if (!found->second->broken && found->second->inverse != &belongs_to) {
    draft.Invalid(belongs_to.path + ".inverse",
                  absl::StrCat(found->second->QualifiedName(), " is not the other end of this relation"));
  }
}

// Primary keys, once all fields are there.
void CheckPrimaryKey(Draft& draft, ModelDraft& model) {
  for (const std::string& name : model.primary) {
    const auto field = model.fields.find(name);
    if (field == model.fields.end()) {
      draft.Unknown(model.path + ".primary_key", "field of " + model.proto->name(), name, NamesOf(model.fields));
      model.primary.clear();
      return;
    }
    field->second->set_primary(true);
  }
  *model.proto->mutable_primary_key() = {model.primary.begin(), model.primary.end()};
}

void ExpandLists(Draft& draft, ModelDraft& model) {
  for (v1::UniqueKey& key : *model.proto->mutable_unique_keys()) {
    const std::vector<std::string> fields = Expanded(draft, model, key.fields());
    *key.mutable_fields() = {fields.begin(), fields.end()};
  }
  for (v1::Index& index : *model.proto->mutable_indexes()) {
    const std::vector<std::string> fields = Expanded(draft, model, index.fields());
    *index.mutable_fields() = {fields.begin(), fields.end()};
  }
}

}  // namespace

void ResolveForeignKeys(Draft& draft) {
  for (ModelDraft& model : draft.models) {
    PrimaryOf(draft, model);
    ExpandLists(draft, model);
  }
  for (ModelDraft& model : draft.models) {
    for (const auto& relation : model.relations) {
      if (relation->broken || !IsBelongsTo(*relation)) continue;
      AddForeignKey(draft, *relation, model, *relation->target, BelongsToFields(draft, *relation),
                    References(draft, *relation));
    }
  }
  for (ModelDraft& model : draft.models) {
    for (const auto& relation : model.relations) {
      const v1::RelationKind kind = relation->proto->kind();
      const bool has = kind == v1::RELATION_KIND_HAS_ONE || kind == v1::RELATION_KIND_HAS_MANY;
      if (has && !relation->broken) ResolveHas(draft, *relation);
    }
  }
  for (ModelDraft& model : draft.models) {
    CheckPrimaryKey(draft, model);
    for (const auto& relation : model.relations) {
      if (!relation->broken && IsBelongsTo(*relation)) CheckNamedInverse(draft, *relation);
    }
  }
}

}  // namespace rowan
