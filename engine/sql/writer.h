// Puts the text of one statement together and numbers its parameters by position. Private to engine/sql.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/identifier.h"
#include "engine/catalog/catalog.h"
#include "engine/pg/statement.h"
#include "engine/types/type.h"

namespace rowan::sql {

class Writer {
 public:
  // Text that is ours: keywords and punctuation.
  Writer& operator<<(std::string_view text) {
    statement_.text += text;
    return *this;
  }

  // Takes the next parameter number for the type and returns its text, for a place that is written later. It is cast
  // where PostgreSQL must be told the type (values of native types travel as text).
  std::string NextParameter(const Type& type) {
    statement_.parameter_oids.push_back(ParameterOid(type));
    const std::string number = "$" + std::to_string(statement_.parameter_oids.size());
    return type.native_name.empty() ? number : number + "::" + CastType(type);
  }

  // Writes a new parameter of the type.
  Writer& Parameter(const Type& type) { return *this << NextParameter(type); }

  // A column of the row with the alias: `t0."name"`.
  Writer& Column(std::string_view alias, std::string_view column) {
    return *this << alias << "." << pg::QuoteIdentifier(column);
  }

  // The value of a column as it leaves PostgreSQL: `t0."name"`, or `t0."address"::text`. Comparisons, orders and keys work
  // on the column itself.
  Writer& Output(std::string_view alias, const Field& field) {
    return Column(alias, field.column) << OutputCast(field.type);
  }

  // What follows a value of the type that leaves PostgreSQL.
  static std::string_view OutputCast(const Type& type) {
    if (!TravelsAsText(type)) return "";
    return type.array ? "::text[]" : "::text";
  }

  // The one place through which every table of a model enters a statement: `"public"."users" t0`, or without an alias
  // where it is "". Row policies will attach here.
  Writer& Table(const Model& model, std::string_view alias) {
    *this << pg::QuoteQualified(model.schema, model.table);
    return alias.empty() ? *this : *this << " " << alias;
  }

  // The table between two models.
  Writer& Table(const Junction& junction, std::string_view alias) {
    *this << pg::QuoteQualified(junction.schema, junction.table);
    return alias.empty() ? *this : *this << " " << alias;
  }

  // Whether the row `t` that an upsert over the key wrote is new. One that was there has been locked before it was updated,
  // and that shows in xmax; partitioned tables do not give it, and there the key is looked up as it was before.
  Writer& Inserted(const Model& model, const std::vector<const Field*>& key) {
    *this << "CASE WHEN t.tableoid = " << QuoteLiteral(pg::QuoteQualified(model.schema, model.table))
          << "::regclass THEN t.xmax = 0 ELSE NOT EXISTS (SELECT FROM ";
    Table(model, "o") << " WHERE ";
    for (size_t i = 0; i < key.size(); ++i) {
      Column(i == 0 ? "o" : " AND o", key[i]->column) << " = ";
      Column("t", key[i]->column);
    }
    return *this << ") END";
  }

  pg::Statement Take() { return std::move(statement_); }

 private:
  pg::Statement statement_;
};

// What an insert says after its columns. Tables that were there before may have identities that are GENERATED ALWAYS, which
// take no value without it.
inline std::string_view OverridingSql(bool writes_identity) {
  return writes_identity ? " OVERRIDING SYSTEM VALUE" : "";
}

// Calls `write` for each item and puts `separator` between.
template <typename Items, typename Write>
void Join(Writer& writer, const Items& items, std::string_view separator, Write write) {
  bool first = true;
  for (const auto& item : items) {
    if (!first) writer << separator;
    first = false;
    write(item);
  }
}

}  // namespace rowan::sql
