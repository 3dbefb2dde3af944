// Which tables become models, what tells their rows apart, and what they are called.
#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/catalog/naming.h"
#include "engine/store/introspection_draft.h"

namespace rowan::store {
namespace {

using Kind = ImagePart::Kind;
using Columns = std::vector<std::string>;

constexpr const char* kSystemColumns[] = {"tableoid", "cmax", "xmax", "cmin", "xmin", "ctid"};

// Types of pg_catalog without an order.
constexpr const char* kIncomparable[] = {"json",      "xml",      "point",        "box",         "path",
                                         "polygon",   "line",     "lseg",         "circle",      "aclitem",
                                         "refcursor", "jsonpath", "pg_node_tree", "pg_snapshot", "txid_snapshot"};

bool IsComparable(const Type& type) {
  if (type.array) return false;
  if (type.native_name.empty()) return type.scalar != Scalar::kJson;
  if (type.native_schema != "pg_catalog") return true;
  return std::find(std::begin(kIncomparable), std::end(kIncomparable), type.native_name) == std::end(kIncomparable);
}

bool IsAsked(const IntrospectOptions& options, const ObjectName& name) {
  if (options.tables.empty()) return true;
  return std::any_of(options.tables.begin(), options.tables.end(), [&](const std::string& asked) {
    return asked == name.name || asked == absl::StrCat(name.schema, ".", name.name);
  });
}

bool IsView(TableKind kind) {
  return kind == TableKind::kView || kind == TableKind::kMaterializedView || kind == TableKind::kForeignTable;
}

bool HasColumns(const TableDraft& table, const Columns& columns) {
  return std::all_of(columns.begin(), columns.end(),
                     [&](const std::string& column) { return table.fields.count(column) != 0; });
}

bool AllRequired(const TableImage& table, const Columns& columns) {
  return std::all_of(columns.begin(), columns.end(),
                     [&](const std::string& column) { return !table.FindColumn(column)->nullable; });
}

// Returns a name for a key that a unique index serves as: that by the rules, but never the index's own, which a
// constraint beside it could not have.
std::string KeyNameInstead(const char* prefix, const TableDraft& table, const Columns& columns,
                           const std::string& index) {
  std::string name = ConstraintName(prefix, table.image->name.name, columns);
  return name == index ? Shortened(name + "_key") : name;
}

// Unique constraints, and unique indexes that are as good as one.
std::vector<UniqueDraft> UniquesOf(const IntrospectionDraft& draft, const TableDraft& table) {
  const TableImage& image = *table.image;
  std::vector<UniqueDraft> uniques;
  const auto take = [&](const std::string& name, const Columns& columns, bool index) {
    if (!HasColumns(table, columns) || draft.IsLeftOut(Kind::kNamed, image.name, name)) return;
    uniques.push_back({name, index ? KeyNameInstead("uq", table, columns, name) : name, columns, index});
  };
  for (const KeyImage& key : image.keys) {
    if (!key.primary) take(key.name, key.columns, false);
  }
  for (const IndexImage& index : image.indexes) {
    if (index.unique && index.plain && index.valid && index.predicate.empty()) take(index.name, index.columns, true);
  }
  return uniques;
}

// The primary key of a table whose columns, by their names, are all in the view. A guess: the better ones are less.
std::optional<Columns> KeyByNames(const IntrospectionDraft& draft, const TableDraft& view) {
  const std::string own = Singular(view.image->name.name) + "_id";
  std::optional<std::tuple<int, size_t, size_t, Columns>> best;
  for (const auto& [name, table] : draft.image.tables) {
    const KeyImage* const key = table.PrimaryKey();
    if (key == nullptr || !HasColumns(view, key->columns)) continue;
    size_t position = 0;
    while (view.image->columns[position].name != key->columns[0]) ++position;
    const bool single = key->columns.size() == 1;
    const int rank = single && key->columns[0] == "id" ? 0 : single && key->columns[0] == own ? 1 : 2;
    auto candidate = std::tuple(rank, position, key->columns.size(), key->columns);
    if (!best.has_value() || candidate < *best) best = std::move(candidate);
  }
  if (!best.has_value()) return std::nullopt;
  return std::get<3>(*best);
}

Columns ComparableColumns(const TableDraft& table) {
  Columns columns;
  for (const ColumnImage& column : table.image->columns) {
    if (table.fields.count(column.name) != 0 && IsComparable(column.type)) columns.push_back(column.name);
  }
  return columns;
}

// Decides what the key is, and with that whether the model can be written. False: nothing tells its rows apart.
bool ChooseKey(IntrospectionDraft& draft, TableDraft& table) {
  const TableImage& image = *table.image;
  const auto note = [&](v1::Severity severity, const char* reason, std::string message) {
    draft.Note(severity, reason, image.name, "", std::move(message));
  };
  const bool view = IsView(image.kind);
  table.read_only = view || image.kind == TableKind::kPartition;
  table.unique_keys = UniquesOf(draft, table);
  const KeyImage* const primary = image.PrimaryKey();
  if (primary != nullptr && HasColumns(table, primary->columns)) {
    table.primary = primary->columns;
    table.primary_name = primary->name;
    return true;
  }
  for (auto unique = table.unique_keys.begin(); unique != table.unique_keys.end(); ++unique) {
    // A view's columns may all be null as far as PostgreSQL knows.
    if (!view && !AllRequired(image, unique->columns)) continue;
    note(v1::SEVERITY_NOTICE, "KEY_GUESSED",
         absl::StrCat("it has no primary key: ", Printable(unique->part), " over (",
                      Printable(absl::StrJoin(unique->columns, ", ")), ") serves as one"));
    table.primary = unique->columns;
    table.primary_name = unique->index ? KeyNameInstead("pk", table, {}, unique->part) : unique->name;
    table.primary_index = unique->index ? unique->part : "";
    table.unique_keys.erase(unique);
    return true;
  }
  table.read_only = true;
  const auto guessed = view ? KeyByNames(draft, table) : std::nullopt;
  table.primary = guessed.has_value() ? *guessed : ComparableColumns(table);
  if (table.primary.empty() || table.primary.size() > kMostKeyFields) {
    note(v1::SEVERITY_WARNING, "LEFT_OUT",
         absl::StrCat("it has no key, and ", table.primary.empty() ? "no columns" : "too many columns",
                      " to tell its rows apart by: it is no model"));
    return false;
  }
  const std::string columns = Printable(absl::StrJoin(table.primary, ", "));
  note(v1::SEVERITY_WARNING, "KEY_GUESSED",
       guessed.has_value()
           ? absl::StrCat("it has no key of its own: (", columns,
                          ") is taken for one, as a table's primary key has this name. "
                          "If it does not tell the rows apart, name others in primary_key")
           : absl::StrCat("it has no key: the columns that can be compared are taken for one (", columns,
                          "), and the model is read-only. If fewer tell the rows apart, name them in primary_key"));
  return true;
}

void NameFields(IntrospectionDraft& draft, TableDraft& table) {
  std::vector<const ColumnImage*> columns;
  const KeyImage* const primary = table.image->PrimaryKey();
  const auto in_key = [&](const std::string& name) {
    return primary != nullptr &&
           std::find(primary->columns.begin(), primary->columns.end(), name) != primary->columns.end();
  };
  int others = kMostFields - (primary == nullptr ? 0 : static_cast<int>(primary->columns.size()));
  for (const ColumnImage& column : table.image->columns) {
    if (draft.IsLeftOut(Kind::kColumn, table.image->name, column.name)) continue;
    if (std::find(std::begin(kSystemColumns), std::end(kSystemColumns), column.name) != std::end(kSystemColumns)) {
      draft.Note(v1::SEVERITY_WARNING, "LEFT_OUT", table.image->name, column.name,
                 "every table has a column of this name that is PostgreSQL's: no field can be called so");
      continue;
    }
    if (!in_key(column.name) && --others < 0) {
      draft.Note(v1::SEVERITY_WARNING, "LEFT_OUT", table.image->name, column.name, "a model has 500 fields at most");
      continue;
    }
    columns.push_back(&column);
  }
  // Names that need no number come first, so that a column keeps its own.
  std::set<std::string> taken;
  for (const bool plain : {true, false}) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::string& column = columns[i]->name;
      const std::string name = IdentifierOf(column);
      if ((SnakeCase(name) == column) != plain) continue;
      table.fields[column] = TakeName(taken, {name.empty() ? absl::StrCat("column", i + 1) : name});
    }
  }
}

void NameModels(IntrospectionDraft& draft) {
  std::map<std::string, std::vector<TableDraft*>> by_name;
  for (auto& [name, table] : draft.tables) {
    std::string model = ModelNameOf(name.name);
    by_name[model.empty() ? "Table" : model].push_back(&table);
  }
  std::set<std::string> taken;
  for (const auto& [name, tables] : by_name) {
    if (tables.size() == 1) tables[0]->name = TakeName(taken, {name});
  }
  for (auto& [name, tables] : by_name) {
    if (tables.size() == 1) continue;
    // The tables of the schema that models belong to by themselves keep the plain names.
    std::stable_sort(tables.begin(), tables.end(), [&](const TableDraft* a, const TableDraft* b) {
      return (a->image->name.schema == draft.home) > (b->image->name.schema == draft.home);
    });
    const bool several_schemas = std::any_of(tables.begin(), tables.end(), [&](const TableDraft* table) {
      return table->image->name.schema != tables[0]->image->name.schema;
    });
    for (TableDraft* table : tables) {
      const ObjectName& own = table->image->name;
      const std::string prefix =
          several_schemas && own.schema != draft.home ? Capitalised(IdentifierOf(own.schema)) : "";
      const std::string plural = Capitalised(IdentifierOf(own.name));
      table->name = TakeName(taken, {Shortened(prefix + name), Shortened(prefix + plural), Shortened(prefix + name)});
    }
  }
}

void Limit(IntrospectionDraft& draft) {
  std::vector<std::pair<std::string, ObjectName>> by_name;
  for (const auto& [name, table] : draft.tables) by_name.emplace_back(table.name, name);
  std::sort(by_name.begin(), by_name.end());
  for (size_t i = kMostModels; i < by_name.size(); ++i) {
    draft.Note(v1::SEVERITY_WARNING, "LEFT_OUT", by_name[i].second, "", "a schema has 2000 models at most");
    draft.tables.erase(by_name[i].second);
  }
}

}  // namespace

void DraftTables(IntrospectionDraft& draft) {
  for (const auto& [name, image] : draft.image.tables) {
    if (!IsAsked(draft.options, name) || draft.IsLeftOut(Kind::kTable, name)) continue;
    if (!image.extension.empty() && draft.options.tables.empty()) {
      draft.Note(v1::SEVERITY_NOTICE, "EXTENSION", name, "",
                 absl::StrCat("it is part of the extension ", Printable(image.extension),
                              ": it is a model only when it is asked for"));
      continue;
    }
    TableDraft table;
    table.image = &image;
    NameFields(draft, table);
    if (table.fields.empty()) {
      draft.Note(v1::SEVERITY_WARNING, "LEFT_OUT", name, "", "it has no columns: it is no model");
    } else if (ChooseKey(draft, table)) {
      draft.tables.emplace(name, std::move(table));
    }
  }
  NameModels(draft);
  Limit(draft);
}

}  // namespace rowan::store
