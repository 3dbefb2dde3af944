// The bound form of writes. A mutation is a tree of nodes; a node is a place in the request without indices, and its
// records are the rows of the same number in Arguments. So the form, and with it the plan and the SQL, is the same for
// one child and for ten thousand.
//
//   insert User [{name, posts: {create: [{title, tags: {connect: [1, 2]}}, {title}]}}]
//   ->  CreateNode 0 User [name] (1 row)
//         posts.create   CreateNode 1 Post [title] (2 rows, parent 0 0)
//           tags.connect KeyNode 2 by Tag.id (2 rows, parent 0 0)
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/ir/query.h"

namespace rowan::ir {

// A field that some row of a node gives.
struct InputColumn {
  const Field* field;
  bool always;  // every row gives it
};

// Existing rows of the relation's target, named by one of its keys. The input columns are the key's fields.
struct KeyNode {
  int rows;
  const Key* key;
};

struct CreateNode;

struct RelationWrite {
  const Relation* relation = nullptr;
  std::unique_ptr<CreateNode> create;
  std::vector<KeyNode> connect;  // one node per key that is used
  std::vector<KeyNode> disconnect;
  std::optional<int> disconnect_current;  // node whose rows only name their parents
  bool always = false;                    // belongsTo: every parent row writes the relation
};

struct CreateNode {
  int rows = 0;
  const Model* model = nullptr;
  std::vector<InputColumn> columns;      // in the order of the model's fields
  std::vector<RelationWrite> relations;  // in the order of the model's relations
};

enum class MutationKind { kInsert, kUpdate, kDelete };

struct Mutation {
  MutationKind kind = MutationKind::kInsert;
  CreateNode root;                 // insert: the records; update: one row, what to write; delete: only the model
  std::optional<Predicate> where;  // update, delete
  std::optional<Selection> returning;
  std::vector<Type> slots;  // of `where` and `returning`
};

}  // namespace rowan::ir
