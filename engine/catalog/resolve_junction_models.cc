// manyToMany through a model: which two belongsTo relations of that model lead to the ends.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/catalog/schema_draft.h"

namespace rowan {
namespace {

using Names = std::vector<std::string>;

// What one end says. That of the other end is turned around, so that `source` is always the same model.
struct Said {
  std::string model;
  std::string source;
  std::string target;
  bool table = false;  // parts of a plain table
};

Said SaidOf(const RelationDraft& relation) {
  const v1::Junction& junction = relation.proto->junction();
  const bool table =
      !junction.table().empty() || !junction.source_columns().empty() || !junction.target_columns().empty();
  return {junction.model(), junction.source_relation(), junction.target_relation(), table};
}

Said SaidByInverse(const RelationDraft& relation) {
  if (relation.inverse == nullptr) return {};
  Said said = SaidOf(*relation.inverse);
  std::swap(said.source, said.target);
  return said;
}

bool Agree(Draft& draft, const RelationDraft& relation, const Said& here, const Said& there) {
  // One end has a model; a plain table at the other is never the same.
  const auto kind = [](const Said& said) {
    return said.table ? Names{"a table of its own"} : Names{"the model " + said.model};
  };
  if (here.table || there.table) {
    return JunctionEndsAgree(draft, relation, "the junction", kind(here), kind(there));
  }
  return JunctionEndsAgree(draft, relation, "the junction's model", NameAsList(here.model), NameAsList(there.model)) &
         JunctionEndsAgree(draft, relation, "source_relation", NameAsList(here.source), NameAsList(there.source)) &
         JunctionEndsAgree(draft, relation, "target_relation", NameAsList(here.target), NameAsList(there.target));
}

bool IsBelongsTo(const RelationDraft& relation) {
  return relation.proto->kind() == v1::RELATION_KIND_BELONGS_TO;
}

// The belongsTo relations of the junction's model that lead to a model.
std::vector<const RelationDraft*> LeadingTo(const ModelDraft& junction, const ModelDraft& end) {
  std::vector<const RelationDraft*> found;
  for (const auto& relation : junction.relations) {
    if (IsBelongsTo(*relation) && relation->target == &end) found.push_back(relation.get());
  }
  return found;
}

std::string Listed(const std::vector<const RelationDraft*>& relations) {
  return absl::StrJoin(relations, ", ",
                       [](std::string* out, const RelationDraft* relation) { out->append(relation->QualifiedName()); });
}

// The relation that the schema names for an end. Returns null when a problem was reported.
const RelationDraft* FindNamed(Draft& draft, const std::string& path, const ModelDraft& junction, const ModelDraft& end,
                               const std::string& name) {
  const std::vector<const RelationDraft*> leading = LeadingTo(junction, end);
  const auto found = junction.relation_by_name.find(name);
  if (found == junction.relation_by_name.end()) {
    std::vector<std::string_view> names;
    for (const RelationDraft* relation : leading) names.push_back(relation->proto->name());
    draft.Unknown(path, "relation of " + junction.proto->name(), name, names);
    return nullptr;
  }
  if (found->second->broken) return nullptr;  // reported there
  if (std::find(leading.begin(), leading.end(), found->second) != leading.end()) return found->second;
  draft.Invalid(path, absl::StrCat(found->second->QualifiedName(), " is no belongs_to of ", end.proto->name(),
                                   leading.empty() ? "" : ": choose ", Listed(leading)));
  return nullptr;
}

// The only relation that can be an end's, besides the one that the other end has taken. Returns null when a problem was
// reported.
const RelationDraft* FindOnly(Draft& draft, const std::string& path, const char* attribute, const ModelDraft& junction,
                              const ModelDraft& end, const std::string& taken) {
  std::vector<const RelationDraft*> open = LeadingTo(junction, end);
  open.erase(std::remove_if(open.begin(), open.end(),
                            [&](const RelationDraft* relation) { return relation->proto->name() == taken; }),
             open.end());
  if (open.size() == 1) return open[0];
  if (open.size() > 1) {
    draft.Report("AMBIGUOUS_INVERSE", path,
                 absl::StrCat("the relation of the junction ", junction.proto->name(), " to ", end.proto->name(),
                              " can be any of ", Listed(open), ": name one, for example `", attribute, ": ",
                              open[0]->proto->name(), "`"),
                 {{"candidates", Listed(open)}});
    return nullptr;
  }
  // A relation that is broken may have been meant to lead there.
  const bool reported = std::any_of(junction.relations.begin(), junction.relations.end(),
                                    [](const auto& relation) { return relation->broken; });
  if (!reported) {
    draft.Invalid(
        path, absl::StrCat("the junction ", junction.proto->name(), " has no ", taken.empty() ? "" : "other ",
                           "belongs_to of ", end.proto->name(), ": add one, with a foreign key to its primary key"));
  }
  return nullptr;
}

bool RefersToPrimaryKey(Draft& draft, const std::string& path, const RelationDraft& belongs_to) {
  const ModelDraft& end = *belongs_to.target;
  if (SameNames(belongs_to.foreign_key->references, end.primary)) return true;
  draft.Invalid(path, absl::StrCat(belongs_to.QualifiedName(), " refers to (",
                                   absl::StrJoin(belongs_to.foreign_key->references, ", "),
                                   "), but a junction refers to the primary key (", absl::StrJoin(end.primary, ", "),
                                   ") of ", end.proto->name()));
  return false;
}

// Whether the two foreign keys are apart from each other, and together a key.
bool MakeKey(Draft& draft, const std::string& path, const RelationDraft& source, const RelationDraft& target) {
  const ModelDraft& junction = *source.source;
  if (&source == &target) {
    draft.Invalid(path,
                  absl::StrCat(source.QualifiedName(), " cannot lead to both ends: a junction has two relations"));
    return false;
  }
  Names together = source.foreign_key->fields;
  for (const std::string& field : target.foreign_key->fields) {
    if (std::find(together.begin(), together.end(), field) != together.end()) {
      draft.Invalid(path,
                    absl::StrCat("the foreign keys of ", source.QualifiedName(), " and ", target.QualifiedName(),
                                 " share the field \"", field, "\": a junction needs fields of their own for both"));
      return false;
    }
    together.push_back(field);
  }
  if (IsKey(junction, together)) return true;
  draft.Invalid(
      path, absl::StrCat("(", absl::StrJoin(together, ", "), ") is neither the primary key nor a unique key of ",
                         junction.proto->name(), ", so that one pair could be joined twice: make it one of the two"));
  return false;
}

void Write(RelationDraft& relation, const ModelDraft& model, const RelationDraft& source, const RelationDraft& target) {
  v1::Junction& junction = *relation.proto->mutable_junction();
  junction.set_model(model.proto->name());
  junction.set_source_relation(source.proto->name());
  junction.set_target_relation(target.proto->name());
}

// Returns whether all is well; whatever is not is reported.
bool Resolve(Draft& draft, RelationDraft& relation) {
  const Said here = SaidOf(relation);
  const Said there = SaidByInverse(relation);
  if (!Agree(draft, relation, here, there)) return false;
  // Problems are reported where the model is named.
  const bool named_here = !here.model.empty();
  const std::string path = (named_here ? relation : *relation.inverse).path + ".junction";
  const char* source_attribute = named_here ? "source_relation" : "target_relation";
  const char* target_attribute = named_here ? "target_relation" : "source_relation";
  const std::string& name = named_here ? here.model : there.model;
  const std::string& source_name = here.source.empty() ? there.source : here.source;
  const std::string& target_name = here.target.empty() ? there.target : here.target;
  const auto found = draft.model_by_name.find(name);
  if (found == draft.model_by_name.end()) {
    draft.Unknown(path + ".model", "model", name, NamesOf(draft.model_by_name));
    return false;
  }
  const ModelDraft& model = *found->second;
  // Between a model and itself the relation of one end is not that of the other.
  const bool self = relation.source == relation.target;
  const auto find = [&](const ModelDraft& end, const std::string& named, const char* attribute,
                        const std::string& other) {
    return named.empty() ? FindOnly(draft, path, attribute, model, end, self ? other : "")
                         : FindNamed(draft, absl::StrCat(path, ".", attribute), model, end, named);
  };
  const RelationDraft* source = find(*relation.source, source_name, source_attribute, target_name);
  if (self && source == nullptr) return false;
  const RelationDraft* target = find(*relation.target, target_name, target_attribute, source_name);
  if (source == nullptr || target == nullptr) return false;
  // Without a foreign key something was reported there.
  if (source->foreign_key == nullptr || target->foreign_key == nullptr) return false;
  if (relation.source->primary.empty() || relation.target->primary.empty() || model.primary.empty()) return false;
  const bool refer = RefersToPrimaryKey(draft, path, *source) & RefersToPrimaryKey(draft, path, *target);
  if (!refer || !MakeKey(draft, path + ".model", *source, *target)) return false;
  Write(relation, model, *source, *target);
  if (relation.inverse == nullptr) return true;
  Write(*relation.inverse, model, *target, *source);
  relation.proto->set_inverse(relation.inverse->proto->name());
  relation.inverse->proto->set_inverse(relation.proto->name());
  return true;
}

}  // namespace

void ResolveJunctionModel(Draft& draft, RelationDraft& relation) {
  if (Resolve(draft, relation)) return;
  relation.broken = true;
  if (relation.inverse != nullptr) relation.inverse->broken = true;
}

}  // namespace rowan
