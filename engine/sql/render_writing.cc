#include <algorithm>
#include <map>

#include "engine/sql/step_renderer.h"

namespace rowan::sql {

using plan::Node;
using plan::NodeColumn;
using plan::Version;

void StepRenderer::NewValues(const plan::Allot& step) {
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
      Parameter(FromCount{step.node}, Type{.scalar = Scalar::kInt64});
      writer_ << ")";
      break;
    case Generator::kNow:
    case Generator::kUuid:
    case Generator::kLiteral:
    case Generator::kExpression:
    case Generator::kNone:
      writer_ << "SELECT " << DefaultSql(field) << Writer::OutputCast(field.type) << " FROM generate_series(1, ";
      Parameter(FromCount{step.node}, Type{.scalar = Scalar::kInt64});
      writer_ << ")";
      break;
  }
}

void StepRenderer::operator()(const plan::Allot& step) {
  const Node& node = program_.nodes[step.node];
  const Field& field = *node.columns[step.column].field;
  NewValues(step);
  Finish("allot " + node.model->name + "." + field.name + At(step.node));
}

// `"a", "b") SELECT k.c0, … FROM unnest(…) AS k(…)`: the rows of a node as an insert's source.
void StepRenderer::InsertSource(int number, const Key* order) {
  const Node& node = program_.nodes[number];
  std::string columns;
  std::string output;
  std::string order_by;
  bool identity = false;
  for (int i = 0; i < static_cast<int>(node.columns.size()); ++i) {
    const NodeColumn& column = node.columns[i];
    if (column.version != Version::kNew || column.field->model != node.model || LeftOut(number, i)) continue;
    std::string value = RowValue(number, i);
    if (order != nullptr && std::find(order->fields.begin(), order->fields.end(), column.field) != order->fields.end()) {
      order_by += (order_by.empty() ? " ORDER BY " : ", ") + value;
    }
    if (!column.always) {
      value = "CASE WHEN " + RowGiven(number, i) + " THEN " + value + " ELSE " + DefaultSql(*column.field) + " END";
    }
    identity = identity || column.field->generator == Generator::kIdentity;
    columns += (columns.empty() ? "" : ", ") + pg::QuoteIdentifier(column.field->column);
    output += (output.empty() ? "" : ", ") + value;
  }
  writer_ << " (" << columns << ")" << OverridingSql(identity) << " SELECT " << output;
  FromArrays(number);
  writer_ << order_by;
}

void StepRenderer::operator()(const plan::InsertRows& step) {
  const Node& node = program_.nodes[step.node];
  writer_ << "INSERT INTO ";
  writer_.Table(*node.model, "");
  // Rows that others may be creating, too, come in the order of their key, so that nobody waits in a circle.
  InsertSource(step.node, step.contested);
  Finish("insert " + node.model->name + At(step.node));
}

void StepRenderer::operator()(const plan::UpsertRows&) {
  const Node& root = program_.nodes[0];
  const plan::Conflict& conflict = *program_.conflict;
  writer_ << "INSERT INTO ";
  writer_.Table(*root.model, "AS t");
  InsertSource(0, conflict.key);
  writer_ << " ON CONFLICT (";
  Join(writer_, conflict.key->fields, ", ",
       [&](const Field* field) { writer_ << pg::QuoteIdentifier(field->column); });
  writer_ << ") DO ";
  if (conflict.update < 0 && conflict.overwrite.empty()) {
    writer_ << "NOTHING";
  } else {
    writer_ << "UPDATE SET ";
    if (conflict.update >= 0) {
      Assignments(conflict.update);
    } else {
      Join(writer_, conflict.overwrite, ", ", [&](const Field* field) {
        writer_ << pg::QuoteIdentifier(field->column) << " = excluded." << pg::QuoteIdentifier(field->column);
      });
      CountVersion(*root.model);
    }
    if (conflict.where) RenderFilter(*conflict.where, " WHERE ");
  }
  writer_ << " RETURNING ";
  Join(writer_, root.model->primary_key().fields, ", ",
       [&](const Field* field) { writer_.Output("t", *field); });
  writer_ << ", ";
  writer_.Inserted(*root.model, conflict.key->fields);
  Finish("insert or update " + root.model->name);
}

std::string StepRenderer::Changed(int number, int column, const std::string& value) {
  const NodeColumn& described = program_.nodes[number].columns[column];
  const Field& field = *described.field;
  const std::string current = "t." + pg::QuoteIdentifier(field.column);
  switch (described.change) {
    case ir::Change::kSet:
      return value;
    case ir::Change::kIncrement:
      return current + " + " + value;
    case ir::Change::kDecrement:
      return current + " - " + value;
    case ir::Change::kMultiply:
      return current + " * " + value;
    case ir::Change::kAppend:
      return current + " || " + value;
    case ir::Change::kMerge:
      // jsonb_each refuses what is no object, which || would put into a list.
      return "CASE WHEN jsonb_typeof(" + current + ") = 'object' THEN " + current + " || " + value +
             " ELSE (SELECT " + current + " FROM jsonb_each(" + current + ") LIMIT 1) END";
    case ir::Change::kNow:
      return "CURRENT_TIMESTAMP::" + SqlType(field.type);
  }
  return value;
}

void StepRenderer::Assignments(int number) {
  const Node& node = program_.nodes[number];
  // Several columns are about one field where rows of a node change it in different ways.
  std::vector<const Field*> fields;
  std::map<const Field*, std::vector<int>> columns;
  for (int i = 0; i < static_cast<int>(node.columns.size()); ++i) {
    const NodeColumn& column = node.columns[i];
    if (column.version != Version::kNew || column.field->model != node.model) continue;
    if (columns[column.field].empty()) fields.push_back(column.field);
    columns[column.field].push_back(i);
  }
  std::string_view separator;
  for (const Field* field : fields) {
    writer_ << std::exchange(separator, ", ") << pg::QuoteIdentifier(field->column) << " = ";
    const auto changed = [&](int column) {
      const bool now = node.columns[column].change == ir::Change::kNow;
      return Changed(number, column, now ? std::string() : RowValue(number, column));
    };
    const std::vector<int>& of_field = columns[field];
    if (of_field.size() == 1 && node.columns[of_field.front()].always) {
      writer_ << changed(of_field.front());
      continue;
    }
    writer_ << "CASE";
    for (int column : of_field) {
      const std::string value = changed(column);
      writer_ << " WHEN " << RowGiven(number, column) << " THEN " << value;
    }
    writer_ << " ELSE ";
    writer_.Column("t", field->column) << " END";
  }
  CountVersion(*node.model, separator);
}

void StepRenderer::operator()(const plan::UpdateRows& step) {
  const Node& node = program_.nodes[step.node];
  const std::vector<const Field*>& key = node.model->primary_key().fields;
  writer_ << "UPDATE ";
  writer_.Table(*node.model, "t") << " SET ";
  Assignments(step.node);
  for (size_t i = 0; i < key.size(); ++i) {
    AddArray(FromColumn{step.node, node.Find(key[i], Version::kCurrent)}, key[i]->type, "k" + std::to_string(i));
  }
  FromArrays(step.node);
  writer_ << " WHERE ";
  int position = 0;
  Join(writer_, key, " AND ", [&](const Field* field) {
    writer_.Column("t", field->column) << " = k.k" << std::to_string(position++);
  });
  Finish("update " + node.model->name + At(step.node));
}

void StepRenderer::operator()(const plan::UpdateWhere&) {
  const Node& root = program_.nodes[0];
  writer_ << "UPDATE ";
  writer_.Table(*root.model, "t") << " SET ";
  Assignments(0);
  RenderWhere();
  Finish("update " + root.model->name);
}

void StepRenderer::operator()(const plan::DeleteRows& step) {
  const Node& node = program_.nodes[step.node];
  const std::vector<const Field*>& key = node.model->primary_key().fields;
  writer_ << "DELETE FROM ";
  writer_.Table(*node.model, "t") << " USING ";
  KeysOf(step.node, key);
  writer_ << " WHERE ";
  MatchKey(key);
  Finish("delete " + node.model->name + At(step.node));
}

void StepRenderer::operator()(const plan::DeleteWhere&) {
  const Node& root = program_.nodes[0];
  writer_ << "DELETE FROM ";
  writer_.Table(*root.model, "t");
  RenderWhere();
  Finish("delete " + root.model->name);
}

void StepRenderer::operator()(const plan::DeleteRelated& step) {
  const Node& node = program_.nodes[step.node];
  const Relation& relation = *node.relation;
  writer_ << "DELETE FROM ";
  writer_.Table(*node.model, "t") << " USING ";
  ParentKeys(step.node, relation, /*ordinality=*/false);
  if (relation.junction) {
    writer_ << " JOIN ";
    writer_.Table(*relation.junction, "j") << " ON ";
    MatchColumns(relation.junction->source, "j", "k", 0);
    writer_ << " WHERE ";
    Join(writer_, relation.junction->target, " AND ", [&](const JunctionColumn& column) {
      writer_.Column("t", column.field->column) << " = ";
      writer_.Column("j", column.column);
    });
  } else {
    writer_ << " WHERE ";
    MatchKey(ForeignKey(node));
  }
  if (step.where != nullptr) RenderFilter(*step.where, " AND ");
  if (step.told) {
    writer_ << " RETURNING ";
    Join(writer_, node.model->primary_key().fields, ", ", [&](const Field* field) { writer_.Output("t", *field); });
  }
  Finish("delete the related " + node.model->name + At(step.node));
}

}  // namespace rowan::sql
