#include <algorithm>
#include <array>
#include <list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/mutation_binder.h"
#include "rowan/v1/mutation.pb.h"

namespace rowan {
namespace {

std::string Serialized(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  return bytes;
}

bool HasForeignKeyHere(const Relation& relation) {
  return relation.kind == RelationKind::kBelongsTo;
}

// Which verbs a write of the relation may have, and how many of each it has. Both in the order of the table in
// semantics D.
struct Verbs {
  // Whether the verb leaves a row without the foreign key: the holder of a belongsTo, or any.
  enum class Detaching { kNever, kHolder, kAlways };
  // What it writes: rows of the target, what relates them, which is a foreign key or rows of a junction, or both.
  enum class Written { kRows, kLinks, kBoth };
  struct Verb {
    const char* name;
    int count;
    bool new_parent;  // whether a new record takes it
    bool to_one, to_many;
    Written written;
    Detaching detaching = Detaching::kNever;
  };
  std::array<Verb, 12> verbs;

  explicit Verbs(const v1::RelationWrite& write)
      : verbs{{{"create", write.create_size(), true, true, true, Written::kBoth},
              {"connect", write.connect_size(), true, true, true, Written::kLinks},
              {"connectOrCreate", write.connect_or_create_size(), true, true, true, Written::kBoth},
              {"disconnect", write.disconnect_current(), false, true, false, Written::kLinks, Detaching::kAlways},
              {"disconnect", write.disconnect_size(), false, false, true, Written::kLinks, Detaching::kAlways},
              {"set", write.has_set(), false, false, true, Written::kLinks, Detaching::kAlways},
              {"update", write.update_size(), false, true, true, Written::kRows},
              {"upsert", write.upsert_size(), false, true, true, Written::kBoth},
              {"delete", write.delete_current(), false, true, false, Written::kRows, Detaching::kHolder},
              {"delete", write.delete__size(), false, false, true, Written::kRows},
              {"updateMany", write.update_many_size(), false, false, true, Written::kRows},
              {"deleteMany", write.delete_many_size(), false, false, true, Written::kRows}}} {}

  static bool Detaches(const Verb& verb, const Relation& relation) {
    switch (verb.detaching) {
      case Detaching::kNever:
        return false;
      case Detaching::kHolder:
        return HasForeignKeyHere(relation);
      case Detaching::kAlways:
        return true;
    }
    return false;
  }
  // The model that the verb would write and that can only be read, or null.
  static const Model* ReadOnly(const Verb& verb, const Relation& relation) {
    const Model* holder = relation.junction            ? relation.junction->model
                          : HasForeignKeyHere(relation) ? relation.source
                                                        : relation.target;
    if (verb.written != Written::kLinks && relation.target->read_only) return relation.target;
    return verb.written != Written::kRows && holder != nullptr && holder->read_only ? holder : nullptr;
  }
  // The field that relates the records and that the verb would write, but the database computes; or null.
  static const Field* Generated(const Verb& verb, const Relation& relation) {
    if (verb.written == Written::kRows) return nullptr;
    for (const ColumnPair& pair : relation.pairs) {
      const Field* field = HasForeignKeyHere(relation) ? pair.from : pair.to;
      if (!field->generated.empty()) return field;
    }
    if (!relation.junction || relation.junction->model == nullptr) return nullptr;
    for (const Relation* end : {relation.junction->source_relation, relation.junction->target_relation}) {
      for (const ColumnPair& pair : end->pairs) {
        if (!pair.from->generated.empty()) return pair.from;
      }
    }
    return nullptr;
  }
  bool Allows(const Verb& verb, const Relation& relation, bool existing) const {
    if (ReadOnly(verb, relation) != nullptr || Generated(verb, relation) != nullptr) return false;
    return (existing || verb.new_parent) && (relation.to_many() ? verb.to_many : verb.to_one) &&
           !(relation.required && Detaches(verb, relation));
  }
  std::string Allowed(const Relation& relation, bool existing) const {
    std::vector<std::string> names;
    for (const Verb& verb : verbs) {
      if (Allows(verb, relation, existing)) names.push_back(verb.name);
    }
    return absl::StrJoin(names, ", ");
  }
};

}  // namespace

bool SameMessage(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return Serialized(a) == Serialized(b);
}

// The verbs of all records of a node for one relation.
struct MutationBinder::Collected {
  std::vector<RecordSource> create;
  Keys connect;
  std::vector<KeySource> named;
  std::map<const Key*, std::vector<RecordSource>> connect_or_create;
  Keys disconnect[2];                       // [strict]
  std::vector<int> disconnect_current[2];  // [strict]
  std::vector<int> set;
  Keys set_keys;
  std::map<const Key*, std::vector<RecordSource>> update;  // null: of current rows
  std::map<const Key*, std::vector<RecordSource>> upsert;
  Keys delete_keys;
  std::vector<int> delete_current;
  struct Many {
    std::optional<ir::Predicate> where;
    std::vector<RecordSource> records;
  };
  std::map<std::string, Many> update_many;  // by the filter's bytes
  std::map<std::string, Many> delete_many;
  ir::Sharing sharing = ir::Sharing::kUnspecified;
  std::list<KeySource> keys;   // that records are known by
  size_t writes = 0;           // records that write the relation
  size_t sure = 0;             // of those, the ones that give a belongsTo's foreign key in any case
};

absl::Status MutationBinder::CheckVerbs(const Relation& relation, const v1::RecordInput& record,
                                        const v1::RelationWrite& write, const RecordRules& rules, const Path& path) {
  const Verbs verbs(write);
  const auto allowed = [&] { return verbs.Allowed(relation, rules.update); };
  int count = 0;
  for (const Verbs::Verb& verb : verbs.verbs) {
    if (verb.count == 0) continue;
    count += verb.count;
    if (verbs.Allows(verb, relation, rules.update)) continue;
    const Path at = path.Member(verb.name);
    if (const Model* model = Verbs::ReadOnly(verb, relation)) return errors::ReadOnlyModel(at, model->name);
    if (const Field* field = Verbs::Generated(verb, relation)) {
      return errors::ReadOnlyField(at, field->model->name, field->name);
    }
    if (!rules.update && !verb.new_parent) {
      return errors::VerbNotAllowed(at, verb.name, relation.name, allowed(), "a new record is related to nothing yet");
    }
    if (relation.to_many() && !verb.to_many) {
      return errors::VerbNotAllowed(at, absl::StrCat(verb.name, ": true"), relation.name,
                                    absl::StrCat(verb.name, " with a list of keys"), "the relation leads to a list");
    }
    if (!relation.to_many() && !verb.to_one) {
      const bool by_key = std::string_view(verb.name) == "disconnect" || std::string_view(verb.name) == "delete";
      return by_key ? errors::VerbNotAllowed(at, absl::StrCat(verb.name, " by key"), relation.name,
                                             absl::StrCat(verb.name, ": true"), "the relation leads to one record")
                    : errors::VerbNotAllowed(at, verb.name, relation.name, allowed(), "the relation leads to one record");
    }
    return errors::DisconnectRequired(at, relation.source->name, relation.name);
  }
  if (count == 0) return errors::EmptyRelationWrite(path, allowed());
  if (!relation.to_many() && count > 1) return errors::TooManyRelated(path, relation.name);
  if (write.has_set()) {
    const char* beside = write.connect_size() > 0             ? "connect"
                         : write.disconnect_size() > 0        ? "disconnect"
                         : write.connect_or_create_size() > 0 ? "connectOrCreate"
                                                              : nullptr;
    if (beside != nullptr) {
      return errors::ConflictingInput(path.Member("set"), path.Member(beside).Text(), "set names all that is related");
    }
  }
  if (write.strict() && write.disconnect_size() == 0 && !write.disconnect_current()) {
    return errors::VerbNotAllowed(path.Member("strict"), "strict", relation.name, allowed(),
                                  "it belongs to disconnect, which is not there");
  }
  const bool shares = HasForeignKeyHere(relation) && write.create_size() > 0 && rules.update;
  if (write.sharing() != v1::SHARING_UNSPECIFIED && !shares) {
    return errors::VerbNotAllowed(path.Member("sharing"), "sharing", relation.name, allowed(),
                                  "it is for what several updated records refer to, with create");
  }
  if (!HasForeignKeyHere(relation)) return absl::OkStatus();
  for (const ColumnPair& pair : relation.pairs) {
    if (record.values().contains(pair.from->name) || record.changes().contains(pair.from->name)) {
      return errors::ConflictingInput(path, pair.from->name, "both write the same foreign key");
    }
    const bool from_parent = !rules.update && rules.relation != nullptr && !HasForeignKeyHere(*rules.relation) &&
                             std::any_of(rules.relation->pairs.begin(), rules.relation->pairs.end(),
                                         [&](const ColumnPair& given) { return given.to == pair.from; });
    if (from_parent) {
      return errors::ConflictingInput(path, "", "the record that it is nested in gives this foreign key");
    }
  }
  return absl::OkStatus();
}

absl::Status MutationBinder::Collect(const Relation& relation, const v1::RelationWrite& write, int parent,
                                     const Path& path, Collected& collected) {
  const Model& target = *relation.target;
  const auto position = [&](int i) { return relation.to_many() ? i : -1; };
  // The path of an element of a verb's list; of a to-one relation it is the verb's.
  const auto known_by = [&](const v1::Key& key, int i, const Path& at) -> absl::StatusOr<const KeySource*> {
    ROWAN_ASSIGN_OR_RETURN(KeySource source, BindKey(target, key, at));
    source.parent = parent;
    source.ordinal = position(i);
    collected.keys.push_back(std::move(source));
    return &collected.keys.back();
  };
  const auto related = [&](bool has_key, const v1::Key& key, int i, const Path& verb,
                           const char* name) -> absl::StatusOr<const KeySource*> {
    const Path indexed = verb.Index(i);
    if (has_key != relation.to_many()) {
      if (has_key) {
        return errors::VerbNotAllowed(verb.Member("key"), absl::StrCat(name, " with a key"), relation.name,
                                      absl::StrCat(name, " without one"), "the relation leads to one record");
      }
      return errors::MissingArgument(indexed.Member("key"), "the key of the related record");
    }
    if (!has_key) return nullptr;
    return known_by(key, i, indexed.Member("key"));
  };

  collected.writes++;
  collected.sure += write.create_size() + write.connect_size() + write.connect_or_create_size() +
                        write.disconnect_current() + write.delete_current() >
                    0;
  for (int i = 0; i < write.create_size(); ++i) collected.create.push_back({&write.create(i), parent, position(i)});
  {
    const Path verb = path.Member("connect");
    ROWAN_RETURN_IF_ERROR(Count(write.connect_size()));
    for (int i = 0; i < write.connect_size(); ++i) {
      const v1::Key& key = write.connect(i);
      const Path indexed = verb.Index(i);
      if (!key.record().empty() && key.primary().empty() && key.fields().empty()) {
        collected.named.push_back({.given = &key, .parent = parent, .ordinal = position(i)});
        continue;
      }
      ROWAN_ASSIGN_OR_RETURN(KeySource source, BindKey(target, key, relation.to_many() ? indexed : verb));
      source.parent = parent;
      source.ordinal = position(i);
      collected.connect[source.key].push_back(std::move(source));
    }
  }
  for (int i = 0; i < write.connect_or_create_size(); ++i) {
    const Path verb = path.Member("connectOrCreate");
    const Path indexed = verb.Index(i);
    const v1::ConnectOrCreate& either = write.connect_or_create(i);
    const Path& at = relation.to_many() ? indexed : verb;
    if (!either.has_key()) return errors::MissingArgument(at.Member("key"), "the key of the record to look for");
    ROWAN_ASSIGN_OR_RETURN(const KeySource* key, known_by(either.key(), i, at.Member("key")));
    collected.connect_or_create[key->key].push_back({&either.create(), parent, position(i), key});
  }
  ROWAN_RETURN_IF_ERROR(CollectKeys(relation, write.disconnect(), parent, path.Member("disconnect"),
                                    collected.disconnect[write.strict()]));
  if (write.disconnect_current()) collected.disconnect_current[write.strict()].push_back(parent);
  if (write.has_set()) {
    collected.set.push_back(parent);
    ROWAN_RETURN_IF_ERROR(
        CollectKeys(relation, write.set().keys(), parent, path.Member("set"), collected.set_keys));
  }
  for (int i = 0; i < write.update_size(); ++i) {
    const v1::RelatedUpdate& update = write.update(i);
    ROWAN_ASSIGN_OR_RETURN(const KeySource* key,
                           related(update.has_key(), update.key(), i, path.Member("update"), "update"));
    collected.update[key == nullptr ? nullptr : key->key].push_back({&update.data(), parent, position(i), key});
  }
  for (int i = 0; i < write.upsert_size(); ++i) {
    const v1::RelatedUpsert& upsert = write.upsert(i);
    ROWAN_ASSIGN_OR_RETURN(const KeySource* key,
                           related(upsert.has_key(), upsert.key(), i, path.Member("upsert"), "upsert"));
    RecordSource source{&upsert.update(), parent, position(i), key};
    source.create = &upsert.create();
    collected.upsert[key == nullptr ? nullptr : key->key].push_back(source);
  }
  ROWAN_RETURN_IF_ERROR(
      CollectKeys(relation, write.delete_(), parent, path.Member("delete"), collected.delete_keys));
  if (write.delete_current()) collected.delete_current.push_back(parent);
  const auto many = [&](bool has_where, const v1::Filter& where, bool all_rows, const v1::RecordInput* data, int i,
                        const Path& verb, std::string_view name, auto& by_filter) -> absl::Status {
    const Path indexed = verb.Index(i);
    const Path at = indexed.Member("where");
    Collected::Many& group = by_filter[absl::StrCat(has_where ? Serialized(where) : std::string())];
    if (group.records.empty()) {
      ROWAN_ASSIGN_OR_RETURN(group.where, query_.BindWhere({&target}, has_where ? &where : nullptr, at));
    }
    if (!group.where && !all_rows) return errors::UnguardedMutation(at, name);
    group.records.push_back({data, parent, i});
    return Count(1);
  };
  for (int i = 0; i < write.update_many_size(); ++i) {
    const v1::RelatedUpdateMany& update = write.update_many(i);
    const Path verb = path.Member("updateMany");
    const Path indexed = verb.Index(i);
    if (update.data().values().empty() && update.data().changes().empty() && update.data().relations().empty()) {
      return errors::EmptyMutation(indexed.Member("data"));
    }
    ROWAN_RETURN_IF_ERROR(many(update.has_where(), update.where(), update.all_rows(), &update.data(), i, verb,
                               "updateMany", collected.update_many));
  }
  for (int i = 0; i < write.delete_many_size(); ++i) {
    const v1::RelatedDeleteMany& erase = write.delete_many(i);
    ROWAN_RETURN_IF_ERROR(many(erase.has_where(), erase.where(), erase.all_rows(), nullptr, i,
                               path.Member("deleteMany"), "deleteMany", collected.delete_many));
  }
  switch (write.sharing()) {
    case v1::SHARING_SHARED:
      collected.sharing = ir::Sharing::kShared;
      break;
    case v1::SHARING_PER_ROW:
      collected.sharing = ir::Sharing::kPerRow;
      break;
    default:
      break;
  }
  return absl::OkStatus();
}

absl::Status MutationBinder::BindCollected(const Relation& relation, Collected& collected, const RecordRules& rules,
                                           int parent, ir::RelationWrite& bound) {
  const Model& target = *relation.target;
  const RecordRules nested{.relation = &relation, .parent = parent, .named = rules.named, .depth = rules.depth + 1};
  const auto only_parents = [&](const std::vector<int>& parents, const char* verb) {
    const int node = AddRows(parent, relation, verb);
    for (int row : parents) AddRow(node, row, -1);
    return node;
  };
  const auto bind_records = [&](const std::vector<RecordSource>& sources, RecordRules of_node,
                                std::unique_ptr<ir::RecordNode>& record) {
    record = std::make_unique<ir::RecordNode>();
    return BindRecords(target, sources, of_node, *record);
  };
  // By key, in the order of the model's keys; null, for current rows, comes first.
  std::vector<const Key*> keys = {nullptr};
  for (const Key& key : target.keys) keys.push_back(&key);

  for (const Key* key : keys) {
    for (const auto* by_key : {&collected.update, &collected.upsert}) {
      const auto found = by_key->find(key);
      if (found == by_key->end()) continue;
      const bool upsert = by_key == &collected.upsert;
      RecordRules update = nested;
      update.update = true;
      update.verb = upsert ? "upsert" : "update";
      update.part = upsert ? "update" : "";
      std::vector<RecordSource> sources = found->second;
      if (key != nullptr) ROWAN_RETURN_IF_ERROR(Merge(relation, parent, update, sources));
      ir::RelatedUpdate& related = bound.update.emplace_back();
      ROWAN_RETURN_IF_ERROR(bind_records(sources, update, related.update));
      if (!upsert) continue;
      for (RecordSource& source : sources) source.record = source.create;
      RecordRules create = nested;
      create.verb = "upsert";
      create.part = "create";
      create.named = false;
      ROWAN_RETURN_IF_ERROR(bind_records(sources, create, related.create));
    }
  }
  for (auto& [bytes, many] : collected.update_many) {
    RecordRules update = nested;
    update.update = true;
    update.verb = "updateMany";
    update.plain = true;
    ir::UpdateMany& bound_many = bound.update_many.emplace_back();
    bound_many.where = std::move(many.where);
    ROWAN_RETURN_IF_ERROR(bind_records(many.records, update, bound_many.update));
  }
  for (auto& [bytes, many] : collected.delete_many) {
    const int node = AddRows(parent, relation, "deleteMany");
    for (const RecordSource& source : many.records) AddRow(node, source.parent, source.ordinal);
    bound.delete_many.push_back({std::move(many.where), node});
  }
  ROWAN_ASSIGN_OR_RETURN(bound.delete_keys, BindKeys(relation, parent, "delete", false, collected.delete_keys));
  if (!collected.delete_current.empty()) bound.delete_current = only_parents(collected.delete_current, "delete");
  for (const bool strict : {false, true}) {
    if (!collected.disconnect_current[strict].empty()) {
      bound.disconnect_current.push_back({only_parents(collected.disconnect_current[strict], "disconnect"), strict});
    }
    ROWAN_ASSIGN_OR_RETURN(std::vector<ir::KeyNode> nodes,
                           BindKeys(relation, parent, "disconnect", false, collected.disconnect[strict]));
    for (ir::KeyNode& node : nodes) bound.disconnect.push_back({std::move(node), strict});
  }
  if (!collected.set.empty()) {
    bound.set.emplace();
    bound.set->rows = only_parents(collected.set, "set");
    ROWAN_ASSIGN_OR_RETURN(bound.set->keys, BindKeys(relation, parent, "set", true, collected.set_keys));
  }
  ROWAN_ASSIGN_OR_RETURN(bound.connect, BindKeys(relation, parent, "connect", true, collected.connect));
  if (!collected.named.empty()) {
    ROWAN_ASSIGN_OR_RETURN(bound.connect_new, BindNamedRecords(relation, parent, collected.named));
  }
  for (const Key* key : keys) {
    const auto found = collected.connect_or_create.find(key);
    if (found == collected.connect_or_create.end()) continue;
    RecordRules create = nested;
    create.verb = "connectOrCreate";
    create.part = "create";
    create.named = false;
    create.linked = false;
    std::vector<RecordSource>& sources = found->second;
    ROWAN_RETURN_IF_ERROR(Merge(relation, parent, create, sources));
    ir::ConnectOrCreate& either = bound.connect_or_create.emplace_back();
    std::vector<KeySource> named;
    for (const RecordSource& source : sources) named.push_back(*source.key);
    ROWAN_ASSIGN_OR_RETURN(either.key, BindKeyNode(relation, parent, "connectOrCreate", named));
    const auto junction_of = [&](int row) { return &sources[row].record->junction(); };
    const auto path_of = [&](int row) { return ElementPath(either.key.rows, row) + ".create"; };
    ROWAN_RETURN_IF_ERROR(BindJunction(relation, /*complete=*/true, static_cast<int>(sources.size()), junction_of,
                                       path_of, either.key.rows, either.key.junction));
    ROWAN_RETURN_IF_ERROR(bind_records(sources, create, either.create));
  }
  if (!collected.create.empty()) ROWAN_RETURN_IF_ERROR(bind_records(collected.create, nested, bound.create));
  bound.sharing = collected.sharing;
  return absl::OkStatus();
}

absl::Status MutationBinder::BindRelations(const Model& model, const std::vector<RecordSource>& sources,
                                           const RecordRules& rules, ir::RecordNode& bound) {
  for (const auto& relation : model.relations) {
    const auto writes = [&](const RecordSource& source) { return source.record->relations().contains(relation->name); };
    if (std::none_of(sources.begin(), sources.end(), writes)) continue;
    Collected collected;
    for (size_t row = 0; row < sources.size(); ++row) {
      const auto found = sources[row].record->relations().find(relation->name);
      if (found == sources[row].record->relations().end()) continue;
      const std::string at = RowPath(bound.rows, static_cast<int>(row));
      const Path record(at);
      const Path path = record.Member(relation->name);
      ROWAN_RETURN_IF_ERROR(CheckVerbs(*relation, *sources[row].record, found->second, rules, path));
      ROWAN_RETURN_IF_ERROR(Collect(*relation, found->second, static_cast<int>(row), path, collected));
    }
    if (collected.writes == 0) continue;
    ir::RelationWrite write{.relation = relation.get()};
    write.always = collected.sure == sources.size();
    ROWAN_RETURN_IF_ERROR(BindCollected(*relation, collected, rules, bound.rows, write));
    bound.relations.push_back(std::move(write));
  }
  return absl::OkStatus();
}

}  // namespace rowan
