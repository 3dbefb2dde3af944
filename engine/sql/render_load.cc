#include "engine/sql/render_load.h"

#include <algorithm>
#include <utility>

#include "engine/sql/writer.h"

namespace rowan::sql {
namespace {

constexpr std::string_view kRows = "pg_temp.rowan_load";

std::string FoundTable(size_t reference) {
  return "pg_temp.rowan_load_" + std::to_string(reference);
}

// A value of the staged row with the alias. Values of native types are staged as text.
std::string Staged(const ir::Load& load, std::string_view row, int column) {
  const Type& type = load.columns[column].field->type;
  const std::string value = std::string(row) + ".c" + std::to_string(column);
  return type.native_name.empty() ? value : value + "::" + CastType(type);
}

std::string FieldNames(const std::vector<const Field*>& fields) {
  std::string names;
  for (const Field* field : fields) names += (names.empty() ? "" : ", ") + field->name;
  return names;
}

class LoadRenderer {
 public:
  explicit LoadRenderer(const ir::Load& load) : load_(load) {}

  LoadStatements Render() {
    LoadStatements statements;
    statements.stage = Stage();
    statements.copy = {"take rows", {"COPY " + std::string(kRows) + " FROM STDIN (FORMAT binary)", {}}};
    for (size_t i = 0; i < load_.references.size(); ++i) {
      statements.references.push_back({Find(i), RejectUnresolved(i)});
    }
    statements.write = Write(/*range=*/false);
    if (load_.policy == ir::ConflictPolicy::kUpdate) statements.repeated = RejectRepeated();
    statements.index = {"index the rows by their numbers", {"CREATE INDEX ON " + std::string(kRows) + " (n)", {}}};
    statements.write_range = Write(/*range=*/true);
    for (const ir::LoadField& field : load_.fields) {
      if (field.column < 0 || field.field->generator != Generator::kIdentity) continue;
      statements.identity = field.field;
      statements.advance = Advance(field.column);
    }
    return statements;
  }

 private:
  LoadStatement Finish(std::string description) {
    return {std::move(description), std::exchange(writer_, Writer()).Take()};
  }

  LoadStatement Stage() {
    writer_ << "CREATE TEMPORARY TABLE rowan_load (n bigint NOT NULL";
    for (size_t i = 0; i < load_.columns.size(); ++i) {
      writer_ << ", c" << std::to_string(i) << " " << OidName(ParameterOid(load_.columns[i].field->type));
    }
    writer_ << ") ON COMMIT DROP";
    return Finish("make room for the rows");
  }

  // Equates a key with its values in a staged row: `t."id" = s.c0`, or with the key's own names.
  template <typename Key>
  void Match(const std::vector<int>& columns, Key key) {
    for (size_t i = 0; i < columns.size(); ++i) {
      writer_ << (i == 0 ? "" : " AND ");
      key(i);
      writer_ << " = " << Staged(load_, "s", columns[i]);
    }
  }

  void MatchFound(size_t number) {
    const std::string alias = "r" + std::to_string(number);
    Match(load_.references[number].columns, [&](size_t i) { writer_ << alias << ".k" << std::to_string(i); });
  }

  LoadStatement Find(size_t number) {
    const ir::LoadReference& reference = load_.references[number];
    writer_ << "CREATE TEMPORARY TABLE rowan_load_" << std::to_string(number) << " ON COMMIT DROP AS SELECT ";
    int column = 0;
    Join(writer_, reference.key, ", ",
         [&](const Field* field) { writer_.Column("t", field->column) << " AS k" << std::to_string(column++); });
    column = 0;
    for (const Field* field : reference.gives) {
      writer_ << ", ";
      writer_.Column("t", field->column) << " AS g" << std::to_string(column++);
    }
    writer_ << " FROM ";
    writer_.Table(*reference.target, "t") << " WHERE EXISTS (SELECT 1 FROM " << kRows << " s WHERE ";
    Match(reference.columns, [&](size_t i) { writer_.Column("t", reference.key[i]->column); });
    writer_ << ") ORDER BY ";
    Join(writer_, reference.target->primary_key().fields, ", ",
         [&](const Field* field) { writer_.Column("t", field->column); });
    const bool locked = !reference.target->read_only;
    if (locked) writer_ << " FOR KEY SHARE OF t";
    return Finish((locked ? "find and lock " : "find ") + reference.target->name + " by " + FieldNames(reference.key) + " for " +
                  reference.name);
  }

  // Takes rows out and gives their numbers, as many as $1 says. Ends the statement that its caller began.
  LoadStatement FinishTaken(std::string description) {
    writer_ << " RETURNING s.n) SELECT n FROM taken ORDER BY n LIMIT ";
    writer_.Parameter(Type{.scalar = Scalar::kInt64});
    return Finish(std::move(description));
  }

  LoadStatement RejectUnresolved(size_t number) {
    const ir::LoadReference& reference = load_.references[number];
    writer_ << "WITH taken AS (DELETE FROM " << kRows << " s WHERE ";
    for (int column : reference.columns) writer_ << "s.c" << std::to_string(column) << " IS NOT NULL AND ";
    writer_ << "NOT EXISTS (SELECT 1 FROM " << FoundTable(number) << " r" << std::to_string(number) << " WHERE ";
    MatchFound(number);
    writer_ << ")";
    if (!reference.own_columns.empty()) {
      writer_ << " AND NOT EXISTS (SELECT 1 FROM " << kRows << " o WHERE ";
      Match(reference.columns, [&](size_t i) { writer_ << Staged(load_, "o", reference.own_columns[i]); });
      writer_ << ")";
    }
    return FinishTaken("take out rows without their " + reference.name);
  }

  std::string Value(const ir::LoadField& field) const {
    if (field.column >= 0) return Staged(load_, "s", field.column);
    return "r" + std::to_string(field.reference) + ".g" + std::to_string(field.given);
  }

  // The staged rows with what their references give.
  void From() {
    writer_ << " FROM " << kRows << " s";
    for (size_t i = 0; i < load_.references.size(); ++i) {
      if (load_.references[i].gives.empty()) continue;
      writer_ << " LEFT JOIN " << FoundTable(i) << " r" << std::to_string(i) << " ON ";
      MatchFound(i);
    }
  }

  LoadStatement RejectRepeated() {
    writer_ << "WITH taken AS (DELETE FROM " << kRows << " s USING (SELECT s.n, row_number() OVER (PARTITION BY ";
    const std::vector<std::string> key = KeyValues();
    Join(writer_, key, ", ", [&](const std::string& value) { writer_ << value; });
    writer_ << " ORDER BY s.n) AS place";
    From();
    // Keys with a null are never taken.
    writer_ << " WHERE ";
    Join(writer_, key, " AND ", [&](const std::string& value) { writer_ << value << " IS NOT NULL"; });
    writer_ << ") d WHERE d.n = s.n AND d.place > 1";
    return FinishTaken("take out rows whose key an earlier one has");
  }

  LoadStatement Write(bool range) {
    const bool counted = load_.policy == ir::ConflictPolicy::kUpdate;
    if (counted) writer_ << "WITH written AS (";
    writer_ << "INSERT INTO ";
    writer_.Table(*load_.model, "") << " AS t (";
    Join(writer_, load_.fields, ", ",
         [&](const ir::LoadField& field) { writer_ << pg::QuoteIdentifier(field.field->column); });
    const bool identity = std::any_of(load_.fields.begin(), load_.fields.end(), [](const ir::LoadField& field) {
      return field.field->generator == Generator::kIdentity;
    });
    writer_ << ")" << OverridingSql(identity) << " SELECT ";
    Join(writer_, load_.fields, ", ", [&](const ir::LoadField& field) { writer_ << Value(field); });
    From();
    if (range) {
      const Type number{.scalar = Scalar::kInt64};
      writer_ << " WHERE s.n >= ";
      writer_.Parameter(number) << " AND s.n < ";
      writer_.Parameter(number);
    }
    std::string policy;
    switch (load_.policy) {
      case ir::ConflictPolicy::kReject:
        break;
      case ir::ConflictPolicy::kSkip:
        OrderByKey();
        writer_ << " ON CONFLICT (";
        ConflictKey();
        writer_ << ") DO NOTHING";
        policy = ", skip those whose " + FieldNames(load_.key->fields) + " is taken";
        break;
      case ir::ConflictPolicy::kUpdate:
        OrderByKey();
        writer_ << " ON CONFLICT (";
        ConflictKey();
        writer_ << ") DO UPDATE SET ";
        // With nothing to write the key is written over with itself, so that the row counts as there.
        const std::vector<const Field*>& updates = load_.updates.empty() ? load_.key->fields : load_.updates;
        Join(writer_, updates, ", ", [&](const Field* field) {
          writer_ << pg::QuoteIdentifier(field->column) << " = ";
          writer_.Column("EXCLUDED", field->column);
        });
        if (load_.version != nullptr) {
          writer_ << ", " << pg::QuoteIdentifier(load_.version->column) << " = ";
          writer_.Column("t", load_.version->column) << " + 1";
        }
        policy = ", update those whose " + FieldNames(load_.key->fields) + " is taken";
        break;
    }
    if (counted) {
      writer_ << " RETURNING ";
      writer_.Inserted(*load_.model, load_.key->fields);
      writer_ << " AS fresh) SELECT count(*) FILTER (WHERE fresh),"
              << " count(*) FILTER (WHERE NOT fresh) FROM written";
    }
    return Finish("insert " + load_.model->name + (range ? " of a range of rows" : "") + policy);
  }

  // What the rows have in the fields of the conflict's key.
  std::vector<std::string> KeyValues() const {
    std::vector<std::string> values;
    for (const Field* field : load_.key->fields) {
      for (const ir::LoadField& filled : load_.fields) {
        if (filled.field == field) values.push_back(Value(filled));
      }
    }
    return values;
  }

  // Writers that meet on some keys take them in one order, so that they wait for each other and never in a circle. The
  // first row of a key is the one that counts.
  void OrderByKey() {
    writer_ << " ORDER BY ";
    for (const std::string& value : KeyValues()) writer_ << value << ", ";
    writer_ << "s.n";
  }

  // Sets the sequence where it would have to go far, and takes its values one by one where others that take them
  // meanwhile could be set back.
  LoadStatement Advance(int column) {
    const Type text{.scalar = Scalar::kText};
    writer_ << "SELECT CASE WHEN g.gap > 1000000 THEN setval(g.sequence, g.largest) ELSE (SELECT max(n.next) FROM"
            << " (SELECT nextval(g.sequence) AS next FROM generate_series(1, g.gap)) n) END FROM"
            << " (SELECT s.sequence, m.largest, m.largest - coalesce(pg_sequence_last_value(s.sequence), 0) AS gap FROM"
            << " (SELECT pg_get_serial_sequence(";
    writer_.Parameter(text) << ", ";
    writer_.Parameter(text) << ")::regclass AS sequence) s, (SELECT max(c" << std::to_string(column)
                            << ")::bigint AS largest FROM " << kRows << ") m) g WHERE g.gap > 0";
    return Finish("take the identity beyond what was loaded");
  }

  void ConflictKey() {
    Join(writer_, load_.key->fields, ", ", [&](const Field* field) { writer_ << pg::QuoteIdentifier(field->column); });
  }

  const ir::Load& load_;
  Writer writer_;
};

}  // namespace

LoadStatements RenderLoad(const ir::Load& load) {
  return LoadRenderer(load).Render();
}

}  // namespace rowan::sql
