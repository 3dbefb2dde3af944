// The plan of a mutation: a program of steps that runs in one transaction, in the order of semantics D1. Data only: no
// SQL, no values.
//
// Nodes are places in the request (see ir/mutation.h); at run time each has rows, held column by column. A step works
// on all rows of a node with one statement of array parameters, so the number of statements depends on nodes, never on
// rows. Keys that other rows refer to are known before their row is inserted (given, connected, or allotted up front),
// so nothing relies on the order of RETURNING.
//
//   insert User [{name, role: {connect}, posts: {create: [{title, tags: {connect}}]}}]
//     lock rows     node 1  Role by id      for key share        every named row, ordered by table and key
//     lock rows     node 3  Tag by id       for key share
//     require       node 1                                       all that are named exist
//     copy up       node 1  -> node 0 roleId                     the key of a belongsTo parent into its holder
//     allot         node 0  id
//     insert        node 0  User
//     copy down     node 0  -> node 2 userId                     the key of a parent into its hasMany children
//     allot         node 2  id
//     insert        node 2  Post
//     require       node 3
//     link          node 3  Post.tags                            junction rows
//     read back     node 0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/ir/mutation.h"
#include "engine/plan/select.h"

namespace rowan::plan {

// A node can know a field in several ways: what is to be written, what it holds in the database, and what it must hold.
enum class Version { kNew, kCurrent, kExpected };

struct NodeColumn {
  const Field* field = nullptr;
  Version version = Version::kNew;
  ir::Change change = ir::Change::kSet;
  int input = -1;       // the column of InputRows it starts as; -1: it is filled by steps
  bool always = false;  // every row has a value by the time it is written; otherwise the field's default stands in, or an
                        // update leaves the field as it is
};

enum class NodeRole {
  kCreate,   // new rows
  kConnect,  // existing rows to be related
  kUpdate,   // existing rows to be written to
  kDelete,   // existing rows to be deleted
  kDetach,   // existing rows to be related no more
  kParents   // only name their parents
};

struct Node {
  int parent = -1;  // its node; -1 at the root
  NodeRole role = NodeRole::kCreate;
  const Model* model = nullptr;
  const Relation* relation = nullptr;  // from the parent's model to this one; null at the root
  std::string verb;                    // in paths: "connect"; empty for records under create
  std::string part;                    // in paths, after the position: "create"; or empty
  int effects = -1;                    // position in Program::effect_paths; -1 at the root
  std::vector<NodeColumn> columns;

  // Returns the position of the column, with what is to be written as a whole for kNew; or -1.
  int Find(const Field* field, Version version) const;
  // Whether an update of the rows writes anything.
  bool Writes() const;
};

enum class Lock { kKeyShare, kNoKeyUpdate, kUpdate };

// Rows that a node names by key.
struct NamedRows {
  int node;
  const Key* key;
};
// Finds all rows of a model that the request names, locks them in the order of the primary key, and fills the current
// columns of their nodes. Each row then knows whether it was found.
struct LockRows {
  const Model* model;
  Lock lock;
  std::vector<NamedRows> named;
  bool matched = false;                // those that FindMatches found are locked with them
  std::vector<const Field*> columns;   // what is read of each row
};
// Finds the primary keys of the rows that the root's filter matches, for LockRows.
struct FindMatches {};
// Finds the rows of the root that the filter matches, locks them in key order and fills the current columns.
struct Match {
  Lock lock;
  // Relations that take one parent at most: more matched rows are refused.
  std::vector<const Relation*> single;
};
// Gives each matched row its copy of everything that hangs on the root. Nodes in `shared` are there once.
struct Expand {
  std::vector<int> shared;
};
// Nodes of one relation write: no row may be named twice under one parent, but by the same verb, which counts once.
struct CheckNames {
  std::vector<int> nodes;
};
// Every row of the node must have been found.
struct Require {
  int node;
};
// Every row of the node must be related to a matched parent, and is kept for those that it is related to.
struct CheckRelated {
  int node;
};
// Finds the rows that are related to the parents of the node's rows, locks them in key order, and fills the current
// columns. For to-one relations each row of the node becomes the found one; with `where` each becomes all that are found.
struct FindRelated {
  int node;
  Lock lock;
  bool many;                // any number of rows
  const ir::Predicate* where = nullptr;  // owned by the program
  enum class Missing { kError, kKeep, kDrop } missing;
};
// Of two nodes with the same rows, `found` keeps those that were found and `create` the others, one for each key.
struct Split {
  int found;
  int create;
  bool adopt;  // `found` keeps all rows, for Adopt
};
// Gives the rows of `node` that were not found the keys of those that were created in their place.
struct Adopt {
  int node;
  int create;
};
// Keeps the rows of the node that the predicate lets through.
struct Filter {
  int node;
  const ir::Predicate* where;  // owned by the program
};
// The rows' version fields must hold what the request expects.
struct CheckVersion {
  int node;
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
// Fills the keys of a node's rows from the new rows that they stand for.
struct CopyNew {
  int node;
};
// Clears the foreign key of the rows that the node's rows name as their parents.
struct ClearForeignKey {
  int node;
  bool strict;  // a foreign key that is null already is an error
  bool counted;
};
// Makes room in a one-to-one relation: rows that hold the foreign keys which the node is about to take are detached or
// deleted, or the request fails when their foreign key is required. Those that the request itself moves elsewhere are
// detached first, or the request fails where that cannot be. `holder` is the belongsTo end.
struct Vacate {
  int node;
  std::vector<ColumnPair> pairs;  // from: the key field; to: the foreign-key field of the holder
  const Model* holder;
  bool keys_from_parent;  // the keys are those of the parent rows (hasOne); otherwise the node's own foreign key
                          // (belongsTo)
  enum class Incumbent { kDetach, kDelete, kRefuse } incumbent;
  const Relation* relation;
  int effects;
};
struct InsertRows {
  int node;
  // A row that exists by now was created by somebody else after it was looked for: the request begins anew.
  const Key* contested = nullptr;
};
// Inserts the root's rows, or writes to those whose key is taken, in one statement.
struct UpsertRows {};
// Fills the primary keys of an upsert's rows.
struct FindUpserted {};
// Writes the node's new columns to its rows.
struct UpdateRows {
  int node;
};
struct DeleteRows {
  int node;
};
// Do the whole work of an update or delete without relations and without an answer, in one statement.
struct UpdateWhere {};
struct DeleteWhere {};
// Deletes the related rows of the node's parents that the predicate lets through.
struct DeleteRelated {
  int node;
  const ir::Predicate* where;  // owned by the program; null: all
  bool told = false;           // which were deleted, as others of the same write are named by key
};
// Gives the node's rows a new parent (hasOne, hasMany).
struct Move {
  int node;
};
// Takes the node's rows from their parent (hasMany).
struct Release {
  int node;
};
// Takes from each parent row of the node whatever child it has (hasOne).
struct ReleaseCurrent {
  int node;
  bool strict;  // none is an error
};
// Takes from each parent row of the node the children or the links that are not among the rows of `kept`.
struct ReleaseOthers {
  int node;
  std::vector<int> kept;
};
struct UnlinkOthers {
  int node;
  std::vector<int> kept;
};
// Insert and delete junction rows between the node's rows and their parents.
struct Link {
  int node;
};
struct Unlink {
  int node;
  bool counted;
};
// Writes the foreign keys of the node's rows, which were inserted without, from the new rows that they refer to.
struct Patch {
  int node;  // of the rows that stand for new ones
};
// Reads what the request asked to return, for the root's rows.
struct ReadBack {};

using Step = std::variant<LockRows, FindMatches, Match, Expand, CheckNames, Require, CheckRelated, FindRelated, Split, Adopt,
                          Filter, CheckVersion, Allot, CopyDown, CopyUp, CopyNew, ClearForeignKey, Vacate, InsertRows,
                          UpsertRows, FindUpserted, UpdateRows, DeleteRows, UpdateWhere, DeleteWhere, DeleteRelated, Move,
                          Release, ReleaseCurrent, ReleaseOthers, UnlinkOthers, Link, Unlink, Patch, ReadBack>;

// An upsert's update.
struct Conflict {
  const Key* key;
  int update = -1;    // the node of the rows that exist; -1: none is written
  bool keep = false;  // nothing is written to them
  bool in_place = false;
  std::vector<const Field*> overwrite;
  std::optional<ir::Predicate> where;
};

// An insert as one statement (docs/adr/0018): where its rows need nothing from the database but that the records which they
// name are there. It writes all or, when one of these is missing, nothing; then, and after any error, the steps run, and tell
// exactly what is wrong.
struct Chain {
  struct Column {
    int node;
    int column;
  };
  // Where a value comes from that neither the request gives nor the steps that need no database.
  struct Source {
    Column column;
    enum class Kind {
      kAllotted,  // allotted by the statement, since other rows or the answer need it
      kDefault,   // the field's generator, or an identity's own
      kParent,    // the first of `keys`, of the row's parent
      kRelated    // one of `keys`, of the new row of that node which hangs on the row; else as given
    } kind;
    std::vector<Column> keys = {};  // allotted ones
  };
  std::vector<Source> sources;
  // The steps that lock records which no foreign key is known to hold: the statement itself looks for these.
  std::vector<int> checks;

  // Returns null when the column's value is known.
  const Source* Find(int node, int column) const;
};

struct Program {
  ir::MutationKind kind = ir::MutationKind::kInsert;
  std::vector<Node> nodes;  // by the node numbers of ir; node 0 is the root
  std::vector<Step> steps;
  std::vector<std::string> effect_paths;  // "posts.tags"
  std::vector<int> unnamed_effects;       // of relations that are written by their foreign-key fields
  std::optional<ir::Predicate> where;
  std::optional<ir::Expectation> expect;
  std::optional<Conflict> conflict;
  std::optional<Read> returning;
  std::vector<std::unique_ptr<ir::Predicate>> predicates;  // that steps refer to
  std::optional<Chain> chain;

  // Whether the answer has only primary keys, of types whose values have one binary form.
  bool ReturnsKeysOnly() const;
  // Whether the node has one row where the root has one: it is the root, or hangs on such a node by a to-one relation.
  bool Lone(int node) const;
  // Whether all rows of an update take the column's value from the one record of data.
  bool Uniform(int node, int column) const;
  // Where the rows of a node are in the request, without positions: "data.posts[].tags.connect[]".
  std::string Place(int node) const;
};

Program PlanMutation(ir::Mutation mutation);

// Returns the foreign-key fields of a relation that is not manyToMany: of the source for belongsTo, of the target
// otherwise.
std::vector<const Field*> ForeignKeyFields(const Relation& relation);

}  // namespace rowan::plan
