// Primary and unique keys, indexes and checks.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/sql_expression.h"
#include "engine/store/introspection_draft.h"

namespace rowan::store {
namespace {

using Kind = ImagePart::Kind;
using Columns = std::vector<std::string>;

template <typename Fields>
void SetFields(const TableDraft& table, const Columns& columns, Fields* fields) {
  const Columns names = FieldsOf(table, columns);
  *fields = {names.begin(), names.end()};
}

bool IsField(const TableDraft& table, const std::string& column) {
  return table.implied.count(column) == 0;
}

const RelationDraft* RelationOver(const IntrospectionDraft& draft, const TableDraft& table, const Columns& columns) {
  for (const RelationDraft& relation : draft.relations) {
    if (relation.holder == &table && relation.columns == columns) return &relation;
  }
  return nullptr;
}

void WritePrimaryKey(TableDraft& table) {
  if (table.primary.size() > 1 || !IsField(table, table.primary[0])) {
    SetFields(table, table.primary, table.model->mutable_primary_key());
  }
  if (table.read_only || table.primary_name.empty()) return;
  if (table.primary_name != ConstraintName("pk", table.image->name.name, {})) {
    table.model->set_primary_key_name(table.primary_name);
  }
}

void WriteUniqueKeys(IntrospectionDraft& draft, TableDraft& table) {
  std::vector<UniqueDraft> uniques = table.unique_keys;
  std::sort(uniques.begin(), uniques.end(), [](const UniqueDraft& a, const UniqueDraft& b) { return a.name < b.name; });
  for (const UniqueDraft& unique : uniques) {
    const std::string by_rule = ConstraintName("uq", table.image->name.name, unique.columns);
    const bool marked = unique.columns.size() == 1 && IsField(table, unique.columns[0]);
    const RelationDraft* const relation = RelationOver(draft, table, unique.columns);
    const bool implied = relation != nullptr && relation->one && !relation->inverse.empty();
    if (unique.name == by_rule && (marked || implied)) continue;
    const std::string path = absl::StrCat("models.", table.name, ".unique[", table.model->unique_keys_size(), "]");
    draft.parts[path] = {Kind::kNamed, table.image->name, unique.part};
    v1::UniqueKey& proto = *table.model->add_unique_keys();
    SetFields(table, unique.columns, proto.mutable_fields());
    if (unique.name != by_rule) proto.set_name(unique.name);
  }
  draft.parts[absl::StrCat("models.", table.name, ".unique")] = {Kind::kUniqueKeys, table.image->name, ""};
}

// Why a schema cannot have the index, or "".
std::string IndexFault(const TableDraft& table, const IndexImage& index) {
  if (!index.valid) return "it is left over from a concurrent build that failed";
  if (!index.plain || index.columns.empty()) {
    return absl::StrCat("it is more than a schema can say; it stays as it is: ", index.definition);
  }
  for (const std::string& column : index.columns) {
    if (table.fields.count(column) == 0) return absl::StrCat("the column ", Printable(column), " is no field");
  }
  if (std::set<std::string>(index.columns.begin(), index.columns.end()).size() != index.columns.size()) {
    return "it has a column twice";
  }
  const std::string fault = SqlExpressionFault(index.predicate);
  return fault.empty() ? "" : absl::StrCat("its predicate cannot be part of a schema: ", fault);
}

bool IsPlain(const IndexImage& index) {
  return !index.unique && index.predicate.empty();
}

// Whether an index by mark would be this one: nothing else over the columns has an index.
bool IsOnlyOver(const TableDraft& table, const IndexImage& index) {
  const auto over = [&](const Columns& columns) { return columns == index.columns; };
  if (over(table.primary)) return false;
  for (const UniqueDraft& unique : table.unique_keys) {
    if (over(unique.columns)) return false;
  }
  return std::count_if(table.image->indexes.begin(), table.image->indexes.end(), [&](const IndexImage& other) {
           return other.plain && other.valid && IsPlain(other) && over(other.columns);
         }) == 1;
}

// Marks what has an index of its own under the name that it gets by itself.
bool MarkIndexed(IntrospectionDraft& draft, TableDraft& table, const IndexImage& index) {
  if (!IsPlain(index) || !IsOnlyOver(table, index) ||
      index.name != ConstraintName("idx", table.image->name.name, index.columns)) {
    return false;
  }
  const RelationDraft* const relation = RelationOver(draft, table, index.columns);
  if (relation != nullptr) {
    for (v1::Relation& proto : *table.model->mutable_relations()) {
      if (proto.name() == relation->name) proto.set_index(true);
    }
    return true;
  }
  if (index.columns.size() != 1) return false;
  for (v1::Field& field : *table.model->mutable_fields()) {
    if (field.name() == table.fields.at(index.columns[0])) field.set_index(true);
  }
  return true;
}

void WriteIndexes(IntrospectionDraft& draft, TableDraft& table) {
  const ObjectName& name = table.image->name;
  for (const IndexImage& index : table.image->indexes) {
    if (draft.IsLeftOut(Kind::kNamed, name, index.name) || index.name == table.primary_index) continue;
    const bool key = std::any_of(table.unique_keys.begin(), table.unique_keys.end(),
                                 [&](const UniqueDraft& unique) { return unique.index && unique.part == index.name; });
    if (key) continue;
    if (const std::string fault = IndexFault(table, index); !fault.empty()) {
      draft.Note(v1::SEVERITY_NOTICE, "INDEX_LEFT_OUT", name, index.name, fault);
      continue;
    }
    if (MarkIndexed(draft, table, index)) continue;
    const std::string path = absl::StrCat("models.", table.name, ".indexes[", table.model->indexes_size(), "]");
    draft.parts[path] = {Kind::kNamed, name, index.name};
    v1::Index& proto = *table.model->add_indexes();
    SetFields(table, index.columns, proto.mutable_fields());
    if (index.name != ConstraintName("idx", name.name, index.columns)) proto.set_name(index.name);
    if (index.unique) proto.set_unique(true);
    proto.set_predicate(index.predicate);
  }
  draft.parts[absl::StrCat("models.", table.name, ".indexes")] = {Kind::kIndexes, name, ""};
}

void WriteChecks(IntrospectionDraft& draft, TableDraft& table) {
  const ObjectName& name = table.image->name;
  for (const CheckImage& check : table.image->checks) {
    if (draft.IsLeftOut(Kind::kNamed, name, check.name)) continue;
    const bool is_enum = std::any_of(table.enums.begin(), table.enums.end(),
                                     [&](const auto& by_column) { return by_column.second == check.name; });
    if (!check.validated) {
      draft.Note(v1::SEVERITY_WARNING, "NOT_VALIDATED", name, check.name,
                 "the check is not validated: rows may break it");
    }
    if (is_enum) continue;
    if (const std::string fault = SqlExpressionFault(check.expression); !fault.empty()) {
      draft.Note(v1::SEVERITY_NOTICE, "CHECK_LEFT_OUT", name, check.name,
                 absl::StrCat("its expression cannot be part of a schema: ", fault));
      continue;
    }
    draft.parts[absl::StrCat("models.", table.name, ".checks.", Printable(check.name))] = {Kind::kNamed, name,
                                                                                           check.name};
    v1::Check& proto = *table.model->add_checks();
    proto.set_name(check.name);
    proto.set_expression(check.expression);
  }
}

void NoteDeferrable(IntrospectionDraft& draft, const TableDraft& table) {
  for (const KeyImage& key : table.image->keys) {
    if (!key.deferrable) continue;
    draft.Note(v1::SEVERITY_WARNING, "DEFERRABLE", table.image->name, key.name,
               "the key is deferrable: no upsert can be by it");
  }
}

}  // namespace

void WriteKeys(IntrospectionDraft& draft, TableDraft& table) {
  WritePrimaryKey(table);
  if (table.read_only) return;
  if (!draft.IsLeftOut(Kind::kUniqueKeys, table.image->name)) WriteUniqueKeys(draft, table);
  if (!draft.IsLeftOut(Kind::kIndexes, table.image->name)) WriteIndexes(draft, table);
  WriteChecks(draft, table);
  NoteDeferrable(draft, table);
}

}  // namespace rowan::store
