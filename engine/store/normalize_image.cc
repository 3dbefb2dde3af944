#include "engine/store/normalize_image.h"

#include <algorithm>
#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/identifier.h"
#include "engine/store/compare_images.h"
#include "engine/store/read_image.h"
#include "engine/store/render_ddl.h"

namespace rowan::store {
namespace {

template <typename Part>
const Part* FindNamed(const std::vector<Part>& parts, const std::string& name) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return part.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

bool HasExpression(const ColumnImage& column) {
  return column.source == ColumnSource::kExpression || column.source == ColumnSource::kGenerated;
}

// Whether a comparison of the texts would find a difference that may be none.
bool InDoubt(const TableImage& wanted, const TableImage& live) {
  return std::any_of(wanted.columns.begin(), wanted.columns.end(),
                     [&](const ColumnImage& column) {
                       const ColumnImage* other = live.FindColumn(column.name);
                       return HasExpression(column) && other != nullptr && other->source == column.source &&
                              other->expression != column.expression;
                     }) ||
         std::any_of(wanted.checks.begin(), wanted.checks.end(),
                     [&](const CheckImage& check) {
                       return check.enum_column.empty() && !live.checks.empty() && FindSame(live, check) == nullptr;
                     }) ||
         std::any_of(wanted.indexes.begin(), wanted.indexes.end(), [&](const IndexImage& index) {
           return !index.predicate.empty() && !live.indexes.empty() && FindSame(live, index) == nullptr;
         });
}

// Makes a temporary table of the name with the expressions.
void Show(pqxx::transaction_base& transaction, const TableImage& table) {
  const std::string name = QuoteIdentifier(table.name.name);
  std::vector<std::string> parts;
  for (const ColumnImage& column : table.columns) {
    std::string part = absl::StrCat(QuoteIdentifier(column.name), " ", SqlType(column.type));
    if (column.source == ColumnSource::kExpression) absl::StrAppend(&part, " ", DefaultClause(column));
    if (column.source == ColumnSource::kGenerated) {
      absl::StrAppend(&part, " GENERATED ALWAYS AS (", column.expression, ") STORED");
    }
    parts.push_back(std::move(part));
  }
  for (const CheckImage& check : table.checks) {
    parts.push_back(absl::StrCat("CONSTRAINT ", QuoteIdentifier(check.name), " CHECK (", check.expression, ")"));
  }
  // By the extended protocol, which refuses several statements in one text.
  transaction.exec_params(absl::StrCat("CREATE TEMPORARY TABLE ", name, " (", absl::StrJoin(parts, ", "), ")"));
  for (const IndexImage& index : table.indexes) {
    if (index.predicate.empty()) continue;
    const std::string columns = absl::StrJoin(index.columns, ", ", [](std::string* out, const std::string& column) {
      out->append(QuoteIdentifier(column));
    });
    transaction.exec_params(absl::StrCat("CREATE INDEX ", QuoteIdentifier(index.name), " ON pg_temp.", name, " (", columns,
                                         ") WHERE (", index.predicate, ")"));
  }
}

void TakeExpressions(const TableImage& shown, TableImage& table) {
  for (ColumnImage& column : table.columns) {
    const ColumnImage* other = shown.FindColumn(column.name);
    if (HasExpression(column) && other != nullptr) column.expression = other->expression;
  }
  for (CheckImage& check : table.checks) {
    if (const CheckImage* other = FindNamed(shown.checks, check.name)) check.expression = other->expression;
  }
  for (IndexImage& index : table.indexes) {
    if (const IndexImage* other = FindNamed(shown.indexes, index.name)) index.predicate = other->predicate;
  }
}

}  // namespace

DatabaseImage Normalized(pqxx::transaction_base& transaction, const DatabaseImage& wanted, const DatabaseImage& live) {
  DatabaseImage normalized = wanted;
  for (auto& [name, table] : normalized.tables) {
    const TableImage* other = live.FindTable(name);
    if (other == nullptr || table.read_only || !InDoubt(table, *other)) continue;
    transaction.exec("SAVEPOINT expressions");
    try {
      Show(transaction, table);
      const std::string schema =
          transaction.exec_params("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")[0][0].as<std::string>();
      const DatabaseImage shown = ReadImage(transaction, {schema});
      if (const TableImage* temporary = shown.FindTable({schema, name.name})) TakeExpressions(*temporary, table);
    } catch (const pqxx::broken_connection&) {
      throw;
    } catch (const pqxx::sql_error&) {
      // What PostgreSQL does not take, such as a type that is yet to be made, stays as its author wrote it.
    }
    transaction.exec("ROLLBACK TO SAVEPOINT expressions");
    transaction.exec("RELEASE SAVEPOINT expressions");
  }
  return normalized;
}

}  // namespace rowan::store
