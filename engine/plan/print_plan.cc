#include "engine/plan/print_plan.h"

#include <string_view>
#include <variant>

namespace rowan::plan {
namespace {

std::string_view ComparisonName(ir::Comparison comparison) {
  switch (comparison) {
    case ir::Comparison::kEq:
      return "eq";
    case ir::Comparison::kNe:
      return "ne";
    case ir::Comparison::kGt:
      return "gt";
    case ir::Comparison::kGte:
      return "gte";
    case ir::Comparison::kLt:
      return "lt";
    case ir::Comparison::kLte:
      return "lte";
    case ir::Comparison::kIn:
      return "in";
    case ir::Comparison::kContains:
      return "contains";
    case ir::Comparison::kStartsWith:
      return "startsWith";
    case ir::Comparison::kEndsWith:
      return "endsWith";
  }
  return "";
}

std::string PrintPredicate(const ir::Predicate& predicate);

struct PredicatePrinter {
  std::string operator()(const ir::AllOf& all) { return List("all", all.predicates); }
  std::string operator()(const ir::AnyOf& any) { return List("any", any.predicates); }
  std::string operator()(const ir::Not& negated) { return "not(" + PrintPredicate(*negated.predicate) + ")"; }
  std::string operator()(const ir::Compare& compare) {
    return compare.field->name + " " + std::string(ComparisonName(compare.comparison)) + " slot " +
           std::to_string(compare.slot);
  }
  std::string operator()(const ir::NullTest& test) {
    return test.field->name + (test.is_null ? " is null" : " is not null");
  }
  std::string operator()(const ir::Related& related) {
    return "exists " + related.relation->name + "(" + (related.where ? PrintPredicate(*related.where) : "") + ")";
  }

  static std::string List(std::string_view name, const std::vector<ir::Predicate>& predicates) {
    std::string text(name);
    text += "(";
    for (const ir::Predicate& part : predicates) text += (text.back() == '(' ? "" : ", ") + PrintPredicate(part);
    return text + ")";
  }
};

std::string PrintPredicate(const ir::Predicate& predicate) {
  return std::visit(PredicatePrinter{}, predicate.node);
}

std::string FieldNames(const std::vector<const Field*>& fields) {
  std::string names;
  for (const Field* field : fields) names += (names.empty() ? "" : ", ") + field->name;
  return names;
}

void PrintSelect(const Select& select, int indent, std::string& text) {
  text.append(indent, ' ');
  text += "select " + select.model->name + " [" + FieldNames(select.fields) + "]";
  if (select.relation != nullptr) {
    text += select.relation->to_many() ? " as list " : " as one ";
    text += select.name;
    if (select.name != select.relation->name) text += " by " + select.relation->name;
  }
  if (select.by_keys) text += " by keys";
  if (select.where) text += " where " + PrintPredicate(*select.where);
  if (!select.order.empty()) {
    text += " order";
    for (const ir::Order& by : select.order) text += " " + by.field->name + (by.descending ? " desc" : "");
  }
  if (select.window.limit != ir::kNoSlot) text += " limit slot " + std::to_string(select.window.limit);
  if (select.window.offset != ir::kNoSlot) text += " offset slot " + std::to_string(select.window.offset);
  text += "\n";
  for (const Select& related : select.related) PrintSelect(related, indent + 2, text);
}

std::string_view LockName(Lock lock) {
  switch (lock) {
    case Lock::kKeyShare:
      return "for key share";
    case Lock::kNoKeyUpdate:
      return "for no key update";
    case Lock::kUpdate:
      return "for update";
  }
  return "";
}

std::string_view RoleName(NodeRole role) {
  switch (role) {
    case NodeRole::kCreate:
      return "create";
    case NodeRole::kConnect:
      return "connect";
    case NodeRole::kDisconnect:
      return "disconnect";
    case NodeRole::kParents:
      return "disconnect current";
    case NodeRole::kUpdate:
      return "update";
    case NodeRole::kDelete:
      return "delete";
  }
  return "";
}

std::string Number(int node) {
  return "node " + std::to_string(node);
}

struct StepPrinter {
  const Program& program;

  std::string operator()(const LockKeys& step) {
    return "lock keys " + Number(step.node) + " by " + FieldNames(step.key->fields) + " " +
           std::string(LockName(step.lock)) + (step.required ? ", all must exist" : "");
  }
  std::string operator()(const Match& step) {
    std::string text = "match node 0" + Where() + " " + std::string(LockName(step.lock));
    for (const Relation* relation : step.single) text += ", one row at most for " + relation->name;
    return text;
  }
  std::string operator()(const Allot& step) {
    return "allot " + Number(step.node) + " " + program.nodes[step.node].columns[step.column].field->name;
  }
  std::string operator()(const CopyDown& step) {
    return "copy down " + Number(program.nodes[step.node].parent) + " -> " + Number(step.node) + " " +
           ForeignKey(step.node);
  }
  std::string operator()(const CopyUp& step) {
    return "copy up " + Number(step.node) + " -> " + Number(program.nodes[step.node].parent) + " " +
           ForeignKey(step.node);
  }
  std::string operator()(const ClearForeignKey& step) {
    return "clear node 0 " + FieldNames(ForeignKeyFields(*step.relation));
  }
  std::string operator()(const Vacate& step) {
    return "vacate " + step.holder->name + " for " + Number(step.node) +
           (step.required ? ", refused when occupied" : ", detaching who is there");
  }
  std::string operator()(const InsertRows& step) {
    return "insert " + Number(step.node) + " " + program.nodes[step.node].model->name;
  }
  std::string operator()(const UpdateRows&) { return "update node 0 " + program.nodes[0].model->name; }
  std::string operator()(const DeleteRows&) { return "delete node 0 " + program.nodes[0].model->name; }
  std::string operator()(const UpdateWhere&) { return "update " + program.nodes[0].model->name + Where(); }
  std::string operator()(const DeleteWhere&) { return "delete " + program.nodes[0].model->name + Where(); }
  std::string operator()(const Move& step) { return "move " + Number(step.node) + " to its parents"; }
  std::string operator()(const Release& step) { return "release " + Number(step.node) + " from its parents"; }
  std::string operator()(const ReleaseCurrent& step) {
    return "release what the parents of " + Number(step.node) + " have";
  }
  std::string operator()(const Link& step) { return "link " + Number(step.node) + " to its parents"; }
  std::string operator()(const Unlink& step) { return "unlink " + Number(step.node) + " from its parents"; }
  std::string operator()(const ReadBack&) { return "read back node 0"; }

  std::string ForeignKey(int node) { return FieldNames(ForeignKeyFields(*program.nodes[node].relation)); }
  std::string Where() { return program.where ? " where " + PrintPredicate(*program.where) : std::string(" all rows"); }
};

}  // namespace

std::string PrintPlan(const Select& root) {
  std::string text;
  PrintSelect(root, 0, text);
  return text;
}

std::string PrintPlan(const Program& program) {
  std::string text;
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    text += Number(static_cast<int>(i)) + ": " + std::string(RoleName(node.role)) + " " + node.model->name;
    if (node.relation != nullptr) text += " by " + node.relation->name + " of " + Number(node.parent);
    if (!node.columns.empty()) text += " [";
    for (size_t c = 0; c < node.columns.size(); ++c) {
      const NodeColumn& column = node.columns[c];
      text += (c == 0 ? "" : ", ") + column.field->name;
      if (column.version == Version::kCurrent) {
        text += " (current)";
      } else if (!column.always) {
        text += " (some rows)";
      }
    }
    text += node.columns.empty() ? "\n" : "]\n";
  }
  for (const Step& step : program.steps) text += "- " + std::visit(StepPrinter{program}, step) + "\n";
  if (program.returning) PrintSelect(*program.returning, 2, text);
  return text;
}

}  // namespace rowan::plan
