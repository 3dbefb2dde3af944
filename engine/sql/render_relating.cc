#include "engine/sql/step_renderer.h"

namespace rowan::sql {

using plan::Node;
using plan::NodeColumn;

void StepRenderer::operator()(const plan::Move& step) {
  const Node& node = program_.nodes[step.node];
  const std::vector<const Field*>& key = node.model->primary_key().fields;
  writer_ << "UPDATE ";
  writer_.Table(*node.model, "t") << " SET ";
  size_t value = key.size();
  Join(writer_, node.relation->pairs, ", ", [&](const ColumnPair& pair) {
    writer_ << pg::QuoteIdentifier(pair.to->column) << " = k.c" << std::to_string(value++);
  });
  CountVersion(*node.model);
  writer_ << " FROM unnest(";
  Join(writer_, key, ", ", [&](const Field* field) { Array(FromKey{step.node, field}, field->type); });
  for (const ColumnPair& pair : node.relation->pairs) {
    writer_ << ", ";
    Array(FromParentKey{step.node, pair.from}, pair.from->type);
  }
  Names(key.size() + node.relation->pairs.size());
  writer_ << " WHERE ";
  MatchKey(key);
  Finish("move " + node.model->name + At(step.node));
}

void StepRenderer::operator()(const plan::Release& step) {
  const Node& node = program_.nodes[step.node];
  const std::vector<const Field*>& key = node.model->primary_key().fields;
  Clear(*node.model, ForeignKey(node));
  KeysOf(step.node, key);
  writer_ << " WHERE ";
  MatchKey(key);
  Finish("release " + node.model->name + At(step.node));
}

void StepRenderer::operator()(const plan::ReleaseCurrent& step) {
  const Node& node = program_.nodes[step.node];
  Clear(*node.model, ForeignKey(node));
  ParentKeys(step.node, *node.relation, /*ordinality=*/false);
  writer_ << " WHERE ";
  MatchKey(ForeignKey(node));
  Finish("release " + node.model->name + At(step.node));
}

void StepRenderer::operator()(const plan::ReleaseOthers& step) {
  const Node& node = program_.nodes[step.node];
  const std::vector<const Field*>& key = node.model->primary_key().fields;
  Clear(*node.model, ForeignKey(node));
  ParentKeys(step.node, *node.relation, /*ordinality=*/false);
  writer_ << " WHERE ";
  MatchKey(ForeignKey(node));
  if (!step.kept.empty()) {
    writer_ << " AND NOT EXISTS (SELECT 1 FROM unnest(";
    Join(writer_, key, ", ", [&](const Field* field) { Array(FromKeysOf{step.kept, field}, field->type); });
    writer_ << ") AS x(";
    for (size_t i = 0; i < key.size(); ++i) writer_ << (i == 0 ? "" : ", ") << "c" << std::to_string(i);
    writer_ << ") WHERE ";
    int position = 0;
    Join(writer_, key, " AND ", [&](const Field* field) {
      writer_.Column("t", field->column) << " = x.c" << std::to_string(position++);
    });
    writer_ << ")";
  }
  Finish("release the other " + node.model->name + At(step.node));
}

void StepRenderer::operator()(const plan::UnlinkOthers& step) {
  const Node& node = program_.nodes[step.node];
  const Junction& junction = *node.relation->junction;
  writer_ << "DELETE FROM ";
  writer_.Table(junction, "t") << " USING ";
  ParentKeys(step.node, *node.relation, /*ordinality=*/false);
  writer_ << " WHERE ";
  MatchColumns(junction.source, "t", "k", 0);
  if (!step.kept.empty()) {
    writer_ << " AND NOT EXISTS (SELECT 1 FROM unnest(";
    Join(writer_, junction.source, ", ", [&](const JunctionColumn& column) {
      Array(FromParentKeysOf{step.kept, column.field}, column.field->type);
    });
    for (const JunctionColumn& column : junction.target) {
      writer_ << ", ";
      Array(FromKeysOf{step.kept, column.field}, column.field->type);
    }
    const std::vector<JunctionColumn> columns = BothEnds(junction);
    writer_ << ") AS x(";
    for (size_t i = 0; i < columns.size(); ++i) writer_ << (i == 0 ? "" : ", ") << "c" << std::to_string(i);
    writer_ << ") WHERE ";
    MatchColumns(columns, "t", "x", 0);
    writer_ << ")";
  }
  Finish("unlink the others of " + Ends(node) + At(step.node));
}

void StepRenderer::operator()(const plan::Link& step) {
  const Node& node = program_.nodes[step.node];
  const Junction& junction = *node.relation->junction;
  const std::vector<JunctionColumn> ends = BothEnds(junction);
  std::vector<int> values;  // columns of the junction's model
  for (int i = 0; i < static_cast<int>(node.columns.size()); ++i) {
    if (node.columns[i].field->model == junction.model) values.push_back(i);
  }
  std::vector<std::string> end_values;
  const auto find_ends = [&] {
    end_values.clear();
    const auto name = [&] { return "x" + std::to_string(end_values.size()); };
    for (const JunctionColumn& column : junction.source) end_values.push_back(ParentKey(step.node, column.field, name()));
    for (const JunctionColumn& column : junction.target) end_values.push_back(OwnKey(step.node, column.field, name()));
  };
  const auto each_end = [&](std::string_view separator, auto write) {
    size_t position = 0;
    Join(writer_, ends, separator, [&](const JunctionColumn& column) { write(column, end_values[position++]); });
  };
  // Those of a chain are all new.
  if (!values.empty() && chain_ == nullptr) {
    writer_ << "UPDATE ";
    writer_.Table(junction, "t") << " SET ";
    std::string_view separator;
    for (int column : values) {
      const std::string name = pg::QuoteIdentifier(node.columns[column].field->column);
      std::string value = RowValue(step.node, column);
      if (!node.columns[column].always) {
        value = "CASE WHEN " + RowGiven(step.node, column) + " THEN " + value + " ELSE t." + name + " END";
      }
      writer_ << std::exchange(separator, ", ") << name << " = " << value;
    }
    CountVersion(*junction.model);
    find_ends();
    FromArrays(step.node);
    writer_ << " WHERE ";
    each_end(" AND ", [&](const JunctionColumn& column, const std::string& value) {
      writer_.Column("t", column.column) << " = " << value;
    });
    Finish("write to the links of " + Ends(node) + At(step.node));
  }
  std::string columns;
  std::string output;
  for (int column : values) {
    const Field& field = *node.columns[column].field;
    std::string value = RowValue(step.node, column);
    if (!node.columns[column].always) {
      value = "CASE WHEN " + RowGiven(step.node, column) + " THEN " + value + " ELSE " + DefaultSql(field) + " END";
    }
    columns += ", " + pg::QuoteIdentifier(field.column);
    output += ", " + value;
  }
  find_ends();
  writer_ << "INSERT INTO ";
  writer_.Table(junction, "") << " (";
  each_end(", ", [&](const JunctionColumn& column, const std::string&) {
    writer_ << pg::QuoteIdentifier(column.column);
  });
  writer_ << columns << ") SELECT ";
  each_end(", ", [&](const JunctionColumn&, const std::string& value) { writer_ << value; });
  writer_ << output;
  FromArrays(step.node);
  if (chain_ == nullptr) {
    writer_ << " ON CONFLICT (";
    each_end(", ", [&](const JunctionColumn& column, const std::string&) {
      writer_ << pg::QuoteIdentifier(column.column);
    });
    writer_ << ") DO NOTHING";
  }
  Finish("link " + Ends(node) + At(step.node));
}

void StepRenderer::operator()(const plan::Unlink& step) {
  const Node& node = program_.nodes[step.node];
  const Junction& junction = *node.relation->junction;
  writer_ << "DELETE FROM ";
  writer_.Table(junction, "t") << " USING unnest(";
  JunctionArrays(step.node);
  const std::vector<JunctionColumn> columns = BothEnds(junction);
  Names(columns.size());
  writer_ << " WHERE ";
  MatchColumns(columns, "t", "k", 0);
  Finish("unlink " + Ends(node) + At(step.node));
}

void StepRenderer::operator()(const plan::Patch& step) {
  const Node& node = program_.nodes[step.node];
  const Relation& relation = *node.relation;
  const std::vector<const Field*>& key = relation.source->primary_key().fields;
  writer_ << "UPDATE ";
  writer_.Table(*relation.source, "t") << " SET ";
  size_t value = key.size();
  Join(writer_, relation.pairs, ", ", [&](const ColumnPair& pair) {
    writer_ << pg::QuoteIdentifier(pair.from->column) << " = k.c" << std::to_string(value++);
  });
  writer_ << " FROM unnest(";
  Join(writer_, key, ", ", [&](const Field* field) { Array(FromParentKey{step.node, field}, field->type); });
  for (const ColumnPair& pair : relation.pairs) {
    writer_ << ", ";
    Array(FromKey{step.node, pair.to}, pair.to->type);
  }
  Names(key.size() + relation.pairs.size());
  writer_ << " WHERE ";
  MatchKey(key);
  Finish("refer to the new " + node.model->name + At(step.node));
}

}  // namespace rowan::sql
