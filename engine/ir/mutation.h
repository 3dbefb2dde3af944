// The bound form of writes. A mutation is a tree of nodes; a node is a place in the request without indices, and its
// records are the rows of the same number in Arguments. So the form, and with it the plan and the SQL, is the same for
// one child and for ten thousand.
//
//   insert User [{name, posts: {create: [{title, tags: {connect: [1, 2]}}, {title}]}}]
//   ->  RecordNode 0 User [name] (1 row)
//         posts.create   RecordNode 1 Post [title] (2 rows, parent 0 0)
//           tags.connect KeyNode 2 by Tag.id (2 rows, parent 0 0)
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/ir/query.h"

namespace rowan::ir {

// What an input does to its field.
enum class Change { kSet, kIncrement, kDecrement, kMultiply, kAppend, kMerge, kNow };

// A field that some row of a node gives.
struct InputColumn {
  const Field* field;
  bool always;  // every row gives it
  Change change = Change::kSet;
  bool expected = false;  // of a version field: what the row must hold, not what is written
};

// Existing rows of the relation's target, named by one of its keys. The input columns are the key's fields, then those of
// the junction's model.
struct KeyNode {
  int rows;
  const Key* key;
  std::vector<InputColumn> junction;
};

struct RelationWrite;

// Records to write, new or existing. The input columns are the fields of `key`, then `columns`, then `junction`.
struct RecordNode {
  int rows = 0;
  const Model* model = nullptr;
  const Key* key = nullptr;           // names existing rows; null for new rows, and where the rows are known otherwise
  std::vector<InputColumn> columns;   // in the order of the model's fields
  std::vector<InputColumn> junction;  // of the junction's model
  std::vector<RelationWrite> relations;  // in the order of the model's relations
};

// Rows that the request creates at another place. InputRows::created says which.
struct ConnectNew {
  int rows;
  int targets;  // position in Mutation::created: the nodes that the new rows are in
  std::vector<InputColumn> junction;
};

struct ConnectOrCreate {
  KeyNode key;
  std::unique_ptr<RecordNode> create;  // the same rows
};

// Updates a related row: the current one of a to-one relation, or one that is named. An upsert has `create`, too.
struct RelatedUpdate {
  std::unique_ptr<RecordNode> update;
  std::unique_ptr<RecordNode> create;  // the same rows
};

struct UpdateMany {
  std::optional<Predicate> where;
  std::unique_ptr<RecordNode> update;
};

struct DeleteMany {
  std::optional<Predicate> where;
  int rows;  // only name their parents
};

// The related rows shall be the named ones.
struct SetRelated {
  int rows;  // only name their parents
  std::vector<KeyNode> keys;
};

enum class Sharing { kUnspecified, kShared, kPerRow };

struct Disconnect {
  KeyNode key;
  bool strict;
};

struct DisconnectCurrent {
  int rows;  // only name their parents
  bool strict;
};

struct RelationWrite {
  const Relation* relation = nullptr;
  std::unique_ptr<RecordNode> create;
  std::vector<KeyNode> connect;    // one node per key that is used, here and below
  std::optional<ConnectNew> connect_new;
  std::vector<ConnectOrCreate> connect_or_create;
  std::vector<Disconnect> disconnect;
  std::vector<DisconnectCurrent> disconnect_current;
  std::optional<SetRelated> set;
  std::vector<RelatedUpdate> update;
  std::vector<KeyNode> delete_keys;
  std::optional<int> delete_current;  // node whose rows only name their parents
  std::vector<UpdateMany> update_many;
  std::vector<DeleteMany> delete_many;
  Sharing sharing = Sharing::kUnspecified;
  bool always = false;  // belongsTo: every parent row writes the foreign key
};

enum class MutationKind { kInsert, kUpdate, kUpsert, kDelete };

// What an upsert does to rows that exist.
struct OnConflict {
  const Key* key = nullptr;
  // The rows of the root under the same numbers, as updates of rows named by `key`. Not used by `in_place`.
  RecordNode update;
  bool own = false;   // `update` has a record of its own; otherwise those of the root
  bool keep = false;  // writes nothing
  // The whole upsert is one INSERT … ON CONFLICT: neither records nor update have relations, and the key stays. `update`
  // then has one row and no key, or none at all and `overwrite` says which fields take the new values.
  bool in_place = false;
  std::vector<const Field*> overwrite;
  std::optional<Predicate> where;
};

struct Mutation {
  MutationKind kind = MutationKind::kInsert;
  RecordNode root;                 // insert, upsert: the records; update: one row, what to write; delete: only the model
  std::optional<Predicate> where;  // update, delete
  std::optional<Expectation> expect;
  std::optional<OnConflict> on_conflict;  // upsert
  std::optional<Selection> returning;
  std::vector<std::vector<int>> created;  // nodes of new rows that are referred to, by ConnectNew::targets
  std::vector<Type> slots;                // of the predicates and of `returning`
};

}  // namespace rowan::ir
