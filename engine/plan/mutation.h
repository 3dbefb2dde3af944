// The plan of a mutation: a program of steps that runs in one transaction, in the order of semantics D1. Data only: no
// SQL, no values.
//
// Nodes are places in the request (see ir/mutation.h); at run time each has rows, held column by column. A step works
// on all rows of a node with one statement of array parameters, so the number of statements depends on nodes, never on
// rows. Keys that other rows refer to are known before their row is inserted (given, connected, or allotted up front),
// so nothing relies on the order of RETURNING.
//
//   insert User [{name, role: {connect}, posts: {create: [{title, tags: {connect}}]}}]
//     lock keys     node 1  Role by id      for key share        every named row, ordered by table and key
//     lock keys     node 3  Tag by id       for key share
//     copy up       node 1  -> node 0 roleId                     the key of a belongsTo parent into its holder
//     allot         node 0  id
//     insert        node 0  User
//     copy down     node 0  -> node 2 userId                     the key of a parent into its hasMany children
//     allot         node 2  id
//     insert        node 2  Post
//     link          node 3  Post.tags                            junction rows
//     read back     node 0
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/ir/mutation.h"
#include "engine/plan/select.h"

namespace rowan::plan {

// A node can know a field twice: what it holds in the database, and what is to be written.
enum class Version { kNew, kCurrent };

struct NodeColumn {
  const Field* field = nullptr;
  Version version = Version::kNew;
  int input = -1;       // the column of InputRows it starts as; -1: it is filled by steps
  bool always = false;  // every row has a value by the time it is written; otherwise the field's default stands in
};

enum class NodeRole { kCreate, kConnect, kDisconnect, kParents, kUpdate, kDelete };

struct Node {
  int parent = -1;  // its node; -1 at the root
  NodeRole role = NodeRole::kCreate;
  const Model* model = nullptr;
  const Relation* relation = nullptr;  // from the parent's model to this one; null at the root
  int effects = -1;                    // position in Program::effect_paths; -1 at the root
  std::vector<NodeColumn> columns;

  // Returns the column's position, or -1.
  int Find(const Field* field, Version version) const;
};

enum class Lock { kKeyShare, kNoKeyUpdate, kUpdate };

// Finds the rows that a node names by `key`, locks them in key order, and fills the node's current columns. A row that
// is missing is an error when `required`, and leaves the node's row without current values otherwise.
struct LockKeys {
  int node;
  const Key* key;
  Lock lock;
  bool required;
};
// Finds the rows of the root that the filter matches, locks them in key order and fills the current columns.
struct Match {
  Lock lock;
  // Relations that take one parent at most: more matched rows are refused.
  std::vector<const Relation*> single;
};
// Fills a column of the rows that lack it, from the field's generator or default.
struct Allot {
  int node;
  int column;
};
// Fills the node's foreign key from its parent rows.
struct CopyDown {
  int node;
};
// Fills the parent node's foreign key from the node's rows.
struct CopyUp {
  int node;
};
// Clears the root's foreign key of the relation.
struct ClearForeignKey {
  const Relation* relation;
  int effects;
};
// Makes room in a one-to-one relation: rows that hold the foreign keys which the node is about to take are detached, or
// the request fails when their foreign key is required. `holder` is the belongsTo end.
struct Vacate {
  int node;
  std::vector<ColumnPair> pairs;  // from: the key field; to: the foreign-key field of the holder
  const Model* holder;
  bool keys_from_parent;  // the keys are those of the parent rows (hasOne); otherwise the node's own foreign key
                          // (belongsTo)
  bool required;
  const Relation* relation;
  int effects;
};
struct InsertRows {
  int node;
};
// Writes the root's new columns to the matched rows.
struct UpdateRows {};
struct DeleteRows {};
// Do the whole work of an update or delete without relations and without an answer, in one statement.
struct UpdateWhere {};
struct DeleteWhere {};
// Gives the node's rows a new parent (hasOne, hasMany).
struct Move {
  int node;
};
// Takes the node's rows from their parent (hasMany), those that are its children.
struct Release {
  int node;
};
// Takes from each parent row of the node whatever child it has (hasOne).
struct ReleaseCurrent {
  int node;
};
// Insert and delete junction rows between the node's rows and their parents.
struct Link {
  int node;
};
struct Unlink {
  int node;
};
// Reads what the request asked to return, for the root's rows.
struct ReadBack {};

using Step = std::variant<LockKeys, Match, Allot, CopyDown, CopyUp, ClearForeignKey, Vacate, InsertRows, UpdateRows,
                          DeleteRows, UpdateWhere, DeleteWhere, Move, Release, ReleaseCurrent, Link, Unlink, ReadBack>;

struct Program {
  ir::MutationKind kind = ir::MutationKind::kInsert;
  std::vector<Node> nodes;  // by the node numbers of ir; node 0 is the root
  std::vector<Step> steps;
  std::vector<std::string> effect_paths;  // "posts.tags"
  std::optional<ir::Predicate> where;
  std::optional<Read> returning;
};

Program PlanMutation(ir::Mutation mutation);

// Returns the foreign-key fields of a relation that is not manyToMany: of the source for belongsTo, of the target
// otherwise.
std::vector<const Field*> ForeignKeyFields(const Relation& relation);

}  // namespace rowan::plan
