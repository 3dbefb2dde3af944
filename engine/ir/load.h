// The bound form of a bulk load: what the values of each row are, which records they name, and what becomes of them.
// Its rows are never held as a whole; they go by one after the other.
//
//   load User [name, role.name] on conflict (name) update role
//   ->  columns     0 User.name, 1 Role.name by role
//       references  Role by name = column 1, giving id
//       fields      name from column 0, roleId from reference 0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/catalog/catalog.h"

namespace rowan::ir {

// One value of each row.
struct LoadColumn {
  const Field* field = nullptr;        // whose type it has: of the model, or of the relation's target
  const Relation* relation = nullptr;  // null: a field of the model
  bool nullable = false;
};

// Records that the rows name by a key, and that must exist. A row whose key is null names none.
struct LoadReference {
  std::string name;  // of the relation, or else of the foreign key's first field
  const Model* target = nullptr;
  std::vector<int> columns;         // the key's values, as numbers in Load::columns
  std::vector<const Field*> key;    // of the target, one for each column
  std::vector<const Field*> gives;  // of the target: what fields take from it; empty when they are loaded themselves
  bool own_rows = false;            // rows of the load itself count, too: a foreign key to the same table
  std::vector<int> own_columns;     // own_rows: where the load has the fields of `key`; empty when it does not
};

// A field that the new records get.
struct LoadField {
  const Field* field = nullptr;
  int column = -1;     // its value's number in Load::columns; -1: a reference gives it
  int reference = -1;  // the number in Load::references,
  int given = -1;      // and in its `gives`
};

enum class ConflictPolicy { kReject, kSkip, kUpdate };

struct Load {
  const Model* model = nullptr;
  std::vector<LoadColumn> columns;
  std::vector<LoadReference> references;  // in the order of their tables
  std::vector<LoadField> fields;
  ConflictPolicy policy = ConflictPolicy::kReject;
  const Key* key = nullptr;           // unless kReject
  std::vector<const Field*> updates;  // kUpdate; may be empty, and then records that exist are only locked
  const Field* version = nullptr;     // kUpdate: counts the updates of a record; null: none does
  int64_t tolerated_rejects = 0;
};

}  // namespace rowan::ir
