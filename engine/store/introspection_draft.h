// A schema while it is read off an image. Private to engine/store/introspect*.cc.
//
//   DraftTables      which tables become models; their keys and names
//   DraftRelations   foreign keys that can be relations
//   DraftJunctions   tables that are nothing but two foreign keys are no models
//   NameRelations    both ends
//   WriteRelations   belongsTo, hasOne, hasMany
//   WriteFields      columns -> fields, but those that follow from relations
//   WriteKeys        primary and unique keys, indexes, checks
//   WriteJunctions   manyToMany
#pragma once

#include <compare>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/store/introspect.h"

namespace rowan::store {

inline constexpr int kMostFields = 500;
inline constexpr int kMostRelations = 500;
inline constexpr int kMostModels = 2000;
inline constexpr size_t kMostKeyFields = 32;

// A part of the image that may turn out not to compile, and is then left out.
struct ImagePart {
  enum class Kind { kTable, kColumn, kDefault, kNamed, kUniqueKeys, kIndexes };
  Kind kind = Kind::kTable;
  ObjectName table;
  std::string name;  // of the column, key, index, check or foreign key

  auto operator<=>(const ImagePart&) const = default;
};

// A unique constraint, or a unique index that does the same.
struct UniqueDraft {
  std::string part;  // what it is in the database
  std::string name;  // in the schema
  std::vector<std::string> columns;
  bool index = false;
};

struct TableDraft {
  const TableImage* image = nullptr;
  v1::Model* model = nullptr;  // null until it is written, and for a plain junction
  bool junction = false;       // a plain one
  std::string name;            // the model's
  bool read_only = false;
  std::vector<std::string> primary;           // columns
  std::string primary_name;                   // the constraint's
  std::string primary_index;                  // the unique index that is the key, if any
  std::vector<UniqueDraft> unique_keys;       // without the one that is the primary key
  std::map<std::string, std::string> fields;  // column -> field
  std::map<std::string, std::string> enums;   // column -> the check that has its labels
  std::set<std::string> names;                // fields and relations
  std::set<std::string> foreign;              // columns in foreign keys at either end
  std::set<std::string> implied;              // columns whose fields a relation adds
};

// A foreign key that becomes relations.
struct RelationDraft {
  const ForeignKeyImage* image = nullptr;
  TableDraft* holder = nullptr;
  TableDraft* target = nullptr;
  std::vector<std::string> columns;     // in the order of references
  std::vector<std::string> references;  // the primary key in its order, or a unique key
  bool to_primary = false;
  bool one = false;       // a row is referred to once at most
  bool nullable = false;  // one of the columns
  std::string stem;       // what the columns call it: "support_rep"; empty: what the target is called
  std::string name;       // of the belongsTo
  std::string inverse;    // of the hasOne or hasMany; empty: none
  bool junction = false;  // of a plain junction: no relations of its own
};

struct IntrospectionDraft {
  const DatabaseImage& image;
  const IntrospectOptions& options;
  const std::set<ImagePart>& left_out;
  std::string home;
  v1::Schema schema;
  std::vector<v1::Diagnostic> diagnostics;
  std::map<ObjectName, TableDraft> tables;
  std::deque<RelationDraft> relations;     // by holder, then in the order of columns
  std::map<std::string, ImagePart> parts;  // by path in the document form

  bool IsLeftOut(ImagePart::Kind kind, const ObjectName& table, const std::string& name = "") const {
    return left_out.count({kind, table, name}) != 0;
  }
  // Lists something by its name in the database.
  void Note(v1::Severity severity, const char* reason, const ObjectName& table, const std::string& part,
            std::string message);
};

void DraftTables(IntrospectionDraft& draft);
void DraftRelations(IntrospectionDraft& draft);
void DraftJunctions(IntrospectionDraft& draft);
void NameRelations(IntrospectionDraft& draft);
void WriteFields(IntrospectionDraft& draft, TableDraft& table);
void WriteKeys(IntrospectionDraft& draft, TableDraft& table);
void WriteRelations(IntrospectionDraft& draft);
void WriteJunctions(IntrospectionDraft& draft);

// --- names

// Returns an identifier made of the words of a name in any script: letters of Latin scripts lose their marks, others
// go. Empty when nothing is left. "Größe (cm)" -> "groesseCm", "USER_ID" -> "userId".
std::string IdentifierOf(const std::string& name);

// Returns the same of a table's singular, capitalised: "order_items" -> "OrderItem".
std::string ModelNameOf(const std::string& table);

// Returns what several rows of the table are called: "album" -> "albums", "playlist_tracks" -> "playlistTracks". Empty
// when the name has no letter.
std::string PluralOf(const std::string& table);

// Returns the name with its first letter small.
std::string Uncapitalised(std::string name);

// Returns the first of the candidates that is not taken, or the last one with a number; takes it.
std::string TakeName(std::set<std::string>& taken, const std::vector<std::string>& candidates);

// Returns what the columns of a foreign key call the row they refer to: "support_rep_id" -> "support_rep". Empty when
// they do not say more than the target's own name.
std::string StemOf(const std::string& column, const std::string& referenced, const std::string& target_table);

std::vector<std::string> FieldsOf(const TableDraft& table, const std::vector<std::string>& columns);
bool SameSet(std::vector<std::string> a, std::vector<std::string> b);

}  // namespace rowan::store
