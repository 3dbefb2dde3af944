#include "engine/store/compare_images.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/identifier.h"
#include "engine/catalog/naming.h"
#include "engine/store/read_default.h"
#include "engine/store/render_ddl.h"

namespace rowan::store {
namespace {

using Columns = std::vector<std::string>;

bool BeginsWith(const Columns& columns, const Columns& whole, int count) {
  return static_cast<int>(columns.size()) >= count && std::equal(whole.begin(), whole.begin() + count, columns.begin());
}

// Whether both relate the same columns to the same ones of the target.
bool SamePairs(const ForeignKeyImage& a, const ForeignKeyImage& b) {
  if (a.target != b.target || a.columns.size() != b.columns.size()) return false;
  const auto pairs = [](const ForeignKeyImage& key) {
    std::vector<std::pair<std::string, std::string>> sorted;
    for (size_t i = 0; i < key.columns.size(); ++i) sorted.emplace_back(key.columns[i], key.references[i]);
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  };
  return pairs(a) == pairs(b);
}

// Whether the live index does what the other one is for.
bool Serves(const IndexImage& live, const IndexImage& wanted) {
  if (!live.plain || live.predicate != wanted.predicate) return false;
  if (wanted.needed > 0) return BeginsWith(live.columns, wanted.columns, wanted.needed);
  return live.unique == wanted.unique && live.columns == wanted.columns;
}

// Whether both are the same literal or generator, however they are written.
bool SameDefault(const ColumnImage& a, const ColumnImage& b) {
  const auto of_a = ReadDefault(a.type, a.expression);
  const auto of_b = ReadDefault(b.type, b.expression);
  return of_a.has_value() && of_b.has_value() && of_a->SerializeAsString() == of_b->SerializeAsString();
}

bool SameCheck(const CheckImage& a, const CheckImage& b) {
  if (!a.enum_column.empty() && a.enum_column == b.enum_column) return SameColumns(a.labels, b.labels);
  return a.expression == b.expression;
}

// Returns the part that `same` accepts: the one called `name` rather than another one, or null.
template <typename Part, typename Same>
const Part* FindPart(const std::vector<Part>& parts, const std::string& name, Same same) {
  const Part* found = nullptr;
  for (const Part& part : parts) {
    if (!same(part)) continue;
    if (part.name == name) return &part;
    if (found == nullptr) found = &part;
  }
  return found;
}

std::string Listed(const Columns& columns) {
  return absl::StrCat("(", absl::StrJoin(columns, ", "), ")");
}

std::string Actions(const ForeignKeyImage& key) {
  return absl::StrCat("on update ", ActionSql(key.on_update), ", on delete ", ActionSql(key.on_delete));
}

std::string Text(const ForeignKeyImage& key) {
  return absl::StrCat(Listed(key.columns), " to ", key.target.schema, ".", key.target.name, " ", Listed(key.references));
}

std::string Text(const IndexImage& index) {
  return absl::StrCat(index.unique ? "unique " : "", Listed(index.columns),
                      index.predicate.empty() ? "" : absl::StrCat(" where ", index.predicate));
}

std::string Text(const ColumnImage& column) {
  switch (column.source) {
    case ColumnSource::kNothing:
      return "nothing";
    case ColumnSource::kExpression:
      return column.expression;
    case ColumnSource::kIdentity:
      return "identity";
    case ColumnSource::kGenerated:
      return absl::StrCat("generated as ", column.expression);
  }
  return "";
}

std::string Text(TableKind kind) {
  switch (kind) {
    case TableKind::kTable:
      return "a table";
    case TableKind::kPartitioned:
      return "a partitioned table";
    case TableKind::kPartition:
      return "a partition";
    case TableKind::kView:
      return "a view";
    case TableKind::kMaterializedView:
      return "a materialised view";
    case TableKind::kForeignTable:
      return "a foreign table";
  }
  return "";
}

bool Writable(TableKind kind) {
  return kind == TableKind::kTable || kind == TableKind::kPartitioned || kind == TableKind::kPartition ||
         kind == TableKind::kForeignTable;
}

class Comparison {
 public:
  Comparison(const DatabaseImage& live, const DatabaseImage& wanted) : live_(live), wanted_(wanted) {}

  std::vector<Difference> Run() {
    for (const std::string& schema : wanted_.schemas) {
      if (live_.schemas.count(schema) != 0) continue;
      Difference& difference = Add(DifferenceKind::kSchemaMissing, Gravity::kError, "database_schema");
      difference.table = {schema, ""};
      difference.object = Printable(schema);
      difference.expected = "a PostgreSQL schema";
    }
    for (const auto& [name, type] : wanted_.enums) CompareEnum(type);
    for (const auto& [name, table] : wanted_.tables) CompareTable(table);
    return std::move(differences_);
  }

 private:
  Difference& Add(DifferenceKind kind, Gravity gravity, const std::string& path) {
    Difference& difference = differences_.emplace_back();
    difference.kind = kind;
    difference.gravity = gravity;
    difference.path = path;
    difference.live_table = live_table_;
    difference.wanted_table = wanted_table_;
    if (wanted_table_ != nullptr) {
      difference.table = wanted_table_->name;
      difference.object = absl::StrCat(Printable(difference.table.schema), ".", Printable(difference.table.name));
    }
    return difference;
  }

  // A difference of a part of the table.
  Difference& AddPart(DifferenceKind kind, Gravity gravity, const std::string& path, const std::string& part,
                      std::string expected, std::string found) {
    Difference& difference = Add(kind, gravity, path);
    absl::StrAppend(&difference.object, ".", Printable(part));
    difference.expected = std::move(expected);
    difference.found = std::move(found);
    return difference;
  }

  void CompareEnum(const EnumImage& wanted) {
    live_table_ = wanted_table_ = nullptr;
    const auto found = live_.enums.find(wanted.name);
    const EnumImage* live = found == live_.enums.end() ? nullptr : &found->second;
    if (live != nullptr && live->labels == wanted.labels) return;
    Difference& difference =
        Add(live == nullptr ? DifferenceKind::kEnumMissing : DifferenceKind::kLabels, Gravity::kError, wanted.path);
    difference.table = wanted.name;
    difference.object = absl::StrCat(Printable(wanted.name.schema), ".", Printable(wanted.name.name));
    difference.expected = Listed(wanted.labels);
    if (live != nullptr) difference.found = Listed(live->labels);
    difference.live_enum = live;
    difference.wanted_enum = &wanted;
  }

  void CompareTable(const TableImage& wanted) {
    wanted_table_ = &wanted;
    live_table_ = live_.FindTable(wanted.name);
    if (live_table_ == nullptr) {
      Add(DifferenceKind::kTableMissing, Gravity::kError, wanted.path).expected = "a table";
      return;
    }
    if (!wanted.read_only && !Writable(live_table_->kind)) {
      Difference& difference = Add(DifferenceKind::kTableKind, Gravity::kError, wanted.path);
      difference.expected = "a table";
      difference.found = Text(live_table_->kind);
      return;
    }
    for (const ColumnImage& column : wanted.columns) CompareColumn(column);
    if (wanted.read_only) return;  // others see to what may be in it
    for (const ColumnImage& column : live_table_->columns) CheckKnown(column);
    for (const KeyImage& key : wanted.keys) CompareKey(key);
    for (const CheckImage& check : wanted.checks) CompareCheck(check);
    for (const ForeignKeyImage& key : wanted.foreign_keys) CompareForeignKey(key);
    for (const IndexImage& index : wanted.indexes) CompareIndex(index);
  }

  void CompareColumn(const ColumnImage& wanted) {
    const ColumnImage* live = live_table_->FindColumn(wanted.name);
    const auto add = [&](DifferenceKind kind, Gravity gravity, std::string expected, std::string found) {
      Difference& difference = AddPart(kind, gravity, wanted.path, wanted.name, std::move(expected), std::move(found));
      difference.live_column = live;
      difference.wanted_column = &wanted;
    };
    const std::string type = SqlType(wanted.type);
    if (live == nullptr) return add(DifferenceKind::kColumnMissing, Gravity::kError, type, "");
    if (SqlType(live->type) != type) add(DifferenceKind::kType, Gravity::kError, type, SqlType(live->type));
    if (wanted_table_->read_only) return;
    if (live->nullable != wanted.nullable) {
      const auto text = [](const ColumnImage& column) { return column.nullable ? "nullable" : "NOT NULL"; };
      add(DifferenceKind::kNullability, Gravity::kError, text(wanted), text(*live));
    }
    const bool same_expression = live->expression == wanted.expression ||
                                 wanted.source == ColumnSource::kIdentity || SameDefault(*live, wanted);
    if (live->source != wanted.source || !same_expression) {
      add(DifferenceKind::kDefault, Gravity::kWarning, Text(wanted), Text(*live));
    }
  }

  void CheckKnown(const ColumnImage& live) {
    if (wanted_table_->FindColumn(live.name) != nullptr) return;
    const bool needed = !live.nullable && live.source == ColumnSource::kNothing;
    Difference& difference =
        AddPart(DifferenceKind::kColumnUnknown, needed ? Gravity::kWarning : Gravity::kNotice, wanted_table_->path,
                live.name, "", absl::StrCat(SqlType(live.type), needed ? ", NOT NULL and without a default" : ""));
    difference.live_column = &live;
  }

  void CompareKey(const KeyImage& wanted) {
    const KeyImage* live = FindSame(*live_table_, wanted);
    const auto kind = [](const KeyImage& key) { return key.primary ? "primary key " : "unique "; };
    const auto add = [&](DifferenceKind which, Gravity gravity, std::string expected, std::string found) {
      Difference& difference =
          AddPart(which, gravity, wanted.path, wanted.name, std::move(expected), std::move(found));
      difference.live_key = live;
      difference.wanted_key = &wanted;
    };
    if (live != nullptr) {
      if (!HasName(*live, wanted, wanted_table_->keys)) {
        add(DifferenceKind::kName, Gravity::kNotice, wanted.name, live->name);
      }
      return;
    }
    // A unique constraint over what is never null is as good as a primary key.
    const bool unique = std::any_of(live_table_->keys.begin(), live_table_->keys.end(),
                                    [&](const KeyImage& key) { return SameColumns(key.columns, wanted.columns); });
    if (unique && AllRequired(wanted)) return;
    // A unique index, as other tools make them, is as good as a unique constraint.
    const IndexImage* index = UniqueIndexOver(wanted.columns);
    // One of its very name is what is left of a key that was not finished.
    const bool serves = index != nullptr && index->name != wanted.name && (!wanted.primary || AllRequired(wanted));
    if (serves) return;
    live = wanted.primary ? live_table_->PrimaryKey() : nullptr;
    add(DifferenceKind::kKeyMissing, Gravity::kError, absl::StrCat(kind(wanted), Listed(wanted.columns)),
        live == nullptr ? "" : absl::StrCat(kind(*live), Listed(live->columns)));
  }

  const IndexImage* UniqueIndexOver(const Columns& columns) const {
    for (const IndexImage& index : live_table_->indexes) {
      if (index.unique && index.plain && index.valid && index.predicate.empty() && SameColumns(index.columns, columns)) return &index;
    }
    return nullptr;
  }

  bool AllRequired(const KeyImage& key) const {
    return std::all_of(key.columns.begin(), key.columns.end(), [&](const std::string& name) {
      const ColumnImage* column = live_table_->FindColumn(name);
      return column != nullptr && !column->nullable;
    });
  }

  void CompareCheck(const CheckImage& wanted) {
    const CheckImage* live = FindSame(*live_table_, wanted);
    const CheckImage* named = FindPart(live_table_->checks, wanted.name,
                                       [&](const CheckImage& check) { return check.name == wanted.name; });
    const auto add = [&](DifferenceKind kind, Gravity gravity, const CheckImage* found, std::string expected,
                         std::string was) {
      Difference& difference =
          AddPart(kind, gravity, wanted.path, wanted.name, std::move(expected), std::move(was));
      difference.live_check = found;
      difference.wanted_check = &wanted;
    };
    if (live == nullptr && named != nullptr) {
      return add(DifferenceKind::kCheckDiffers, Gravity::kWarning, named, wanted.expression, named->expression);
    }
    if (live == nullptr) return add(DifferenceKind::kCheckMissing, Gravity::kWarning, nullptr, wanted.expression, "");
    if (!HasName(*live, wanted, wanted_table_->checks)) {
      add(DifferenceKind::kName, Gravity::kNotice, live, wanted.name, live->name);
    }
    if (!live->validated) add(DifferenceKind::kCheckNotValidated, Gravity::kWarning, live, "validated", "not validated");
  }

  void CompareForeignKey(const ForeignKeyImage& wanted) {
    const ForeignKeyImage* live = FindSame(*live_table_, wanted);
    const auto add = [&](DifferenceKind kind, Gravity gravity, std::string expected, std::string found) {
      Difference& difference =
          AddPart(kind, gravity, wanted.path, wanted.name, std::move(expected), std::move(found));
      difference.live_foreign_key = live;
      difference.wanted_foreign_key = &wanted;
    };
    if (live == nullptr) {
      // One of the name that does something else is told, and is in the way.
      live = FindPart(live_table_->foreign_keys, wanted.name,
                      [&](const ForeignKeyImage& key) { return key.name == wanted.name; });
      return add(DifferenceKind::kForeignKeyMissing, Gravity::kError, Text(wanted), live == nullptr ? "" : Text(*live));
    }
    if (live->on_update != wanted.on_update || live->on_delete != wanted.on_delete) {
      add(DifferenceKind::kAction, Gravity::kError, Actions(wanted), Actions(*live));
    } else if (!HasName(*live, wanted, wanted_table_->foreign_keys)) {
      add(DifferenceKind::kName, Gravity::kNotice, wanted.name, live->name);
    }
    if (!live->validated) {
      add(DifferenceKind::kForeignKeyNotValidated, Gravity::kWarning, "validated", "not validated");
    }
  }

  // Whether the live part has the name that it should have. One that does the work of two wanted parts has that of either.
  template <typename Part>
  bool HasName(const Part& live, const Part& wanted, const std::vector<Part>& all) const {
    return live.name == wanted.name || std::any_of(all.begin(), all.end(), [&](const Part& other) {
             return other.name == live.name && FindSame(*live_table_, other) == &live;
           });
  }

  void CompareIndex(const IndexImage& wanted) {
    const IndexImage* live = FindSame(*live_table_, wanted);
    const auto add = [&](DifferenceKind kind, std::string expected, std::string found) {
      Difference& difference =
          AddPart(kind, Gravity::kNotice, wanted.path, wanted.name, std::move(expected), std::move(found));
      difference.live_index = live;
      difference.wanted_index = &wanted;
    };
    if (live == nullptr && IsServed(*live_table_, wanted)) return;
    if (live == nullptr) {
      live = FindPart(live_table_->indexes, wanted.name,
                      [&](const IndexImage& index) { return index.name == wanted.name; });
      return add(DifferenceKind::kIndexMissing, Text(wanted), live == nullptr ? "" : live->definition);
    }
    if (!live->valid) return add(DifferenceKind::kIndexInvalid, "valid", "left over from a build that failed");
    // Another index that happens to begin with a junction's columns is not the junction's.
    const bool same = live->columns == wanted.columns && live->unique == wanted.unique;
    if (same && !HasName(*live, wanted, wanted_table_->indexes)) add(DifferenceKind::kName, wanted.name, live->name);
  }

  const DatabaseImage& live_;
  const DatabaseImage& wanted_;
  const TableImage* live_table_ = nullptr;
  const TableImage* wanted_table_ = nullptr;
  std::vector<Difference> differences_;
};

}  // namespace

std::vector<Difference> CompareImages(const DatabaseImage& live, const DatabaseImage& wanted) {
  return Comparison(live, wanted).Run();
}

bool SameColumns(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

std::string KindName(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::kSchemaMissing:
      return "SCHEMA_MISSING";
    case DifferenceKind::kEnumMissing:
    case DifferenceKind::kType:
    case DifferenceKind::kLabels:
      return "TYPE";
    case DifferenceKind::kTableMissing:
      return "TABLE_MISSING";
    case DifferenceKind::kTableKind:
      return "TABLE_KIND";
    case DifferenceKind::kColumnMissing:
      return "COLUMN_MISSING";
    case DifferenceKind::kColumnUnknown:
      return "UNKNOWN_COLUMN";
    case DifferenceKind::kNullability:
      return "NULLABILITY";
    case DifferenceKind::kDefault:
      return "DEFAULT";
    case DifferenceKind::kKeyMissing:
      return "KEY";
    case DifferenceKind::kIndexMissing:
    case DifferenceKind::kIndexInvalid:
      return "INDEX";
    case DifferenceKind::kCheckMissing:
    case DifferenceKind::kCheckDiffers:
    case DifferenceKind::kCheckNotValidated:
      return "CHECK";
    case DifferenceKind::kForeignKeyMissing:
    case DifferenceKind::kForeignKeyNotValidated:
      return "FOREIGN_KEY";
    case DifferenceKind::kAction:
      return "ACTION";
    case DifferenceKind::kName:
      return "NAME";
  }
  return "";
}

const KeyImage* FindSame(const TableImage& table, const KeyImage& part) {
  return FindPart(table.keys, part.name, [&](const KeyImage& key) {
    return SameColumns(key.columns, part.columns) && key.primary == part.primary;
  });
}

const IndexImage* FindSame(const TableImage& table, const IndexImage& part) {
  return FindPart(table.indexes, part.name, [&](const IndexImage& index) { return Serves(index, part); });
}

bool IsServed(const TableImage& table, const IndexImage& wanted) {
  if (FindSame(table, wanted) != nullptr) return true;
  return wanted.needed > 0 && std::any_of(table.keys.begin(), table.keys.end(), [&](const KeyImage& key) {
    return BeginsWith(key.columns, wanted.columns, wanted.needed);
  });
}

const CheckImage* FindSame(const TableImage& table, const CheckImage& part) {
  return FindPart(table.checks, part.name, [&](const CheckImage& check) { return SameCheck(check, part); });
}

const ForeignKeyImage* FindSame(const TableImage& table, const ForeignKeyImage& part) {
  return FindPart(table.foreign_keys, part.name, [&](const ForeignKeyImage& key) { return SamePairs(key, part); });
}

}  // namespace rowan::store
