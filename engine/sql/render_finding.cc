#include <algorithm>

#include "engine/sql/step_renderer.h"

namespace rowan::sql {

using plan::Node;
using plan::NodeColumn;
using plan::Version;

namespace {

std::string KeyFields(const std::vector<const Field*>& fields) {
  std::string names;
  for (const Field* field : fields) names += (names.empty() ? "" : ", ") + field->name;
  return names;
}

}  // namespace

void StepRenderer::operator()(const plan::LockRows& step) {
  // One arm of the join for each key that is used; an array has nulls where a row is named by another key.
  std::vector<const Key*> keys;
  std::string places;
  for (const plan::NamedRows& named : step.named) {
    if (std::find(keys.begin(), keys.end(), named.key) == keys.end()) keys.push_back(named.key);
    places += (places.empty() ? "" : ", ") + program_.Place(named.node);
  }
  const Key& primary = step.model->primary_key();
  if (step.matched && std::find(keys.begin(), keys.end(), &primary) == keys.end()) keys.push_back(&primary);
  std::vector<std::pair<const Key*, const Field*>> fields;
  for (const Key* key : keys) {
    for (const Field* field : key->fields) fields.emplace_back(key, field);
  }
  writer_ << "SELECT k.n";
  for (const Field* field : step.columns) {
    writer_ << ", ";
    writer_.Output("t", *field);
  }
  writer_ << " FROM ";
  int found = 0;
  KeySource(
      fields,
      [&](const std::pair<const Key*, const Field*>& item) {
        const auto& [key, field] = item;
        const int matched = step.matched && key == &primary ? found++ : -1;
        Array(FromNamed{step.named, key, field, matched}, field->type);
      },
      /*ordinality=*/true);
  writer_ << " JOIN ";
  writer_.Table(*step.model, "t") << " ON ";
  size_t first = 0;
  Join(writer_, keys, " OR ", [&](const Key* key) {
    MatchKey(key->fields, first);
    first += key->fields.size();
  });
  OrderByKey(*step.model);
  // Views cannot be locked, and what others write is theirs to hold.
  if (!step.model->read_only) writer_ << " " << LockSql(step.lock);
  std::string by;
  for (const Key* key : keys) by += (by.empty() ? "" : " or ") + KeyFields(key->fields);
  if (step.matched) places += ", and what matches";
  Finish((step.model->read_only ? "find " : "find and lock ") + step.model->name + " by " + by + " at " + places);
}

void StepRenderer::operator()(const plan::FindMatches&) {
  const Model& model = *program_.nodes[0].model;
  writer_ << "SELECT ";
  Join(writer_, model.primary_key().fields, ", ", [&](const Field* field) { writer_.Output("t", *field); });
  writer_ << " FROM ";
  writer_.Table(model, "t");
  RenderWhere();
  Finish("find the " + model.name + " rows that match");
}

void StepRenderer::operator()(const plan::Match& step) {
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

void StepRenderer::operator()(const plan::CheckRelated& step) {
  const Node& node = program_.nodes[step.node];
  if (!node.relation->junction) return;  // the rows' foreign keys are known
  const Junction& junction = *node.relation->junction;
  writer_ << "SELECT k.n FROM unnest(";
  JunctionArrays(step.node);
  const std::vector<JunctionColumn> columns = BothEnds(junction);
  writer_ << ") WITH ORDINALITY AS k(";
  for (size_t i = 0; i < columns.size(); ++i) writer_ << "c" << std::to_string(i) << ", ";
  writer_ << "n) JOIN ";
  writer_.Table(junction, "t") << " ON ";
  MatchColumns(columns, "t", "k", 0);
  Finish("find which are related" + At(step.node));
}

void StepRenderer::operator()(const plan::FindRelated& step) {
  const Node& node = program_.nodes[step.node];
  writer_ << "SELECT k.n";
  RenderCurrent(node, ", ");
  writer_ << " FROM ";
  ParentKeys(step.node, *node.relation, /*ordinality=*/true);
  writer_ << " JOIN ";
  JoinRelated(*node.relation);
  if (step.where != nullptr) RenderFilter(*step.where, " WHERE ");
  OrderByKey(*node.model);
  writer_ << " " << LockSql(step.lock);
  Finish("find and lock the related " + node.model->name + At(step.node));
}

void StepRenderer::operator()(const plan::Filter& step) {
  const Node& node = program_.nodes[step.node];
  const std::vector<const Field*>& key = node.model->primary_key().fields;
  writer_ << "SELECT k.n FROM ";
  KeySource(
      key, [&](const Field* field) { Array(FromKey{step.node, field}, field->type); }, /*ordinality=*/true);
  writer_ << " JOIN ";
  writer_.Table(*node.model, "t") << " ON ";
  MatchKey(key);
  RenderFilter(*step.where, " WHERE ");
  Finish("find which " + node.model->name + " may be written to" + At(step.node));
}

void StepRenderer::operator()(const plan::FindUpserted&) {
  const Node& root = program_.nodes[0];
  const std::vector<const Field*>& key = program_.conflict->key->fields;
  writer_ << "SELECT k.n";
  RenderCurrent(root, ", ");
  writer_ << " FROM ";
  KeySource(
      key,
      [&](const Field* field) {
        Array(FromColumn{0, root.Find(field, Version::kNew)}, field->type);
      },
      /*ordinality=*/true);
  writer_ << " JOIN ";
  writer_.Table(*root.model, "t") << " ON ";
  MatchKey(key);
  Finish("find the " + root.model->name + " by " + KeyFields(key));
}

void StepRenderer::operator()(const plan::Vacate& step) {
  const std::vector<const Field*>& key = step.holder->primary_key().fields;
  std::vector<const Field*> foreign_key;
  for (const ColumnPair& pair : step.pairs) foreign_key.push_back(pair.to);
  writer_ << "SELECT ";
  Join(writer_, key, ", ", [&](const Field* field) { writer_.Output("t", *field); });
  for (const Field* field : foreign_key) {
    writer_ << ", ";
    writer_.Output("t", *field);
  }
  writer_ << " FROM ";
  KeySource(step.pairs, [&](const ColumnPair& pair) {
    if (step.keys_from_parent) {
      Array(FromParentKey{step.node, pair.from}, pair.from->type);
    } else {
      Array(FromKey{step.node, pair.to}, pair.to->type);
    }
  });
  writer_ << " JOIN ";
  writer_.Table(*step.holder, "t") << " ON ";
  MatchKey(foreign_key);
  OrderByKey(*step.holder);
  writer_ << " " << LockSql(plan::Lock::kUpdate);
  Finish("find the " + step.holder->name + " in the place" + At(step.node));
  const auto found = [&] {
    int column = 0;
    KeySource(key, [&](const Field* field) { Array(FromFound{column++, field->type}, field->type); });
    writer_ << " WHERE ";
    MatchKey(key);
  };
  switch (step.incumbent) {
    case plan::Vacate::Incumbent::kRefuse:
      return;
    case plan::Vacate::Incumbent::kDetach:
      Clear(*step.holder, foreign_key);
      found();
      Finish("detach the " + step.holder->name + " in the place" + At(step.node));
      return;
    case plan::Vacate::Incumbent::kDelete:
      writer_ << "DELETE FROM ";
      writer_.Table(*step.holder, "t") << " USING ";
      found();
      Finish("delete the " + step.holder->name + " in the place" + At(step.node));
      return;
  }
}

}  // namespace rowan::sql
