// A schema while it is compiled. Private to engine/catalog.
//
// The draft holds a copy of the schema that the steps below turn into the canonical form in place, and tables beside it
// to find things by name. Each step reports what is wrong and goes on with the rest, so that one compilation finds
// every problem; what a step cannot use is marked broken and left alone by the later ones.
//
//   CheckParts          each part by itself: names, types, attributes that fit; fills the tables
//   ResolveForeignKeys  primary keys; foreign keys of belongsTo, or implied by hasOne and hasMany; inverses; adds their
//                       fields
//   ResolveTypes        number, auto-increment, types of added fields
//   ResolveNullability  foreign keys and their actions, then every field
//   ResolveDefaults     identities, literals and version fields
//   ResolveKeys         unique keys, indexes, constraint names, what foreign keys may refer to
//   ResolveJunctions    manyToMany: inverses, tables and columns, or models
//   CheckNames          no two things share a name in PostgreSQL
//   CheckCycles         a first row can be inserted everywhere
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/errors.h"
#include "engine/catalog/compile_catalog.h"
#include "rowan/v1/schema.pb.h"

namespace rowan {

// The most fields of a model, those that foreign keys add included.
inline constexpr int kMaxFields = 500;
inline constexpr int kMaxRelations = 500;

struct ModelDraft;
struct ForeignKeyDraft;

struct RelationDraft {
  v1::Relation* proto = nullptr;
  ModelDraft* source = nullptr;
  ModelDraft* target = nullptr;  // null when broken
  std::string path;
  bool broken = false;                     // reported; later steps leave it alone
  RelationDraft* inverse = nullptr;        // hasOne, hasMany: the belongsTo; manyToMany: the other end
  ForeignKeyDraft* foreign_key = nullptr;  // belongsTo, hasOne, hasMany

  std::string QualifiedName() const;  // "Post.tags"
};

struct ForeignKeyDraft {
  ModelDraft* holder = nullptr;
  ModelDraft* target = nullptr;
  RelationDraft* relation =
      nullptr;  // whose attributes describe it: the belongsTo, or the hasOne or hasMany that implies it
  std::vector<std::string> fields;
  std::vector<std::string> references;
  bool unique = false;
};

struct ModelDraft {
  v1::Model* proto = nullptr;
  std::string path;
  std::map<std::string, v1::Field*> fields;
  std::map<std::string, RelationDraft*> relation_by_name;
  std::vector<std::unique_ptr<RelationDraft>> relations;  // in the order of their names
  std::vector<ForeignKeyDraft*> foreign_keys;             // that this model holds
  enum class Keyed { kNo, kInProgress, kYes } keyed = Keyed::kNo;
  std::vector<std::string> primary;  // field names; empty when broken
  std::set<std::string> added;       // fields that a foreign key added and whose type is not known yet
  std::set<std::string> foreign;     // fields of foreign keys

  std::string FieldPath(std::string_view field) const;
  bool IsPrimary(const std::string& field) const;
};

struct Draft {
  v1::Schema schema;
  std::deque<ModelDraft> models;  // in the order of their names
  std::map<std::string, ModelDraft*> model_by_name;
  std::deque<ForeignKeyDraft> foreign_keys;
  std::vector<errors::SchemaProblem> problems;
  std::vector<SchemaNotice> notices;

  void Report(std::string reason, std::string path, std::string message,
              std::map<std::string, std::string> metadata = {});
  // A part that is wrong in itself.
  void Invalid(std::string path, std::string message) { Report("SCHEMA_INVALID", std::move(path), std::move(message)); }
  // A name that does not exist. `what` is what it should be: "model".
  void Unknown(std::string path, std::string_view what, std::string_view name,
               const std::vector<std::string_view>& existing);
  void Notice(std::string reason, std::string path, std::string message);
};

void CheckParts(Draft& draft);
void ResolveForeignKeys(Draft& draft);
// A name that is still there is no former one, and none is that of two. The fields of foreign keys are there by then.
void CheckFormerNames(Draft& draft);
void ResolveTypes(Draft& draft);
void ResolveNullability(Draft& draft);
void ResolveDefaults(Draft& draft);
void ResolveKeys(Draft& draft);
void ResolveJunctions(Draft& draft);
// Resolves a manyToMany whose junction is a model, named at this end or at its inverse, and writes what it found to
// both.
void ResolveJunctionModel(Draft& draft, RelationDraft& relation);
void CheckNames(Draft& draft);
void CheckCycles(Draft& draft);

// Builds the catalog of a schema in canonical form, which ResolveX produced without a problem.
std::shared_ptr<Catalog> BuildCatalog(const v1::Schema& canonical);

// Returns the names of a map's entries, in byte order.
template <typename Value>
std::vector<std::string_view> NamesOf(const std::map<std::string, Value>& map) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

// Returns the columns of the model's fields. All fields exist and have columns.
std::vector<std::string> ColumnsOf(const ModelDraft& model, const std::vector<std::string>& fields);

// Whether the fields, in any order, are the primary key or a unique key. Unique keys are known after ResolveKeys.
bool IsKey(const ModelDraft& model, const std::vector<std::string>& fields);

// Whether two lists hold the same names in any order.
bool SameNames(std::vector<std::string> a, std::vector<std::string> b);

// Whether the ends of a manyToMany agree on names of their junction, which each may leave out; reports it when they do
// not. `there` is what the inverse says. `what` is what is named.
bool JunctionEndsAgree(Draft& draft, const RelationDraft& relation, const char* what,
                       const std::vector<std::string>& here, const std::vector<std::string>& there);

// The name as a list, empty when it is not given.
inline std::vector<std::string> NameAsList(const std::string& name) {
  return name.empty() ? std::vector<std::string>() : std::vector<std::string>{name};
}

template <typename Repeated>
std::vector<std::string> ToVector(const Repeated& repeated) {
  return {repeated.begin(), repeated.end()};
}

bool IsInteger(const v1::FieldType& type);

// Tells whether the column has a value when the field is left out. A default of null says that it has none.
bool HasDefault(const v1::Field& field);

}  // namespace rowan
