#include "engine/bind/bind_mutation.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/binder.h"
#include "engine/types/codec.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

// A record of a node: where it comes from.
struct Source {
  const v1::RecordInput* record;
  int parent;
  int ordinal;  // -1: not in a list
};

// What a belongsTo at the other end of the relation that leads to a node means for its rows: the parent gives it.
using GivenFields = std::set<const Field*>;

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

// The names in a map in byte order, so that errors do not depend on the map's.
template <typename Map>
std::vector<std::string_view> SortedNames(const Map& map) {
  std::vector<std::string_view> names;
  for (const auto& [name, unused] : map) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

class MutationBinder {
 public:
  MutationBinder(const Limits& limits, Arguments& arguments) : limits_(limits), arguments_(arguments) {}

  absl::Status BindRoot(const Model& model, const google::protobuf::RepeatedPtrField<v1::RecordInput>& records,
                        ir::CreateNode& root) {
    std::vector<Source> sources;
    const bool list = records.size() > 1;
    for (const v1::RecordInput& record : records) {
      sources.push_back({&record, 0, list ? static_cast<int>(sources.size()) : -1});
    }
    return BindCreate(model, sources, nullptr, -1, {}, 1, root);
  }

  absl::Status BindUpdateRoot(const Model& model, const v1::RecordInput& data, ir::CreateNode& root) {
    updating_ = true;
    return BindCreate(model, {{&data, 0, -1}}, nullptr, -1, {}, 1, root);
  }

 private:
  // --- where a row stands, for errors only

  struct NodeOrigin {
    int parent = -1;
    const Relation* relation = nullptr;
    const char* verb = "";  // "" for create
  };

  std::string RowPath(int node, int row) const {
    const NodeOrigin& origin = origins_[node];
    const InputRows& rows = arguments_.rows[node];
    std::string path = "data";
    if (origin.parent >= 0) {
      path = absl::StrCat(RowPath(origin.parent, rows.parent[row]), ".", origin.relation->name);
      if (*origin.verb != '\0') absl::StrAppend(&path, ".", origin.verb);
    }
    if (rows.ordinal[row] >= 0) absl::StrAppend(&path, "[", rows.ordinal[row], "]");
    return path;
  }

  int AddRows(int parent, const Relation* relation, const char* verb) {
    arguments_.rows.emplace_back();
    origins_.push_back({parent, relation, verb});
    return static_cast<int>(origins_.size()) - 1;
  }

  absl::Status Count(size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > static_cast<size_t>(limits_.mutation_nodes)) {
      return errors::TooManyNodes(Path("data"), limits_.mutation_nodes, "records and keys");
    }
    return absl::OkStatus();
  }

  bool IsUpdateRoot(int node) const { return updating_ && node == 0; }

  // --- records

  absl::Status BindCreate(const Model& model, const std::vector<Source>& sources, const Relation* relation, int parent,
                          const GivenFields& from_parent, int depth, ir::CreateNode& bound) {
    bound.model = &model;
    bound.rows = AddRows(parent, relation, "");
    for (const Source& source : sources) {
      arguments_.rows[bound.rows].parent.push_back(source.parent);
      arguments_.rows[bound.rows].ordinal.push_back(source.ordinal);
    }
    ROWAN_RETURN_IF_ERROR(Count(sources.size()));
    if (depth > limits_.write_depth) {
      const std::string path = RowPath(bound.rows, 0);
      return errors::DepthExceeded(Path(path), "writes", limits_.write_depth);
    }
    ROWAN_RETURN_IF_ERROR(CheckNames(model, sources, bound.rows));
    ROWAN_RETURN_IF_ERROR(BindValues(model, sources, from_parent, bound));
    if (!IsUpdateRoot(bound.rows)) ROWAN_RETURN_IF_ERROR(CheckRequired(model, sources, from_parent, bound.rows));
    return BindRelations(model, sources, from_parent, depth, bound);
  }

  absl::Status CheckNames(const Model& model, const std::vector<Source>& sources, int node) {
    for (size_t row = 0; row < sources.size(); ++row) {
      for (std::string_view name : SortedNames(sources[row].record->values())) {
        if (model.FindField(name) != nullptr) continue;
        const std::string at = RowPath(node, static_cast<int>(row));
        return FindField(model, name, Path(at).Member(name)).status();
      }
      for (std::string_view name : SortedNames(sources[row].record->relations())) {
        if (model.FindRelation(name) != nullptr) continue;
        const std::string at = RowPath(node, static_cast<int>(row));
        return FindRelation(model, name, Path(at).Member(name)).status();
      }
    }
    return absl::OkStatus();
  }

  absl::Status BindValues(const Model& model, const std::vector<Source>& sources, const GivenFields& from_parent,
                          ir::CreateNode& bound) {
    for (const auto& field : model.fields) {
      std::vector<Encoded> values(sources.size(), Encoded{.null = true});
      std::vector<char> given(sources.size());
      size_t count = 0;
      for (size_t row = 0; row < sources.size(); ++row) {
        const auto found = sources[row].record->values().find(field->name);
        if (found == sources[row].record->values().end()) continue;
        auto fail_at = [&](auto make) {
          const std::string at = RowPath(bound.rows, static_cast<int>(row));
          const Path record(at);
          return make(record.Member(field->name));
        };
        if (field->read_only) {
          return fail_at([&](const Path& path) { return errors::ReadOnlyField(path, model.name, field->name); });
        }
        if (from_parent.contains(field.get())) {
          return fail_at([&](const Path& path) {
            return errors::ConflictingInput(path, "", "the record that it is nested in gives this foreign key");
          });
        }
        absl::StatusOr<Encoded> encoded = EncodeValue(field->type, found->second, Path(""));
        if (!encoded.ok()) {
          // Paths cost, so they are made for mistakes only.
          return fail_at([&](const Path& path) { return EncodeValue(field->type, found->second, path).status(); });
        }
        if (encoded->null && !field->nullable) {
          return fail_at([&](const Path& path) { return errors::NullNotAllowed(path, model.name, field->name); });
        }
        values[row] = *std::move(encoded);
        given[row] = 1;
        ++count;
      }
      if (count == 0) continue;
      bound.columns.push_back({field.get(), count == sources.size()});
      arguments_.rows[bound.rows].columns.push_back(std::move(values));
      arguments_.rows[bound.rows].given.push_back(std::move(given));
    }
    return absl::OkStatus();
  }

  // Every field of a new row must come from somewhere.
  absl::Status CheckRequired(const Model& model, const std::vector<Source>& sources, const GivenFields& from_parent,
                             int node) {
    for (const auto& field : model.fields) {
      if (field->omittable || from_parent.contains(field.get())) continue;
      const Relation* relation = field->foreign_key_of;
      for (size_t row = 0; row < sources.size(); ++row) {
        const v1::RecordInput& record = *sources[row].record;
        if (record.values().contains(field->name)) continue;
        if (relation != nullptr && record.relations().contains(relation->name)) continue;
        const std::string at = RowPath(node, static_cast<int>(row));
        const std::string_view missing = relation != nullptr && field->implicit ? relation->name : field->name;
        const std::string instead =
            relation == nullptr ? absl::StrCat("\"", field->name, "\": a value")
                                : absl::StrCat("\"", relation->name, "\": {\"connect\": …} or {\"create\": …}, or \"",
                                               field->name, "\": a value");
        return errors::RequiredField(Path(at).Member(missing), model.name, missing, instead);
      }
    }
    return absl::OkStatus();
  }

  // --- relations

  absl::Status BindRelations(const Model& model, const std::vector<Source>& sources, const GivenFields& from_parent,
                             int depth, ir::CreateNode& bound) {
    for (const auto& relation : model.relations) {
      ir::RelationWrite write{.relation = relation.get()};
      std::vector<Source> creates;
      std::map<const Key*, std::vector<KeySource>> connects;
      std::map<const Key*, std::vector<KeySource>> disconnects;
      std::vector<int> clears;
      size_t count = 0;
      for (size_t row = 0; row < sources.size(); ++row) {
        const auto found = sources[row].record->relations().find(relation->name);
        if (found == sources[row].record->relations().end()) continue;
        ++count;
        const std::string at = RowPath(bound.rows, static_cast<int>(row));
        const Path record(at);
        const Path path = record.Member(relation->name);
        ROWAN_RETURN_IF_ERROR(
            CheckVerbs(*relation, *sources[row].record, found->second, from_parent, bound.rows, path));
        const int parent = static_cast<int>(row);
        int ordinal = 0;
        for (const v1::RecordInput& create : found->second.create()) {
          creates.push_back({&create, parent, relation->to_many() ? ordinal++ : -1});
        }
        ROWAN_RETURN_IF_ERROR(
            CollectKeys(*relation, found->second.connect(), parent, path.Member("connect"), connects));
        ROWAN_RETURN_IF_ERROR(
            CollectKeys(*relation, found->second.disconnect(), parent, path.Member("disconnect"), disconnects));
        ROWAN_RETURN_IF_ERROR(CheckContradictions(connects, disconnects, parent, path));
        if (found->second.disconnect_current()) clears.push_back(parent);
      }
      if (count == 0) continue;
      write.always = count == sources.size();
      if (!clears.empty()) {
        write.disconnect_current = AddRows(bound.rows, relation.get(), "disconnect");
        for (int parent : clears) {
          arguments_.rows.back().parent.push_back(parent);
          arguments_.rows.back().ordinal.push_back(-1);
        }
      }
      write.disconnect = BindKeys(*relation, bound.rows, "disconnect", disconnects);
      write.connect = BindKeys(*relation, bound.rows, "connect", connects);
      if (!creates.empty()) {
        write.create = std::make_unique<ir::CreateNode>();
        GivenFields given;
        if (relation->kind == RelationKind::kHasOne || relation->kind == RelationKind::kHasMany) {
          for (const ColumnPair& pair : relation->pairs) given.insert(pair.to);
        }
        ROWAN_RETURN_IF_ERROR(
            BindCreate(*relation->target, creates, relation.get(), bound.rows, given, depth + 1, *write.create));
      }
      bound.relations.push_back(std::move(write));
    }
    return absl::OkStatus();
  }

  // Which verbs a relation write has, and whether the relation can do them.
  absl::Status CheckVerbs(const Relation& relation, const v1::RecordInput& record, const v1::RelationWrite& write,
                          const GivenFields& from_parent, int node, const Path& path) {
    const bool detachable = !relation.required && IsUpdateRoot(node);
    const std::string allowed = detachable ? "create, connect, disconnect" : "create, connect";
    const int verbs = write.create_size() + write.connect_size() + write.disconnect_size() + write.disconnect_current();
    if (verbs == 0) return errors::EmptyRelationWrite(path, allowed);
    if (write.disconnect_size() > 0 || write.disconnect_current()) {
      const Path verb = path.Member("disconnect");
      if (!IsUpdateRoot(node)) {
        return errors::VerbNotAllowed(verb, "disconnect", relation.name, allowed,
                                      "a new record is related to nothing yet");
      }
      if (relation.required) return errors::DisconnectRequired(verb, relation.source->name, relation.name);
      if (relation.to_many() && write.disconnect_current()) {
        return errors::VerbNotAllowed(verb, "disconnect: true", relation.name, "disconnect with a list of keys",
                                      "the relation leads to a list");
      }
      if (!relation.to_many() && write.disconnect_size() > 0) {
        return errors::VerbNotAllowed(verb, "disconnect by key", relation.name, "disconnect: true",
                                      "the relation leads to one record");
      }
    }
    if (!relation.to_many() && verbs > 1) return errors::TooManyRelated(path, relation.name);
    for (const ColumnPair& pair : relation.pairs) {
      if (relation.kind != RelationKind::kBelongsTo) break;
      if (record.values().contains(pair.from->name)) {
        return errors::ConflictingInput(path, pair.from->name, "both write the same foreign key");
      }
      if (from_parent.contains(pair.from)) {
        return errors::ConflictingInput(path, "", "the record that it is nested in gives this foreign key");
      }
    }
    return absl::OkStatus();
  }

  // --- keys

  struct KeySource {
    std::vector<Encoded> values;  // of the key's fields
    int parent;
    int ordinal;  // -1: not in a list
  };

  absl::Status CollectKeys(const Relation& relation, const google::protobuf::RepeatedPtrField<v1::Key>& keys,
                           int parent, const Path& path, std::map<const Key*, std::vector<KeySource>>& collected) {
    ROWAN_RETURN_IF_ERROR(Count(keys.size()));
    for (int i = 0; i < keys.size(); ++i) {
      const Path indexed = path.Index(i);
      const Path& key_path = relation.to_many() ? indexed : path;
      ROWAN_ASSIGN_OR_RETURN(const Key* key, FindKey(*relation.target, keys.Get(i), key_path));
      KeySource source{{}, parent, relation.to_many() ? i : -1};
      for (size_t k = 0; k < key->fields.size(); ++k) {
        const Field& field = *key->fields[k];
        const bool by_name = keys.Get(i).primary().empty();
        const v1::Value& value =
            by_name ? keys.Get(i).fields().at(field.name) : keys.Get(i).primary(static_cast<int>(k));
        const Path value_path = by_name ? key_path.Member(field.name) : key_path;
        ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(field.type, value, value_path));
        if (encoded.null) return errors::NullNotAllowed(value_path, relation.target->name, field.name);
        source.values.push_back(std::move(encoded));
      }
      collected[key].push_back(std::move(source));
    }
    return absl::OkStatus();
  }

  static absl::StatusOr<const Key*> FindKey(const Model& model, const v1::Key& key, const Path& path) {
    const Key& primary = model.primary_key();
    const bool both = !key.primary().empty() && !key.fields().empty();
    if (!both && !key.primary().empty() && key.primary_size() == static_cast<int>(primary.fields.size()))
      return &primary;
    if (!both && !key.fields().empty()) {
      for (std::string_view name : SortedNames(key.fields())) {
        ROWAN_RETURN_IF_ERROR(FindField(model, name, path.Member(name)).status());
      }
      for (const Key& candidate : model.keys) {
        const bool match = candidate.fields.size() == key.fields().size() &&
                           std::all_of(candidate.fields.begin(), candidate.fields.end(),
                                       [&](const Field* field) { return key.fields().contains(field->name); });
        if (match) return &candidate;
      }
    }
    return errors::NotAKey(path, model.name, KeyNames(model));
  }

  // One record both connected and disconnected under one parent.
  static absl::Status CheckContradictions(const std::map<const Key*, std::vector<KeySource>>& connects,
                                          const std::map<const Key*, std::vector<KeySource>>& disconnects, int parent,
                                          const Path& path) {
    if (disconnects.empty()) return absl::OkStatus();
    for (const auto& [key, sources] : connects) {
      const auto undone = disconnects.find(key);
      if (undone == disconnects.end()) continue;
      absl::flat_hash_map<std::string, int> ordinals;
      for (const KeySource& source : undone->second) {
        if (source.parent == parent) ordinals.emplace(Flatten(source.values), source.ordinal);
      }
      for (const KeySource& source : sources) {
        if (source.parent != parent) continue;
        const auto found = ordinals.find(Flatten(source.values));
        if (found == ordinals.end()) continue;
        return errors::ConflictingInput(path.Member("connect").Index(source.ordinal),
                                        path.Member("disconnect").Index(found->second).Text(),
                                        "one record cannot be connected and disconnected at once");
      }
    }
    return absl::OkStatus();
  }

  static std::string Flatten(const std::vector<Encoded>& values) {
    std::string text;
    for (const Encoded& value : values) absl::StrAppend(&text, value.bytes.size(), ":", value.bytes);
    return text;
  }

  std::vector<ir::KeyNode> BindKeys(const Relation& relation, int parent, const char* verb,
                                    std::map<const Key*, std::vector<KeySource>>& collected) {
    std::vector<ir::KeyNode> nodes;
    // In the order of the model's keys, not of addresses.
    for (const Key& key : relation.target->keys) {
      const auto found = collected.find(&key);
      if (found == collected.end()) continue;
      const int node = AddRows(parent, &relation, verb);
      InputRows& rows = arguments_.rows[node];
      rows.columns.resize(key.fields.size());
      rows.given.assign(key.fields.size(), std::vector<char>(found->second.size(), 1));
      for (KeySource& source : found->second) {
        rows.parent.push_back(source.parent);
        rows.ordinal.push_back(source.ordinal);
        for (size_t k = 0; k < key.fields.size(); ++k) rows.columns[k].push_back(std::move(source.values[k]));
      }
      nodes.push_back({node, &key});
    }
    return nodes;
  }

  const Limits& limits_;
  Arguments& arguments_;
  bool updating_ = false;
  size_t nodes_ = 0;
  std::vector<NodeOrigin> origins_;  // by node number
};

PageRules PagesOfReturning(const BindContext& context) {
  return {context.limits.default_page, context.limits.root_page};
}

// What Update and Delete share: the filter, which an empty one must be meant, and what to return.
template <typename Request>
absl::Status BindFilterAndReturning(const Request& request, const Model& model, std::string_view verb,
                                    const BindContext& context, BoundMutation& bound) {
  QueryBinder binder(context, PagesOfReturning(context), bound.mutation.slots, bound.arguments);
  ROWAN_ASSIGN_OR_RETURN(bound.mutation.where,
                         binder.BindWhere({&model}, request.has_where() ? &request.where() : nullptr, Path("where")));
  if (!bound.mutation.where && !request.all_rows()) return errors::UnguardedMutation(Path("where"), verb);
  if (request.has_returning()) {
    ROWAN_ASSIGN_OR_RETURN(bound.mutation.returning,
                           binder.BindSelection(model, request.returning(), Path("returning")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BoundMutation> BindInsert(const v1::InsertRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindModel(context.catalog, request.model()));
  if (request.data().empty()) return errors::EmptyMutation(Path("data"));
  BoundMutation bound;
  bound.mutation.kind = ir::MutationKind::kInsert;
  ROWAN_RETURN_IF_ERROR(MutationBinder(context.limits, bound.arguments).BindRoot(*model, request.data(), bound.mutation.root));
  if (request.has_returning()) {
    QueryBinder binder(context, PagesOfReturning(context), bound.mutation.slots, bound.arguments);
    ROWAN_ASSIGN_OR_RETURN(bound.mutation.returning,
                           binder.BindSelection(*model, request.returning(), Path("returning")));
  } else {
    bound.mutation.returning = ir::Selection{.model = model, .fields = model->primary_key().fields};
  }
  return bound;
}

absl::StatusOr<BoundMutation> BindUpdate(const v1::UpdateRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindModel(context.catalog, request.model()));
  if (request.data().values().empty() && request.data().relations().empty()) {
    return errors::EmptyMutation(Path("data"));
  }
  BoundMutation bound;
  bound.mutation.kind = ir::MutationKind::kUpdate;
  ROWAN_RETURN_IF_ERROR(
      MutationBinder(context.limits, bound.arguments).BindUpdateRoot(*model, request.data(), bound.mutation.root));
  ROWAN_RETURN_IF_ERROR(BindFilterAndReturning(request, *model, "update", context, bound));
  return bound;
}

absl::StatusOr<BoundMutation> BindDelete(const v1::DeleteRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindModel(context.catalog, request.model()));
  BoundMutation bound;
  bound.mutation.kind = ir::MutationKind::kDelete;
  bound.mutation.root.model = model;
  ROWAN_RETURN_IF_ERROR(BindFilterAndReturning(request, *model, "delete", context, bound));
  return bound;
}

}  // namespace rowan
