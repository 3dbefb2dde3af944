#include "engine/store/image_of_catalog.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/identifier.h"
#include "engine/catalog/naming.h"

namespace rowan::store {
namespace {

std::string PathOf(const Model& model) {
  return "models." + model.name;
}

std::string PathOf(const Field& field) {
  return absl::StrCat(PathOf(*field.model), ".fields.", field.name);
}

std::string PathOf(const Relation& relation) {
  return absl::StrCat(PathOf(*relation.source), ".relations.", relation.name);
}

std::vector<std::string> ColumnsOf(const std::vector<const Field*>& fields) {
  std::vector<std::string> columns;
  for (const Field* field : fields) columns.push_back(field->column);
  return columns;
}

std::vector<std::string> ColumnsOf(const std::vector<JunctionColumn>& fields) {
  std::vector<std::string> columns;
  for (const JunctionColumn& field : fields) columns.push_back(field.column);
  return columns;
}

bool IsCheckedEnum(const Type& type) {
  return type.scalar == Scalar::kEnum && type.native_name.empty();
}

// The type as the database has it: a checked enum is text.
Type ColumnType(const Type& type) {
  if (IsCheckedEnum(type)) return {.scalar = Scalar::kText, .array = type.array};
  return type;
}

std::string NowText(Scalar scalar) {
  switch (scalar) {
    case Scalar::kDate:
      return "CURRENT_DATE";
    case Scalar::kTime:
      return "LOCALTIME";
    case Scalar::kLocalTimestamp:
      return "LOCALTIMESTAMP";
    default:  // the compiler lets no other type have it
      return "now()";
  }
}

void SetSource(const Field& field, ColumnImage& column) {
  if (!field.generated.empty()) {
    column.source = ColumnSource::kGenerated;
    column.expression = field.generated;
    return;
  }
  column.source = ColumnSource::kExpression;
  switch (field.generator) {
    case Generator::kNone:
      column.source = ColumnSource::kNothing;
      return;
    case Generator::kNow:
      column.expression = NowText(field.type.scalar);
      return;
    case Generator::kUuid:
      column.expression = "gen_random_uuid()";
      return;
    case Generator::kIdentity:
      column.source = ColumnSource::kIdentity;
      return;
    case Generator::kLiteral:
      column.expression = absl::StrCat(field.literal_text, "::", SqlType(column.type));
      return;
    case Generator::kExpression:
      column.expression = field.literal_text;
      column.authored = true;
      // PostgreSQL keeps no such default.
      if (column.expression == "NULL") {
        column.source = ColumnSource::kNothing;
        column.expression.clear();
      }
      return;
  }
}

// An enum without a native type is text that is one of its labels; nulls in arrays are let through.
CheckImage EnumCheck(const Field& field) {
  const std::string column = QuoteIdentifier(field.column);
  const std::string labels =
      absl::StrJoin(field.type.labels, ", ", [](std::string* out, const std::string& label) {
        out->append(QuoteLiteral(label));
      });
  CheckImage check;
  check.name = ConstraintName("ck", field.model->table, {field.column});
  check.expression = field.type.array ? absl::StrCat("array_remove(", column, ", NULL) <@ ARRAY[", labels, "]::text[]")
                                      : absl::StrCat(column, " IN (", labels, ")");
  check.enum_column = field.column;
  check.labels = field.type.labels;
  check.path = PathOf(field);
  return check;
}

ForeignKeyImage ForeignKeyOf(const ForeignKey& key) {
  ForeignKeyImage image;
  image.name = key.constraint;
  image.columns = ColumnsOf(key.fields);
  image.target = {key.target->schema, key.target->table};
  image.references = ColumnsOf(key.references);
  image.on_update = key.on_update;
  image.on_delete = key.on_delete;
  image.path = PathOf(*key.relation);
  return image;
}

TableImage TableOf(const Model& model) {
  TableImage table;
  table.name = {model.schema, model.table};
  table.path = PathOf(model);
  table.read_only = model.read_only;
  for (const auto& field : model.fields) {
    ColumnImage column;
    column.name = field->column;
    column.type = ColumnType(field->type);
    column.nullable = field->nullable;
    column.path = PathOf(*field);
    SetSource(*field, column);
    table.columns.push_back(std::move(column));
    if (IsCheckedEnum(field->type)) table.checks.push_back(EnumCheck(*field));
  }
  for (const Key& key : model.keys) {
    table.keys.push_back({.name = key.constraint,
                          .columns = ColumnsOf(key.fields),
                          .primary = key.primary,
                          .path = PathOf(*key.fields.front())});
  }
  for (const IndexDefinition& index : model.indexes) {
    IndexImage image;
    image.name = index.name;
    image.columns = ColumnsOf(index.fields);
    image.unique = index.unique;
    image.predicate = index.predicate;
    image.path = absl::StrCat(table.path, ".indexes.", Printable(index.name));
    table.indexes.push_back(std::move(image));
  }
  for (const CheckDefinition& check : model.checks) {
    CheckImage image;
    image.name = check.name;
    image.expression = check.expression;
    image.path = absl::StrCat(table.path, ".checks.", Printable(check.name));
    table.checks.push_back(std::move(image));
  }
  for (const ForeignKey& key : model.foreign_keys) table.foreign_keys.push_back(ForeignKeyOf(key));
  return table;
}

TableImage JunctionTable(const Relation& owner) {
  const Junction& junction = *owner.junction;
  TableImage table;
  table.name = {junction.schema, junction.table};
  table.path = PathOf(owner);
  table.junction = true;
  const auto add = [&](const std::vector<JunctionColumn>& columns, const Model& target, const std::string& constraint) {
    ForeignKeyImage key;
    key.name = constraint;
    key.columns = ColumnsOf(columns);
    key.target = {target.schema, target.table};
    key.on_update = junction.on_update;
    key.on_delete = junction.on_delete;
    key.path = table.path;
    for (const JunctionColumn& from : columns) {
      ColumnImage column;
      column.name = from.column;
      column.type = ColumnType(from.field->type);
      column.path = table.path;
      table.columns.push_back(std::move(column));
      key.references.push_back(from.field->column);
    }
    table.foreign_keys.push_back(std::move(key));
  };
  const auto add_source = [&] { add(junction.source, *owner.source, junction.source_foreign_key); };
  const auto add_target = [&] { add(junction.target, *owner.target, junction.target_foreign_key); };
  if (junction.source_first) add_source();
  add_target();
  if (!junction.source_first) add_source();
  std::vector<std::string> columns;
  for (const ColumnImage& column : table.columns) columns.push_back(column.name);
  const auto second = columns.begin() + static_cast<long>(table.foreign_keys[0].columns.size());
  IndexImage reverse;
  reverse.name = junction.reverse_index;
  reverse.columns = {second, columns.end()};
  reverse.columns.insert(reverse.columns.end(), columns.begin(), second);
  reverse.needed = static_cast<int>(columns.end() - second);
  reverse.path = table.path;
  table.indexes.push_back(std::move(reverse));
  table.keys.push_back(
      {.name = junction.primary_key, .columns = std::move(columns), .primary = true, .path = table.path});
  return table;
}

template <typename Parts>
void SortByName(Parts& parts) {
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace

DatabaseImage ImageOf(const Catalog& catalog) {
  DatabaseImage image;
  image.schemas.insert(catalog.database_schema);
  const auto take = [&](TableImage table) {
    SortByName(table.indexes);
    SortByName(table.checks);
    SortByName(table.foreign_keys);
    if (!table.read_only) image.schemas.insert(table.name.schema);
    image.tables.emplace(table.name, std::move(table));
  };
  for (const auto& model : catalog.models) {
    take(TableOf(*model));
    for (const auto& field : model->fields) {
      const Type& type = field->type;
      if (type.scalar != Scalar::kEnum || type.native_name.empty() || model->read_only) continue;
      const ObjectName name{type.native_schema, type.native_name};
      image.schemas.insert(name.schema);
      image.enums.emplace(name, EnumImage{name, type.labels, PathOf(*field)});
    }
    for (const auto& relation : model->relations) {
      if (relation->junction.has_value() && relation->junction->owner) take(JunctionTable(*relation));
    }
  }
  return image;
}

}  // namespace rowan::store
