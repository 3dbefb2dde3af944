#include "engine/bind/bind_load.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/binder.h"
#include "engine/bind/mutation_binder.h"
#include "engine/types/codec.h"
#include "rowan/v1/load.pb.h"

namespace rowan {
namespace {

class LoadBinder {
 public:
  explicit LoadBinder(ir::Load& load) : load_(load), model_(*load.model) {}

  absl::Status BindColumns(const v1::LoadBegin& request) {
    if (request.columns().empty()) return errors::EmptyMutation(Path("columns"));
    for (int i = 0; i < request.columns_size(); ++i) {
      const Path columns("columns");
      ROWAN_RETURN_IF_ERROR(BindColumn(request.columns(i), columns.Index(i)));
    }
    ROWAN_RETURN_IF_ERROR(BindRelations());
    BindForeignKeys();
    SortReferences();
    return CheckRequired();
  }

  absl::Status BindConflict(const v1::LoadConflict& conflict) {
    const Path path("on_conflict");
    ROWAN_RETURN_IF_ERROR(BindConflictKey(conflict, path.Member("key")));
    switch (conflict.action_case()) {
      case v1::LoadConflict::kSkip:
        if (!conflict.skip()) break;
        load_.policy = ir::ConflictPolicy::kSkip;
        return absl::OkStatus();
      case v1::LoadConflict::kUpdate:
        load_.policy = ir::ConflictPolicy::kUpdate;
        return BindUpdates(conflict.update(), path.Member("update"));
      case v1::LoadConflict::ACTION_NOT_SET:
        break;
    }
    return errors::MissingArgument(path, "skip: true or update");
  }

 private:
  absl::Status BindColumn(const v1::LoadColumn& column, const Path& path) {
    if (column.relation().empty()) {
      ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(model_, column.field(), path));
      if (field->read_only) return errors::ReadOnlyField(path, model_.name, field->name);
      ROWAN_RETURN_IF_ERROR(Fill({.field = field, .column = static_cast<int>(load_.columns.size())}, path));
      load_.columns.push_back({field, nullptr, field->nullable});
      return absl::OkStatus();
    }
    ROWAN_ASSIGN_OR_RETURN(const Relation* relation, FindRelation(model_, column.relation(), path));
    if (relation->kind != RelationKind::kBelongsTo) {
      return errors::VerbNotAllowed(path, "a column of a relation", relation->name, "Insert with nested writes",
                                    "only a belongsTo relation is held by the row itself");
    }
    ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(*relation->target, column.field(), path));
    for (const ir::LoadColumn& other : load_.columns) {
      if (other.relation == relation && other.field == field) return errors::DuplicateName(path, column.field());
    }
    load_.columns.push_back({field, relation, !relation->required});
    return absl::OkStatus();
  }

  // Notes where a field comes from, unless something else gives it already.
  absl::Status Fill(ir::LoadField filled, const Path& path) {
    if (!filled.field->generated.empty()) return errors::ReadOnlyField(path, model_.name, filled.field->name);
    for (const ir::LoadField& other : load_.fields) {
      if (other.field != filled.field) continue;
      if (other.column >= 0 && filled.column >= 0) return errors::DuplicateName(path, filled.field->name);
      const std::string giver = other.column >= 0 ? other.field->name : load_.references[other.reference].name;
      return errors::ConflictingInput(path, giver, "both write the same foreign key");
    }
    load_.fields.push_back(filled);
    return absl::OkStatus();
  }

  // The columns of each relation are a key of its target.
  absl::Status BindRelations() {
    for (int first = 0; first < static_cast<int>(load_.columns.size()); ++first) {
      const Relation* relation = load_.columns[first].relation;
      ir::LoadReference reference;
      for (int i = 0; i < static_cast<int>(load_.columns.size()) && relation != nullptr; ++i) {
        if (load_.columns[i].relation != relation) continue;
        reference.columns.push_back(i);
        reference.key.push_back(load_.columns[i].field);
      }
      if (relation == nullptr || reference.columns.front() != first) continue;
      const Path columns("columns");
      const Path path = columns.Index(first);
      if (FindKeyOf(*relation->target, reference.key) == nullptr) {
        return errors::NotAKey(path, relation->target->name, KeyNames(*relation->target));
      }
      reference.name = relation->name;
      reference.target = relation->target;
      const int number = static_cast<int>(load_.references.size());
      for (const ColumnPair& pair : relation->pairs) {
        ROWAN_RETURN_IF_ERROR(
            Fill({.field = pair.from, .reference = number, .given = static_cast<int>(reference.gives.size())}, path));
        reference.gives.push_back(pair.to);
      }
      load_.references.push_back(std::move(reference));
    }
    return absl::OkStatus();
  }

  // The column that holds a field of the model; -1 when there is none.
  int ColumnOf(const Field* field) const {
    for (const ir::LoadField& filled : load_.fields) {
      if (filled.field == field) return filled.column;
    }
    return -1;
  }

  // Foreign keys that are loaded as they are name records, too.
  void BindForeignKeys() {
    for (const ForeignKey& foreign_key : model_.foreign_keys) {
      ir::LoadReference reference{
          .name = foreign_key.relation == nullptr ? foreign_key.fields.front()->name : foreign_key.relation->name,
          .target = foreign_key.target,
          .key = foreign_key.references,
          .own_rows = foreign_key.target == &model_};
      for (const Field* field : foreign_key.fields) reference.columns.push_back(ColumnOf(field));
      if (std::count(reference.columns.begin(), reference.columns.end(), -1) > 0) continue;
      for (const Field* field : foreign_key.references) {
        if (reference.own_rows && ColumnOf(field) >= 0) reference.own_columns.push_back(ColumnOf(field));
      }
      if (reference.own_columns.size() != reference.key.size()) reference.own_columns.clear();
      load_.references.push_back(std::move(reference));
    }
  }

  // Writers that name records of several tables lock them in one order.
  void SortReferences() {
    const auto table = [&](int number) {
      const Model& target = *load_.references[number].target;
      return std::pair<std::string_view, std::string_view>(target.schema, target.table);
    };
    std::vector<int> order(load_.references.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return table(a) < table(b); });
    std::vector<ir::LoadReference> sorted;
    std::vector<int> place(order.size());
    for (int number : order) {
      place[number] = static_cast<int>(sorted.size());
      sorted.push_back(std::move(load_.references[number]));
    }
    load_.references = std::move(sorted);
    for (ir::LoadField& field : load_.fields) {
      if (field.reference >= 0) field.reference = place[field.reference];
    }
  }

  bool Filled(const Field* field) const {
    return std::any_of(load_.fields.begin(), load_.fields.end(),
                       [&](const ir::LoadField& filled) { return filled.field == field; });
  }

  absl::Status CheckRequired() const {
    for (const auto& field : model_.fields) {
      if (field->omittable || Filled(field.get())) continue;
      const Relation* relation = field->foreign_key_of;
      const std::string_view missing = relation != nullptr && field->implicit ? relation->name : field->name;
      const std::string instead =
          relation == nullptr ? absl::StrCat("a column for it")
                              : absl::StrCat("a column ", field->name, ", or columns for a key of ", relation->name);
      return errors::RequiredField(Path("columns"), model_.name, missing, instead);
    }
    return absl::OkStatus();
  }

  absl::Status BindConflictKey(const v1::LoadConflict& conflict, const Path& path) {
    load_.key = &model_.primary_key();
    if (!conflict.key().empty()) {
      std::vector<const Field*> fields;
      for (int i = 0; i < conflict.key_size(); ++i) {
        ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(model_, conflict.key(i), path.Index(i)));
        fields.push_back(field);
      }
      load_.key = FindKeyOf(model_, fields);
      if (load_.key == nullptr) return errors::NotAKey(path, model_.name, KeyNames(model_));
    }
    for (const Field* field : load_.key->fields) {
      if (Filled(field)) continue;
      return errors::RequiredField(path, model_.name, field->name, "a column for it, or another key");
    }
    return absl::OkStatus();
  }

  absl::Status BindUpdates(const v1::LoadUpdate& update, const Path& path) {
    const auto of_key = [&](const Field* field) {
      return std::find(load_.key->fields.begin(), load_.key->fields.end(), field) != load_.key->fields.end();
    };
    std::set<const Field*> chosen;
    for (int i = 0; i < update.columns_size(); ++i) {
      const std::string& name = update.columns(i);
      const Path at = path.Index(i);
      size_t before = chosen.size();
      if (const Relation* relation = model_.FindRelation(name); relation != nullptr) {
        for (const ColumnPair& pair : relation->pairs) {
          if (relation->kind == RelationKind::kBelongsTo && Filled(pair.from)) chosen.insert(pair.from);
        }
      } else {
        ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(model_, name, at));
        if (Filled(field)) chosen.insert(field);
      }
      if (std::any_of(chosen.begin(), chosen.end(), [](const Field* field) { return field->version; })) {
        return errors::ConflictingInput(at, "", "the version counts the updates of a record by itself");
      }
      if (chosen.size() == before) {
        return errors::RequiredField(at, model_.name, name, "a column for it, once, or leave it out here");
      }
    }
    for (const ir::LoadField& filled : load_.fields) {
      const bool updated = update.columns().empty() ? !of_key(filled.field) : chosen.contains(filled.field);
      if (updated && !filled.field->version) load_.updates.push_back(filled.field);
    }
    for (const auto& field : model_.fields) {
      if (field->version && !load_.updates.empty()) load_.version = field.get();
    }
    return absl::OkStatus();
  }

  ir::Load& load_;
  const Model& model_;
};

// Calls `make` with the path of a value.
template <typename Make>
absl::Status FailAt(const ir::Load& load, int64_t number, int column, Make make) {
  const std::string row = absl::StrCat("rows[", number, "]");
  const Path root(row);
  const ir::LoadColumn& at = load.columns[column];
  if (at.relation == nullptr) return make(root.Member(at.field->name));
  const Path relation = root.Member(at.relation->name);
  return make(relation.Member(at.field->name));
}

}  // namespace

absl::StatusOr<ir::Load> BindLoad(const v1::LoadBegin& request, const BindContext& context) {
  ir::Load load;
  ROWAN_ASSIGN_OR_RETURN(load.model, FindWritableModel(context.catalog, request.model()));
  LoadBinder binder(load);
  ROWAN_RETURN_IF_ERROR(binder.BindColumns(request));
  if (request.has_on_conflict()) ROWAN_RETURN_IF_ERROR(binder.BindConflict(request.on_conflict()));
  if (request.tolerated_rejects() < 0 || request.tolerated_rejects() > context.limits.load_rejects) {
    return errors::LimitOutOfRange(Path("tolerated_rejects"), request.tolerated_rejects(), context.limits.load_rejects);
  }
  load.tolerated_rejects = request.tolerated_rejects();
  return load;
}

absl::Status BindLoadRow(const ir::Load& load, const v1::LoadRow& row, int64_t number, std::vector<Encoded>& values) {
  const size_t wanted = load.columns.size();
  if (static_cast<size_t>(row.values_size()) != wanted) {
    const std::string at = absl::StrCat("rows[", number, "]");
    return errors::TypeMismatch(Path(at), absl::StrCat(wanted, wanted == 1 ? " value" : " values"),
                                absl::StrCat(row.values_size()));
  }
  values.resize(wanted);
  for (int i = 0; i < row.values_size(); ++i) {
    const ir::LoadColumn& column = load.columns[i];
    absl::StatusOr<Encoded> encoded = EncodeValue(column.field->type, row.values(i), Path(""));
    if (!encoded.ok()) {
      // Paths cost, so they are made for mistakes only.
      return FailAt(load, number, i,
                    [&](const Path& path) { return EncodeValue(column.field->type, row.values(i), path).status(); });
    }
    if (encoded->null && !column.nullable) {
      const Model& model = column.relation == nullptr ? *load.model : *column.relation->target;
      return FailAt(load, number, i,
                    [&](const Path& path) { return errors::NullNotAllowed(path, model.name, column.field->name); });
    }
    values[i] = *std::move(encoded);
  }
  // Half a key names nothing, and is not the same as no key.
  for (const ir::LoadReference& reference : load.references) {
    if (reference.gives.empty()) continue;
    const auto null = [&](int column) { return values[column].null; };
    const auto found = std::find_if(reference.columns.begin(), reference.columns.end(), null);
    if (found == reference.columns.end() || std::all_of(reference.columns.begin(), reference.columns.end(), null)) {
      continue;
    }
    return FailAt(load, number, *found, [&](const Path& path) {
      return errors::NullNotAllowed(path, reference.target->name, load.columns[*found].field->name);
    });
  }
  return absl::OkStatus();
}

}  // namespace rowan
