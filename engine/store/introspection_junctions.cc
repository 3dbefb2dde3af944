// Tables between two others -> manyToMany.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/proto_enums.h"
#include "engine/store/introspection_draft.h"

namespace rowan::store {
namespace {

using Kind = ImagePart::Kind;
using Columns = std::vector<std::string>;

Columns Together(const RelationDraft& a, const RelationDraft& b) {
  Columns columns = a.columns;
  columns.insert(columns.end(), b.columns.begin(), b.columns.end());
  return columns;
}

bool Disjoint(const RelationDraft& a, const RelationDraft& b) {
  return std::none_of(a.columns.begin(), a.columns.end(), [&](const std::string& column) {
    return std::find(b.columns.begin(), b.columns.end(), column) != b.columns.end();
  });
}

// Whether the columns of the foreign key have the types of those they refer to, as those of a junction that is no model do.
bool HasTypesOfTarget(const RelationDraft& relation) {
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const ColumnImage& here = *relation.holder->image->FindColumn(relation.columns[i]);
    if (here.type != relation.target->image->FindColumn(relation.references[i])->type) return false;
  }
  return true;
}

std::vector<RelationDraft*> HeldBy(IntrospectionDraft& draft, const TableDraft& table) {
  std::vector<RelationDraft*> held;
  for (RelationDraft& relation : draft.relations) {
    if (relation.holder == &table) held.push_back(&relation);
  }
  return held;
}

// A junction's foreign keys do the same at both ends, and nothing that its rows do not survive as a whole.
bool AreActionsPlain(const RelationDraft& a, const RelationDraft& b) {
  const auto plain = [](ReferentialAction action) {
    return action == ReferentialAction::kCascade || action == ReferentialAction::kRestrict ||
           action == ReferentialAction::kNoAction;
  };
  return a.image->on_update == b.image->on_update && a.image->on_delete == b.image->on_delete &&
         plain(a.image->on_update) && plain(a.image->on_delete);
}

bool BeginsWith(const Columns& columns, const Columns& beginning) {
  return columns.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), columns.begin());
}

// The index by which the rows of an end are found; null when there is none but perhaps the primary key.
const IndexImage* IndexFor(const TableImage& table, const RelationDraft& end) {
  for (const IndexImage& index : table.indexes) {
    if (index.plain && index.valid && index.predicate.empty() && BeginsWith(index.columns, end.columns)) return &index;
  }
  return nullptr;
}

// Whether the table is two foreign keys and nothing else. Its ends come in the order of the primary key.
bool IsPlainJunction(const TableDraft& table, std::vector<RelationDraft*>& ends) {
  const TableImage& image = *table.image;
  const KeyImage* const primary = image.PrimaryKey();
  const bool kind = image.kind == TableKind::kTable || image.kind == TableKind::kPartitioned;
  if (!kind || table.read_only || primary == nullptr || ends.size() != 2 || image.foreign_keys.size() != 2)
    return false;
  if (!image.checks.empty() || image.keys.size() != 1 || !table.unique_keys.empty()) return false;
  for (const RelationDraft* end : ends) {
    const bool same_schema = end->target->image->name.schema == image.name.schema;
    if (!end->to_primary || !same_schema || end->target == &table || !HasTypesOfTarget(*end)) return false;
  }
  if (!Disjoint(*ends[0], *ends[1]) || !AreActionsPlain(*ends[0], *ends[1])) return false;
  for (const ColumnImage& column : image.columns) {
    if (column.source != ColumnSource::kNothing || !column.domain.empty()) return false;
  }
  const Columns columns = Together(*ends[0], *ends[1]);
  if (columns.size() != image.columns.size() || !SameSet(columns, primary->columns)) return false;
  if (primary->columns == Together(*ends[1], *ends[0])) std::swap(ends[0], ends[1]);
  return primary->columns == Together(*ends[0], *ends[1]);
}

// Whether another foreign key leads to the table: only a model can be referred to.
bool IsReferredTo(const IntrospectionDraft& draft, const TableDraft& table) {
  return std::any_of(draft.relations.begin(), draft.relations.end(),
                     [&](const RelationDraft& relation) { return relation.target == &table; });
}

// What a row at the other end is called from this one: after its table, or on a relation of a model to itself, or when
// several junctions lead there, after the junction's columns or its table.
std::string TakeManyName(const RelationDraft& from, const RelationDraft& to, const std::string& junction) {
  const std::string plural = PluralOf(to.target->image->name.name);
  // blocked_id leads to those who are blocked.
  const std::string by_stem = absl::EndsWith(to.stem, "ed") ? to.stem : PluralOf(SnakeCase(to.stem));
  std::vector<std::string> candidates;
  if (from.target == to.target) {
    if (!by_stem.empty()) candidates.push_back(by_stem);
  } else if (!plural.empty()) {
    candidates.push_back(plural);
  }
  const std::string base = plural.empty() ? "rows" : plural;
  candidates.push_back(Shortened(absl::StrCat(base, "By", Capitalised(IdentifierOf(junction)))));
  return TakeName(from.target->names, candidates);
}

std::string DefaultTable(const RelationDraft& a, const RelationDraft& b) {
  const auto [first, second] = std::minmax(a.target->image->name.name, b.target->image->name.name);
  return Shortened(Singular(first) + "_" + second);
}

Columns DefaultColumns(const TableDraft& table) {
  Columns columns;
  for (const std::string& column : table.primary) {
    columns.push_back(Shortened(Singular(table.image->name.name) + "_" + column));
  }
  return columns;
}

void WritePlain(const TableDraft& table, const RelationDraft& source, const RelationDraft& target,
                v1::Junction& junction) {
  const std::string& name = table.image->name.name;
  const bool self = source.target == target.target;
  if (name != DefaultTable(source, target)) junction.set_table(name);
  if (self || source.columns != DefaultColumns(*source.target)) {
    *junction.mutable_source_columns() = {source.columns.begin(), source.columns.end()};
  }
  if (self || target.columns != DefaultColumns(*target.target)) {
    *junction.mutable_target_columns() = {target.columns.begin(), target.columns.end()};
  }
  if (table.primary_name != ConstraintName("pk", name, {})) junction.set_primary_key_name(table.primary_name);
  if (source.image->name != ConstraintName("fk", name, source.columns)) {
    junction.set_source_constraint_name(source.image->name);
  }
  if (target.image->name != ConstraintName("fk", name, target.columns)) {
    junction.set_target_constraint_name(target.image->name);
  }
  // The end that comes first in the table by the rules; the index is in the other order.
  const bool source_first = self || source.target->image->name.name < target.target->image->name.name;
  const RelationDraft& second = source_first ? target : source;
  const RelationDraft& first = source_first ? source : target;
  const IndexImage* const index = IndexFor(*table.image, second);
  if (index != nullptr && index->name != ConstraintName("idx", name, Together(second, first))) {
    junction.set_index_name(index->name);
  }
  if (source.image->on_update != ReferentialAction::kCascade) junction.set_on_update(ActionProto(source.image->on_update));
  if (source.image->on_delete != ReferentialAction::kCascade) junction.set_on_delete(ActionProto(source.image->on_delete));
}

void WriteModel(const IntrospectionDraft& draft, const TableDraft& table, const RelationDraft& source,
                const RelationDraft& target, v1::Junction& junction) {
  junction.set_model(table.name);
  const auto leading = [&](const RelationDraft& end) {
    return std::count_if(draft.relations.begin(), draft.relations.end(), [&](const RelationDraft& other) {
      return other.holder == &table && other.target == end.target;
    });
  };
  if (leading(source) > 1) junction.set_source_relation(source.name);
  if (leading(target) > 1) junction.set_target_relation(target.name);
}

// Both ends of one junction.
struct ManyToMany {
  const TableDraft* table = nullptr;
  const RelationDraft* source = nullptr;
  const RelationDraft* target = nullptr;
  std::string source_name;  // of the relation at source->target
  std::string target_name;
};

void WriteEnd(IntrospectionDraft& draft, const ManyToMany& pair, bool mirrored, bool named) {
  const RelationDraft& source = mirrored ? *pair.target : *pair.source;
  const RelationDraft& target = mirrored ? *pair.source : *pair.target;
  v1::Relation& proto = *source.target->model->add_relations();
  proto.set_name(mirrored ? pair.target_name : pair.source_name);
  draft.parts[absl::StrCat("models.", source.target->name, ".relations.", proto.name())] = {
      Kind::kNamed, pair.table->image->name, pair.table->junction ? source.image->name : pair.table->primary_name};
  proto.set_kind(v1::RELATION_KIND_MANY_TO_MANY);
  proto.set_target(target.target->name);
  if (named) proto.set_inverse(mirrored ? pair.source_name : pair.target_name);
  if (pair.table->junction) {
    v1::Junction junction;
    // The other end follows from what this one says.
    if (!mirrored) WritePlain(*pair.table, source, target, junction);
    if (junction.ByteSizeLong() > 0) *proto.mutable_junction() = std::move(junction);
  } else {
    WriteModel(draft, *pair.table, source, target, *proto.mutable_junction());
  }
}

void NoteMissingIndexes(IntrospectionDraft& draft, const TableDraft& table, const std::vector<RelationDraft*>& ends) {
  if (IndexFor(*table.image, *ends[1]) != nullptr) return;
  draft.Note(v1::SEVERITY_NOTICE, "REVERSE_INDEX_MISSING", table.image->name, "",
             absl::StrCat("no index begins with (", Printable(absl::StrJoin(ends[1]->columns, ", ")),
                          "): reading the relation from that end looks at all rows"));
}

void NoteOtherIndexes(IntrospectionDraft& draft, const TableDraft& table) {
  for (const IndexImage& index : table.image->indexes) {
    if (index.plain && index.valid && index.predicate.empty() && !index.unique) continue;
    draft.Note(v1::SEVERITY_NOTICE, "INDEX_LEFT_OUT", table.image->name, index.name,
               absl::StrCat("a junction has no such index; it stays as it is: ", index.definition));
  }
}

// The two foreign keys of a model that are a key together, if any.
bool FindPair(const TableDraft& table, const std::vector<RelationDraft*>& held, ManyToMany& pair) {
  const auto is_key = [&](const Columns& columns) {
    return (SameSet(columns, table.primary) && !table.primary_name.empty()) ||
           std::any_of(table.unique_keys.begin(), table.unique_keys.end(),
                       [&](const UniqueDraft& unique) { return SameSet(unique.columns, columns); });
  };
  for (const RelationDraft* a : held) {
    for (const RelationDraft* b : held) {
      if (a == b) break;
      const bool ends = a->to_primary && b->to_primary && a->target != &table && b->target != &table;
      if (!ends || !Disjoint(*a, *b) || !is_key(Together(*b, *a))) continue;
      pair.source = b;
      pair.target = a;
      return true;
    }
  }
  return false;
}

}  // namespace

void DraftJunctions(IntrospectionDraft& draft) {
  for (auto& [name, table] : draft.tables) {
    std::vector<RelationDraft*> ends = HeldBy(draft, table);
    if (IsReferredTo(draft, table) || !IsPlainJunction(table, ends)) continue;
    table.junction = true;
    for (RelationDraft* end : ends) end->junction = true;
  }
}

void WriteJunctions(IntrospectionDraft& draft) {
  std::deque<ManyToMany> pairs;
  for (auto& [name, table] : draft.tables) {
    std::vector<RelationDraft*> held = HeldBy(draft, table);
    ManyToMany pair;
    pair.table = &table;
    if (table.junction) {
      IsPlainJunction(table, held);
      pair.source = held[0];
      pair.target = held[1];
      // Which end says what the junction is does not hang on the primary key's order, which no schema says.
      if (held[1]->target->image->name < held[0]->target->image->name) std::swap(pair.source, pair.target);
      NoteMissingIndexes(draft, table, held);
      NoteOtherIndexes(draft, table);
    } else if (!FindPair(table, held, pair)) {
      continue;
    }
    if (!table.junction && draft.IsLeftOut(Kind::kNamed, name, table.primary_name)) continue;
    pairs.push_back(pair);
  }
  for (ManyToMany& pair : pairs) {
    pair.source_name = TakeManyName(*pair.source, *pair.target, pair.table->image->name.name);
    pair.target_name = TakeManyName(*pair.target, *pair.source, pair.table->image->name.name);
  }
  for (const ManyToMany& pair : pairs) {
    const auto same_ends = std::count_if(pairs.begin(), pairs.end(), [&](const ManyToMany& other) {
      return (other.source->target == pair.source->target && other.target->target == pair.target->target) ||
             (other.source->target == pair.target->target && other.target->target == pair.source->target);
    });
    const bool named = same_ends > 1 || pair.source->target == pair.target->target;
    WriteEnd(draft, pair, false, named);
    WriteEnd(draft, pair, true, named);
  }
}

}  // namespace rowan::store
