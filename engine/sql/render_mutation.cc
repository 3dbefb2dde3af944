#include "engine/sql/render_mutation.h"

#include <string_view>
#include <utility>

#include "engine/sql/render_predicate.h"
#include "engine/sql/writer.h"

namespace rowan::sql {
namespace {

using plan::Node;
using plan::NodeColumn;
using plan::Version;

std::string_view LockSql(plan::Lock lock) {
  switch (lock) {
    case plan::Lock::kKeyShare:
      return "FOR KEY SHARE OF t";
    case plan::Lock::kNoKeyUpdate:
      return "FOR NO KEY UPDATE OF t";
    case plan::Lock::kUpdate:
      return "FOR UPDATE OF t";
  }
  return "";
}

Type ArrayOf(Type type) {
  type.array = true;
  return type;
}

// What stands in for a value that a row does not give.
std::string DefaultSql(const Field& field) {
  switch (field.generator) {
    case Generator::kNow:
      return "CURRENT_TIMESTAMP::" + SqlType(field.type);
    case Generator::kUuid:
      return "gen_random_uuid()";
    case Generator::kLiteral:
      return field.literal_text + "::" + SqlType(field.type);
    case Generator::kNone:
    case Generator::kIdentity:  // allotted by the program before it is written
      break;
  }
  return "NULL";
}

// Renders one statement and notes the source of each of its parameters.
class StepRenderer {
 public:
  explicit StepRenderer(const plan::Program& program) : program_(program) {}

  std::vector<StepStatement> Take() { return std::move(statements_); }

  void operator()(const plan::LockKeys& step) {
    const Node& node = program_.nodes[step.node];
    writer_ << "SELECT k.n";
    RenderCurrent(node, ", ");
    writer_ << " FROM ";
    KeySource(
        step.key->fields,
        [&](const Field* field) {
          Array(FromColumn{step.node, field, Version::kNew}, field->type);
        },
        /*ordinality=*/true);
    writer_ << " JOIN ";
    writer_.Table(*node.model, "t") << " ON ";
    MatchKey(step.key->fields);
    OrderByKey(*node.model);
    writer_ << " " << LockSql(step.lock);
    Finish("find and lock " + node.model->name + " by " + KeyFields(*step.key) + At(step.node));
  }

  void operator()(const plan::Match& step) {
    const Node& root = program_.nodes[0];
    writer_ << "SELECT ";
    RenderCurrent(root, "");
    writer_ << " FROM ";
    writer_.Table(*root.model, "t");
    RenderWhere();
    OrderByKey(*root.model);
    writer_ << " " << LockSql(step.lock);
    Finish("find and lock the " + root.model->name + " rows that match");
  }

  void operator()(const plan::Allot& step) {
    const Node& node = program_.nodes[step.node];
    const Field& field = *node.columns[step.column].field;
    const Type text{.scalar = Scalar::kText};
    switch (field.generator) {
      case Generator::kIdentity:
        writer_ << "SELECT nextval(s.sequence)";
        if (field.type.scalar != Scalar::kInt64) writer_ << "::" << SqlType(field.type);
        writer_ << " FROM (SELECT pg_get_serial_sequence(";
        Parameter(FromText{pg::QuoteQualified(node.model->schema, node.model->table)}, text);
        writer_ << ", ";
        Parameter(FromText{field.column}, text);
        writer_ << ")::regclass AS sequence) s, generate_series(1, ";
        Parameter(FromCount{}, Type{.scalar = Scalar::kInt64});
        writer_ << ")";
        break;
      case Generator::kNow:
      case Generator::kUuid:
      case Generator::kLiteral:
      case Generator::kNone:
        writer_ << "SELECT " << DefaultSql(field) << " FROM generate_series(1, ";
        Parameter(FromCount{}, Type{.scalar = Scalar::kInt64});
        writer_ << ")";
        break;
    }
    Finish("allot " + node.model->name + "." + field.name + At(step.node));
  }

  void operator()(const plan::CopyDown&) {}
  void operator()(const plan::CopyUp&) {}
  void operator()(const plan::ClearForeignKey&) {}
  void operator()(const plan::ReadBack&) {}

  void operator()(const plan::Vacate& step) {
    std::vector<const Field*> foreign_key;
    for (const ColumnPair& pair : step.pairs) foreign_key.push_back(pair.to);
    writer_ << "SELECT ";
    Join(writer_, step.holder->primary_key().fields, ", ",
         [&](const Field* field) { writer_.Column("t", field->column); });
    for (const Field* field : foreign_key) {
      writer_ << ", ";
      writer_.Column("t", field->column);
    }
    writer_ << " FROM ";
    KeySource(step.pairs, [&](const ColumnPair& pair) {
      if (step.keys_from_parent) {
        Array(FromParentKey{step.node, pair.from}, pair.to->type);
      } else {
        Array(FromColumn{step.node, pair.to, Version::kNew}, pair.to->type);
      }
    });
    writer_ << " JOIN ";
    writer_.Table(*step.holder, "t") << " ON ";
    MatchKey(foreign_key);
    OrderByKey(*step.holder);
    writer_ << " " << LockSql(plan::Lock::kNoKeyUpdate);
    Finish("find the " + step.holder->name + " in the place" + At(step.node));
    if (step.required) return;
    Update(*step.holder, foreign_key, "NULL");
    int column = 0;
    KeySource(step.holder->primary_key().fields, [&](const Field* field) {
      Array(FromFound{column++, field->type}, field->type);
    });
    writer_ << " WHERE ";
    MatchKey(step.holder->primary_key().fields);
    Finish("detach the " + step.holder->name + " in the place" + At(step.node));
  }

  void operator()(const plan::InsertRows& step) {
    const Node& node = program_.nodes[step.node];
    writer_ << "INSERT INTO ";
    writer_.Table(*node.model, "") << " (";
    Join(writer_, node.columns, ", ",
         [&](const NodeColumn& column) { writer_ << pg::QuoteIdentifier(column.field->column); });
    std::string arrays;
    std::string names;
    std::string output;
    for (int i = 0; i < static_cast<int>(node.columns.size()); ++i) InsertColumn(step.node, i, arrays, names, output);
    writer_ << ") SELECT " << output << " FROM unnest(" << arrays << ") AS k(" << names << ")";
    Finish("insert " + node.model->name + At(step.node));
  }

  void operator()(const plan::UpdateRows&) {
    const Node& root = program_.nodes[0];
    SetRoot(root);
    writer_ << " FROM ";
    RootKeys(root);
    writer_ << " WHERE ";
    MatchKey(root.model->primary_key().fields);
    Finish("update " + root.model->name);
  }

  void operator()(const plan::UpdateWhere&) {
    const Node& root = program_.nodes[0];
    SetRoot(root);
    RenderWhere();
    Finish("update " + root.model->name);
  }

  void operator()(const plan::DeleteRows&) {
    const Node& root = program_.nodes[0];
    writer_ << "DELETE FROM ";
    writer_.Table(*root.model, "t") << " USING ";
    RootKeys(root);
    writer_ << " WHERE ";
    MatchKey(root.model->primary_key().fields);
    Finish("delete " + root.model->name);
  }

  void operator()(const plan::DeleteWhere&) {
    const Node& root = program_.nodes[0];
    writer_ << "DELETE FROM ";
    writer_.Table(*root.model, "t");
    RenderWhere();
    Finish("delete " + root.model->name);
  }

  void operator()(const plan::Move& step) {
    const Node& node = program_.nodes[step.node];
    const std::vector<const Field*>& key = node.model->primary_key().fields;
    writer_ << "UPDATE ";
    writer_.Table(*node.model, "t") << " SET ";
    size_t value = key.size();
    Join(writer_, node.relation->pairs, ", ", [&](const ColumnPair& pair) {
      writer_ << pg::QuoteIdentifier(pair.to->column) << " = k.c" << std::to_string(value++);
    });
    writer_ << " FROM unnest(";
    Join(writer_, key, ", ", [&](const Field* field) { Array(FromKey{step.node, field}, field->type); });
    for (const ColumnPair& pair : node.relation->pairs) {
      writer_ << ", ";
      Array(FromParentKey{step.node, pair.from}, pair.to->type);
    }
    Names(key.size() + node.relation->pairs.size());
    writer_ << " WHERE ";
    MatchKey(key);
    Finish("move " + node.model->name + At(step.node));
  }

  void operator()(const plan::Release& step) {
    const Node& node = program_.nodes[step.node];
    const std::vector<const Field*>& key = node.model->primary_key().fields;
    Update(*node.model, ForeignKey(node), "NULL");
    KeySource(key, [&](const Field* field) { Array(FromKey{step.node, field}, field->type); });
    writer_ << " WHERE ";
    MatchKey(key);
    Finish("release " + node.model->name + At(step.node));
  }

  void operator()(const plan::ReleaseCurrent& step) {
    const Node& node = program_.nodes[step.node];
    Update(*node.model, ForeignKey(node), "NULL");
    KeySource(node.relation->pairs, [&](const ColumnPair& pair) {
      Array(FromParentKey{step.node, pair.from}, pair.to->type);
    });
    writer_ << " WHERE ";
    MatchKey(ForeignKey(node));
    Finish("release " + node.model->name + At(step.node));
  }

  void operator()(const plan::Link& step) {
    const Node& node = program_.nodes[step.node];
    const Junction& junction = *node.relation->junction;
    const std::vector<JunctionColumn> columns = BothEnds(junction);
    writer_ << "INSERT INTO ";
    writer_.Table(junction, "") << " (";
    Join(writer_, columns, ", ", [&](const JunctionColumn& column) { writer_ << pg::QuoteIdentifier(column.column); });
    writer_ << ") SELECT ";
    int position = 0;
    Join(writer_, columns, ", ", [&](const JunctionColumn&) { writer_ << "k.c" << std::to_string(position++); });
    writer_ << " FROM unnest(";
    JunctionArrays(step.node);
    Names(columns.size());
    writer_ << " ON CONFLICT DO NOTHING";
    Finish("link " + Ends(node) + At(step.node));
  }

  void operator()(const plan::Unlink& step) {
    const Node& node = program_.nodes[step.node];
    const Junction& junction = *node.relation->junction;
    writer_ << "DELETE FROM ";
    writer_.Table(junction, "t") << " USING unnest(";
    JunctionArrays(step.node);
    const std::vector<JunctionColumn> columns = BothEnds(junction);
    Names(columns.size());
    writer_ << " WHERE ";
    int position = 0;
    Join(writer_, columns, " AND ", [&](const JunctionColumn& column) {
      writer_.Column("t", column.column) << " = k.c" << std::to_string(position++);
    });
    Finish("unlink " + Ends(node) + At(step.node));
  }

 private:
  // --- parameters

  void Parameter(ParameterSource source, const Type& type) {
    writer_.Parameter(type);
    sources_.push_back(std::move(source));
  }
  void Array(ParameterSource source, const Type& type) { Parameter(std::move(source), ArrayOf(type)); }

  void Finish(std::string description) {
    statements_.push_back({std::move(description), writer_.Take(), std::exchange(sources_, {})});
    writer_ = Writer();
  }

  // --- pieces of SQL

  // `) AS k(c0, c1)`
  void Names(size_t count) {
    writer_ << ") AS k(";
    for (size_t i = 0; i < count; ++i) writer_ << (i == 0 ? "" : ", ") << "c" << std::to_string(i);
    writer_ << ")";
  }

  // `unnest($1, $2) AS k(c0, c1)`, with `n` for the position of each row when asked.
  template <typename Items, typename Write>
  void KeySource(const Items& items, Write write, bool ordinality = false) {
    writer_ << "unnest(";
    Join(writer_, items, ", ", write);
    writer_ << (ordinality ? ") WITH ORDINALITY AS k(" : ") AS k(");
    for (size_t i = 0; i < items.size(); ++i) writer_ << (i == 0 ? "" : ", ") << "c" << std::to_string(i);
    writer_ << (ordinality ? ", n)" : ")");
  }

  void RootKeys(const Node& root) {
    KeySource(root.model->primary_key().fields, [&](const Field* field) {
      Array(FromColumn{0, field, Version::kCurrent}, field->type);
    });
  }

  // `t."a" = k.c0 AND t."b" = k.c1`
  void MatchKey(const std::vector<const Field*>& fields) {
    int position = 0;
    Join(writer_, fields, " AND ",
         [&](const Field* field) { writer_.Column("t", field->column) << " = k.c" << std::to_string(position++); });
  }

  void OrderByKey(const Model& model) {
    writer_ << " ORDER BY ";
    Join(writer_, model.primary_key().fields, ", ", [&](const Field* field) { writer_.Column("t", field->column); });
  }

  void RenderCurrent(const Node& node, std::string_view separator) {
    for (const NodeColumn& column : node.columns) {
      if (column.version != Version::kCurrent) continue;
      writer_ << std::exchange(separator, ", ");
      writer_.Column("t", column.field->column);
    }
  }

  // `UPDATE t SET a = value FROM `
  void Update(const Model& model, const std::vector<const Field*>& fields, std::string_view value) {
    writer_ << "UPDATE ";
    writer_.Table(model, "t") << " SET ";
    Join(writer_, fields, ", ",
         [&](const Field* field) { writer_ << pg::QuoteIdentifier(field->column) << " = " << value; });
    writer_ << " FROM ";
  }

  void SetRoot(const Node& root) {
    writer_ << "UPDATE ";
    writer_.Table(*root.model, "t") << " SET ";
    bool first = true;
    for (int i = 0; i < static_cast<int>(root.columns.size()); ++i) {
      const NodeColumn& column = root.columns[i];
      if (column.version != Version::kNew) continue;
      if (!std::exchange(first, false)) writer_ << ", ";
      writer_ << pg::QuoteIdentifier(column.field->column) << " = ";
      Parameter(FromRoot{i}, column.field->type);
    }
  }

  void RenderWhere() {
    if (!program_.where) return;
    writer_ << " WHERE ";
    PredicateScope scope;
    RenderPredicate(writer_, scope, *program_.where, "t");
    for (int slot : scope.slots) sources_.push_back(FromSlot{slot});
  }

  // Adds one column of an insert: its arrays, their names, and its value in the output.
  void InsertColumn(int number, int column, std::string& arrays, std::string& names, std::string& output) {
    const NodeColumn& described = program_.nodes[number].columns[column];
    const Field& field = *described.field;
    const std::string suffix = std::to_string(column);
    auto next = [&](ParameterSource source, const Type& type) {
      sources_.push_back(std::move(source));
      return writer_.NextParameter(type);
    };
    auto array = [&](ParameterSource source, const Type& type, const std::string& name) {
      arrays += (arrays.empty() ? "" : ", ") + next(std::move(source), ArrayOf(type));
      names += (names.empty() ? "" : ", ") + name;
    };
    std::string value = "k.c" + suffix;
    if (field.type.array) {
      const Type position{.scalar = Scalar::kInt32};
      array(FromFlatStart{number, column}, position, "s" + suffix);
      array(FromFlatEnd{number, column}, position, "e" + suffix);
      value = "(" + next(FromFlat{number, column}, field.type) + ")[k.s" + suffix + ":k.e" + suffix + "]";
    } else {
      array(FromColumn{number, &field, described.version}, field.type, "c" + suffix);
    }
    if (!described.always) {
      array(FromGiven{number, column}, Type{.scalar = Scalar::kBool}, "g" + suffix);
      value = "CASE WHEN k.g" + suffix + " THEN " + value + " ELSE " + DefaultSql(field) + " END";
    }
    output += (output.empty() ? "" : ", ") + value;
  }

  // --- pieces of descriptions

  static std::string KeyFields(const Key& key) {
    std::string names;
    for (const Field* field : key.fields) names += (names.empty() ? "" : ", ") + field->name;
    return names;
  }

  // " at data.posts[].tags.connect[]"
  std::string At(int number) const { return number == 0 ? "" : " at " + Where(number); }

  std::string Where(int number) const {
    const Node& node = program_.nodes[number];
    if (node.parent < 0) return "data";
    std::string path = Where(node.parent) + "." + node.relation->name;
    switch (node.role) {
      case plan::NodeRole::kConnect:
        path += ".connect";
        break;
      case plan::NodeRole::kDisconnect:
      case plan::NodeRole::kParents:
        path += ".disconnect";
        break;
      case plan::NodeRole::kCreate:
      case plan::NodeRole::kUpdate:
      case plan::NodeRole::kDelete:
        break;
    }
    return node.relation->to_many() ? path + "[]" : path;
  }

  static std::string Ends(const Node& node) {
    return node.relation->source->name + " and " + node.relation->target->name;
  }

  static std::vector<const Field*> ForeignKey(const Node& node) { return plan::ForeignKeyFields(*node.relation); }

  static std::vector<JunctionColumn> BothEnds(const Junction& junction) {
    std::vector<JunctionColumn> columns = junction.source;
    columns.insert(columns.end(), junction.target.begin(), junction.target.end());
    return columns;
  }

  void JunctionArrays(int number) {
    const Node& node = program_.nodes[number];
    const Junction& junction = *node.relation->junction;
    Join(writer_, junction.source, ", ", [&](const JunctionColumn& column) {
      Array(FromParentKey{number, column.field}, column.field->type);
    });
    for (const JunctionColumn& column : junction.target) {
      writer_ << ", ";
      Array(FromKey{number, column.field}, column.field->type);
    }
  }

  const plan::Program& program_;
  Writer writer_;
  std::vector<ParameterSource> sources_;
  std::vector<StepStatement> statements_;
};

}  // namespace

RenderedProgram RenderMutation(const plan::Program& program) {
  RenderedProgram rendered;
  for (const plan::Step& step : program.steps) {
    StepRenderer renderer(program);
    std::visit(renderer, step);
    rendered.steps.push_back(renderer.Take());
  }
  if (program.returning) rendered.returning = RenderRead(*program.returning).selects.front();
  return rendered;
}

}  // namespace rowan::sql
