#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "engine/plan/mutation_planner.h"

namespace rowan::plan {
namespace {

bool InKey(const Model& model, const Field* field) {
  return std::any_of(model.keys.begin(), model.keys.end(), [&](const Key& key) {
    return std::find(key.fields.begin(), key.fields.end(), field) != key.fields.end();
  });
}

// Whether the foreign key of a belongsTo is unique, so that a target has at most one holder.
bool OneToOne(const Relation& belongs_to) {
  std::vector<const Field*> fields = ForeignKeyFields(belongs_to);
  std::sort(fields.begin(), fields.end());
  return std::any_of(belongs_to.source->keys.begin(), belongs_to.source->keys.end(), [&](const Key& key) {
    std::vector<const Field*> unique = key.fields;
    std::sort(unique.begin(), unique.end());
    return unique == fields;
  });
}

}  // namespace

// --- nodes and columns

void MutationPlanner::AddNode(int number, NodeRole role, const Model* model, const Origin& origin) {
  if (static_cast<int>(program_.nodes.size()) <= number) program_.nodes.resize(number + 1);
  node(number) = {.parent = origin.parent,
                  .role = role,
                  .model = model,
                  .relation = origin.relation,
                  .verb = origin.verb,
                  .part = origin.part,
                  .effects = origin.effects};
}

void MutationPlanner::AddInput(int number, const std::vector<ir::InputColumn>& columns, int first) {
  for (const ir::InputColumn& given : columns) {
    const Version version = given.expected ? Version::kExpected : Version::kNew;
    NodeColumn* column = nullptr;
    if (given.change == ir::Change::kSet) {
      column = &Need(number, given.field, version);
    } else {
      column = &node(number).columns.emplace_back(NodeColumn{.field = given.field, .change = given.change});
    }
    column->input = first++;
    column->always = column->always || given.always;
  }
}

NodeColumn& MutationPlanner::Need(int number, const Field* field, Version version) {
  const int found = node(number).Find(field, version);
  if (found >= 0) return node(number).columns[found];
  return node(number).columns.emplace_back(NodeColumn{.field = field, .version = version});
}

void MutationPlanner::NeedExisting(int number, const Field* field) {
  if (node(number).Find(field, Version::kExpected) < 0) Need(number, field, Version::kCurrent);
}

void MutationPlanner::NeedAllotted(int number, const Field* field) {
  NodeColumn& column = Need(number, field, Version::kNew);
  if (column.always || field->generator == Generator::kNone) return;
  column.always = true;
  Add(Allot{number, node(number).Find(field, Version::kNew)});
}

void MutationPlanner::NeedKeys(int number, const std::vector<const Field*>& fields) {
  for (const Field* field : fields) {
    if (node(number).role == NodeRole::kCreate) {
      NeedAllotted(number, field);
    } else {
      NeedExisting(number, field);
    }
  }
}

void MutationPlanner::NeedParentKeys(int number, const Relation& relation) {
  std::vector<const Field*> fields;
  if (relation.junction) {
    for (const JunctionColumn& column : relation.junction->source) fields.push_back(column.field);
  } else {
    for (const ColumnPair& pair : relation.pairs) fields.push_back(pair.from);
  }
  NeedKeys(number, fields);
}

int MutationPlanner::Effects(const std::string& path) {
  auto& paths = program_.effect_paths;
  const auto found = std::find(paths.begin(), paths.end(), path);
  if (found != paths.end()) return static_cast<int>(found - paths.begin());
  paths.push_back(path);
  return static_cast<int>(paths.size()) - 1;
}

const ir::Predicate* MutationPlanner::Keep(std::optional<ir::Predicate> where) {
  if (!where) return nullptr;
  return program_.predicates.emplace_back(std::make_unique<ir::Predicate>(*std::move(where))).get();
}

// --- locks

void MutationPlanner::NameRows(int number, const Key& key, Lock lock) {
  int input = 0;
  for (const Field* field : key.fields) {
    NodeColumn& column = Need(number, field, Version::kExpected);
    column.input = input++;
    column.always = true;
  }
  for (const Field* field : node(number).model->primary_key().fields) NeedExisting(number, field);
  named_.push_back({{number, &key}, lock});
}

// One statement for each table, in the order of tables; in it rows are locked in the order of the primary key. So requests
// that name the same rows wait for each other instead of deadlocking.
void MutationPlanner::PutLocksInFront() {
  using Rank = std::pair<std::string_view, std::string_view>;
  std::map<Rank, LockRows> tables;
  for (const Named& named : named_) {
    const Model& model = *node(named.rows.node).model;
    LockRows& lock = tables.try_emplace({model.schema, model.table}, LockRows{&model, named.lock, {}}).first->second;
    lock.lock = std::max(lock.lock, named.lock);
    lock.named.push_back(named.rows);
    for (const NodeColumn& column : node(named.rows.node).columns) {
      if (column.version != Version::kCurrent) continue;
      if (std::find(lock.columns.begin(), lock.columns.end(), column.field) != lock.columns.end()) continue;
      lock.columns.push_back(column.field);
    }
  }
  std::vector<Step> front;
  const Model& root = *mutation_.root.model;
  const Rank rank{root.schema, root.table};
  bool matched = !match_.has_value();
  const auto match = [&] {
    if (std::exchange(matched, true)) return;
    front.push_back(*std::move(match_));
  };
  for (auto& [table, lock] : tables) {
    if (match_ && table == rank) {
      // Rows that the filter finds and rows that are named are locked together, or the order would be broken.
      front.push_back(FindMatches{});
      lock.matched = true;
      lock.lock = std::max(lock.lock, match_->lock);
    } else if (rank < table) {
      match();
    }
    front.push_back(std::move(lock));
    if (table == rank) match();
  }
  match();
  for (CheckNames& check : checks_) front.push_back(std::move(check));
  if (mutation_.kind == ir::MutationKind::kUpdate && program_.nodes.size() > 1) front.push_back(Expand{shared_});
  program_.steps.insert(program_.steps.begin(), std::make_move_iterator(front.begin()),
                        std::make_move_iterator(front.end()));
}

// --- records

Lock MutationPlanner::LockFor(const ir::RecordNode& update) {
  const bool key = std::any_of(update.columns.begin(), update.columns.end(), [&](const ir::InputColumn& column) {
    return InKey(*update.model, column.field);
  });
  const bool foreign_key =
      std::any_of(update.relations.begin(), update.relations.end(), [&](const ir::RelationWrite& write) {
        if (write.relation->kind != RelationKind::kBelongsTo) return false;
        return std::any_of(write.relation->pairs.begin(), write.relation->pairs.end(),
                           [&](const ColumnPair& pair) { return InKey(*update.model, pair.from); });
      });
  return key || foreign_key ? Lock::kUpdate : Lock::kNoKeyUpdate;
}

void MutationPlanner::VacateForValues(const ir::RecordNode& record, const std::string& path) {
  for (const auto& relation : record.model->relations) {
    if (relation->kind != RelationKind::kBelongsTo || !OneToOne(*relation)) continue;
    const auto given = [&](const ColumnPair& pair) {
      return std::any_of(record.columns.begin(), record.columns.end(),
                         [&](const ir::InputColumn& column) { return column.field == pair.from; });
    };
    if (!std::all_of(relation->pairs.begin(), relation->pairs.end(), given)) continue;
    const int effects = Effects(path.empty() ? relation->name : path + "." + relation->name);
    program_.unnamed_effects.push_back(effects);
    AddVacate(record.rows, *relation, effects);
  }
}

void MutationPlanner::AddVacate(int holder, const Relation& relation, int effects) {
  if (!OneToOne(relation)) return;
  Vacate vacate{holder, {}, node(holder).model, false, IncumbentOf(relation), &relation, effects};
  for (const ColumnPair& pair : relation.pairs) vacate.pairs.push_back({pair.to, pair.from});
  Add(std::move(vacate));
}

void MutationPlanner::PlanCreate(ir::RecordNode& create, const std::string& path,
                                 const std::vector<const Field*>& referenced, const Key* contested) {
  AddInput(create.rows, create.columns, 0);
  PlanBelongsTo(create, path);
  NeedKeys(create.rows, create.model->primary_key().fields);
  NeedKeys(create.rows, referenced);
  for (const ir::RelationWrite& write : create.relations) {
    if (write.relation->kind != RelationKind::kBelongsTo) NeedParentKeys(create.rows, *write.relation);
  }
  // An identity that only some rows give has no default that could be written in their place.
  for (const ir::InputColumn& given : create.columns) {
    if (given.field->generator == Generator::kIdentity) NeedAllotted(create.rows, given.field);
  }
  VacateForValues(create, path);
  Add(InsertRows{create.rows, contested});
  inserted_.insert(create.rows);
  PlanChildren(create, path);
}

void MutationPlanner::NeedForUpdate(const ir::RecordNode& update) {
  AddInput(update.rows, update.columns,
           update.key == nullptr ? 0 : static_cast<int>(update.key->fields.size()));
  for (const Field* field : update.model->primary_key().fields) Need(update.rows, field, Version::kCurrent);
  for (const ir::InputColumn& column : update.columns) {
    if (column.expected) Need(update.rows, column.field, Version::kCurrent);
  }
  for (const ir::RelationWrite& write : update.relations) {
    if (write.relation->kind == RelationKind::kBelongsTo) {
      for (const ColumnPair& pair : write.relation->pairs) Need(update.rows, pair.from, Version::kCurrent);
    } else {
      NeedParentKeys(update.rows, *write.relation);
    }
  }
}

void MutationPlanner::PlanUpdate(ir::RecordNode& update, const std::string& path) {
  const bool expects = std::any_of(update.columns.begin(), update.columns.end(),
                                   [](const ir::InputColumn& column) { return column.expected; });
  if (expects) Add(CheckVersion{update.rows});
  PlanBelongsTo(update, path);
  VacateForValues(update, path);
  if (node(update.rows).Writes()) Add(UpdateRows{update.rows});
  PlanDeletedParents(update);
  PlanChildren(update, path);
}

// --- the root

void MutationPlanner::PlanInsertRoot() {
  AddNode(mutation_.root.rows, NodeRole::kCreate, mutation_.root.model, {});
  PlanCreate(mutation_.root, "", {}, nullptr);
}

void MutationPlanner::PlanUpdateRoot() {
  ir::RecordNode& root = mutation_.root;
  AddNode(0, NodeRole::kUpdate, root.model, {});
  const bool expects = std::any_of(root.columns.begin(), root.columns.end(),
                                   [](const ir::InputColumn& column) { return column.expected; });
  const bool vacates = std::any_of(root.model->relations.begin(), root.model->relations.end(), [&](const auto& relation) {
    if (relation->kind != RelationKind::kBelongsTo || !OneToOne(*relation)) return false;
    return std::any_of(root.columns.begin(), root.columns.end(), [&](const ir::InputColumn& column) {
      return column.field == relation->pairs.front().from;
    });
  });
  if (root.relations.empty() && !mutation_.returning && !expects && !vacates) {
    AddInput(0, root.columns, 0);
    Add(UpdateWhere{});
    return;
  }
  NeedForUpdate(root);
  match_ = Match{LockFor(root), {}};
  for (const ir::RelationWrite& write : root.relations) {
    const Relation& relation = *write.relation;
    bool one_parent = false;
    if (relation.kind == RelationKind::kBelongsTo) {
      const bool connects = !write.connect.empty() || !write.connect_or_create.empty() || write.connect_new;
      const bool unsaid = write.create != nullptr && write.sharing == ir::Sharing::kUnspecified;
      const bool upserts = std::any_of(write.update.begin(), write.update.end(),
                                       [](const ir::RelatedUpdate& update) { return update.create != nullptr; });
      const bool shares = write.create != nullptr && write.sharing == ir::Sharing::kShared;
      one_parent = unsaid || upserts || ((connects || shares) && OneToOne(relation));
      if (shares) shared_.push_back(write.create->rows);
    } else {
      const bool upserts = std::any_of(write.update.begin(), write.update.end(), [&](const ir::RelatedUpdate& update) {
        return update.create != nullptr && relation.to_many();
      });
      const bool sets = write.set && !write.set->keys.empty();
      const bool connects = !write.connect.empty() || !write.connect_or_create.empty() || sets;
      one_parent = upserts || write.connect_new || (!relation.junction && connects);
    }
    if (one_parent) match_->single.push_back(&relation);
  }
  PlanUpdate(root, "");
}

void MutationPlanner::PlanUpsertRoot() {
  ir::OnConflict& conflict = *mutation_.on_conflict;
  ir::RecordNode& root = mutation_.root;
  AddNode(0, NodeRole::kCreate, root.model, {});
  program_.conflict = Conflict{.key = conflict.key, .keep = conflict.keep, .in_place = conflict.in_place, .overwrite = conflict.overwrite};
  if (conflict.in_place) {
    AddInput(0, root.columns, 0);
    for (const Field* field : root.model->primary_key().fields) Need(0, field, Version::kCurrent);
    if (conflict.update.model != nullptr) {
      program_.conflict->update = conflict.update.rows;
      AddNode(conflict.update.rows, NodeRole::kUpdate, root.model, {.verb = "on_conflict.update"});
      AddInput(conflict.update.rows, conflict.update.columns, 0);
    }
    for (const ir::InputColumn& given : root.columns) {
      if (given.field->generator == Generator::kIdentity) NeedAllotted(0, given.field);
    }
    program_.conflict->where = std::move(conflict.where);
    Add(UpsertRows{});
    Add(FindUpserted{});
    return;
  }
  const int update = conflict.update.rows;
  program_.conflict->update = update;
  AddNode(update, NodeRole::kUpdate, root.model, {.verb = conflict.own ? "on_conflict.update" : ""});
  NeedForUpdate(conflict.update);
  NameRows(update, *conflict.key, LockFor(conflict.update));
  Add(Split{update, 0, false});
  if (const ir::Predicate* where = Keep(std::move(conflict.where))) Add(Filter{update, where});
  PlanUpdate(conflict.update, "");
  PlanCreate(root, "", {}, conflict.key);
}

void MutationPlanner::PlanDeleteRoot() {
  AddNode(0, NodeRole::kDelete, mutation_.root.model, {});
  if (!mutation_.returning) {
    Add(DeleteWhere{});
    return;
  }
  for (const Field* field : mutation_.root.model->primary_key().fields) Need(0, field, Version::kCurrent);
  match_ = Match{Lock::kUpdate, {}};
  Add(ReadBack{});
  Add(DeleteRows{0});
}

Program MutationPlanner::Plan() {
  program_.kind = mutation_.kind;
  program_.expect = mutation_.expect;
  switch (mutation_.kind) {
    case ir::MutationKind::kInsert:
      PlanInsertRoot();
      break;
    case ir::MutationKind::kUpdate:
      PlanUpdateRoot();
      break;
    case ir::MutationKind::kUpsert:
      PlanUpsertRoot();
      break;
    case ir::MutationKind::kDelete:
      PlanDeleteRoot();
      break;
  }
  for (Step& patch : patches_) program_.steps.push_back(std::move(patch));
  if (mutation_.returning && mutation_.kind != ir::MutationKind::kDelete) Add(ReadBack{});
  PutLocksInFront();
  program_.where = std::move(mutation_.where);
  if (mutation_.returning) program_.returning = PlanReadByKeys(*std::move(mutation_.returning));
  program_.chain = PlanChain(program_);
  return std::move(program_);
}

// --- the program

int Node::Find(const Field* field, Version version) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].field == field && columns[i].version == version && columns[i].change == ir::Change::kSet) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

bool Node::Writes() const {
  return std::any_of(columns.begin(), columns.end(), [this](const NodeColumn& column) {
    const bool written = column.version == Version::kNew || (column.version == Version::kExpected && column.field->version);
    return written && column.field->model == model;
  });
}

bool Program::Uniform(int number, int column) const {
  if (nodes[number].role != NodeRole::kUpdate || nodes[number].columns[column].input < 0) return false;
  return number == 0 || (conflict && conflict->in_place && conflict->update == number);
}

std::string Program::Place(int number) const {
  const Node& described = nodes[number];
  if (described.parent < 0) return described.verb.empty() ? "data" : described.verb;
  std::string place = Place(described.parent) + "." + described.relation->name;
  if (!described.verb.empty()) place += "." + described.verb;
  if (described.relation->to_many()) place += "[]";
  if (!described.part.empty()) place += "." + described.part;
  return place;
}

std::vector<const Field*> ForeignKeyFields(const Relation& relation) {
  std::vector<const Field*> fields;
  const bool here = relation.kind == RelationKind::kBelongsTo;
  for (const ColumnPair& pair : relation.pairs) fields.push_back(here ? pair.from : pair.to);
  return fields;
}

Program PlanMutation(ir::Mutation mutation) {
  return MutationPlanner(std::move(mutation)).Plan();
}

}  // namespace rowan::plan
