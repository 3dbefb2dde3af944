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
bool InDoubt(const ColumnImage& column, const TableImage& live) {
  const ColumnImage* other = live.FindColumn(column.name);
  return HasExpression(column) && other != nullptr && other->source == column.source &&
         other->expression != column.expression;
}

bool InDoubt(const CheckImage& check, const TableImage& live) {
  return !live.checks.empty() && FindSame(live, check) == nullptr;
}

bool InDoubt(const IndexImage& index, const TableImage& live) {
  return !index.predicate.empty() && !live.indexes.empty() && FindSame(live, index) == nullptr;
}

// The same of a table as a schema says it: its enums are compared by their labels.
bool InDoubt(const TableImage& wanted, const TableImage& live) {
  const auto in_doubt = [&](const auto& part) { return InDoubt(part, live); };
  return std::any_of(wanted.columns.begin(), wanted.columns.end(), in_doubt) ||
         std::any_of(wanted.checks.begin(), wanted.checks.end(),
                     [&](const CheckImage& check) { return check.enum_column.empty() && InDoubt(check, live); }) ||
         std::any_of(wanted.indexes.begin(), wanted.indexes.end(), in_doubt);
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

// Takes what was shown of the parts that `chosen` says yes to.
template <typename Chosen>
void TakeExpressions(const TableImage& shown, Chosen chosen, TableImage& table) {
  for (ColumnImage& column : table.columns) {
    const ColumnImage* other = shown.FindColumn(column.name);
    if (chosen(column) && HasExpression(column) && other != nullptr) column.expression = other->expression;
  }
  for (CheckImage& check : table.checks) {
    const CheckImage* other = FindNamed(shown.checks, check.name);
    if (chosen(check) && other != nullptr) check.expression = other->expression;
  }
  for (IndexImage& index : table.indexes) {
    const IndexImage* other = FindNamed(shown.indexes, index.name);
    if (chosen(index) && other != nullptr) index.predicate = other->predicate;
  }
}

// Replaces the expressions of the chosen parts by what PostgreSQL makes of them. What it does not take, such as a type that
// is yet to be made, stays as it is.
template <typename Chosen>
void Rewrite(pqxx::transaction_base& transaction, Chosen chosen, TableImage& table) {
  transaction.exec("SAVEPOINT expressions");
  try {
    Show(transaction, table);
    const std::string schema =
        transaction.exec_params("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")[0][0].as<std::string>();
    const DatabaseImage shown = ReadImage(transaction, {schema});
    if (const TableImage* temporary = shown.FindTable({schema, table.name.name})) TakeExpressions(*temporary, chosen, table);
  } catch (const pqxx::broken_connection&) {
    throw;
  } catch (const pqxx::sql_error&) {
  }
  transaction.exec("ROLLBACK TO SAVEPOINT expressions");
  transaction.exec("RELEASE SAVEPOINT expressions");
}

// Whether there is an expression that PostgreSQL may write in another way when it reads what it wrote. Defaults are not over
// columns, and hardly ever are.
bool MaySettle(const ColumnImage& column) {
  return column.source == ColumnSource::kGenerated;
}

bool MaySettle(const CheckImage&) {
  return true;
}

bool MaySettle(const IndexImage& index) {
  return !index.predicate.empty();
}

}  // namespace

void Normalize(pqxx::transaction_base& transaction, DatabaseImage& wanted, DatabaseImage& live) {
  for (auto& [name, table] : wanted.tables) {
    const auto found = live.tables.find(name);
    if (found == live.tables.end() || table.read_only) continue;
    TableImage& other = found->second;
    const auto differs = [&](const auto& part) { return InDoubt(part, other); };
    if (!InDoubt(table, other)) continue;
    Rewrite(transaction, differs, table);
    if (!InDoubt(table, other)) continue;
    Rewrite(transaction, differs, table);
    Rewrite(transaction, [&](const auto& part) { return InDoubt(part, table); }, other);
  }
}

void Settle(pqxx::transaction_base& transaction, DatabaseImage& live) {
  const auto may_settle = [](const auto& part) { return MaySettle(part); };
  const auto any = [&](const auto& parts) { return std::any_of(parts.begin(), parts.end(), may_settle); };
  for (auto& [name, table] : live.tables) {
    if (any(table.columns) || any(table.checks) || any(table.indexes)) Rewrite(transaction, may_settle, table);
  }
}

}  // namespace rowan::store
