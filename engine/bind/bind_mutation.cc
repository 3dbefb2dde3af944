#include "engine/bind/bind_mutation.h"

#include <algorithm>
#include <deque>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/bind_expectation.h"
#include "engine/bind/binder.h"
#include "engine/bind/mutation_binder.h"
#include "engine/types/codec.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

PageRules PagesOfReturning(const BindContext& context) {
  return {context.limits.default_page, context.limits.root_page};
}

std::vector<RecordSource> SourcesOf(const google::protobuf::RepeatedPtrField<v1::RecordInput>& records) {
  std::vector<RecordSource> sources;
  for (int i = 0; i < records.size(); ++i) sources.push_back({&records.Get(i), 0, records.size() > 1 ? i : -1});
  return sources;
}

// What Insert and Upsert return: what was asked for, or the primary key.
absl::StatusOr<ir::Selection> BindNewReturning(const Model& model, const v1::Selection* returning,
                                               QueryBinder& query) {
  if (returning == nullptr) return ir::Selection{.model = &model, .fields = model.primary_key().fields};
  return query.BindSelection(model, *returning, Path("returning"));
}

// What Update and Delete share: the filter, which an empty one must be meant, how many must match, and what to return.
template <typename Request>
absl::Status BindMatch(const Request& request, const Model& model, std::string_view verb, QueryBinder& query,
                       BoundMutation& bound) {
  ROWAN_ASSIGN_OR_RETURN(bound.mutation.where,
                         query.BindWhere({&model}, request.has_where() ? &request.where() : nullptr, Path("where")));
  if (!bound.mutation.where && !request.all_rows()) return errors::UnguardedMutation(Path("where"), verb);
  if (request.has_expect()) {
    ROWAN_ASSIGN_OR_RETURN(bound.mutation.expect, BindExpectation(request.expect(), bound.arguments.expected));
  }
  if (request.has_returning()) {
    ROWAN_ASSIGN_OR_RETURN(bound.mutation.returning, query.BindSelection(model, request.returning(), Path("returning")));
  }
  return absl::OkStatus();
}

absl::StatusOr<const Key*> BindConflictKey(const v1::UpsertRequest& request, const Model& model) {
  if (request.key().empty()) return &model.primary_key();
  const Path path("key");
  std::vector<const Field*> fields;
  for (int i = 0; i < request.key_size(); ++i) {
    ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(model, request.key(i), path.Index(i)));
    fields.push_back(field);
  }
  const Key* key = FindKeyOf(model, fields);
  if (key == nullptr) return errors::NotAKey(path, model.name, KeyNames(model));
  return key;
}

// The key of each record, which it must give in its values; no two have the same.
absl::StatusOr<std::deque<KeySource>> KeysOf(const std::vector<RecordSource>& records, const Key& key,
                                             const Model& model) {
  std::deque<KeySource> keys;
  absl::flat_hash_map<std::string, int> first;
  const auto path_of = [](const RecordSource& record) {
    return record.ordinal < 0 ? std::string("data") : absl::StrCat("data[", record.ordinal, "]");
  };
  for (const RecordSource& record : records) {
    const std::string at = path_of(record);
    const Path path(at);
    KeySource& source = keys.emplace_back();
    source.key = &key;
    source.ordinal = record.ordinal;
    std::string bytes;
    for (const Field* field : key.fields) {
      const auto found = record.record->values().find(field->name);
      if (found == record.record->values().end()) {
        return errors::RequiredField(path.Member(field->name), model.name, field->name,
                                     absl::StrCat("\"", field->name, "\": a value, for it is in the upsert's key"));
      }
      ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(field->type, found->second, path.Member(field->name)));
      if (encoded.null) return errors::NullNotAllowed(path.Member(field->name), model.name, field->name);
      absl::StrAppend(&bytes, encoded.bytes.size(), ":", encoded.bytes);
      source.values.push_back(std::move(encoded));
    }
    const auto [other, is_new] = first.emplace(std::move(bytes), static_cast<int>(keys.size()) - 1);
    if (!is_new) return errors::ConflictingInput(path, path_of(records[other->second]), "both have the same key");
  }
  return keys;
}

// Whether the upsert can be one INSERT … ON CONFLICT.
bool InPlace(const v1::UpsertRequest& request, const ir::RecordNode& records, const ir::OnConflict& conflict) {
  const auto nested = [](const v1::RecordInput& record) { return record.relations_size() > 0; };
  if (std::any_of(request.data().begin(), request.data().end(), nested)) return false;
  // Somebody else may be in a one-to-one place that the records take.
  const bool takes = std::any_of(records.model->keys.begin(), records.model->keys.end(), [&](const Key& key) {
    return &key != conflict.key && std::all_of(key.fields.begin(), key.fields.end(), [&](const Field* field) {
      return field->foreign_key_of != nullptr &&
             std::any_of(records.columns.begin(), records.columns.end(),
                         [&](const ir::InputColumn& column) { return column.field == field; });
    });
  });
  if (takes) return false;
  if (request.on_conflict().has_update()) {
    const v1::RecordInput& update = request.on_conflict().update();
    return !nested(update) && std::none_of(conflict.key->fields.begin(), conflict.key->fields.end(),
                                           [&](const Field* field) { return update.values().contains(field->name); }) &&
           std::none_of(records.model->fields.begin(), records.model->fields.end(), [&](const auto& field) {
             return field->version && update.values().contains(field->name);
           });
  }
  return std::all_of(conflict.overwrite.begin(), conflict.overwrite.end(), [&](const Field* field) {
    return !field->version && std::any_of(records.columns.begin(), records.columns.end(), [&](const auto& column) {
      return column.field == field && column.always;
    });
  });
}

// The fields that take the values of `data`.
absl::Status BindOverwrite(const v1::UpsertRequest& request, const ir::RecordNode& records, ir::OnConflict& conflict) {
  const bool listed = request.on_conflict().has_overwrite();
  const v1::FieldNames& names = request.on_conflict().overwrite();
  const bool all = !listed || (names.fields_size() == 1 && names.fields(0) == "*");
  if (all) {
    for (const ir::InputColumn& column : records.columns) {
      const std::vector<const Field*>& key = conflict.key->fields;
      if (std::find(key.begin(), key.end(), column.field) == key.end()) conflict.overwrite.push_back(column.field);
    }
    return absl::OkStatus();
  }
  const Path root("on_conflict");
  const Path path = root.Member("overwrite");
  if (names.fields().empty()) return errors::MissingArgument(path, "fields to overwrite, or \"*\", or keep: true");
  for (int i = 0; i < names.fields_size(); ++i) {
    ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(*records.model, names.fields(i), path.Index(i)));
    const std::vector<const Field*>& key = conflict.key->fields;
    if (std::find(key.begin(), key.end(), field) != key.end()) {
      return errors::ConflictingInput(path.Index(i), "key", "the key tells which record it is");
    }
    if (std::find(conflict.overwrite.begin(), conflict.overwrite.end(), field) != conflict.overwrite.end()) {
      return errors::DuplicateName(path.Index(i), field->name);
    }
    const bool given = std::any_of(records.columns.begin(), records.columns.end(),
                                   [&](const ir::InputColumn& column) { return column.field == field; });
    if (!given) {
      return errors::MissingArgument(path.Index(i), absl::StrCat("a field that data gives; no record has ", field->name));
    }
    conflict.overwrite.push_back(field);
  }
  return absl::OkStatus();
}

absl::Status BindOnConflict(const v1::UpsertRequest& request, const std::vector<RecordSource>& sources,
                            MutationBinder& binder, QueryBinder& query, BoundMutation& bound) {
  const Model& model = *bound.mutation.root.model;
  ir::OnConflict& conflict = *bound.mutation.on_conflict;
  const v1::OnConflict& given = request.on_conflict();
  const Path root("on_conflict");
  if (request.has_on_conflict()) {
    const bool refused = given.action_case() == v1::OnConflict::kKeep && !given.keep();
    if (refused || given.action_case() == v1::OnConflict::ACTION_NOT_SET) {
      return errors::MissingArgument(root, "overwrite, update or keep");
    }
    if (given.has_update() && given.update().values().empty() && given.update().changes().empty() &&
        given.update().relations().empty()) {
      return errors::EmptyMutation(root.Member("update"));
    }
  }
  conflict.keep = given.keep();
  conflict.own = given.has_update();
  if (!conflict.keep && !given.has_update()) ROWAN_RETURN_IF_ERROR(BindOverwrite(request, bound.mutation.root, conflict));
  conflict.in_place = InPlace(request, bound.mutation.root, conflict);
  ROWAN_ASSIGN_OR_RETURN(conflict.where, query.BindWhere({&model}, given.has_where() ? &given.where() : nullptr,
                                                         root.Member("where")));
  if (conflict.keep && conflict.where) {
    return errors::ConflictingInput(root.Member("where"), "on_conflict.keep", "records that are kept need no filter");
  }
  RecordRules rules{.update = true, .verb = given.has_update() ? "on_conflict.update" : "", .named = false};
  if (conflict.in_place) {
    if (!given.has_update()) return absl::OkStatus();
    return binder.BindRoot(model, {{&given.update(), 0, -1}}, rules, conflict.update);
  }
  ROWAN_ASSIGN_OR_RETURN(const std::deque<KeySource> keys, KeysOf(sources, *conflict.key, model));
  std::deque<v1::RecordInput> records;
  std::vector<RecordSource> updates;
  for (size_t row = 0; row < sources.size(); ++row) {
    v1::RecordInput& record = records.emplace_back();
    if (given.has_update()) {
      record = given.update();
    } else if (!conflict.keep) {
      *record.mutable_relations() = sources[row].record->relations();
      for (const Field* field : conflict.overwrite) {
        const auto found = sources[row].record->values().find(field->name);
        if (found != sources[row].record->values().end()) (*record.mutable_values())[field->name] = found->second;
      }
    }
    updates.push_back({&record, 0, given.has_update() ? -1 : sources[row].ordinal, &keys[row]});
  }
  return binder.BindRoot(model, updates, rules, conflict.update);
}

}  // namespace

absl::StatusOr<BoundMutation> BindInsert(const v1::InsertRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindWritableModel(context.catalog, request.model()));
  if (request.data().empty()) return errors::EmptyMutation(Path("data"));
  BoundMutation bound;
  bound.mutation.kind = ir::MutationKind::kInsert;
  QueryBinder query(context, PagesOfReturning(context), bound.mutation.slots, bound.arguments);
  MutationBinder binder(context, query, bound.arguments);
  ROWAN_RETURN_IF_ERROR(binder.BindRoot(*model, SourcesOf(request.data()), {}, bound.mutation.root));
  ROWAN_RETURN_IF_ERROR(binder.ResolveNames(bound.mutation));
  ROWAN_ASSIGN_OR_RETURN(bound.mutation.returning,
                         BindNewReturning(*model, request.has_returning() ? &request.returning() : nullptr, query));
  return bound;
}

absl::StatusOr<BoundMutation> BindUpdate(const v1::UpdateRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindWritableModel(context.catalog, request.model()));
  if (request.data().values().empty() && request.data().relations().empty() && request.data().changes().empty()) {
    return errors::EmptyMutation(Path("data"));
  }
  BoundMutation bound;
  bound.mutation.kind = ir::MutationKind::kUpdate;
  QueryBinder query(context, PagesOfReturning(context), bound.mutation.slots, bound.arguments);
  MutationBinder binder(context, query, bound.arguments);
  ROWAN_RETURN_IF_ERROR(
      binder.BindRoot(*model, {{&request.data(), 0, -1}}, {.update = true}, bound.mutation.root));
  ROWAN_RETURN_IF_ERROR(binder.ResolveNames(bound.mutation));
  ROWAN_RETURN_IF_ERROR(BindMatch(request, *model, "update", query, bound));
  return bound;
}

absl::StatusOr<BoundMutation> BindUpsert(const v1::UpsertRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindWritableModel(context.catalog, request.model()));
  if (request.data().empty()) return errors::EmptyMutation(Path("data"));
  BoundMutation bound;
  bound.mutation.kind = ir::MutationKind::kUpsert;
  QueryBinder query(context, PagesOfReturning(context), bound.mutation.slots, bound.arguments);
  MutationBinder binder(context, query, bound.arguments);
  const std::vector<RecordSource> sources = SourcesOf(request.data());
  ROWAN_ASSIGN_OR_RETURN(const Key* key, BindConflictKey(request, *model));
  ROWAN_RETURN_IF_ERROR(binder.BindRoot(*model, sources, {.named = false}, bound.mutation.root));
  ROWAN_RETURN_IF_ERROR(KeysOf(sources, *key, *model).status());
  bound.mutation.on_conflict.emplace().key = key;
  ROWAN_RETURN_IF_ERROR(BindOnConflict(request, sources, binder, query, bound));
  ROWAN_RETURN_IF_ERROR(binder.ResolveNames(bound.mutation));
  ROWAN_ASSIGN_OR_RETURN(bound.mutation.returning,
                         BindNewReturning(*model, request.has_returning() ? &request.returning() : nullptr, query));
  return bound;
}

absl::StatusOr<BoundMutation> BindDelete(const v1::DeleteRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindWritableModel(context.catalog, request.model()));
  BoundMutation bound;
  bound.mutation.kind = ir::MutationKind::kDelete;
  bound.mutation.root.model = model;
  QueryBinder query(context, PagesOfReturning(context), bound.mutation.slots, bound.arguments);
  ROWAN_RETURN_IF_ERROR(BindMatch(request, *model, "delete", query, bound));
  return bound;
}

}  // namespace rowan
