#include "engine/store/note_facts.h"

#include <map>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <tuple>

namespace rowan::store {
namespace {

// PostgreSQL schema, table, and constraint or column.
using Place = std::tuple<std::string, std::string, std::string>;

std::set<Place> ReadForeignKeys(pqxx::transaction_base& transaction) {
  std::set<Place> keys;
  for (const auto& row : transaction.exec(R"sql(
      SELECT n.nspname, c.relname, k.conname FROM pg_constraint k
      JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'f')sql")) {
    keys.emplace(row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>());
  }
  return keys;
}

std::map<Place, std::string> ReadSequences(pqxx::transaction_base& transaction) {
  std::map<Place, std::string> sequences;
  for (const auto& row : transaction.exec(R"sql(
      SELECT n.nspname, c.relname, a.attname, s.name FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) AS s(name)
      WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND (a.attidentity <> '' OR a.atthasdef)
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND s.name IS NOT NULL)sql")) {
    sequences.emplace(Place(row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>()),
                      row[3].as<std::string>());
  }
  return sequences;
}

}  // namespace

void NoteFacts(pqxx::transaction_base& transaction, Catalog& catalog) {
  const std::set<Place> keys = ReadForeignKeys(transaction);
  const std::map<Place, std::string> sequences = ReadSequences(transaction);
  for (const auto& model : catalog.models) {
    for (const auto& field : model->fields) {
      if (field->generator != Generator::kIdentity) continue;
      const auto found = sequences.find(Place(model->schema, model->table, field->column));
      if (found != sequences.end()) field->sequence = found->second;
    }
    for (ForeignKey& key : model->foreign_keys) {
      key.enforced = keys.contains(Place(model->schema, model->table, key.constraint));
    }
    for (const auto& relation : model->relations) {
      if (!relation->junction) continue;
      Junction& junction = *relation->junction;
      junction.target_enforced = keys.contains(Place(junction.schema, junction.table, junction.target_foreign_key));
    }
  }
}

}  // namespace rowan::store
