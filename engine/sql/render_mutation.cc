#include "engine/sql/render_mutation.h"

#include <algorithm>

#include "engine/sql/render_predicate.h"
#include "engine/sql/step_renderer.h"

namespace rowan::sql {

namespace {

Type ArrayOf(Type type) {
  type.array = true;
  return type;
}

}  // namespace

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

std::string DefaultSql(const Field& field) {
  switch (field.generator) {
    case Generator::kNow:
      return "CURRENT_TIMESTAMP::" + SqlType(field.type);
    case Generator::kUuid:
      return "gen_random_uuid()";
    case Generator::kLiteral:
      return field.literal_text + "::" + SqlType(field.type);
    case Generator::kExpression:
      return "(" + field.literal_text + ")::" + CastType(field.type);
    case Generator::kNone:
    case Generator::kIdentity:  // allotted by the program before it is written
      break;
  }
  return "NULL";
}

// --- parameters

std::string StepRenderer::Next(ParameterSource source, const Type& type) {
  sources_.push_back(std::move(source));
  return writer_.NextParameter(type);
}

void StepRenderer::Parameter(ParameterSource source, const Type& type) {
  writer_.Parameter(type);
  sources_.push_back(std::move(source));
}

void StepRenderer::Array(ParameterSource source, const Type& type) {
  Parameter(std::move(source), ArrayOf(type));
}

void StepRenderer::Finish(std::string description) {
  arrays_.clear();
  names_.clear();
  numbered_ = false;
  if (chain_ != nullptr) return;
  statements_.push_back({std::move(description), writer_.Take(), std::exchange(sources_, {})});
  writer_ = Writer();
}

// --- pieces of SQL

void StepRenderer::Names(size_t count) {
  writer_ << ") AS k(";
  for (size_t i = 0; i < count; ++i) writer_ << (i == 0 ? "" : ", ") << "c" << std::to_string(i);
  writer_ << ")";
}

void StepRenderer::KeysOf(int node, const std::vector<const Field*>& fields) {
  KeySource(fields, [&](const Field* field) { Array(FromKey{node, field}, field->type); });
}

void StepRenderer::ParentKeys(int node, const Relation& relation, bool ordinality) {
  if (relation.junction) {
    KeySource(
        relation.junction->source,
        [&](const JunctionColumn& column) { Array(FromParentKey{node, column.field}, column.field->type); }, ordinality);
  } else {
    KeySource(
        relation.pairs, [&](const ColumnPair& pair) { Array(FromParentKey{node, pair.from}, pair.from->type); },
        ordinality);
  }
}

void StepRenderer::MatchKey(const std::vector<const Field*>& fields, size_t first) {
  Join(writer_, fields, " AND ",
       [&](const Field* field) { writer_.Column("t", field->column) << " = k.c" << std::to_string(first++); });
}

void StepRenderer::MatchColumns(const std::vector<JunctionColumn>& columns, std::string_view alias,
                                std::string_view keys, size_t first) {
  Join(writer_, columns, " AND ", [&](const JunctionColumn& column) {
    writer_.Column(alias, column.column) << " = " << keys << ".c" << std::to_string(first++);
  });
}

void StepRenderer::JoinRelated(const Relation& relation) {
  if (!relation.junction) {
    writer_.Table(*relation.target, "t") << " ON ";
    std::vector<const Field*> fields;
    for (const ColumnPair& pair : relation.pairs) fields.push_back(pair.to);
    MatchKey(fields);
    return;
  }
  writer_.Table(*relation.junction, "j") << " ON ";
  MatchColumns(relation.junction->source, "j", "k", 0);
  writer_ << " JOIN ";
  writer_.Table(*relation.target, "t") << " ON ";
  Join(writer_, relation.junction->target, " AND ", [&](const JunctionColumn& column) {
    writer_.Column("t", column.field->column) << " = ";
    writer_.Column("j", column.column);
  });
}

void StepRenderer::OrderByKey(const Model& model) {
  writer_ << " ORDER BY ";
  Join(writer_, model.primary_key().fields, ", ", [&](const Field* field) { writer_.Column("t", field->column); });
}

void StepRenderer::RenderCurrent(const plan::Node& node, std::string_view separator) {
  for (const plan::NodeColumn& column : node.columns) {
    if (column.version != plan::Version::kCurrent) continue;
    writer_ << std::exchange(separator, ", ");
    writer_.Output("t", *column.field);
  }
}

void StepRenderer::RenderFilter(const ir::Predicate& where, std::string_view before) {
  writer_ << before;
  PredicateScope scope;
  RenderPredicate(writer_, scope, where, "t");
  for (int slot : scope.slots) sources_.push_back(FromSlot{slot});
}

void StepRenderer::RenderWhere() {
  if (program_.where) RenderFilter(*program_.where, " WHERE ");
}

void StepRenderer::Clear(const Model& model, const std::vector<const Field*>& fields) {
  writer_ << "UPDATE ";
  writer_.Table(model, "t") << " SET ";
  Join(writer_, fields, ", ", [&](const Field* field) { writer_ << pg::QuoteIdentifier(field->column) << " = NULL"; });
  CountVersion(model);
  writer_ << " FROM ";
}

void StepRenderer::CountVersion(const Model& model, std::string_view separator) {
  for (const auto& field : model.fields) {
    if (!field->version) continue;
    writer_ << separator << pg::QuoteIdentifier(field->column) << " = ";
    writer_.Column("t", field->column) << " + 1";
  }
}

// --- values of rows

void StepRenderer::AddArray(ParameterSource source, const Type& type, const std::string& name) {
  arrays_.push_back(Next(std::move(source), ArrayOf(type)));
  names_.push_back(name);
}

void StepRenderer::AddArrayOnce(ParameterSource source, const Type& type, const std::string& name) {
  if (std::find(names_.begin(), names_.end(), name) == names_.end()) AddArray(std::move(source), type, name);
}

std::string StepRenderer::RowValue(int number, int column) {
  const plan::Chain::Source* source = Chained(number, column);
  return source == nullptr ? KnownValue(number, column) : ChainedValue(*source);
}

std::string StepRenderer::KnownValue(int number, int column) {
  const Field& field = *program_.nodes[number].columns[column].field;
  if (program_.Uniform(number, column) || IsLone(number)) return Next(FromUniform{number, column}, field.type);
  const std::string suffix = std::to_string(column);
  if (!field.type.array) {
    AddArray(FromColumn{number, column}, field.type, "c" + suffix);
    return "k.c" + suffix;
  }
  const Type position{.scalar = Scalar::kInt32};
  AddArray(FromFlatStart{number, column}, position, "s" + suffix);
  AddArray(FromFlatEnd{number, column}, position, "e" + suffix);
  return "(" + Next(FromFlat{number, column}, field.type) + ")[k.s" + suffix + ":k.e" + suffix + "]";
}

std::string StepRenderer::RowGiven(int number, int column) {
  const std::string name = "g" + std::to_string(column);
  AddArray(FromGiven{number, column}, Type{.scalar = Scalar::kBool}, name);
  return "k." + name;
}

void StepRenderer::FromArrays(int number) {
  if (arrays_.empty() && IsLone(number)) {
    // One row without a source.
  } else if (arrays_.empty()) {
    writer_ << " FROM generate_series(1, ";
    Parameter(FromCount{number}, Type{.scalar = Scalar::kInt64});
    writer_ << ") AS k(n)";
  } else {
    const auto write = [&](const std::string& text) { writer_ << text; };
    writer_ << " FROM unnest(";
    Join(writer_, arrays_, ", ", write);
    writer_ << (numbered_ ? ") WITH ORDINALITY AS k(" : ") AS k(");
    Join(writer_, names_, ", ", write);
    writer_ << (numbered_ ? ", n)" : ")");
  }
  if (guarded_) writer_ << " WHERE (SELECT v FROM named)";
}

// --- pieces of relations

std::string StepRenderer::Ends(const plan::Node& node) {
  return node.relation->source->name + " and " + node.relation->target->name;
}

std::vector<JunctionColumn> StepRenderer::BothEnds(const Junction& junction) {
  std::vector<JunctionColumn> columns = junction.source;
  columns.insert(columns.end(), junction.target.begin(), junction.target.end());
  return columns;
}

void StepRenderer::JunctionArrays(int number) {
  const Junction& junction = *program_.nodes[number].relation->junction;
  Join(writer_, junction.source, ", ", [&](const JunctionColumn& column) {
    Array(FromParentKey{number, column.field}, column.field->type);
  });
  for (const JunctionColumn& column : junction.target) {
    writer_ << ", ";
    Array(FromKey{number, column.field}, column.field->type);
  }
}

const StepStatement& RenderedProgram::ChainFor(const plan::Program& program, const std::vector<InputRows>& rows) const {
  for (int node = 0; node < static_cast<int>(program.nodes.size()); ++node) {
    if (program.Lone(node) && rows[node].size() != 1) return *chain;
  }
  return *chain_of_one;
}

RenderedProgram RenderMutation(const plan::Program& program) {
  RenderedProgram rendered;
  for (const plan::Step& step : program.steps) {
    StepRenderer renderer(program);
    std::visit(renderer, step);
    rendered.steps.push_back(renderer.Take());
  }
  if (program.chain) {
    rendered.chain = StepRenderer(program).RenderChain(/*of_one=*/false);
    rendered.chain_of_one = StepRenderer(program).RenderChain(/*of_one=*/true);
  }
  if (program.returning) rendered.returning = RenderRead(*program.returning).selects.front();
  return rendered;
}

}  // namespace rowan::sql
