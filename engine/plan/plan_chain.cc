#include <algorithm>
#include <set>
#include <utility>

#include "engine/plan/mutation_planner.h"

namespace rowan::plan {
namespace {

bool Same(const Chain::Column& a, const Chain::Column& b) {
  return a.node == b.node && a.column == b.column;
}

// Whether the database refuses to relate a record that is not there.
bool IsEnforced(const Relation& relation) {
  if (relation.junction && relation.junction->model == nullptr) return relation.junction->target_enforced;
  const Relation& holder = relation.junction ? *relation.junction->target_relation : relation;
  const std::vector<ForeignKey>& keys = holder.source->foreign_keys;
  return std::any_of(keys.begin(), keys.end(),
                     [&](const ForeignKey& key) { return key.relation == &holder && key.enforced; });
}

// Looks at each step in turn and says whether a chain can have it. Whatever is found among existing rows, and whatever is
// decided by what is found, it cannot.
class ChainPlanner {
 public:
  explicit ChainPlanner(const Program& program) : program_(program) {}

  std::optional<Chain> Plan() {
    if (program_.kind != ir::MutationKind::kInsert || program_.expect) return std::nullopt;
    if (!std::all_of(program_.nodes.begin(), program_.nodes.end(), FitsNode)) return std::nullopt;
    FindNeeded();
    for (const Step& step : program_.steps) {
      if (!std::visit(*this, step)) return std::nullopt;
    }
    FindChecks();
    // What is copied on must be known or allotted here.
    for (const Chain::Column& one : needed_) {
      const Chain::Source* source = chain_.Find(one.node, one.column);
      if (source != nullptr && source->kind != Chain::Source::Kind::kAllotted) return std::nullopt;
    }
    return std::move(chain_);
  }

  bool operator()(const LockRows& step) { return !step.matched; }
  bool operator()(const CheckNames&) { return true; }
  bool operator()(const Require&) { return true; }
  bool operator()(const ReadBack&) { return true; }

  bool operator()(const Allot& step) {
    const NodeColumn& column = program_.nodes[step.node].columns[step.column];
    if (column.input >= 0) return false;  // some rows give it
    const Chain::Column allotted{step.node, step.column};
    // A row needs some column that is written.
    const bool needed = program_.nodes[step.node].columns.size() == 1 ||
                        std::any_of(needed_.begin(), needed_.end(),
                                    [&](const Chain::Column& one) { return Same(one, allotted); });
    switch (column.field->generator) {
      case Generator::kLiteral:
        return true;  // needs no database
      case Generator::kNone:
        return false;
      case Generator::kIdentity:
      case Generator::kUuid:
      case Generator::kNow:
      case Generator::kExpression:
        break;
    }
    if (!needed) {
      chain_.sources.push_back({allotted, Chain::Source::Kind::kDefault});
      return true;
    }
    chain_.sources.push_back({allotted, Chain::Source::Kind::kAllotted});
    // An expression may come to nothing. Rows take their keys out of an array, which is quick at any length where all are of
    // one size.
    return column.field->generator != Generator::kExpression && HasOneForm(column.field->type);
  }

  bool operator()(const CopyDown& step) {
    const Node& children = program_.nodes[step.node];
    for (const ColumnPair& pair : children.relation->pairs) {
      const int column = children.Find(pair.to, Version::kNew);
      if (children.columns[column].input >= 0) return false;  // the request may say two things
      const std::optional<Chain::Column> key = Allotted(children.parent, pair.from);
      if (key) chain_.sources.push_back({{step.node, column}, Chain::Source::Kind::kParent, {*key}});
    }
    return true;
  }

  bool operator()(const CopyUp& step) {
    const Node& targets = program_.nodes[step.node];
    for (const ColumnPair& pair : targets.relation->pairs) {
      const std::optional<Chain::Column> key = Allotted(step.node, pair.to);
      if (!key) continue;
      const Chain::Column column{targets.parent, program_.nodes[targets.parent].Find(pair.from, Version::kNew)};
      const auto known = std::find_if(chain_.sources.begin(), chain_.sources.end(),
                                      [&](const Chain::Source& source) { return Same(source.column, column); });
      if (known == chain_.sources.end()) {
        chain_.sources.push_back({column, Chain::Source::Kind::kRelated, {*key}});
      } else if (known->kind == Chain::Source::Kind::kRelated) {
        known->keys.push_back(*key);
      } else {
        return false;
      }
    }
    return true;
  }

  bool operator()(const InsertRows& step) {
    const Model& model = *program_.nodes[step.node].model;
    return step.contested == nullptr && IsNew(model.schema, model.table);
  }

  bool operator()(const Link& step) {
    const Junction& junction = *program_.nodes[step.node].relation->junction;
    return IsNew(junction.schema, junction.table);
  }

  // No other step is part of a chain.
  template <typename Other>
  bool operator()(const Other&) {
    return false;
  }

 private:
  static bool FitsNode(const Node& node) {
    if (node.role != NodeRole::kCreate && node.role != NodeRole::kConnect) return false;
    return std::none_of(node.columns.begin(), node.columns.end(), [&](const NodeColumn& column) {
      return column.version == Version::kCurrent || column.change != ir::Change::kSet ||
             (node.role == NodeRole::kCreate && column.version == Version::kExpected);
    });
  }

  // The new values that other rows or the answer refer to.
  void FindNeeded() {
    const auto need = [&](int number, const Field* field) {
      const int column = program_.nodes[number].Find(field, Version::kNew);
      if (column >= 0) needed_.push_back({number, column});
    };
    for (int number = 0; number < static_cast<int>(program_.nodes.size()); ++number) {
      const Node& node = program_.nodes[number];
      if (node.relation == nullptr) continue;
      if (node.relation->junction) {
        for (const JunctionColumn& column : node.relation->junction->source) need(node.parent, column.field);
        for (const JunctionColumn& column : node.relation->junction->target) need(number, column.field);
      }
      const bool up = node.relation->kind == RelationKind::kBelongsTo;
      for (const ColumnPair& pair : node.relation->pairs) {
        if (up) {
          need(number, pair.to);
        } else {
          need(node.parent, pair.from);
        }
      }
    }
    if (!program_.returning) return;
    for (const Field* field : program_.nodes.front().model->primary_key().fields) need(0, field);
  }

  // A foreign key would be content with a record that the statement itself inserts; who names one means those that are there.
  void FindChecks() {
    for (size_t i = 0; i < program_.steps.size(); ++i) {
      const auto* lock = std::get_if<LockRows>(&program_.steps[i]);
      if (lock == nullptr) continue;
      const bool enforced = std::all_of(lock->named.begin(), lock->named.end(), [this](const NamedRows& named) {
        return IsEnforced(*program_.nodes[named.node].relation);
      });
      if (enforced && !tables_.contains({lock->model->schema, lock->model->table})) continue;
      chain_.checks.push_back(static_cast<int>(i));
    }
  }

  std::optional<Chain::Column> Allotted(int node, const Field* field) const {
    const int column = program_.nodes[node].Find(field, Version::kNew);
    const Chain::Source* source = column < 0 ? nullptr : chain_.Find(node, column);
    if (source == nullptr || source->kind != Chain::Source::Kind::kAllotted) return std::nullopt;
    return source->column;
  }

  // A statement writes to a table once: what becomes of a row that it writes to twice, PostgreSQL leaves open, and others refuse.
  bool IsNew(const std::string& schema, const std::string& table) { return tables_.emplace(schema, table).second; }

  const Program& program_;
  Chain chain_;
  std::vector<Chain::Column> needed_;
  std::set<std::pair<std::string, std::string>> tables_;
};

}  // namespace

const Chain::Source* Chain::Find(int node, int column) const {
  for (const Source& source : sources) {
    if (Same(source.column, {node, column})) return &source;
  }
  return nullptr;
}

bool Program::ReturnsKeysOnly() const {
  if (!returning || !returning->root.counts.empty() || !returning->root.related.empty()) return false;
  const std::vector<const Field*>& key = nodes.front().model->primary_key().fields;
  return std::all_of(returning->root.fields.begin(), returning->root.fields.end(),
                     [&](const Field* field) { return std::find(key.begin(), key.end(), field) != key.end(); }) &&
         std::all_of(key.begin(), key.end(), [](const Field* field) { return HasOneForm(field->type); });
}

bool Program::Lone(int node) const {
  for (; node != 0; node = nodes[node].parent) {
    if (nodes[node].relation->to_many()) return false;
  }
  return true;
}

std::optional<Chain> PlanChain(const Program& program) {
  return ChainPlanner(program).Plan();
}

}  // namespace rowan::plan
