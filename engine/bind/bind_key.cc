#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/binder.h"
#include "engine/bind/mutation_binder.h"
#include "engine/ir/insert_order.h"
#include "engine/types/codec.h"
#include "rowan/v1/mutation.pb.h"

namespace rowan {

std::string KeyNames(const Model& model) {
  std::string names;
  for (const Key& key : model.keys) {
    if (!names.empty()) names += " | ";
    std::string fields;
    for (const Field* field : key.fields) absl::StrAppend(&fields, fields.empty() ? "" : ", ", field->name);
    names += key.fields.size() == 1 ? fields : "(" + fields + ")";
  }
  return names;
}

const Key* FindKeyOf(const Model& model, const std::vector<const Field*>& fields) {
  for (const Key& key : model.keys) {
    const bool match = key.fields.size() == fields.size() &&
                       std::all_of(key.fields.begin(), key.fields.end(), [&](const Field* field) {
                         return std::find(fields.begin(), fields.end(), field) != fields.end();
                       });
    if (match) return &key;
  }
  return nullptr;
}

absl::StatusOr<KeySource> MutationBinder::BindKey(const Model& model, const v1::Key& given, const Path& path) {
  const bool by_name = given.primary().empty();
  const Key* key = nullptr;
  if (!by_name && given.fields().empty() && given.record().empty()) {
    const bool whole = given.primary_size() == static_cast<int>(model.primary_key().fields.size());
    if (whole) key = &model.primary_key();
  } else if (by_name && given.record().empty()) {
    std::vector<std::string_view> names;
    for (const auto& [name, unused] : given.fields()) names.push_back(name);
    std::sort(names.begin(), names.end());
    std::vector<const Field*> fields;
    for (std::string_view name : names) {
      ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(model, name, path.Member(name)));
      fields.push_back(field);
    }
    key = FindKeyOf(model, fields);
  }
  if (key == nullptr) return errors::NotAKey(path, model.name, KeyNames(model));
  KeySource source{.key = key, .given = &given};
  for (size_t k = 0; k < key->fields.size(); ++k) {
    const Field& field = *key->fields[k];
    const v1::Value& value = by_name ? given.fields().at(field.name) : given.primary(static_cast<int>(k));
    const Path value_path = by_name ? path.Member(field.name) : path;
    ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(field.type, value, value_path));
    if (encoded.null) return errors::NullNotAllowed(value_path, model.name, field.name);
    source.values.push_back(std::move(encoded));
  }
  return source;
}

absl::Status MutationBinder::CollectKeys(const Relation& relation,
                                         const google::protobuf::RepeatedPtrField<v1::Key>& keys, int parent,
                                         const Path& path, Keys& collected) {
  ROWAN_RETURN_IF_ERROR(Count(keys.size()));
  for (int i = 0; i < keys.size(); ++i) {
    const Path indexed = path.Index(i);
    ROWAN_ASSIGN_OR_RETURN(KeySource source,
                           BindKey(*relation.target, keys.Get(i), relation.to_many() ? indexed : path));
    source.parent = parent;
    source.ordinal = relation.to_many() ? i : -1;
    collected[source.key].push_back(std::move(source));
  }
  return absl::OkStatus();
}

absl::StatusOr<ir::KeyNode> MutationBinder::BindKeyNode(const Relation& relation, int parent, const char* verb,
                                                        const std::vector<KeySource>& sources) {
  const Key& key = *sources.front().key;
  ir::KeyNode bound{AddRows(parent, relation, verb), &key, {}};
  for (size_t k = 0; k < key.fields.size(); ++k) {
    std::vector<Encoded> values;
    values.reserve(sources.size());
    for (const KeySource& source : sources) values.push_back(source.values[k]);
    arguments_.rows[bound.rows].columns.push_back(std::move(values));
    arguments_.rows[bound.rows].given.emplace_back(sources.size(), 1);
  }
  for (const KeySource& source : sources) AddRow(bound.rows, source.parent, source.ordinal);
  return bound;
}

absl::Status MutationBinder::BindKeyJunction(const Relation& relation, bool complete,
                                             const std::vector<KeySource>& sources, ir::KeyNode& bound) {
  const auto values_of = [&](int row) { return &sources[row].given->junction(); };
  const auto path_of = [&](int row) { return RowPath(bound.rows, row); };
  return BindJunction(relation, complete, static_cast<int>(sources.size()), values_of, path_of, bound.rows,
                      bound.junction);
}

absl::StatusOr<std::vector<ir::KeyNode>> MutationBinder::BindKeys(const Relation& relation, int parent,
                                                                  const char* verb, bool links, Keys& collected) {
  std::vector<ir::KeyNode> nodes;
  // In the order of the model's keys, not of addresses.
  for (const Key& key : relation.target->keys) {
    const auto found = collected.find(&key);
    if (found == collected.end()) continue;
    ROWAN_ASSIGN_OR_RETURN(ir::KeyNode bound, BindKeyNode(relation, parent, verb, found->second));
    if (links) {
      ROWAN_RETURN_IF_ERROR(BindKeyJunction(relation, /*complete=*/true, found->second, bound));
    } else {
      for (size_t row = 0; row < found->second.size(); ++row) {
        if (found->second[row].given->junction().empty()) continue;
        const std::string at = RowPath(bound.rows, static_cast<int>(row));
        const Path path(at);
        return errors::VerbNotAllowed(path.Member("$junction"), "$junction", relation.name, "connect or set",
                                      "only these relate records");
      }
    }
    nodes.push_back(std::move(bound));
  }
  return nodes;
}

absl::StatusOr<ir::ConnectNew> MutationBinder::BindNamedRecords(const Relation& relation, int parent,
                                                                const std::vector<KeySource>& sources) {
  ir::ConnectNew bound{AddRows(parent, relation, "connect"), static_cast<int>(named_.size()), {}};
  NamedRows named{bound.rows, parent, &relation, {}};
  for (const KeySource& source : sources) {
    AddRow(bound.rows, source.parent, source.ordinal);
    named.names.push_back(source.given->record());
  }
  named_.push_back(std::move(named));
  const auto values_of = [&](int row) { return &sources[row].given->junction(); };
  const auto path_of = [&](int row) { return RowPath(bound.rows, row); };
  ROWAN_RETURN_IF_ERROR(BindJunction(relation, /*complete=*/true, static_cast<int>(sources.size()), values_of, path_of,
                                     bound.rows, bound.junction));
  return bound;
}

absl::Status MutationBinder::ResolveNames(ir::Mutation& mutation) {
  const std::vector<int> order = named_.empty() ? std::vector<int>() : ir::InsertOrder(mutation);
  const auto place = [&](int node) { return std::find(order.begin(), order.end(), node) - order.begin(); };
  std::vector<std::vector<int>>& created = mutation.created;
  for (const NamedRows& named : named_) {
    std::vector<int>& nodes = created.emplace_back();
    for (size_t row = 0; row < named.names.size(); ++row) {
      const auto found = names_.find(named.names[row]);
      const std::string at = RowPath(named.node, static_cast<int>(row));
      if (found == names_.end()) {
        errors::Names existing;
        for (const auto& [name, reference] : names_) existing.push_back(name);
        return errors::UnknownRecord(Path(at), named.names[row], existing);
      }
      const RowReference& reference = found->second;
      if (models_[reference.node] != named.relation->target) {
        return errors::ConflictingInput(Path(at), RowPath(reference.node, reference.row),
                                        absl::StrCat("the relation leads to ", named.relation->target->name,
                                                     ", and the record of that name is of another model"));
      }
      // A foreign key that must not be null cannot wait for a row that is inserted later.
      const bool holds = named.relation->kind == RelationKind::kBelongsTo && named.relation->required;
      if (holds && models_[named.holder] != nullptr && place(reference.node) > place(named.holder)) {
        return errors::UnorderableWrite(Path(at));
      }
      arguments_.rows[named.node].created.push_back(reference);
      nodes.push_back(reference.node);
    }
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  }
  return absl::OkStatus();
}

absl::Status MutationBinder::Merge(const Relation& relation, int parent, const RecordRules& rules,
                                   std::vector<RecordSource>& sources) {
  absl::flat_hash_map<std::string, const RecordSource*> first;
  std::vector<RecordSource> kept;
  for (const RecordSource& source : sources) {
    std::string name = absl::StrCat(source.parent);
    for (const Encoded& value : source.key->values) absl::StrAppend(&name, ":", value.bytes.size(), ":", value.bytes);
    const auto [found, is_new] = first.emplace(std::move(name), &source);
    if (is_new) {
      kept.push_back(source);
      continue;
    }
    const RecordSource& other = *found->second;
    const bool same = SameMessage(*source.record, *other.record) &&
                      (source.create == nullptr || SameMessage(*source.create, *other.create));
    if (same) continue;
    const std::string element = absl::StrCat(RowPath(parent, source.parent), ".", relation.name, ".", rules.verb, "[");
    return errors::ConflictingInput(Path(absl::StrCat(element, source.ordinal, "]")),
                                    absl::StrCat(element, other.ordinal, "]"),
                                    "they say different things of one record");
  }
  sources = std::move(kept);
  return absl::OkStatus();
}

}  // namespace rowan
