// Foreign keys -> belongsTo and its other end, hasOne or hasMany.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/proto_enums.h"
#include "engine/store/introspection_draft.h"
#include "engine/types/key_types.h"

namespace rowan::store {
namespace {

using Kind = ImagePart::Kind;
using Columns = std::vector<std::string>;

void LeaveOut(IntrospectionDraft& draft, const RelationDraft& relation, std::string why) {
  draft.Note(v1::SEVERITY_WARNING, "RELATION_LEFT_OUT", relation.holder->image->name, relation.image->name,
             absl::StrCat("the foreign key is no relation: ", why));
}

// Puts the columns into the order of the key that they refer to.
void Align(RelationDraft& relation) {
  relation.columns = relation.image->columns;
  relation.references = relation.image->references;
  relation.to_primary = SameSet(relation.references, relation.target->primary);
  if (!relation.to_primary) return;
  std::map<std::string, std::string> column_of;
  for (size_t i = 0; i < relation.columns.size(); ++i) column_of[relation.references[i]] = relation.columns[i];
  relation.references = relation.target->primary;
  relation.columns.clear();
  for (const std::string& reference : relation.references) relation.columns.push_back(column_of[reference]);
}

bool IsUniqueIn(const TableDraft& table, const Columns& columns) {
  if (SameSet(table.primary, columns) && !table.primary_name.empty()) return true;
  return std::any_of(table.unique_keys.begin(), table.unique_keys.end(),
                     [&](const UniqueDraft& unique) { return SameSet(unique.columns, columns); });
}

// What keeps the foreign key from being a relation, or "".
std::string Fault(const IntrospectionDraft& draft, const RelationDraft& relation) {
  const TableImage& holder = *relation.holder->image;
  for (const std::string& column : relation.columns) {
    if (relation.holder->fields.count(column) == 0)
      return absl::StrCat("the column ", Printable(column), " is no field");
  }
  for (const std::string& column : relation.references) {
    if (relation.target->fields.count(column) == 0)
      return absl::StrCat("the column ", Printable(column), " is no field");
  }
  if (relation.target->read_only) return absl::StrCat("the model ", relation.target->name, " is read-only");
  if (!relation.to_primary && !IsUniqueIn(*relation.target, relation.references)) {
    return "what it refers to is no key of the model";
  }
  const bool sets_null = relation.image->on_delete == ReferentialAction::kSetNull ||
                         relation.image->on_update == ReferentialAction::kSetNull;
  const bool sets_default = relation.image->on_delete == ReferentialAction::kSetDefault ||
                            relation.image->on_update == ReferentialAction::kSetDefault;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const ColumnImage& here = *holder.FindColumn(relation.columns[i]);
    const ColumnImage& there = *relation.target->image->FindColumn(relation.references[i]);
    if (!MayRefer(here.type, there.type)) {
      return absl::StrCat("the type of ", Printable(here.name), " is ", SqlType(here.type), ", but that of ",
                          Printable(there.name), " is ", SqlType(there.type));
    }
    if (sets_null && !here.nullable) return absl::StrCat("it sets ", Printable(here.name), " null, which is NOT NULL");
    if (sets_default && !here.nullable && here.source == ColumnSource::kNothing) {
      return absl::StrCat("it sets ", Printable(here.name), " to its default, but there is none");
    }
  }
  for (const RelationDraft& other : draft.relations) {
    if (&other != &relation && other.holder == relation.holder && other.target == relation.target &&
        other.columns == relation.columns && other.references == relation.references) {
      return absl::StrCat("it says the same as ", Printable(other.image->name));
    }
  }
  return "";
}

// The columns of a composite key call it the same, but for those that are called as at the target.
std::string TellingStem(const RelationDraft& relation) {
  const std::string& target = relation.target->image->name.name;
  std::set<std::string> stems;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    if (relation.columns.size() > 1 && relation.columns[i] == relation.references[i]) continue;
    stems.insert(StemOf(relation.columns[i], relation.references[i], target));
  }
  return stems.size() == 1 ? IdentifierOf(*stems.begin()) : "";
}

void AddRelation(IntrospectionDraft& draft, TableDraft& holder, const ForeignKeyImage& image) {
  RelationDraft& relation = draft.relations.emplace_back();
  relation.image = &image;
  relation.holder = &holder;
  const auto target = draft.tables.find(image.target);
  std::string fault;
  if (target == draft.tables.end()) {
    fault = absl::StrCat("the table ", Printable(image.target.schema), ".", Printable(image.target.name),
                         " is no model here");
  } else {
    relation.target = &target->second;
    Align(relation);
    fault = Fault(draft, relation);
  }
  if (!fault.empty()) {
    LeaveOut(draft, relation, std::move(fault));
    draft.relations.pop_back();
    return;
  }
  if (!image.validated) {
    draft.Note(v1::SEVERITY_WARNING, "NOT_VALIDATED", holder.image->name, image.name,
               "the foreign key is not validated: rows may break it");
  }
  if (image.deferrable) {
    draft.Note(v1::SEVERITY_NOTICE, "DEFERRABLE", holder.image->name, image.name,
               "the foreign key is deferrable, which a schema does not say");
  }
  relation.one = IsUniqueIn(holder, relation.columns);
  for (const std::string& column : relation.columns) {
    relation.nullable = relation.nullable || holder.image->FindColumn(column)->nullable;
    holder.foreign.insert(column);
  }
  for (const std::string& column : relation.references) relation.target->foreign.insert(column);
  relation.stem = TellingStem(relation);
}

// The columns' positions, so that relations come in the order of the table.
size_t PositionOf(const TableImage& table, const ForeignKeyImage& key) {
  size_t first = table.columns.size();
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (std::find(key.columns.begin(), key.columns.end(), table.columns[i].name) != key.columns.end()) {
      first = std::min(first, i);
    }
  }
  return first;
}

// A column that is called like the relation leaves the name to it: reports_to is the relation reportsTo, and its field
// reportsToId.
void RenameField(const RelationDraft& relation) {
  if (relation.columns.size() != 1) return;
  TableDraft& holder = *relation.holder;
  std::string& field = holder.fields.at(relation.columns[0]);
  const std::string follows = ForeignKeyFieldNames(relation.stem, {"id"})[0];
  const bool same = field == relation.stem || absl::EqualsIgnoreCase(field, follows);
  if (relation.stem.empty() || !same || holder.names.count(follows) != 0) return;
  holder.names.erase(field);
  holder.names.insert(follows);
  field = follows;
}

void NameBelongsTo(RelationDraft& relation) {
  const std::string target = Uncapitalised(relation.target->name);
  std::vector<std::string> candidates;
  if (!relation.stem.empty()) {
    candidates.push_back(relation.stem);
    if (relation.stem != target) candidates.push_back(Shortened(relation.stem + relation.target->name));
  }
  candidates.push_back(target);
  // By a key beside the primary one: "makerByCode".
  if (!relation.to_primary) {
    std::string by = absl::StrCat(candidates.front(), "By");
    for (const std::string& field : FieldsOf(*relation.target, relation.references)) by += Capitalised(field);
    candidates.push_back(Shortened(by));
  }
  candidates.push_back(Shortened(target + "Row"));
  relation.name = TakeName(relation.holder->names, candidates);
}

// "albums", or "ordersByBillingCustomer" where several lead here; of a tree "children".
void NameInverse(const IntrospectionDraft& draft, RelationDraft& relation) {
  const int others =
      static_cast<int>(std::count_if(draft.relations.begin(), draft.relations.end(), [&](const RelationDraft& other) {
        return &other != &relation && !other.junction && other.holder == relation.holder &&
               other.target == relation.target;
      }));
  const std::string& table = relation.holder->image->name.name;
  std::string plain = relation.one ? Uncapitalised(relation.holder->name) : PluralOf(table);
  if (plain.empty()) plain = Shortened(Uncapitalised(relation.holder->name) + "Rows");
  const std::string by = Shortened(absl::StrCat(plain, "By", Capitalised(relation.name)));
  const bool self = relation.holder == relation.target;
  std::vector<std::string> candidates;
  if (self && relation.name == "parent" && !relation.one) candidates.push_back("children");
  const bool named_after_target = relation.name == Uncapitalised(relation.target->name);
  if ((others == 0 || named_after_target) && !self) candidates.push_back(plain);
  candidates.push_back(by);
  relation.inverse = TakeName(relation.target->names, candidates);
}

// Whether the relation can add the fields of its foreign key by itself: all that they are follows from it.
bool AddsItsFields(const IntrospectionDraft& draft, const RelationDraft& relation, const Columns& following) {
  const TableDraft& holder = *relation.holder;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const ColumnImage& column = *holder.image->FindColumn(relation.columns[i]);
    const bool alone = std::none_of(draft.relations.begin(), draft.relations.end(), [&](const RelationDraft& other) {
      return &other != &relation && other.holder == relation.holder &&
             std::find(other.columns.begin(), other.columns.end(), column.name) != other.columns.end();
    });
    const bool only_key = holder.primary == Columns{column.name};
    if (!alone || only_key || holder.read_only || column.source != ColumnSource::kNothing || !column.comment.empty() ||
        !column.domain.empty() || column.nullable != relation.nullable ||
        column.type != relation.target->image->FindColumn(relation.references[i])->type ||
        holder.fields.at(column.name) != following[i] || Shortened(SnakeCase(following[i])) != column.name) {
      return false;
    }
  }
  return true;
}

bool HasDefaultActions(const RelationDraft& relation, bool update) {
  if (update) return relation.image->on_update == ReferentialAction::kCascade;
  const bool all_nullable =
      std::all_of(relation.columns.begin(), relation.columns.end(),
                  [&](const std::string& column) { return relation.holder->image->FindColumn(column)->nullable; });
  return relation.image->on_delete == (all_nullable ? ReferentialAction::kSetNull : ReferentialAction::kRestrict);
}

void WriteBelongsTo(IntrospectionDraft& draft, RelationDraft& relation) {
  TableDraft& holder = *relation.holder;
  v1::Relation& proto = *holder.model->add_relations();
  draft.parts[absl::StrCat("models.", holder.name, ".relations.", relation.name)] = {Kind::kNamed, holder.image->name,
                                                                                     relation.image->name};
  proto.set_name(relation.name);
  proto.set_kind(v1::RELATION_KIND_BELONGS_TO);
  proto.set_target(relation.target->name);
  const Columns references = FieldsOf(*relation.target, relation.references);
  const Columns following = ForeignKeyFieldNames(relation.name, references);
  const Columns fields = FieldsOf(holder, relation.columns);
  if (AddsItsFields(draft, relation, following)) {
    holder.implied.insert(relation.columns.begin(), relation.columns.end());
    if (relation.nullable) proto.set_nullable(true);
  } else if (fields != following) {
    *proto.mutable_fields() = {fields.begin(), fields.end()};
  }
  if (!relation.to_primary) *proto.mutable_references() = {references.begin(), references.end()};
  if (relation.image->name != ConstraintName("fk", holder.image->name.name, relation.columns)) {
    proto.set_constraint_name(relation.image->name);
  }
  if (!HasDefaultActions(relation, true)) proto.set_on_update(ActionProto(relation.image->on_update));
  if (!HasDefaultActions(relation, false)) proto.set_on_delete(ActionProto(relation.image->on_delete));
}

void WriteInverse(IntrospectionDraft& draft, const RelationDraft& relation) {
  TableDraft& target = *relation.target;
  v1::Relation& proto = *target.model->add_relations();
  draft.parts[absl::StrCat("models.", target.name, ".relations.", relation.inverse)] = {
      Kind::kNamed, relation.holder->image->name, relation.image->name};
  proto.set_name(relation.inverse);
  proto.set_kind(relation.one ? v1::RELATION_KIND_HAS_ONE : v1::RELATION_KIND_HAS_MANY);
  proto.set_target(relation.holder->name);
  const auto leading = std::count_if(draft.relations.begin(), draft.relations.end(), [&](const RelationDraft& other) {
    return !other.junction && other.holder == relation.holder && other.target == relation.target;
  });
  if (leading > 1) proto.set_inverse(relation.name);
}

}  // namespace

void DraftRelations(IntrospectionDraft& draft) {
  for (auto& [name, table] : draft.tables) {
    for (const auto& [column, field] : table.fields) table.names.insert(field);
    std::vector<const ForeignKeyImage*> keys;
    for (const ForeignKeyImage& key : table.image->foreign_keys) {
      if (table.image->kind != TableKind::kPartition) {
        if (!draft.IsLeftOut(Kind::kNamed, name, key.name)) keys.push_back(&key);
      } else if (!key.inherited) {
        draft.Note(v1::SEVERITY_WARNING, "RELATION_LEFT_OUT", name, key.name,
                   "the foreign key is no relation: it is this partition's own, and relations are the whole table's");
      }
    }
    std::stable_sort(keys.begin(), keys.end(), [&](const ForeignKeyImage* a, const ForeignKeyImage* b) {
      return PositionOf(*table.image, *a) < PositionOf(*table.image, *b);
    });
    for (const ForeignKeyImage* key : keys) AddRelation(draft, table, *key);
  }
}

void NameRelations(IntrospectionDraft& draft) {
  for (const RelationDraft& relation : draft.relations) {
    if (!relation.junction) RenameField(relation);
  }
  // The primary key is what people think of first.
  for (const bool primary : {true, false}) {
    for (RelationDraft& relation : draft.relations) {
      if (!relation.junction && relation.to_primary == primary) NameBelongsTo(relation);
    }
  }
  std::map<const TableDraft*, int> counts;
  for (const RelationDraft& relation : draft.relations) ++counts[relation.holder];
  for (RelationDraft& relation : draft.relations) {
    if (relation.junction) continue;
    if (++counts[relation.target] > kMostRelations) {
      draft.Note(v1::SEVERITY_WARNING, "INVERSE_LEFT_OUT", relation.holder->image->name, relation.image->name,
                 absl::StrCat("the model ", relation.target->name, " has 500 relations already: the other end of ",
                              relation.holder->name, ".", relation.name, " is not among them"));
      continue;
    }
    NameInverse(draft, relation);
  }
}

void WriteRelations(IntrospectionDraft& draft) {
  for (RelationDraft& relation : draft.relations) {
    if (!relation.junction) WriteBelongsTo(draft, relation);
  }
  for (const RelationDraft& relation : draft.relations) {
    if (!relation.junction && !relation.inverse.empty()) WriteInverse(draft, relation);
  }
}

}  // namespace rowan::store
