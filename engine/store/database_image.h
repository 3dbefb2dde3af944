// What a database looks like, as far as Rowan has to do with it: tables with their columns, keys, indexes, checks and
// foreign keys, and native enums. There are two ways to one:
//
//   ReadImage   the live database                        -> what is there
//   ImageOf     a catalog (see image_of_catalog.h)       -> what should be there
//
// Everything else works on images: the difference of two (compare_images.h) is what drift is, what adoption reports and
// what migration turns into steps; introspection reads a schema off one. Value types; immutable once made.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/catalog/catalog.h"

namespace rowan::store {

// A name in a PostgreSQL schema.
struct ObjectName {
  std::string schema;
  std::string name;

  auto operator<=>(const ObjectName&) const = default;
};

enum class TableKind { kTable, kPartitioned, kPartition, kView, kMaterializedView, kForeignTable };

// Where a column's value comes from when an insert leaves it out.
enum class ColumnSource {
  kNothing,     // null
  kExpression,  // ColumnImage::expression, as SQL
  kIdentity,    // GENERATED … AS IDENTITY, or a serial: the next number of a sequence that the column owns
  kGenerated    // ColumnImage::expression computes it, always
};

struct ColumnImage {
  std::string name;
  // The type, with domains resolved to what they are made of. A check on an enum's labels is a check of the table: an enum
  // without a native type is text here.
  Type type;
  std::string domain;      // the domain's qualified name, quoted, when there is one
  bool composite = false;  // a live image: the type is a row, or an array of rows
  bool nullable = false;
  ColumnSource source = ColumnSource::kNothing;
  std::string expression;
  bool authored = false;   // ImageOf: a default that the schema's author wrote as SQL
  bool always = false;     // an identity that is GENERATED ALWAYS
  bool serial = false;     // an identity by a default from a sequence that the column owns
  std::string sequence;    // of an identity in a live image: its sequence, qualified and quoted
  std::string comment;     // COMMENT ON
  std::string path;        // ImageOf: "models.User.fields.name"; of the relation for a junction's column
};

// A primary key or a unique constraint. A unique index without predicate over plain columns, as other tools make them, is
// an IndexImage.
struct KeyImage {
  std::string name;
  std::vector<std::string> columns;
  bool primary = false;
  bool deferrable = false;
  std::string path;
};

struct IndexImage {
  std::string name;
  std::vector<std::string> columns;  // empty when it is over expressions
  bool unique = false;
  std::string predicate;  // SQL; empty: all rows
  // False: left over from a concurrent build that failed.
  bool valid = true;
  // Whether it is a plain one that a schema can have: btree, columns only, ascending, default operators, nothing included.
  bool plain = true;
  std::string definition;  // CREATE INDEX …, of live ones
  // ImageOf: any index whose first columns are the first `needed` ones does (a junction's index in the other order).
  // 0: all of them, exactly.
  int needed = 0;
  std::string path;
};

struct CheckImage {
  std::string name;
  std::string expression;  // SQL, without CHECK and its parentheses
  bool validated = true;
  // When it says that a text column holds one of an enum's labels, however it is written: the column and the labels, in
  // order.
  std::string enum_column;
  std::vector<std::string> labels;
  std::string path;
};

struct ForeignKeyImage {
  std::string name;
  std::vector<std::string> columns;
  ObjectName target;
  std::vector<std::string> references;  // in the order of columns
  ReferentialAction on_update = ReferentialAction::kNoAction;
  ReferentialAction on_delete = ReferentialAction::kNoAction;
  bool validated = true;
  bool deferrable = false;
  bool inherited = false;  // ReadImage: a partition's, from the table that it is a part of
  std::string path;
};

struct TableImage {
  ObjectName name;
  TableKind kind = TableKind::kTable;
  std::vector<ColumnImage> columns;         // in the table's order
  std::vector<KeyImage> keys;               // the primary key first when there is one, then by name
  std::vector<IndexImage> indexes;          // by name; those of keys are not among them
  std::vector<CheckImage> checks;           // by name
  std::vector<ForeignKeyImage> foreign_keys;  // by name
  int64_t bytes = 0;  // of the table's main storage; 0: it has no rows and never had any since it was last truncated
  std::string comment;
  std::string extension;   // ReadImage: the extension that made it, such as PostGIS; empty: none did
  std::string path;        // ImageOf: "models.User", or of the relation that owns the junction
  bool junction = false;   // ImageOf: a plain junction
  bool read_only = false;  // ImageOf: of a read-only model

  const ColumnImage* FindColumn(const std::string& column) const;
  const KeyImage* PrimaryKey() const;
};

struct EnumImage {
  ObjectName name;
  std::vector<std::string> labels;  // in order
  std::string path;
};

// What a database has that no image can hold: an exclusion constraint, a trigger, an inheritance parent. Introspection
// lists it.
struct UnheldObject {
  std::string object;  // "public.bookings.no_overlap"
  std::string what;    // "exclusion constraint"
};

struct DatabaseImage {
  std::set<std::string> schemas;  // PostgreSQL schemas that exist (ReadImage) or are needed (ImageOf)
  std::map<ObjectName, TableImage> tables;
  std::map<ObjectName, EnumImage> enums;
  std::vector<UnheldObject> unheld;  // by object

  const TableImage* FindTable(const ObjectName& table) const;
};

}  // namespace rowan::store
