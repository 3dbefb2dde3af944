// The difference of two images: what drift is, what adoption reports, and what migration turns into steps.
//
// Parts are the same when they do the same, whatever they are called: a foreign key over the same columns to the same
// target, a unique key over the same columns, in any order. A name that differs is a difference of its own (kName).
#pragma once

#include <string>
#include <vector>

#include "engine/store/database_image.h"

namespace rowan::store {

enum class DifferenceKind {
  kSchemaMissing,
  kEnumMissing,
  kLabels,           // of a native enum
  kTableMissing,
  kTableKind,        // a view or the like where a table should be
  kColumnMissing,
  kColumnUnknown,    // the live table has a column that the other image does not have
  kType,
  kNullability,
  kDefault,          // where the value comes from when it is left out
  kKeyMissing,       // no primary key or unique key over these columns; an other primary key may be there
  kIndexMissing,
  kIndexInvalid,     // it is there, left over from a concurrent build that failed
  kCheckMissing,
  kCheckDiffers,     // of the same name
  kCheckNotValidated,
  kForeignKeyMissing,
  kAction,           // of a foreign key
  kForeignKeyNotValidated,
  kName              // of a key, an index, a check or a foreign key
};

// How much it matters to requests.
enum class Gravity {
  kNotice,   // not at all
  kWarning,  // the database allows something else than the schema says
  kError     // requests fail, or records are not what the schema says
};

// One difference. The parts are those of the images that were compared; null where an image does not have the part or the
// difference is not about one.
struct Difference {
  DifferenceKind kind = DifferenceKind::kTableMissing;
  Gravity gravity = Gravity::kError;
  std::string path;      // of the part in the schema's document
  ObjectName table;      // or the enum
  std::string object;    // "public.users.name", for people
  std::string expected;  // for people; empty: nothing
  std::string found;     // for people; empty: nothing

  const TableImage* live_table = nullptr;
  const TableImage* wanted_table = nullptr;
  const ColumnImage* live_column = nullptr;
  const ColumnImage* wanted_column = nullptr;
  const KeyImage* live_key = nullptr;
  const KeyImage* wanted_key = nullptr;
  const IndexImage* live_index = nullptr;
  const IndexImage* wanted_index = nullptr;
  const CheckImage* live_check = nullptr;
  const CheckImage* wanted_check = nullptr;
  const ForeignKeyImage* live_foreign_key = nullptr;
  const ForeignKeyImage* wanted_foreign_key = nullptr;
  const EnumImage* live_enum = nullptr;
  const EnumImage* wanted_enum = nullptr;
};

// Returns what `live` lacks of `wanted` or has in another way, table by table in the order of their names. Tables that only
// `live` has are no difference. Expressions are compared as texts: see normalize_image.h. The images outlive the result.
// Never fails. Pure.
std::vector<Difference> CompareImages(const DatabaseImage& live, const DatabaseImage& wanted);

// The word of the kind in CheckDriftResponse: "TYPE".
std::string KindName(DifferenceKind kind);

// Whether both are the same columns, in whatever order.
bool SameColumns(std::vector<std::string> a, std::vector<std::string> b);

// Find the part of `table` that does the same as `part`, by its name first; null when there is none.
const KeyImage* FindSame(const TableImage& table, const KeyImage& part);
const IndexImage* FindSame(const TableImage& table, const IndexImage& part);
const CheckImage* FindSame(const TableImage& table, const CheckImage& part);
const ForeignKeyImage* FindSame(const TableImage& table, const ForeignKeyImage& part);

// Whether an index of the table, or that of one of its keys where only its first columns matter, does what `wanted` is for.
bool IsServed(const TableImage& table, const IndexImage& wanted);

}  // namespace rowan::store
