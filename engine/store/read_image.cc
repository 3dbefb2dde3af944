#include "engine/store/read_image.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/store/column_type.h"
#include "engine/store/enum_check.h"

namespace rowan::store {
namespace {

// What is in the schemas whose OIDs are $1.
constexpr const char* kTables = R"sql(
SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.relispartition, c.relrowsecurity, c.relpersistence::text,
  CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid)
       WHEN c.relkind = 'p' THEN (SELECT sum(pg_relation_size(leaf.relid))::bigint FROM pg_partition_tree(c.oid) leaf
                                  WHERE leaf.isleaf) END AS bytes,
  obj_description(c.oid, 'pg_class') AS comment,
  (SELECT x.extname FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
   WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
     AND d.refclassid = 'pg_extension'::regclass LIMIT 1) AS extension
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relnamespace = ANY ($1::oid[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))sql";

// A serial's default is nothing but the next number of a sequence that the column owns.
constexpr const char* kColumns = R"sql(
SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod) AS type_text, a.attnotnull, a.attndims,
  a.attidentity::text, a.attgenerated::text, col_description(a.attrelid, a.attnum) AS comment,
  pg_get_expr(d.adbin, d.adrelid) AS expression,
  CASE WHEN a.attidentity <> '' OR d.oid IS NOT NULL THEN
    pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) END AS sequence,
  d.oid IS NOT NULL AND a.attgenerated = '' AND EXISTS (
    SELECT 1 FROM pg_depend owned JOIN pg_depend used ON used.refclassid = owned.classid AND used.refobjid = owned.objid
    WHERE owned.refclassid = 'pg_class'::regclass AND owned.refobjid = a.attrelid AND owned.refobjsubid = a.attnum
      AND owned.classid = 'pg_class'::regclass AND owned.deptype = 'a' AND used.classid = 'pg_attrdef'::regclass
      AND used.objid = d.oid) AND pg_get_expr(d.adbin, d.adrelid) ~ '^nextval\(''([^'']|'''')*''::regclass\)$' AS serial,
  (SELECT l.collname FROM pg_collation l JOIN pg_type t ON t.oid = a.atttypid
   WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation) AS collation
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = ANY ($1::oid[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum)sql";

// The types of $1, and what they are made of.
constexpr const char* kTypes = R"sql(
WITH RECURSIVE used (oid) AS (
  SELECT unnest($1::oid[])
  UNION
  SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END
  FROM used JOIN pg_type t ON t.oid = used.oid WHERE t.typtype = 'd' OR t.typelem <> 0)
SELECT t.oid, n.nspname, t.typname, t.typtype = 'e' AS is_enum, t.typtype = 'c' AS is_composite,
  t.typtype = 'b' AND t.typelem = 0 AND n.nspname <> 'pg_catalog' AS is_extended,
  CASE WHEN e.typarray = t.oid THEN e.oid ELSE 0 END AS element,
  CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE 0 END AS base, t.typtypmod, t.typnotnull,
  format_type(t.typbasetype, t.typtypmod) AS modifier_text, pg_get_expr(t.typdefaultbin, 0) AS expression,
  (SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid) AS labels
FROM used JOIN pg_type t ON t.oid = used.oid JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typelem <> 0)sql";

// A partition's foreign keys are those of its parent; to a partitioned table PostgreSQL keeps one for each partition
// beside the real one. Attributes that only later versions have are looked for in the row as JSON.
constexpr const char* kConstraints = R"sql(
SELECT c.conrelid, c.conname, c.contype::text, c.condeferrable, c.convalidated, c.confupdtype::text, c.confdeltype::text,
  n.nspname AS target_schema, t.relname AS target, pg_get_expr(c.conbin, c.conrelid) AS expression,
  (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k (number, n)
   JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) AS columns,
  (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k (number, n)
   JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number) AS refs,
  coalesce((r.row->>'conperiod')::boolean, false) AS period, coalesce((r.row->>'conenforced')::boolean, true) AS enforced,
  r.row->>'confdelsetcols' IS NOT NULL AS some_columns, c.confmatchtype = 'f' AS match_full, c.conparentid <> 0 AS inherited,
  coalesce(i.indnatts > i.indnkeyatts, false) AS included,
  coalesce((to_jsonb(i)->>'indnullsnotdistinct')::boolean, false) AS nulls_equal
FROM pg_constraint c JOIN pg_class h ON h.oid = c.conrelid CROSS JOIN LATERAL (SELECT to_jsonb(c) AS row) r
LEFT JOIN pg_class t ON t.oid = c.confrelid LEFT JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.conindid AND c.contype IN ('p', 'u')
LEFT JOIN pg_constraint parent ON parent.oid = c.conparentid AND c.conparentid <> 0
WHERE h.relnamespace = ANY ($1::oid[]) AND h.relkind IN ('r', 'p', 'f') AND c.contype IN ('p', 'u', 'f', 'c', 'x')
  AND (c.contype <> 'f' OR parent.oid IS NULL OR parent.confrelid = c.confrelid))sql";

constexpr const char* kIndexes = R"sql(
SELECT i.indrelid, x.relname, i.indisunique, i.indisvalid, pg_get_expr(i.indpred, i.indrelid) AS predicate,
  pg_get_indexdef(i.indexrelid) AS definition,
  CASE WHEN i.indexprs IS NULL THEN (
    SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, n)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE k.n <= i.indnkeyatts) END AS columns,
  m.amname = 'btree' AND i.indexprs IS NULL AND i.indnatts = i.indnkeyatts AND i.indimmediate
  AND NOT coalesce((to_jsonb(i)->>'indnullsnotdistinct')::boolean, false)
  AND NOT EXISTS (SELECT 1 FROM unnest(i.indoption::int2[]) o (bits) WHERE o.bits <> 0)
  AND NOT EXISTS (SELECT 1 FROM pg_opclass o WHERE o.oid = ANY (i.indclass::oid[]) AND NOT o.opcdefault)
  AND NOT EXISTS (SELECT 1 FROM unnest(i.indkey::int2[], i.indcollation::oid[]) k (number, collation_oid)
                  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
                  WHERE k.collation_oid <> a.attcollation) AS plain
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_am m ON m.oid = x.relam
WHERE c.relnamespace = ANY ($1::oid[]) AND c.relkind IN ('r', 'p', 'm') AND NOT EXISTS (
  SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')))sql";

constexpr const char* kEnums = R"sql(
SELECT n.nspname, t.typname,
  (SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid) AS labels
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typnamespace = ANY ($1::oid[]) AND t.typtype = 'e')sql";

constexpr const char* kOthers = R"sql(
SELECT t.tgrelid AS oid, t.tgname AS name, 'a trigger' AS what FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = ANY ($1::oid[]) AND NOT t.tgisinternal AND t.tgparentid = 0
UNION ALL
SELECT r.ev_class, r.rulename, 'a rule' FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
WHERE c.relnamespace = ANY ($1::oid[]) AND r.rulename <> '_RETURN'
UNION ALL
SELECT i.inhrelid, NULL, 'inheritance from ' || n.nspname || '.' || p.relname FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
WHERE c.relnamespace = ANY ($1::oid[]) AND NOT c.relispartition)sql";

using TablesByOid = std::map<uint32_t, TableImage*>;

std::string Text(const pqxx::row& row, const char* column) {
  return row[column].is_null() ? "" : row[column].as<std::string>();
}

bool Flag(const pqxx::row& row, const char* column) {
  return !row[column].is_null() && row[column].as<bool>();
}

uint32_t Oid(const pqxx::row& row, const char* column) {
  return row[column].as<uint32_t>();
}

std::vector<std::string> Names(const pqxx::row& row, const char* column) {
  if (row[column].is_null()) return {};
  return nlohmann::json::parse(row[column].as<std::string>()).get<std::vector<std::string>>();
}

// Null when the table came after the tables were read.
TableImage* FindTable(const TablesByOid& tables, const pqxx::row& row, const char* column) {
  const auto found = tables.find(Oid(row, column));
  return found == tables.end() ? nullptr : found->second;
}

template <typename Oids>
std::string OidArray(const Oids& oids) {
  return absl::StrCat("{", absl::StrJoin(oids, ","), "}");
}

void AddUnheld(DatabaseImage& image, const TableImage& table, const std::string& part, std::string what) {
  std::string object = absl::StrCat(table.name.schema, ".", table.name.name);
  if (!part.empty()) absl::StrAppend(&object, ".", part);
  image.unheld.push_back({std::move(object), std::move(what)});
}

TableKind KindOf(const pqxx::row& row) {
  if (Flag(row, "relispartition")) return TableKind::kPartition;
  const std::string kind = Text(row, "relkind");
  if (kind == "p") return TableKind::kPartitioned;
  if (kind == "v") return TableKind::kView;
  if (kind == "m") return TableKind::kMaterializedView;
  return kind == "f" ? TableKind::kForeignTable : TableKind::kTable;
}

TablesByOid ReadTables(const pqxx::result& rows, DatabaseImage& image) {
  TablesByOid tables;
  for (const auto& row : rows) {
    const ObjectName name{Text(row, "nspname"), Text(row, "relname")};
    TableImage& table = image.tables[name];
    table.name = name;
    table.kind = KindOf(row);
    table.bytes = row["bytes"].is_null() ? 0 : row["bytes"].as<int64_t>();
    table.comment = Text(row, "comment");
    table.extension = Text(row, "extension");
    tables[Oid(row, "oid")] = &table;
    if (Flag(row, "relrowsecurity")) AddUnheld(image, table, "", "row-level security");
    if (Text(row, "relpersistence") == "u") AddUnheld(image, table, "", "an unlogged table");
  }
  return tables;
}

TypeRows ReadTypes(const pqxx::result& rows) {
  TypeRows types;
  for (const auto& row : rows) {
    TypeRow& type = types[Oid(row, "oid")];
    type.schema = Text(row, "nspname");
    type.name = Text(row, "typname");
    type.is_enum = Flag(row, "is_enum");
    type.is_composite = Flag(row, "is_composite");
    type.is_extended = Flag(row, "is_extended");
    type.element = Oid(row, "element");
    type.base = Oid(row, "base");
    type.modifier = row["typtypmod"].as<int>();
    type.modifier_text = Text(row, "modifier_text");
    type.not_null = Flag(row, "typnotnull");
    type.default_expression = Text(row, "expression");
    type.labels = Names(row, "labels");
  }
  return types;
}

// NULL::character varying, which some tools write, is no default.
bool IsNull(const std::string& expression) {
  constexpr const char* kTypeBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ .,\"()[]";
  return absl::StartsWith(expression, "NULL::") && expression.find_first_not_of(kTypeBytes, 6) == std::string::npos;
}

void ReadSource(const pqxx::row& row, const std::string& domain_default, ColumnImage& column) {
  const std::string identity = Text(row, "attidentity");
  column.serial = Flag(row, "serial") && !column.nullable;
  if (!identity.empty() || column.serial) {
    column.source = ColumnSource::kIdentity;
    column.always = identity == "a";
    column.sequence = Text(row, "sequence");
    return;
  }
  column.expression = WithoutOuterParentheses(Text(row, "expression"));
  if (!Text(row, "attgenerated").empty()) {
    column.source = ColumnSource::kGenerated;
    return;
  }
  if (column.expression.empty()) column.expression = WithoutOuterParentheses(domain_default);
  if (IsNull(column.expression)) column.expression.clear();
  if (!column.expression.empty()) column.source = ColumnSource::kExpression;
}

void ReadColumns(const pqxx::result& rows, const TypeRows& types, const TablesByOid& tables, DatabaseImage& image) {
  for (const auto& row : rows) {
    TableImage* const table = FindTable(tables, row, "attrelid");
    const uint32_t type = Oid(row, "atttypid");
    if (table == nullptr || types.count(type) == 0) continue;
    ColumnType read = ReadColumnType(types, type, row["atttypmod"].as<int>(), Text(row, "type_text"));
    ColumnImage& column = table->columns.emplace_back();
    column.name = Text(row, "attname");
    column.type = std::move(read.type);
    column.domain = std::move(read.domain);
    column.composite = read.composite;
    column.nullable = !Flag(row, "attnotnull") && !read.not_null;
    column.comment = Text(row, "comment");
    ReadSource(row, read.default_expression, column);
    if (!read.unheld.empty()) AddUnheld(image, *table, column.name, absl::StrCat("the precision of ", read.unheld));
    if (read.extended) {
      AddUnheld(image, *table, column.name,
                absl::StrCat("the operators of ", SqlType(column.type), ", which requests do without"));
    }
    if (row["attndims"].as<int>() > 1) AddUnheld(image, *table, column.name, "the dimensions of an array");
    if (Text(row, "attgenerated") == "v")
      AddUnheld(image, *table, column.name, "a generated column that is not stored");
    if (const std::string collation = Text(row, "collation"); !collation.empty()) {
      AddUnheld(image, *table, column.name, absl::StrCat("the collation ", collation));
    }
  }
}

ReferentialAction ActionOf(const std::string& letter) {
  if (letter == "r") return ReferentialAction::kRestrict;
  if (letter == "c") return ReferentialAction::kCascade;
  if (letter == "n") return ReferentialAction::kSetNull;
  return letter == "d" ? ReferentialAction::kSetDefault : ReferentialAction::kNoAction;
}

void ReadForeignKey(const pqxx::row& row, TableImage& table, DatabaseImage& image) {
  ForeignKeyImage& key = table.foreign_keys.emplace_back();
  key.name = Text(row, "conname");
  key.columns = Names(row, "columns");
  key.target = {Text(row, "target_schema"), Text(row, "target")};
  key.references = Names(row, "refs");
  key.on_update = ActionOf(Text(row, "confupdtype"));
  key.on_delete = ActionOf(Text(row, "confdeltype"));
  key.validated = Flag(row, "convalidated");
  key.deferrable = Flag(row, "condeferrable");
  key.inherited = Flag(row, "inherited");
  if (Flag(row, "match_full")) AddUnheld(image, table, key.name, "MATCH FULL of a foreign key");
  if (Flag(row, "some_columns"))
    AddUnheld(image, table, key.name, "an action that clears some columns of a foreign key");
}

// Only text columns have an enum's labels by a check.
void RecogniseEnum(const TableImage& table, CheckImage& check) {
  auto labels = ReadEnumCheck(check.expression);
  const ColumnImage* const column = labels.has_value() ? table.FindColumn(labels->column) : nullptr;
  if (column == nullptr || !column->type.native_name.empty() || column->type.array != labels->array) return;
  if (column->type.scalar != Scalar::kText && column->type.scalar != Scalar::kString) return;
  check.enum_column = labels->column;
  check.labels = std::move(labels->labels);
}

void ReadKey(const pqxx::row& row, TableImage& table, DatabaseImage& image) {
  KeyImage& key = table.keys.emplace_back();
  key.name = Text(row, "conname");
  key.columns = Names(row, "columns");
  key.primary = Text(row, "contype") == "p";
  key.deferrable = Flag(row, "condeferrable");
  if (Flag(row, "included")) AddUnheld(image, table, key.name, "columns that a key includes");
  if (Flag(row, "nulls_equal")) AddUnheld(image, table, key.name, "NULLS NOT DISTINCT of a unique key");
}

void ReadConstraints(const pqxx::result& rows, const TablesByOid& tables, DatabaseImage& image) {
  for (const auto& row : rows) {
    TableImage* const table = FindTable(tables, row, "conrelid");
    if (table == nullptr) continue;
    const std::string kind = Text(row, "contype");
    const std::string name = Text(row, "conname");
    if (kind == "x") {
      AddUnheld(image, *table, name, "an exclusion constraint");
      continue;
    }
    if (Flag(row, "period")) {
      AddUnheld(image, *table, name, kind == "f" ? "a foreign key over periods" : "a key without overlaps");
      continue;
    }
    if (!Flag(row, "enforced")) AddUnheld(image, *table, name, "a constraint that is not enforced");
    if (kind == "f") {
      ReadForeignKey(row, *table, image);
    } else if (kind == "c") {
      CheckImage& check = table->checks.emplace_back();
      check.name = name;
      check.expression = WithoutOuterParentheses(Text(row, "expression"));
      check.validated = Flag(row, "convalidated");
      RecogniseEnum(*table, check);
    } else {
      ReadKey(row, *table, image);
    }
  }
}

void ReadIndexes(const pqxx::result& rows, const TablesByOid& tables) {
  for (const auto& row : rows) {
    TableImage* const table = FindTable(tables, row, "indrelid");
    if (table == nullptr) continue;
    IndexImage& index = table->indexes.emplace_back();
    index.name = Text(row, "relname");
    index.columns = Names(row, "columns");
    index.unique = Flag(row, "indisunique");
    index.predicate = WithoutOuterParentheses(Text(row, "predicate"));
    index.valid = Flag(row, "indisvalid");
    index.plain = Flag(row, "plain");
    index.definition = Text(row, "definition");
  }
}

void ReadOthers(const pqxx::result& rows, const TablesByOid& tables, DatabaseImage& image) {
  for (const auto& row : rows) {
    const TableImage* const table = FindTable(tables, row, "oid");
    if (table != nullptr) AddUnheld(image, *table, Text(row, "name"), Text(row, "what"));
  }
}

template <typename Parts>
void SortByName(Parts& parts) {
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

void Sort(DatabaseImage& image) {
  for (auto& [name, table] : image.tables) {
    std::sort(table.keys.begin(), table.keys.end(), [](const KeyImage& a, const KeyImage& b) {
      return a.primary != b.primary ? a.primary : a.name < b.name;
    });
    SortByName(table.indexes);
    SortByName(table.checks);
    SortByName(table.foreign_keys);
  }
  std::sort(image.unheld.begin(), image.unheld.end(), [](const UnheldObject& a, const UnheldObject& b) {
    return std::tie(a.object, a.what) < std::tie(b.object, b.what);
  });
}

// Returns the names of the schemas with their OIDs.
std::map<std::string, uint32_t> SchemaOids(pqxx::transaction_base& transaction, const std::set<std::string>& names) {
  std::map<std::string, uint32_t> oids;
  const auto rows = transaction.exec_params(
      "SELECT oid, nspname, nspname LIKE 'pg\\_%' OR nspname IN ('information_schema', 'rowan') "
      "AS reserved FROM pg_namespace");
  for (const auto& row : rows) {
    const std::string name = Text(row, "nspname");
    if (names.empty() ? !Flag(row, "reserved") : names.count(name) != 0) oids[name] = Oid(row, "oid");
  }
  return oids;
}

}  // namespace

std::set<std::string> FindSchemas(pqxx::transaction_base& transaction, const std::set<std::string>& names) {
  std::set<std::string> found;
  for (const auto& [name, oid] : SchemaOids(transaction, names)) found.insert(name);
  return found;
}

DatabaseImage ReadImage(pqxx::transaction_base& transaction, const std::set<std::string>& schemas) {
  DatabaseImage image;
  std::vector<uint32_t> oids;
  for (const auto& [name, oid] : SchemaOids(transaction, schemas)) {
    image.schemas.insert(name);
    oids.push_back(oid);
  }
  const std::string in_schemas = OidArray(oids);
  const TablesByOid tables = ReadTables(transaction.exec_params(kTables, in_schemas), image);
  const pqxx::result columns = transaction.exec_params(kColumns, in_schemas);
  std::set<uint32_t> types;
  for (const auto& row : columns) types.insert(Oid(row, "atttypid"));
  ReadColumns(columns, ReadTypes(transaction.exec_params(kTypes, OidArray(types))), tables, image);
  ReadConstraints(transaction.exec_params(kConstraints, in_schemas), tables, image);
  ReadIndexes(transaction.exec_params(kIndexes, in_schemas), tables);
  for (const auto& row : transaction.exec_params(kEnums, in_schemas)) {
    const ObjectName name{Text(row, "nspname"), Text(row, "typname")};
    image.enums[name] = {name, Names(row, "labels"), ""};
  }
  ReadOthers(transaction.exec_params(kOthers, in_schemas), tables, image);
  Sort(image);
  return image;
}

}  // namespace rowan::store
