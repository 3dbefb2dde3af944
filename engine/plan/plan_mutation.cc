#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "engine/plan/mutation.h"

namespace rowan::plan {
namespace {

bool HasForeignKeyHere(const Relation& relation) {
  return relation.kind == RelationKind::kBelongsTo;
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

// Builds the program: walks the tree once in the order of execution, and puts the locks of the whole tree in front.
class Planner {
 public:
  explicit Planner(ir::Mutation mutation) : mutation_(std::move(mutation)) {}

  Program Plan() {
    program_.kind = mutation_.kind;
    switch (mutation_.kind) {
      case ir::MutationKind::kInsert:
        AddNode(mutation_.root.rows, -1, NodeRole::kCreate, mutation_.root.model, nullptr, -1);
        PlanCreate(mutation_.root, "");
        break;
      case ir::MutationKind::kUpdate:
        PlanUpdate();
        break;
      case ir::MutationKind::kDelete:
        PlanDelete();
        break;
    }
    PutLocksInFront();
    program_.where = std::move(mutation_.where);
    if (mutation_.returning) program_.returning = PlanReadByKeys(*std::move(mutation_.returning));
    return std::move(program_);
  }

 private:
  Node& node(int number) { return program_.nodes[number]; }

  void AddNode(int number, int parent, NodeRole role, const Model* model, const Relation* relation, int effects) {
    if (static_cast<int>(program_.nodes.size()) <= number) program_.nodes.resize(number + 1);
    node(number) = {.parent = parent, .role = role, .model = model, .relation = relation, .effects = effects};
  }

  // Makes the node know the field in the version.
  NodeColumn& Need(int number, const Field* field, Version version) {
    const int found = node(number).Find(field, version);
    if (found >= 0) return node(number).columns[found];
    return node(number).columns.emplace_back(NodeColumn{.field = field, .version = version});
  }

  // Makes the value of a field known of rows that exist: as the key they were named by, or read when they are locked.
  void NeedExisting(int number, const Field* field) {
    if (node(number).role != NodeRole::kUpdate && node(number).Find(field, Version::kNew) >= 0) return;
    Need(number, field, Version::kCurrent);
  }

  // Makes the value of a field known before the rows are inserted.
  void NeedAllotted(int number, const Field* field) {
    NodeColumn& column = Need(number, field, Version::kNew);
    if (column.always || field->generator == Generator::kNone) return;
    column.always = true;
    program_.steps.push_back(Allot{number, node(number).Find(field, Version::kNew)});
  }

  int Effects(const std::string& path) {
    auto& paths = program_.effect_paths;
    const auto found = std::find(paths.begin(), paths.end(), path);
    if (found != paths.end()) return static_cast<int>(found - paths.begin());
    paths.push_back(path);
    return static_cast<int>(paths.size()) - 1;
  }

  static std::string Join(const std::string& path, const Relation& relation) {
    return path.empty() ? relation.name : path + "." + relation.name;
  }

  // Adds a node of rows named by key, and the lock that finds them. Their primary keys are known from then on.
  void AddKeyNode(const ir::KeyNode& keys, int parent, NodeRole role, const Relation& relation, int effects,
                  Lock lock) {
    AddNode(keys.rows, parent, role, relation.target, &relation, effects);
    int input = 0;
    for (const Field* field : keys.key->fields) {
      NodeColumn& column = Need(keys.rows, field, Version::kNew);
      column.input = input++;
      column.always = true;
    }
    for (const Field* field : relation.target->primary_key().fields) NeedExisting(keys.rows, field);
    locks_.push_back(LockKeys{keys.rows, keys.key, lock, role == NodeRole::kConnect});
  }

  // The keys of existing or new parent rows that children will refer to.
  void NeedParentKeys(int number, const Relation& relation) {
    const bool exists = node(number).role != NodeRole::kCreate;
    auto need = [&](const Field* field) { exists ? NeedExisting(number, field) : NeedAllotted(number, field); };
    if (relation.junction) {
      for (const JunctionColumn& column : relation.junction->source) need(column.field);
    } else {
      for (const ColumnPair& pair : relation.pairs) need(pair.from);
    }
  }

  // The belongsTo writes of a node: their targets come first, and their keys are copied into the node.
  void PlanBelongsTo(const ir::CreateNode& holder, const std::string& path) {
    for (const ir::RelationWrite& write : holder.relations) {
      const Relation& relation = *write.relation;
      if (!HasForeignKeyHere(relation)) continue;
      const std::string relation_path = Join(path, relation);
      const int effects = Effects(relation_path);
      if (node(holder.rows).role == NodeRole::kUpdate) {
        for (const ColumnPair& pair : relation.pairs) Need(holder.rows, pair.from, Version::kCurrent);
      }
      for (const ColumnPair& pair : relation.pairs) {
        const bool given = node(holder.rows).Find(pair.from, Version::kNew) >= 0;
        NodeColumn& column = Need(holder.rows, pair.from, Version::kNew);
        column.always = !given && write.always;
      }
      if (write.disconnect_current) {
        AddNode(*write.disconnect_current, holder.rows, NodeRole::kParents, relation.target, &relation, effects);
        program_.steps.push_back(ClearForeignKey{&relation, effects});
      }
      for (const ir::KeyNode& keys : write.connect) {
        AddKeyNode(keys, holder.rows, NodeRole::kConnect, relation, effects, Lock::kKeyShare);
        for (const ColumnPair& pair : relation.pairs) NeedExisting(keys.rows, pair.to);
        program_.steps.push_back(CopyUp{keys.rows});
      }
      if (write.create != nullptr) {
        AddNode(write.create->rows, holder.rows, NodeRole::kCreate, relation.target, &relation, effects);
        std::vector<const Field*> referenced;
        for (const ColumnPair& pair : relation.pairs) referenced.push_back(pair.to);
        PlanCreate(*write.create, relation_path, referenced);
        program_.steps.push_back(CopyUp{write.create->rows});
      }
      // A row that is created as a target has no holder yet; one that is connected may.
      if (!write.connect.empty() && OneToOne(relation)) {
        Vacate vacate{holder.rows, {}, holder.model, false, relation.required, &relation, effects};
        for (const ColumnPair& pair : relation.pairs) vacate.pairs.push_back({pair.to, pair.from});
        program_.steps.push_back(std::move(vacate));
      }
    }
  }

  // The other writes of a node, whose rows exist by now.
  void PlanChildren(const ir::CreateNode& parent, const std::string& path) {
    for (const ir::RelationWrite& write : parent.relations) {
      const Relation& relation = *write.relation;
      if (HasForeignKeyHere(relation)) continue;
      const std::string relation_path = Join(path, relation);
      const int effects = Effects(relation_path);
      NeedParentKeys(parent.rows, relation);
      if (relation.junction) {
        PlanManyToMany(write, parent.rows, relation_path, effects);
      } else {
        PlanHas(write, parent.rows, relation_path, effects);
      }
    }
  }

  void PlanManyToMany(const ir::RelationWrite& write, int parent, const std::string& path, int effects) {
    for (const ir::KeyNode& keys : write.disconnect) {
      AddKeyNode(keys, parent, NodeRole::kDisconnect, *write.relation, effects, Lock::kKeyShare);
      program_.steps.push_back(Unlink{keys.rows});
    }
    for (const ir::KeyNode& keys : write.connect) {
      AddKeyNode(keys, parent, NodeRole::kConnect, *write.relation, effects, Lock::kKeyShare);
      program_.steps.push_back(Link{keys.rows});
    }
    if (write.create != nullptr) {
      AddNode(write.create->rows, parent, NodeRole::kCreate, write.relation->target, write.relation, effects);
      PlanCreate(*write.create, path);
      program_.steps.push_back(Link{write.create->rows});
    }
  }

  void PlanHas(const ir::RelationWrite& write, int parent, const std::string& path, int effects) {
    const Relation& relation = *write.relation;
    // A parent that is new has no child yet.
    const bool occupied = relation.kind == RelationKind::kHasOne && node(parent).role == NodeRole::kUpdate;
    auto vacate = [&](int child) {
      if (!occupied) return;
      program_.steps.push_back(
          Vacate{child, relation.pairs, relation.target, true, relation.required, &relation, effects});
    };
    auto need_foreign_key = [&](int child) {
      for (const ColumnPair& pair : relation.pairs) Need(child, pair.to, Version::kCurrent);
    };
    if (write.disconnect_current) {
      AddNode(*write.disconnect_current, parent, NodeRole::kParents, relation.target, &relation, effects);
      program_.steps.push_back(ReleaseCurrent{*write.disconnect_current});
    }
    for (const ir::KeyNode& keys : write.disconnect) {
      AddKeyNode(keys, parent, NodeRole::kDisconnect, relation, effects, Lock::kNoKeyUpdate);
      need_foreign_key(keys.rows);
      program_.steps.push_back(Release{keys.rows});
    }
    for (const ir::KeyNode& keys : write.connect) {
      AddKeyNode(keys, parent, NodeRole::kConnect, relation, effects, Lock::kNoKeyUpdate);
      need_foreign_key(keys.rows);
      vacate(keys.rows);
      program_.steps.push_back(Move{keys.rows});
    }
    if (write.create != nullptr) {
      const int child = write.create->rows;
      AddNode(child, parent, NodeRole::kCreate, relation.target, &relation, effects);
      for (const ColumnPair& pair : relation.pairs) Need(child, pair.to, Version::kNew).always = true;
      program_.steps.push_back(CopyDown{child});
      vacate(child);
      PlanCreate(*write.create, path);
    }
  }

  // Everything that a node of new rows needs, in order. Its node and its foreign key to its parent, if any, are there
  // already. The fields in `referenced` are those that a holder of a belongsTo will copy.
  void PlanCreate(const ir::CreateNode& create, const std::string& path,
                  const std::vector<const Field*>& referenced = {}) {
    int input = 0;
    for (const ir::InputColumn& given : create.columns) {
      NodeColumn& column = Need(create.rows, given.field, Version::kNew);
      column.input = input++;
      column.always = given.always;
    }
    PlanBelongsTo(create, path);
    for (const Field* field : create.model->primary_key().fields) NeedAllotted(create.rows, field);
    for (const Field* field : referenced) NeedAllotted(create.rows, field);
    for (const ir::RelationWrite& write : create.relations) {
      if (!HasForeignKeyHere(*write.relation)) NeedParentKeys(create.rows, *write.relation);
    }
    // An identity that only some rows give has no default that could be written in their place.
    for (const ir::InputColumn& given : create.columns) {
      if (given.field->generator == Generator::kIdentity) NeedAllotted(create.rows, given.field);
    }
    program_.steps.push_back(InsertRows{create.rows});
    PlanChildren(create, path);
    if (create.rows == 0 && mutation_.returning) program_.steps.push_back(ReadBack{});
  }

  void PlanUpdate() {
    const ir::CreateNode& root = mutation_.root;
    AddNode(0, -1, NodeRole::kUpdate, root.model, nullptr, -1);
    int input = 0;
    for (const ir::InputColumn& given : root.columns) {
      NodeColumn& column = Need(0, given.field, Version::kNew);
      column.input = input++;
      column.always = true;
    }
    if (root.relations.empty() && !mutation_.returning) {
      program_.steps.push_back(UpdateWhere{});
      return;
    }
    Match match{Lock::kNoKeyUpdate, {}};
    for (const Field* field : root.model->primary_key().fields) Need(0, field, Version::kCurrent);
    bool writes_key = std::any_of(root.columns.begin(), root.columns.end(), [&](const ir::InputColumn& column) {
      const auto& keys = root.model->keys;
      return std::any_of(keys.begin(), keys.end(), [&](const Key& key) {
        return std::find(key.fields.begin(), key.fields.end(), column.field) != key.fields.end();
      });
    });
    if (writes_key) match.lock = Lock::kUpdate;
    for (const ir::RelationWrite& write : root.relations) {
      const Relation& relation = *write.relation;
      const bool here = HasForeignKeyHere(relation);
      const bool one_parent = here ? write.create != nullptr || (!write.connect.empty() && OneToOne(relation))
                                   : !relation.junction && !write.connect.empty();
      if (one_parent) match.single.push_back(&relation);
    }
    PlanBelongsTo(root, "");
    const auto& columns = node(0).columns;
    const bool writes = std::any_of(columns.begin(), columns.end(),
                                    [](const NodeColumn& column) { return column.version == Version::kNew; });
    if (writes) program_.steps.push_back(UpdateRows{});
    PlanChildren(root, "");
    locks_.push_back(std::move(match));
    if (mutation_.returning) program_.steps.push_back(ReadBack{});
  }

  void PlanDelete() {
    AddNode(0, -1, NodeRole::kDelete, mutation_.root.model, nullptr, -1);
    if (!mutation_.returning) {
      program_.steps.push_back(DeleteWhere{});
      return;
    }
    for (const Field* field : mutation_.root.model->primary_key().fields) Need(0, field, Version::kCurrent);
    locks_.push_back(Match{Lock::kUpdate, {}});
    program_.steps.push_back(ReadBack{});
    program_.steps.push_back(DeleteRows{});
  }

  // One global order, by table and then by key, so that requests that name the same rows wait for each other instead of
  // deadlocking.
  void PutLocksInFront() {
    using Rank = std::tuple<std::string_view, std::string_view, std::string_view>;
    auto rank = [&](const Step& step) {
      const LockKeys* keys = std::get_if<LockKeys>(&step);
      const Model& model = *node(keys == nullptr ? 0 : keys->node).model;
      const std::string_view constraint = keys == nullptr ? std::string_view() : keys->key->constraint;
      return Rank(model.schema, model.table, constraint);
    };
    std::stable_sort(locks_.begin(), locks_.end(), [&](const Step& a, const Step& b) { return rank(a) < rank(b); });
    program_.steps.insert(program_.steps.begin(), std::make_move_iterator(locks_.begin()),
                          std::make_move_iterator(locks_.end()));
  }

  ir::Mutation mutation_;
  Program program_;
  std::vector<Step> locks_;
};

}  // namespace

int Node::Find(const Field* field, Version version) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].field == field && columns[i].version == version) return static_cast<int>(i);
  }
  return -1;
}

std::vector<const Field*> ForeignKeyFields(const Relation& relation) {
  std::vector<const Field*> fields;
  for (const ColumnPair& pair : relation.pairs) fields.push_back(HasForeignKeyHere(relation) ? pair.from : pair.to);
  return fields;
}

Program PlanMutation(ir::Mutation mutation) {
  return Planner(std::move(mutation)).Plan();
}

}  // namespace rowan::plan
