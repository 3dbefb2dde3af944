// The catalog: a compiled, immutable schema. Every name of a request is looked up here once, in bind; from then on the
// engine passes pointers into the catalog around. A request keeps the shared_ptr of the catalog it was bound with, so
// pointers stay valid while it runs whatever is applied meanwhile. Immutable, hence thread-safe.
//
//   Catalog blog
//     Model User, table "public"."users"
//       Field id, name, roleId            (a belongsTo adds its foreign-key fields)
//       Relation role     belongsTo Role  pairs: roleId -> Role.id
//       Relation posts    hasMany Post    pairs: id -> Post.userId
//     Model Post
//       Relation tags     manyToMany Tag  junction "post_tags": source id -> post_id, target Tag.id -> tag_id
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/types/type.h"

namespace rowan {

struct Model;
struct Relation;

enum class Generator { kNone, kNow, kUuid, kIdentity, kLiteral, kExpression };

// One column.
struct Field {
  std::string name;
  std::string column;
  Type type;
  const Model* model = nullptr;
  int index = 0;          // position in model->fields
  bool nullable = false;  // the column may be null
  bool read_only = false;
  bool version = false;    // counts the row's updates: an int32 or int64 that begins at 1; at most one of a model
  bool omittable = false;  // may be left out of inserts: nullable, has a default, or is an identity
  bool implicit =
      false;  // holds a belongsTo relation's key under the name it gets by itself, so that people think of the relation
  Generator generator = Generator::kNone;
  Encoded literal;           // Generator::kLiteral: the default, encoded
  // Generator::kLiteral: the default as an SQL literal, quoted, without cast; Generator::kExpression: the SQL expression.
  std::string literal_text;
  std::string sequence;   // Generator::kIdentity: as PostgreSQL writes it, where the database was asked; else empty
  std::string generated;  // the SQL expression that the database computes the value from; empty: none. Implies read_only
  // The belongsTo relation whose foreign key this field is part of; null for other fields.
  const Relation* foreign_key_of = nullptr;
  std::string description;
  std::string renamed_from;  // the field's earlier name, for migration; empty: none
};

// Fields that are unique together and not null as a whole.
struct Key {
  std::string constraint;
  std::vector<const Field*> fields;
  bool primary = false;
};

struct IndexDefinition {
  std::string name;
  std::vector<const Field*> fields;
  bool unique = false;
  std::string predicate;
};

struct CheckDefinition {
  std::string name;
  std::string expression;
};

enum class RelationKind { kBelongsTo, kHasOne, kHasMany, kManyToMany };
enum class ReferentialAction { kNoAction, kRestrict, kCascade, kSetNull, kSetDefault };
enum class OwnershipPolicy { kMove, kFail };

// A foreign key constraint of a model's table.
struct ForeignKey {
  std::string constraint;
  std::vector<const Field*> fields;  // of this model
  const Model* target = nullptr;
  std::vector<const Field*> references;  // of the target
  ReferentialAction on_update = ReferentialAction::kCascade;
  ReferentialAction on_delete = ReferentialAction::kRestrict;
  const Relation* relation = nullptr;  // the belongsTo, or the hasOne/hasMany that implied the key
  bool enforced = false;               // whether the database is known to have it
};

// Joins rows by equality: source.from = target.to. Composite keys have several.
struct ColumnPair {
  const Field* from = nullptr;  // of the relation's source model
  const Field* to = nullptr;    // of the relation's target model
};

// A column of a junction and the key field it refers to; the column's type is the field's.
struct JunctionColumn {
  std::string column;
  const Field* field = nullptr;
};

// One end's view of the table between two models. The two ends of a manyToMany have mirrored copies. The columns of
// both sides are disjoint, and a key together.
struct Junction {
  std::string schema;
  std::string table;
  std::vector<JunctionColumn> source;  // refer to the source's primary key, in its order
  std::vector<JunctionColumn> target;  // refer to the target's primary key, in its order
  // The model whose table this is, and its belongsTo relations to the source and the target, whose pairs have the
  // fields of the columns. All null for a plain table.
  const Model* model = nullptr;
  const Relation* source_relation = nullptr;
  const Relation* target_relation = nullptr;
  std::string primary_key;  // the constraint over both sides' columns; a model's may be a unique key
  std::string source_foreign_key;
  std::string target_foreign_key;
  bool target_enforced = false;  // of a plain table: whether the database is known to have the target's foreign key
  ReferentialAction on_update = ReferentialAction::kCascade;  // of both foreign keys
  ReferentialAction on_delete = ReferentialAction::kCascade;
  std::string reverse_index;  // empty for a model, which has the indexes that it declares
  // The end whose view DDL is made from: exactly one of a plain table, none of a model, whose own DDL makes the table.
  bool owner = false;
  bool source_first = true;  // of a plain table: the source's columns come first in it and in its primary key
};

struct Relation {
  std::string name;
  RelationKind kind = RelationKind::kBelongsTo;
  const Model* source = nullptr;
  const Model* target = nullptr;
  int index = 0;                      // position in source->relations
  std::vector<ColumnPair> pairs;      // empty for manyToMany
  std::optional<Junction> junction;   // manyToMany
  const Relation* inverse = nullptr;  // the other end, when it is declared
  bool required = false;              // the foreign key is NOT NULL (never for manyToMany)
  OwnershipPolicy ownership = OwnershipPolicy::kMove;
  // hasOne, and the belongsTo at its other end: a row whose place another one takes is deleted, not detached.
  bool delete_displaced = false;
  std::string description;
  std::string renamed_from;  // the relation's earlier name, for migration; empty: none

  bool to_many() const { return kind == RelationKind::kHasMany || kind == RelationKind::kManyToMany; }
};

struct Model {
  std::string name;
  std::string schema;  // PostgreSQL schema
  std::string table;
  std::vector<std::unique_ptr<Field>> fields;
  std::vector<std::unique_ptr<Relation>> relations;
  std::vector<Key> keys;  // the primary key first, then unique keys
  std::vector<IndexDefinition> indexes;
  std::vector<CheckDefinition> checks;
  std::vector<ForeignKey> foreign_keys;
  bool read_only = false;  // a view or another table that is not Rowan's to write or change
  std::string description;
  std::string renamed_from;  // the model's earlier name, for migration; empty: none

  const Key& primary_key() const { return keys.front(); }
  // Return null when there is none of the name.
  const Field* FindField(std::string_view name) const;
  const Relation* FindRelation(std::string_view name) const;

  absl::flat_hash_map<std::string, const Field*> field_by_name;
  absl::flat_hash_map<std::string, const Relation*> relation_by_name;
};

struct Catalog {
  std::string schema_name;
  std::string database_schema;                 // of models that name none
  std::string version;                         // 16 hexadecimal digits
  std::vector<std::unique_ptr<Model>> models;  // in the order of their names
  absl::flat_hash_map<std::string, const Model*> model_by_name;

  // Returns null when there is none of the name.
  const Model* FindModel(std::string_view name) const;
};

}  // namespace rowan
