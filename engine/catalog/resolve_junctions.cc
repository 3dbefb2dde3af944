// manyToMany: which two relations are the ends of one junction, and what its table and columns are called.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/schema_draft.h"

namespace rowan {
namespace {

using Names = std::vector<std::string>;

bool IsManyToMany(const RelationDraft& relation) {
  return !relation.broken && relation.proto->kind() == v1::RELATION_KIND_MANY_TO_MANY;
}

void Pair(RelationDraft& a, RelationDraft& b) {
  a.inverse = &b;
  b.inverse = &a;
}

void Break(RelationDraft& relation) {
  relation.broken = true;
}

// Pairs a relation that names its other end.
void PairNamed(Draft& draft, RelationDraft& relation) {
  const std::string& named = relation.proto->inverse();
  const std::string path = relation.path + ".inverse";
  const auto found = relation.target->relation_by_name.find(named);
  if (found == relation.target->relation_by_name.end()) {
    draft.Unknown(path, "relation of " + relation.target->proto->name(), named,
                  NamesOf(relation.target->relation_by_name));
    return Break(relation);
  }
  RelationDraft& other = *found->second;
  if (other.broken) return Break(relation);
  std::string why;
  if (&other == &relation) {
    why = "a relation cannot be its own other end: declare the other direction as a relation of its own";
  } else if (!IsManyToMany(other) || other.target != relation.source) {
    why = absl::StrCat(other.QualifiedName(), " is no many_to_many to ", relation.source->proto->name());
  } else if (!other.proto->inverse().empty() && other.proto->inverse() != relation.proto->name()) {
    why = absl::StrCat(other.QualifiedName(), " names ", other.proto->inverse(), " as its other end");
  } else if (other.inverse != nullptr && other.inverse != &relation) {
    why = absl::StrCat(other.QualifiedName(), " is the other end of ", other.inverse->QualifiedName());
  }
  if (!why.empty()) {
    draft.Invalid(path, std::move(why));
    return Break(relation);
  }
  Pair(relation, other);
}

// What could be the other end of a relation that names none: those of the same table or model when both name one.
std::vector<RelationDraft*> Candidates(const RelationDraft& relation) {
  const v1::Junction& here = relation.proto->junction();
  std::vector<RelationDraft*> all;
  std::vector<RelationDraft*> same_junction;
  for (const auto& other : relation.target->relations) {
    if (!IsManyToMany(*other) || other.get() == &relation || other->target != relation.source) continue;
    if (other->inverse != nullptr || !other->proto->inverse().empty()) continue;
    all.push_back(other.get());
    const v1::Junction& there = other->proto->junction();
    const bool same_table = !here.table().empty() && here.table() == there.table();
    const bool same_model = !here.model().empty() && here.model() == there.model();
    if (same_table || same_model) same_junction.push_back(other.get());
  }
  return same_junction.size() == 1 ? same_junction : all;
}

void PairUnnamed(Draft& draft, const std::vector<RelationDraft*>& open) {
  // Decided for all before any is paired, so that the order does not matter.
  std::map<RelationDraft*, std::vector<RelationDraft*>> candidates;
  for (RelationDraft* relation : open) candidates[relation] = Candidates(*relation);
  for (RelationDraft* relation : open) {
    const std::vector<RelationDraft*>& mine = candidates[relation];
    if (mine.size() == 1) {
      const std::vector<RelationDraft*>& theirs = candidates[mine[0]];
      if (theirs.size() == 1 && theirs[0] == relation) Pair(*relation, *mine[0]);
    } else if (mine.size() > 1) {
      const std::string listed =
          absl::StrJoin(mine, ", ", [](std::string* out, const RelationDraft* r) { out->append(r->QualifiedName()); });
      draft.Report("AMBIGUOUS_INVERSE", relation->path,
                   absl::StrCat("its other end can be any of ", listed,
                                ": name one, for example `inverse: ", mine[0]->proto->name(), "`"),
                   {{"candidates", listed}});
      relation->broken = true;
    }
  }
}

Names ActionAsList(v1::ReferentialAction action) {
  return action == v1::REFERENTIAL_ACTION_UNSPECIFIED ? Names() : Names{v1::ReferentialAction_Name(action)};
}

std::string DefaultTable(const RelationDraft& relation) {
  const auto [first, second] = std::minmax(relation.source->proto->table(), relation.target->proto->table());
  return Shortened(Singular(first) + "_" + second);
}

Names DefaultColumns(const ModelDraft& model) {
  Names columns;
  for (const std::string& column : ColumnsOf(model, model.primary)) {
    columns.push_back(Shortened(Singular(model.proto->table()) + "_" + column));
  }
  return columns;
}

void ResolveJunction(Draft& draft, RelationDraft& relation) {
  const ModelDraft& source = *relation.source;
  const ModelDraft& target = *relation.target;
  if (source.primary.empty() || target.primary.empty()) return;  // reported there
  const v1::Junction here = relation.proto->junction();
  const v1::Junction there = relation.inverse == nullptr ? v1::Junction() : relation.inverse->proto->junction();
  const Names here_source = ToVector(here.source_columns());
  const Names here_target = ToVector(here.target_columns());
  const Names there_source = ToVector(there.source_columns());
  const Names there_target = ToVector(there.target_columns());
  const bool agreed =
      JunctionEndsAgree(draft, relation, "the junction's table", NameAsList(here.table()), NameAsList(there.table())) &
      JunctionEndsAgree(draft, relation, "source_columns", here_source, there_target) &
      JunctionEndsAgree(draft, relation, "target_columns", here_target, there_source) &
      JunctionEndsAgree(draft, relation, "primary_key_name", NameAsList(here.primary_key_name()),
                        NameAsList(there.primary_key_name())) &
      JunctionEndsAgree(draft, relation, "source_constraint_name", NameAsList(here.source_constraint_name()),
                        NameAsList(there.target_constraint_name())) &
      JunctionEndsAgree(draft, relation, "target_constraint_name", NameAsList(here.target_constraint_name()),
                        NameAsList(there.source_constraint_name())) &
      JunctionEndsAgree(draft, relation, "index_name", NameAsList(here.index_name()), NameAsList(there.index_name())) &
      JunctionEndsAgree(draft, relation, "on_update", ActionAsList(here.on_update()), ActionAsList(there.on_update())) &
      JunctionEndsAgree(draft, relation, "on_delete", ActionAsList(here.on_delete()), ActionAsList(there.on_delete()));
  if (!agreed) return;
  const auto either = [](const auto& a, const auto& b, const auto& otherwise) {
    return !a.empty() ? a : !b.empty() ? b : otherwise;
  };
  const std::string table = either(here.table(), there.table(), DefaultTable(relation));
  const Names sources = either(here_source, there_target, DefaultColumns(source));
  const Names targets = either(here_target, there_source, DefaultColumns(target));

  const auto check_count = [&](const char* attribute, const Names& columns, const ModelDraft& model) {
    if (columns.size() == model.primary.size()) return;
    draft.Invalid(absl::StrCat(relation.path, ".junction.", attribute),
                  absl::StrCat("there are ", columns.size(), " columns for the ", model.primary.size(),
                               " fields of the primary key of ", model.proto->name()));
  };
  check_count("source_columns", sources, source);
  check_count("target_columns", targets, target);
  std::set<std::string> distinct(sources.begin(), sources.end());
  distinct.insert(targets.begin(), targets.end());
  if (distinct.size() < sources.size() + targets.size()) {
    const std::string listed = Printable(absl::StrJoin(targets, ", "));
    draft.Report(
        "NAME_COLLISION", relation.path + ".junction",
        absl::StrCat("two columns of the junction ", Printable(table), " are both called one of ", listed,
                     ": name them with source_columns and target_columns, as a relation of a model to itself must"),
        {{"name", listed}});
  }
  v1::Junction& junction = *relation.proto->mutable_junction();
  junction.set_table(table);
  *junction.mutable_source_columns() = {sources.begin(), sources.end()};
  *junction.mutable_target_columns() = {targets.begin(), targets.end()};
  const std::string none;
  junction.set_primary_key_name(either(here.primary_key_name(), there.primary_key_name(), none));
  junction.set_source_constraint_name(either(here.source_constraint_name(), there.target_constraint_name(), none));
  junction.set_target_constraint_name(either(here.target_constraint_name(), there.source_constraint_name(), none));
  junction.set_index_name(either(here.index_name(), there.index_name(), none));
  const auto action = [](v1::ReferentialAction a, v1::ReferentialAction b) {
    if (a != v1::REFERENTIAL_ACTION_UNSPECIFIED) return a;
    return b != v1::REFERENTIAL_ACTION_UNSPECIFIED ? b : v1::REFERENTIAL_ACTION_CASCADE;
  };
  junction.set_on_update(action(here.on_update(), there.on_update()));
  junction.set_on_delete(action(here.on_delete(), there.on_delete()));
  if (relation.inverse == nullptr) return;
  v1::Junction& mirrored = *relation.inverse->proto->mutable_junction();
  mirrored.set_table(table);
  *mirrored.mutable_source_columns() = {targets.begin(), targets.end()};
  *mirrored.mutable_target_columns() = {sources.begin(), sources.end()};
  mirrored.set_primary_key_name(junction.primary_key_name());
  mirrored.set_source_constraint_name(junction.target_constraint_name());
  mirrored.set_target_constraint_name(junction.source_constraint_name());
  mirrored.set_index_name(junction.index_name());
  mirrored.set_on_update(junction.on_update());
  mirrored.set_on_delete(junction.on_delete());
  relation.proto->set_inverse(relation.inverse->proto->name());
  relation.inverse->proto->set_inverse(relation.proto->name());
}

bool NamesModel(const RelationDraft& relation) {
  return !relation.proto->junction().model().empty();
}

}  // namespace

bool JunctionEndsAgree(Draft& draft, const RelationDraft& relation, const char* what, const Names& here,
                       const Names& there) {
  if (here.empty() || there.empty() || here == there) return true;
  const std::string here_text = Printable(absl::StrJoin(here, ", "));
  const std::string there_text = Printable(absl::StrJoin(there, ", "));
  draft.Report("JUNCTION_MISMATCH", relation.path,
               absl::StrCat(what, " here is ", here_text, ", but ", there_text, " at the other end, ",
                            relation.inverse->QualifiedName(), ": write it once, or the same at both ends"),
               {{"here", here_text}, {"there", there_text}});
  return false;
}

void ResolveJunctions(Draft& draft) {
  std::vector<RelationDraft*> all;
  for (ModelDraft& model : draft.models) {
    for (const auto& relation : model.relations) {
      if (IsManyToMany(*relation)) all.push_back(relation.get());
    }
  }
  for (RelationDraft* relation : all) {
    if (!relation->proto->inverse().empty()) PairNamed(draft, *relation);
  }
  std::vector<RelationDraft*> open;
  for (RelationDraft* relation : all) {
    if (!relation->broken && relation->inverse == nullptr) open.push_back(relation);
  }
  PairUnnamed(draft, open);
  std::set<const RelationDraft*> done;
  for (RelationDraft* relation : all) {
    if (relation->broken || done.count(relation) != 0) continue;
    if (relation->inverse != nullptr) done.insert(relation->inverse);
    const bool models = NamesModel(*relation) || (relation->inverse != nullptr && NamesModel(*relation->inverse));
    models ? ResolveJunctionModel(draft, *relation) : ResolveJunction(draft, *relation);
  }
}

}  // namespace rowan
