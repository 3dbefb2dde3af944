// Builds the program of a mutation: walks the tree once in the order of execution, and puts the locks of the whole tree
// in front. Private to engine/plan.
//
//   plan_mutation.cc    the root, records, and locks
//   plan_relations.cc   the verbs of each kind of relation
//   plan_chain.cc       inserts that are one statement
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/plan/mutation.h"

namespace rowan::plan {

class MutationPlanner {
 public:
  explicit MutationPlanner(ir::Mutation mutation) : mutation_(std::move(mutation)) {}
  Program Plan();

 private:
  Node& node(int number) { return program_.nodes[number]; }
  template <typename AStep>
  void Add(AStep step) {
    program_.steps.push_back(std::move(step));
  }

  // --- plan_mutation.cc: nodes and columns
  struct Origin {
    int parent = -1;
    const Relation* relation = nullptr;
    int effects = -1;
    const char* verb = "";
    const char* part = "";
  };
  void AddNode(int number, NodeRole role, const Model* model, const Origin& origin);
  // Adds the input columns of records; `first` is how many columns come before them.
  void AddInput(int number, const std::vector<ir::InputColumn>& columns, int first);
  // Makes the node know the field in the version.
  NodeColumn& Need(int number, const Field* field, Version version);
  // Makes the value of a field known of rows that exist: as the key they were named by, or read when they are found.
  void NeedExisting(int number, const Field* field);
  // Makes the value of a field known before the rows are inserted.
  void NeedAllotted(int number, const Field* field);
  // The keys of existing or new rows that others will refer to.
  void NeedKeys(int number, const std::vector<const Field*>& fields);
  // The keys of parent rows that their children will refer to.
  void NeedParentKeys(int number, const Relation& relation);
  int Effects(const std::string& path);
  const ir::Predicate* Keep(std::optional<ir::Predicate> where);

  // --- plan_mutation.cc: locks
  // Adds the key by which the rows of a node are named; they are found and locked in front.
  void NameRows(int number, const Key& key, Lock lock);
  void PutLocksInFront();

  // --- plan_mutation.cc: records
  // Everything that a node of new rows needs, in order. Its node and its foreign key to its parent, if any, are there
  // already. The fields in `referenced` are those that a holder of a belongsTo will copy.
  void PlanCreate(ir::RecordNode& create, const std::string& path, const std::vector<const Field*>& referenced,
                  const Key* contested);
  // Everything that a node of existing rows needs, once they are found.
  void PlanUpdate(ir::RecordNode& update, const std::string& path);
  // What must be known of the rows that an update writes to before they are found.
  void NeedForUpdate(const ir::RecordNode& update);
  // What a write of these columns locks the rows with.
  static Lock LockFor(const ir::RecordNode& update);
  // One-to-one foreign keys that are written as values.
  void VacateForValues(const ir::RecordNode& record, const std::string& path);
  void PlanInsertRoot();
  void PlanUpdateRoot();
  void PlanUpsertRoot();
  void PlanDeleteRoot();

  // --- plan_relations.cc
  static Vacate::Incumbent IncumbentOf(const Relation& relation);
  void AddNameCheck(const ir::RelationWrite& write);
  void AddConnected(const ir::KeyNode& keys, const Origin& origin, Lock lock);
  void AddConnectedNew(const ir::ConnectNew& connect, const Origin& origin);
  // Makes room for holders that take the target of a belongsTo, or for children that take the place of a hasOne.
  void AddVacate(int holder, const Relation& relation, int effects);
  void AddPlace(int child, const Relation& relation, int effects);
  void NeedForeignKey(int child, const Relation& relation);
  void PlanBelongsTo(ir::RecordNode& holder, const std::string& path);
  void PlanBelongsToWrite(const ir::RecordNode& holder, ir::RelationWrite& write, const std::string& path);
  // The rows that a record's belongsTo relations led to, and that are deleted once nothing refers to them.
  void PlanDeletedParents(const ir::RecordNode& holder);
  void PlanChildren(ir::RecordNode& parent, const std::string& path);
  void PlanDeletes(ir::RelationWrite& write, int parent, int effects);
  void PlanUpdates(ir::RelationWrite& write, int parent, const std::string& path, int effects);
  void PlanCreateRelated(ir::RecordNode& create, const Origin& origin, const std::string& path, const Key* contested,
                         bool occupied);
  void PlanUnlinks(const ir::RelationWrite& write, int parent, int effects);
  void PlanLinks(ir::RelationWrite& write, int parent, const std::string& path, int effects);
  void PlanReleases(const ir::RelationWrite& write, int parent, int effects);
  void PlanMoves(ir::RelationWrite& write, int parent, const std::string& path, int effects);

  ir::Mutation mutation_;
  Program program_;
  struct Named {
    NamedRows rows;
    Lock lock;
  };
  std::vector<Named> named_;
  std::optional<Match> match_;
  std::vector<CheckNames> checks_;
  std::vector<int> shared_;
  std::vector<Step> patches_;  // what waits until all rows are inserted
  std::set<int> inserted_;     // nodes whose rows are inserted by the steps so far
};

// Returns how a program is one statement, or nothing where it is not.
std::optional<Chain> PlanChain(const Program& program);

}  // namespace rowan::plan
