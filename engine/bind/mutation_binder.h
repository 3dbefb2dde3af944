// Binds the records of one write request node by node. Private to engine/bind.
//
//   bind_record.cc           names, values and changes of records
//   bind_relation_write.cc   verbs: which are allowed, and the nodes that they make
//   bind_key.cc              keys of existing records
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/map.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/bind/binder.h"
#include "engine/ir/arguments.h"
#include "engine/ir/mutation.h"

namespace rowan::v1 {
class FieldChange;
class Key;
class RecordInput;
class RelationWrite;
class Value;
}  // namespace rowan::v1

namespace rowan {

// Returns the model's keys for an error: "id | name | (a, b)".
std::string KeyNames(const Model& model);

// Returns the model's key that has just these fields, in any order, or null.
const Key* FindKeyOf(const Model& model, const std::vector<const Field*>& fields);

// A key of an existing record, bound.
struct KeySource {
  const Key* key = nullptr;
  std::vector<Encoded> values;  // of the key's fields
  const v1::Key* given = nullptr;  // for its junction values
  int parent = 0;
  int ordinal = -1;  // -1: not in a list
};

// A record of a node: where it comes from.
struct RecordSource {
  const v1::RecordInput* record;
  int parent;
  int ordinal;                    // -1: not in a list
  const KeySource* key = nullptr;  // the key it is known by, or is created with
  const v1::RecordInput* create = nullptr;  // of an upsert, beside the update
};

// What the records of a node are.
struct RecordRules {
  bool update = false;            // existing rows; otherwise new ones
  const Relation* relation = nullptr;  // that leads to the node; null at the root
  int parent = -1;                // its node
  const char* verb = "";          // in paths: "update", "connectOrCreate"; "" for create
  const char* part = "";          // in paths, after the position: "create", "update"; "" for none
  bool named = true;              // whether records may have names
  bool linked = true;             // whether the node's rows have the values of the junction's model
  bool plain = false;             // whether only values and changes may be given (update_many)
  int depth = 1;
};

// Whether two messages say the same.
bool SameMessage(const google::protobuf::Message& a, const google::protobuf::Message& b);

class MutationBinder {
 public:
  // `query` binds the filters of nested verbs.
  MutationBinder(const BindContext& context, QueryBinder& query, Arguments& arguments)
      : context_(context), query_(query), arguments_(arguments) {}

  // Binds the records of the root; `list` says whether paths have positions.
  absl::Status BindRoot(const Model& model, const std::vector<RecordSource>& sources, const RecordRules& rules,
                        ir::RecordNode& root);
  // To be called when all records are bound: finds the records that keys refer to by name, and fills
  // Mutation::created.
  absl::Status ResolveNames(ir::Mutation& mutation);

 private:
  // --- where a row stands, for errors only
  struct NodeOrigin {
    int parent = -1;
    const Relation* relation = nullptr;
    const char* verb = "";
    const char* part = "";
  };
  std::string RowPath(int node, int row) const;
  // Without the part: where the element of the verb's list is.
  std::string ElementPath(int node, int row) const;
  int AddRows(const RecordRules& rules);
  int AddRows(int parent, const Relation& relation, const char* verb);
  void AddRow(int node, int parent, int ordinal);
  absl::Status Count(size_t nodes);

  // --- bind_record.cc
  absl::Status BindRecords(const Model& model, const std::vector<RecordSource>& sources, const RecordRules& rules,
                           ir::RecordNode& bound);
  absl::Status CheckNames(const Model& model, const std::vector<RecordSource>& sources, const RecordRules& rules,
                          int node);
  absl::Status TakeNames(const std::vector<RecordSource>& sources, const RecordRules& rules, int node);
  absl::Status BindValues(const Model& model, const std::vector<RecordSource>& sources, const RecordRules& rules,
                          ir::RecordNode& bound);
  absl::StatusOr<Encoded> BindValue(const Field& field, const v1::Value& value, const Path& path);
  absl::Status BindChanges(const Field& field, const std::vector<RecordSource>& sources, ir::RecordNode& bound);
  absl::StatusOr<std::pair<ir::Change, Encoded>> BindChange(const Field& field, const v1::FieldChange& change,
                                                            const Path& path);
  absl::Status CheckRequired(const Model& model, const std::vector<RecordSource>& sources, const RecordRules& rules,
                             int node);
  // Binds the values that rows give of the junction's model. `complete`: rows without those that it requires are refused.
  using JunctionValues = google::protobuf::Map<std::string, v1::Value>;
  absl::Status BindJunction(const Relation& relation, bool complete, int rows,
                            const std::function<const JunctionValues*(int)>& values_of,
                            const std::function<std::string(int)>& path_of, int node,
                            std::vector<ir::InputColumn>& columns);

  // --- bind_relation_write.cc
  absl::Status BindRelations(const Model& model, const std::vector<RecordSource>& sources, const RecordRules& rules,
                             ir::RecordNode& bound);
  absl::Status CheckVerbs(const Relation& relation, const v1::RecordInput& record, const v1::RelationWrite& write,
                          const RecordRules& rules, const Path& path);
  struct Collected;
  absl::Status Collect(const Relation& relation, const v1::RelationWrite& write, int parent, const Path& path,
                       Collected& collected);
  absl::Status BindCollected(const Relation& relation, Collected& collected, const RecordRules& rules, int parent,
                             ir::RelationWrite& bound);

  // --- bind_key.cc
  using Keys = std::map<const Key*, std::vector<KeySource>>;
  absl::StatusOr<KeySource> BindKey(const Model& model, const v1::Key& key, const Path& path);
  absl::Status CollectKeys(const Relation& relation, const google::protobuf::RepeatedPtrField<v1::Key>& keys,
                           int parent, const Path& path, Keys& collected);
  // `links`: whether the rows may have values of the junction's model.
  absl::StatusOr<std::vector<ir::KeyNode>> BindKeys(const Relation& relation, int parent, const char* verb, bool links,
                                                    Keys& collected);
  // The sources name the same key.
  absl::StatusOr<ir::KeyNode> BindKeyNode(const Relation& relation, int parent, const char* verb,
                                          const std::vector<KeySource>& sources);
  absl::Status BindKeyJunction(const Relation& relation, bool complete, const std::vector<KeySource>& sources,
                               ir::KeyNode& bound);
  // Of records that are known by the same key under one parent, exact duplicates count once, and others contradict.
  absl::Status Merge(const Relation& relation, int parent, const RecordRules& rules,
                     std::vector<RecordSource>& sources);
  absl::StatusOr<ir::ConnectNew> BindNamedRecords(const Relation& relation, int parent,
                                                  const std::vector<KeySource>& sources);

  const BindContext& context_;
  QueryBinder& query_;
  Arguments& arguments_;
  size_t nodes_ = 0;
  std::vector<NodeOrigin> origins_;   // by node number
  std::vector<const Model*> models_;  // by node number; null where a node has no records of its own
  std::map<std::string, RowReference, std::less<>> names_;
  // The nodes of rows that refer to records by name, and the names.
  struct NamedRows {
    int node;
    int holder;  // the node of the rows that are related to them
    const Relation* relation;
    std::vector<std::string> names;
  };
  std::vector<NamedRows> named_;
};

}  // namespace rowan
