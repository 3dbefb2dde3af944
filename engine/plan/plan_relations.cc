#include <algorithm>
#include <utility>

#include "engine/plan/mutation_planner.h"

namespace rowan::plan {
namespace {

bool HasForeignKeyHere(const Relation& relation) {
  return relation.kind == RelationKind::kBelongsTo;
}

std::string Join(const std::string& path, const Relation& relation) {
  return path.empty() ? relation.name : path + "." + relation.name;
}

// What a row that gets or loses its parent is locked with: a foreign key in a unique key is a key to PostgreSQL.
Lock LockForMove(const Relation& relation) {
  for (const Key& key : relation.target->keys) {
    for (const ColumnPair& pair : relation.pairs) {
      if (std::find(key.fields.begin(), key.fields.end(), pair.to) != key.fields.end()) return Lock::kUpdate;
    }
  }
  return Lock::kNoKeyUpdate;
}

std::vector<const Field*> ReferencedFields(const Relation& relation) {
  std::vector<const Field*> fields;
  for (const ColumnPair& pair : relation.pairs) fields.push_back(pair.to);
  return fields;
}

// The unique key that a hasOne's foreign key is, or null.
const Key* UniqueForeignKey(const Relation& relation) {
  const std::vector<const Field*> fields = ForeignKeyFields(relation);
  for (const Key& key : relation.target->keys) {
    const bool same = key.fields.size() == fields.size() &&
                      std::all_of(key.fields.begin(), key.fields.end(), [&](const Field* field) {
                        return std::find(fields.begin(), fields.end(), field) != fields.end();
                      });
    if (same) return &key;
  }
  return nullptr;
}

}  // namespace

Vacate::Incumbent MutationPlanner::IncumbentOf(const Relation& relation) {
  if (relation.delete_displaced) return Vacate::Incumbent::kDelete;
  return relation.required ? Vacate::Incumbent::kRefuse : Vacate::Incumbent::kDetach;
}

// One verb's rows under one parent must not contradict another's.
void MutationPlanner::AddNameCheck(const ir::RelationWrite& write) {
  CheckNames check;
  for (const ir::KeyNode& keys : write.connect) check.nodes.push_back(keys.rows);
  for (const ir::ConnectOrCreate& either : write.connect_or_create) check.nodes.push_back(either.key.rows);
  for (const ir::Disconnect& disconnect : write.disconnect) check.nodes.push_back(disconnect.key.rows);
  if (write.set) {
    for (const ir::KeyNode& keys : write.set->keys) check.nodes.push_back(keys.rows);
  }
  for (const ir::RelatedUpdate& update : write.update) {
    if (update.update->key != nullptr) check.nodes.push_back(update.update->rows);
  }
  for (const ir::KeyNode& keys : write.delete_keys) check.nodes.push_back(keys.rows);
  if (!check.nodes.empty() && write.relation->to_many()) checks_.push_back(std::move(check));
}

// Adds a node of rows that are named to be related, and their lock.
void MutationPlanner::AddConnected(const ir::KeyNode& keys, const Origin& origin, Lock lock) {
  AddNode(keys.rows, NodeRole::kConnect, origin.relation->target, origin);
  NameRows(keys.rows, *keys.key, lock);
  AddInput(keys.rows, keys.junction, static_cast<int>(keys.key->fields.size()));
}

// --- belongsTo

void MutationPlanner::PlanBelongsTo(ir::RecordNode& holder, const std::string& path) {
  for (ir::RelationWrite& write : holder.relations) {
    if (HasForeignKeyHere(*write.relation)) PlanBelongsToWrite(holder, write, Join(path, *write.relation));
  }
}

void MutationPlanner::PlanBelongsToWrite(const ir::RecordNode& holder, ir::RelationWrite& write,
                                         const std::string& path) {
  const Relation& relation = *write.relation;
  const int effects = Effects(path);
  const int parent = holder.rows;
  const bool creates = std::any_of(write.update.begin(), write.update.end(),
                                   [](const ir::RelatedUpdate& update) { return update.create != nullptr; });
  const bool writes = write.create != nullptr || !write.connect.empty() || write.connect_new ||
                      !write.connect_or_create.empty() || !write.disconnect_current.empty() || write.delete_current ||
                      creates;
  if (writes) {
    for (const ColumnPair& pair : relation.pairs) {
      const bool given = node(parent).Find(pair.from, Version::kNew) >= 0;
      Need(parent, pair.from, Version::kNew).always = !given && write.always;
    }
  }
  for (const ir::DisconnectCurrent& current : write.disconnect_current) {
    AddNode(current.rows, NodeRole::kParents, relation.target, {parent, &relation, effects, "disconnect"});
    Add(ClearForeignKey{current.rows, current.strict, /*counted=*/true});
  }
  if (write.delete_current) {
    const int number = *write.delete_current;
    AddNode(number, NodeRole::kDelete, relation.target, {parent, &relation, effects, "delete"});
    for (const Field* field : relation.target->primary_key().fields) Need(number, field, Version::kCurrent);
    Add(FindRelated{number, Lock::kUpdate, /*many=*/false, nullptr, FindRelated::Missing::kDrop});
    Add(ClearForeignKey{number, /*strict=*/false, /*counted=*/false});
  }
  const std::vector<const Field*> referenced = ReferencedFields(relation);
  for (const ir::RelatedUpdate& update : write.update) {
    const bool upsert = update.create != nullptr;
    const int number = update.update->rows;
    AddNode(number, NodeRole::kUpdate, relation.target,
            {parent, &relation, effects, upsert ? "upsert" : "update", upsert ? "update" : ""});
    NeedForUpdate(*update.update);
    Add(FindRelated{number, LockFor(*update.update), /*many=*/false, nullptr,
                    upsert ? FindRelated::Missing::kKeep : FindRelated::Missing::kError});
    if (upsert) Add(Split{number, update.create->rows, /*adopt=*/false});
    PlanUpdate(*update.update, path);
    if (!upsert) continue;
    AddNode(update.create->rows, NodeRole::kCreate, relation.target, {parent, &relation, effects, "upsert", "create"});
    PlanCreate(*update.create, path, referenced, nullptr);
    Add(CopyUp{update.create->rows});
  }
  for (const ir::KeyNode& keys : write.connect) {
    AddConnected(keys, {parent, &relation, effects, "connect"}, Lock::kKeyShare);
    for (const Field* field : referenced) NeedExisting(keys.rows, field);
    Add(Require{keys.rows});
    Add(CopyUp{keys.rows});
  }
  for (const ir::ConnectOrCreate& either : write.connect_or_create) {
    AddConnected(either.key, {parent, &relation, effects, "connectOrCreate"}, Lock::kKeyShare);
    for (const Field* field : referenced) NeedExisting(either.key.rows, field);
    AddNode(either.create->rows, NodeRole::kCreate, relation.target,
            {parent, &relation, effects, "connectOrCreate", "create"});
    Add(Split{either.key.rows, either.create->rows, /*adopt=*/true});
    PlanCreate(*either.create, path, referenced, either.key.key);
    Add(Adopt{either.key.rows, either.create->rows});
    Add(CopyUp{either.key.rows});
  }
  if (write.create != nullptr) {
    AddNode(write.create->rows, NodeRole::kCreate, relation.target, {parent, &relation, effects});
    PlanCreate(*write.create, path, referenced, nullptr);
    Add(CopyUp{write.create->rows});
  }
  if (write.connect_new) {
    const int number = write.connect_new->rows;
    AddNode(number, NodeRole::kConnect, relation.target, {parent, &relation, effects, "connect"});
    for (const Field* field : referenced) Need(number, field, Version::kCurrent);
    const std::vector<int>& targets = mutation_.created[write.connect_new->targets];
    const bool ready = std::all_of(targets.begin(), targets.end(), [&](int target) { return inserted_.contains(target); });
    if (ready) {
      Add(CopyNew{number});
      Add(CopyUp{number});
    } else {
      // The new rows come later: the foreign key stays null until then.
      patches_.push_back(CopyNew{number});
      patches_.push_back(Patch{number});
    }
  }
  // A row that is created as a target has no holder yet; one that is connected may.
  if (!write.connect.empty() || !write.connect_or_create.empty()) AddVacate(parent, relation, effects);
}

void MutationPlanner::PlanDeletedParents(const ir::RecordNode& holder) {
  for (const ir::RelationWrite& write : holder.relations) {
    if (HasForeignKeyHere(*write.relation) && write.delete_current) Add(DeleteRows{*write.delete_current});
  }
}

// --- the other kinds

void MutationPlanner::PlanChildren(ir::RecordNode& parent, const std::string& path) {
  for (ir::RelationWrite& write : parent.relations) {
    const Relation& relation = *write.relation;
    AddNameCheck(write);
    if (HasForeignKeyHere(relation)) continue;
    const std::string relation_path = Join(path, relation);
    const int effects = Effects(relation_path);
    NeedParentKeys(parent.rows, relation);
    // Removals before additions.
    PlanDeletes(write, parent.rows, effects);
    if (relation.junction) {
      PlanUnlinks(write, parent.rows, effects);
    } else {
      PlanReleases(write, parent.rows, effects);
    }
    PlanUpdates(write, parent.rows, relation_path, effects);
    if (relation.junction) {
      PlanLinks(write, parent.rows, relation_path, effects);
    } else {
      PlanMoves(write, parent.rows, relation_path, effects);
    }
  }
}

void MutationPlanner::NeedForeignKey(int child, const Relation& relation) {
  if (relation.junction) return;
  for (const ColumnPair& pair : relation.pairs) Need(child, pair.to, Version::kCurrent);
}

void MutationPlanner::PlanDeletes(ir::RelationWrite& write, int parent, int effects) {
  const Relation& relation = *write.relation;
  const bool named = !write.connect.empty() || !write.connect_or_create.empty() || write.set || !write.update.empty() ||
                     !write.delete_keys.empty();
  for (ir::DeleteMany& many : write.delete_many) {
    AddNode(many.rows, NodeRole::kParents, relation.target, {parent, &relation, effects, "deleteMany"});
    Add(DeleteRelated{many.rows, Keep(std::move(many.where)), named});
  }
  for (const ir::KeyNode& keys : write.delete_keys) {
    AddNode(keys.rows, NodeRole::kDelete, relation.target, {parent, &relation, effects, "delete"});
    NameRows(keys.rows, *keys.key, Lock::kUpdate);
    NeedForeignKey(keys.rows, relation);
    Add(CheckRelated{keys.rows});
    // The links of a plain junction go with the row.
    if (relation.junction && relation.junction->model != nullptr) Add(Unlink{keys.rows, /*counted=*/false});
    Add(DeleteRows{keys.rows});
  }
  if (write.delete_current) {
    const int number = *write.delete_current;
    AddNode(number, NodeRole::kDelete, relation.target, {parent, &relation, effects, "delete"});
    for (const Field* field : relation.target->primary_key().fields) Need(number, field, Version::kCurrent);
    Add(FindRelated{number, Lock::kUpdate, /*many=*/false, nullptr, FindRelated::Missing::kDrop});
    Add(DeleteRows{number});
  }
}

void MutationPlanner::PlanUpdates(ir::RelationWrite& write, int parent, const std::string& path, int effects) {
  const Relation& relation = *write.relation;
  for (ir::UpdateMany& many : write.update_many) {
    AddNode(many.update->rows, NodeRole::kUpdate, relation.target, {parent, &relation, effects, "updateMany"});
    NeedForUpdate(*many.update);
    Add(FindRelated{many.update->rows, LockFor(*many.update), /*many=*/true,
                    Keep(std::move(many.where)),
                    FindRelated::Missing::kDrop});
    PlanUpdate(*many.update, path);
  }
  for (const ir::RelatedUpdate& related : write.update) {
    ir::RecordNode& update = *related.update;
    const bool upsert = related.create != nullptr;
    const char* verb = upsert ? "upsert" : "update";
    AddNode(update.rows, NodeRole::kUpdate, relation.target, {parent, &relation, effects, verb, upsert ? "update" : ""});
    NeedForUpdate(update);
    if (update.key != nullptr) {
      NameRows(update.rows, *update.key, LockFor(update));
      NeedForeignKey(update.rows, relation);
    } else {
      Add(FindRelated{update.rows, LockFor(update), /*many=*/false, nullptr,
                      upsert ? FindRelated::Missing::kKeep : FindRelated::Missing::kError});
    }
    if (upsert) Add(Split{update.rows, related.create->rows, /*adopt=*/false});
    if (update.key != nullptr) Add(CheckRelated{update.rows});
    PlanUpdate(update, path);
    if (!upsert) continue;
    const Origin origin{parent, &relation, effects, verb, "create"};
    const Key* contested = update.key != nullptr ? update.key : UniqueForeignKey(relation);
    PlanCreateRelated(*related.create, origin, path, contested, /*occupied=*/false);
  }
}

// New rows at the other end of a relation that is not belongsTo.
void MutationPlanner::PlanCreateRelated(ir::RecordNode& create, const Origin& origin, const std::string& path,
                                        const Key* contested, bool occupied) {
  const Relation& relation = *origin.relation;
  AddNode(create.rows, NodeRole::kCreate, relation.target, origin);
  if (relation.junction) {
    PlanCreate(create, path, {}, contested);
    AddInput(create.rows, create.junction, static_cast<int>(create.columns.size()));
    Add(Link{create.rows});
    return;
  }
  for (const ColumnPair& pair : relation.pairs) Need(create.rows, pair.to, Version::kNew).always = true;
  Add(CopyDown{create.rows});
  if (occupied) AddPlace(create.rows, relation, origin.effects);
  PlanCreate(create, path, {}, contested);
}

// Makes room for the children that are about to take a hasOne.
void MutationPlanner::AddPlace(int child, const Relation& relation, int effects) {
  Add(Vacate{child, relation.pairs, relation.target, true, IncumbentOf(relation), &relation, effects});
}

// --- manyToMany

void MutationPlanner::PlanUnlinks(const ir::RelationWrite& write, int parent, int effects) {
  const Relation& relation = *write.relation;
  for (const ir::Disconnect& disconnect : write.disconnect) {
    AddNode(disconnect.key.rows, NodeRole::kDetach, relation.target, {parent, &relation, effects, "disconnect"});
    NameRows(disconnect.key.rows, *disconnect.key.key, Lock::kKeyShare);
    if (disconnect.strict) Add(CheckRelated{disconnect.key.rows});
    Add(Unlink{disconnect.key.rows, /*counted=*/true});
  }
  if (!write.set) return;
  AddNode(write.set->rows, NodeRole::kParents, relation.target, {parent, &relation, effects, "set"});
  UnlinkOthers others{write.set->rows, {}};
  for (const ir::KeyNode& keys : write.set->keys) {
    AddConnected(keys, {parent, &relation, effects, "set"}, Lock::kKeyShare);
    Add(Require{keys.rows});
    others.kept.push_back(keys.rows);
  }
  Add(std::move(others));
}

void MutationPlanner::PlanLinks(ir::RelationWrite& write, int parent, const std::string& path, int effects) {
  const Relation& relation = *write.relation;
  if (write.set) {
    for (const ir::KeyNode& keys : write.set->keys) Add(Link{keys.rows});
  }
  for (const ir::KeyNode& keys : write.connect) {
    AddConnected(keys, {parent, &relation, effects, "connect"}, Lock::kKeyShare);
    Add(Require{keys.rows});
    Add(Link{keys.rows});
  }
  for (const ir::ConnectOrCreate& either : write.connect_or_create) {
    AddConnected(either.key, {parent, &relation, effects, "connectOrCreate"}, Lock::kKeyShare);
    AddNode(either.create->rows, NodeRole::kCreate, relation.target,
            {parent, &relation, effects, "connectOrCreate", "create"});
    Add(Split{either.key.rows, either.create->rows, /*adopt=*/true});
    PlanCreate(*either.create, path, {}, either.key.key);
    Add(Adopt{either.key.rows, either.create->rows});
    Add(Link{either.key.rows});
  }
  if (write.create != nullptr) PlanCreateRelated(*write.create, {parent, &relation, effects}, path, nullptr, false);
  if (write.connect_new) {
    AddConnectedNew(*write.connect_new, {parent, &relation, effects, "connect"});
    patches_.push_back(Link{write.connect_new->rows});
  }
}

void MutationPlanner::AddConnectedNew(const ir::ConnectNew& connect, const Origin& origin) {
  AddNode(connect.rows, NodeRole::kConnect, origin.relation->target, origin);
  for (const Field* field : origin.relation->target->primary_key().fields) Need(connect.rows, field, Version::kCurrent);
  AddInput(connect.rows, connect.junction, 0);
  patches_.push_back(CopyNew{connect.rows});
}

// --- hasOne, hasMany

void MutationPlanner::PlanReleases(const ir::RelationWrite& write, int parent, int effects) {
  const Relation& relation = *write.relation;
  for (const ir::DisconnectCurrent& current : write.disconnect_current) {
    AddNode(current.rows, NodeRole::kParents, relation.target, {parent, &relation, effects, "disconnect"});
    Add(ReleaseCurrent{current.rows, current.strict});
  }
  for (const ir::Disconnect& disconnect : write.disconnect) {
    AddNode(disconnect.key.rows, NodeRole::kDetach, relation.target, {parent, &relation, effects, "disconnect"});
    NameRows(disconnect.key.rows, *disconnect.key.key, LockForMove(relation));
    NeedForeignKey(disconnect.key.rows, relation);
    if (disconnect.strict) Add(CheckRelated{disconnect.key.rows});
    Add(Release{disconnect.key.rows});
  }
  if (!write.set) return;
  AddNode(write.set->rows, NodeRole::kParents, relation.target, {parent, &relation, effects, "set"});
  ReleaseOthers others{write.set->rows, {}};
  for (const ir::KeyNode& keys : write.set->keys) {
    AddConnected(keys, {parent, &relation, effects, "set"}, LockForMove(relation));
    NeedForeignKey(keys.rows, relation);
    Add(Require{keys.rows});
    others.kept.push_back(keys.rows);
  }
  Add(std::move(others));
}

void MutationPlanner::PlanMoves(ir::RelationWrite& write, int parent, const std::string& path, int effects) {
  const Relation& relation = *write.relation;
  // A parent that is new has no child yet.
  const bool occupied = relation.kind == RelationKind::kHasOne && node(parent).role != NodeRole::kCreate;
  if (write.set) {
    for (const ir::KeyNode& keys : write.set->keys) Add(Move{keys.rows});
  }
  for (const ir::KeyNode& keys : write.connect) {
    AddConnected(keys, {parent, &relation, effects, "connect"}, LockForMove(relation));
    NeedForeignKey(keys.rows, relation);
    Add(Require{keys.rows});
    if (occupied) AddPlace(keys.rows, relation, effects);
    Add(Move{keys.rows});
  }
  for (const ir::ConnectOrCreate& either : write.connect_or_create) {
    AddConnected(either.key, {parent, &relation, effects, "connectOrCreate"}, LockForMove(relation));
    NeedForeignKey(either.key.rows, relation);
    // The node of the new rows is there before they are told from those that exist.
    AddNode(either.create->rows, NodeRole::kCreate, relation.target,
            {parent, &relation, effects, "connectOrCreate", "create"});
    Add(Split{either.key.rows, either.create->rows, /*adopt=*/false});
    if (occupied) AddPlace(either.key.rows, relation, effects);
    Add(Move{either.key.rows});
    PlanCreateRelated(*either.create, {parent, &relation, effects, "connectOrCreate", "create"}, path, either.key.key,
                      occupied);
  }
  if (write.create != nullptr) PlanCreateRelated(*write.create, {parent, &relation, effects}, path, nullptr, occupied);
  if (write.connect_new) {
    AddConnectedNew(*write.connect_new, {parent, &relation, effects, "connect"});
    NeedForeignKey(write.connect_new->rows, relation);
    if (occupied) patches_.push_back(Vacate{write.connect_new->rows, relation.pairs, relation.target, true,
                                            IncumbentOf(relation), &relation, effects});
    patches_.push_back(Move{write.connect_new->rows});
  }
}

}  // namespace rowan::plan
