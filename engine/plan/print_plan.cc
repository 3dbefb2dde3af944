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
    case ir::Comparison::kNotIn:
      return "notIn";
    case ir::Comparison::kBetween:
      return "between";
    case ir::Comparison::kContains:
      return "contains";
    case ir::Comparison::kStartsWith:
      return "startsWith";
    case ir::Comparison::kEndsWith:
      return "endsWith";
    case ir::Comparison::kLike:
      return "like";
    case ir::Comparison::kRegex:
      return "regex";
    case ir::Comparison::kHas:
      return "has";
    case ir::Comparison::kHasSome:
      return "hasSome";
    case ir::Comparison::kHasEvery:
      return "hasEvery";
    case ir::Comparison::kSearch:
      return "search";
    case ir::Comparison::kIsDistinctFrom:
      return "isDistinctFrom";
  }
  return "";
}

std::string PrintPredicate(const ir::Predicate& predicate);

std::string PrintAggregate(const ir::Aggregate& aggregate) {
  std::string text(ir::FunctionName(aggregate.function));
  text += "(";
  if (aggregate.distinct) text += "distinct ";
  return text + (aggregate.field == nullptr ? "*" : aggregate.field->name) + ")";
}

struct OperandPrinter {
  std::string operator()(const Field* field) { return field->name; }
  std::string operator()(const ir::JsonPlace& place) {
    std::string text = place.field->name + " at slot " + std::to_string(place.path);
    if (place.form == ir::JsonForm::kText) text += " as text";
    if (place.form == ir::JsonForm::kNumber) text += " as number";
    return text;
  }
  std::string operator()(const ir::RelatedAggregate& related) {
    return PrintAggregate(related.aggregate) + " of " + related.relation->name + "(" +
           (related.where ? PrintPredicate(*related.where) : "") + ")";
  }
  std::string operator()(const ir::ResultColumn& column) { return "column " + std::to_string(column.position); }
};

struct PredicatePrinter {
  std::string operator()(const ir::AllOf& all) { return List("all", all.predicates); }
  std::string operator()(const ir::AnyOf& any) { return List("any", any.predicates); }
  std::string operator()(const ir::Not& negated) { return "not(" + PrintPredicate(*negated.predicate) + ")"; }
  std::string operator()(const ir::Compare& compare) {
    std::string text = std::visit(OperandPrinter(), compare.left) + " ";
    text += ComparisonName(compare.comparison);
    if (compare.ignore_case) text += " ignoring case";
    if (compare.other != nullptr) return text + " " + compare.other->name;
    text += " slot " + std::to_string(compare.slot);
    if (compare.upper != ir::kNoSlot) text += " and " + std::to_string(compare.upper);
    if (!compare.language.empty()) text += " in " + std::string(compare.language);
    return text;
  }
  std::string operator()(const ir::NullTest& test) {
    return std::visit(OperandPrinter(), test.left) + (test.is_null ? " is null" : " is not null");
  }
  std::string operator()(const ir::EmptyTest& test) {
    return test.field->name + (test.is_empty ? " is empty" : " is not empty");
  }
  std::string operator()(const ir::Related& related) {
    return Quantified(related.quantifier) + related.relation->name + "(" +
           (related.where ? PrintPredicate(*related.where) : "") + ")";
  }

  static std::string Quantified(ir::Quantifier quantifier) {
    switch (quantifier) {
      case ir::Quantifier::kSome:
        return "exists ";
      case ir::Quantifier::kNone:
        return "no ";
      case ir::Quantifier::kEvery:
        return "every ";
      case ir::Quantifier::kEveryNonempty:
        return "some and every ";
    }
    return "";
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

std::string PathName(const std::vector<const Relation*>& path) {
  std::string name;
  for (const Relation* relation : path) name += relation->name + ".";
  return name;
}

std::string PrintDirection(bool descending, bool nulls_first) {
  std::string text = descending ? " desc" : "";
  if (nulls_first != descending) text += nulls_first ? " nulls first" : " nulls last";
  return text;
}

std::string PrintWindow(const ir::Window& window) {
  std::string text;
  if (!window.cursor.empty()) {
    text += window.backward ? " before" : " after";
    for (int slot : window.cursor) text += slot == ir::kNoSlot ? " null" : " slot " + std::to_string(slot);
  } else if (window.backward) {
    text += " backward";
  }
  if (window.rows > 0) {
    text += " limit " + std::to_string(window.rows);
  } else if (window.limit != ir::kNoSlot) {
    text += " limit slot " + std::to_string(window.limit);
  }
  if (window.offset != ir::kNoSlot) text += " offset slot " + std::to_string(window.offset);
  if (window.total == ir::Total::kExact) text += " with total";
  if (window.total == ir::Total::kEstimated) text += " with estimated total";
  return text;
}

std::string LockText(const ir::RowLock& lock) {
  std::string text;
  switch (lock.strength) {
    case ir::LockStrength::kUpdate:
      text = " for update";
      break;
    case ir::LockStrength::kNoKeyUpdate:
      text = " for no key update";
      break;
    case ir::LockStrength::kShare:
      text = " for share";
      break;
    case ir::LockStrength::kKeyShare:
      text = " for key share";
      break;
  }
  switch (lock.wait) {
    case ir::LockWait::kWait:
      break;
    case ir::LockWait::kNoWait:
      text += " nowait";
      break;
    case ir::LockWait::kSkipLocked:
      text += " skip locked";
      break;
  }
  return text;
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
  if (!select.distinct.empty()) text += " distinct on " + FieldNames(select.distinct);
  if (!select.order.empty()) {
    text += " order";
    for (const ir::Order& by : select.order) {
      text += " " + PathName(by.path);
      text += by.many == nullptr ? by.field->name : PrintAggregate(by.aggregate) + " of " + by.many->name;
      text += PrintDirection(by.descending, by.nulls_first);
    }
  }
  text += PrintWindow(select.window) + (select.lock ? LockText(*select.lock) : "") + "\n";
  for (const ir::Count& count : select.counts) {
    text.append(indent + 2, ' ');
    text += "count " + count.relation->target->name + " as " + count.name;
    if (count.name != count.relation->name) text += " by " + count.relation->name;
    if (count.where) text += " where " + PrintPredicate(*count.where);
    text += "\n";
  }
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
    case NodeRole::kDetach:
      return "disconnect";
    case NodeRole::kParents:
      return "parents of";
    case NodeRole::kUpdate:
      return "update";
    case NodeRole::kDelete:
      return "delete";
  }
  return "";
}

std::string_view ChangeName(ir::Change change) {
  switch (change) {
    case ir::Change::kSet:
      return "";
    case ir::Change::kIncrement:
      return " increment";
    case ir::Change::kDecrement:
      return " decrement";
    case ir::Change::kMultiply:
      return " multiply";
    case ir::Change::kAppend:
      return " append";
    case ir::Change::kMerge:
      return " merge";
    case ir::Change::kNow:
      return " now";
  }
  return "";
}

std::string Number(int node) {
  return "node " + std::to_string(node);
}

std::string Numbers(const std::vector<int>& nodes) {
  std::string text;
  for (int node : nodes) text += (text.empty() ? "" : ", ") + Number(node);
  return text;
}

struct StepPrinter {
  const Program& program;

  std::string operator()(const LockRows& step) {
    std::string text = "lock " + step.model->name + " rows of";
    std::string_view separator = " ";
    for (const NamedRows& named : step.named) {
      text += std::string(std::exchange(separator, ", ")) + Number(named.node) + " by " + FieldNames(named.key->fields);
    }
    if (step.matched) text += ", and those that match,";
    return text + " " + std::string(LockName(step.lock));
  }
  std::string operator()(const FindMatches&) { return "find the keys that match" + Where(); }
  std::string operator()(const Match& step) {
    std::string text = "match node 0" + Where() + " " + std::string(LockName(step.lock));
    for (const Relation* relation : step.single) text += ", one row at most for " + relation->name;
    return text;
  }
  std::string operator()(const Expand& step) {
    return "copy what hangs on node 0 for each match" + (step.shared.empty() ? "" : ", once for " + Numbers(step.shared));
  }
  std::string operator()(const CheckNames& step) { return "check names of " + Numbers(step.nodes); }
  std::string operator()(const Require& step) { return "require " + Number(step.node); }
  std::string operator()(const CheckRelated& step) { return "check that " + Number(step.node) + " is related"; }
  std::string operator()(const FindRelated& step) {
    std::string text = "find related " + Number(step.node);
    if (step.where != nullptr) text += " where " + PrintPredicate(*step.where);
    text += " " + std::string(LockName(step.lock));
    switch (step.missing) {
      case FindRelated::Missing::kError:
        return text + ", must exist";
      case FindRelated::Missing::kKeep:
      case FindRelated::Missing::kDrop:
        return text;
    }
    return text;
  }
  std::string operator()(const Split& step) {
    return "split: " + Number(step.found) + " has what was found" +
           (step.adopt ? " and will have what is created, " : ", ") + Number(step.create) + " the others";
  }
  std::string operator()(const Adopt& step) { return "adopt " + Number(step.create) + " as " + Number(step.node); }
  std::string operator()(const Filter& step) {
    return "keep of " + Number(step.node) + " where " + PrintPredicate(*step.where);
  }
  std::string operator()(const CheckVersion& step) { return "check the version of " + Number(step.node); }
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
  std::string operator()(const CopyNew& step) { return "copy new rows -> " + Number(step.node); }
  std::string operator()(const ClearForeignKey& step) {
    return "clear " + Number(program.nodes[step.node].parent) + " " + ForeignKey(step.node) + " for " +
           Number(step.node);
  }
  std::string operator()(const Vacate& step) {
    std::string text = "vacate " + step.holder->name + " for " + Number(step.node);
    switch (step.incumbent) {
      case Vacate::Incumbent::kRefuse:
        return text + ", refused when occupied";
      case Vacate::Incumbent::kDetach:
        return text + ", detaching who is there";
      case Vacate::Incumbent::kDelete:
        return text + ", deleting who is there";
    }
    return text;
  }
  std::string operator()(const InsertRows& step) {
    return "insert " + Number(step.node) + " " + program.nodes[step.node].model->name +
           (step.contested == nullptr ? "" : ", anew when its " + FieldNames(step.contested->fields) + " is taken meanwhile");
  }
  std::string operator()(const UpsertRows&) {
    const Conflict& conflict = *program.conflict;
    std::string text = "insert node 0 " + program.nodes[0].model->name + ", where " + FieldNames(conflict.key->fields) +
                       " is taken ";
    if (conflict.update >= 0) {
      text += "update with " + Number(conflict.update);
    } else if (conflict.overwrite.empty()) {
      text += "keep";
    } else {
      text += "overwrite " + FieldNames(conflict.overwrite);
    }
    return conflict.where ? text + " where " + PrintPredicate(*conflict.where) : text;
  }
  std::string operator()(const FindUpserted&) {
    return "find node 0 by " + FieldNames(program.conflict->key->fields);
  }
  std::string operator()(const UpdateRows& step) { return "update " + Number(step.node) + " " + Model(step.node); }
  std::string operator()(const DeleteRows& step) { return "delete " + Number(step.node) + " " + Model(step.node); }
  std::string operator()(const UpdateWhere&) { return "update " + program.nodes[0].model->name + Where(); }
  std::string operator()(const DeleteWhere&) { return "delete " + program.nodes[0].model->name + Where(); }
  std::string operator()(const DeleteRelated& step) {
    return "delete related " + Number(step.node) + (step.where == nullptr ? "" : " where " + PrintPredicate(*step.where)) +
           (step.told ? ", and tell which" : "");
  }
  std::string operator()(const Move& step) { return "move " + Number(step.node) + " to its parents"; }
  std::string operator()(const Release& step) { return "release " + Number(step.node) + " from its parents"; }
  std::string operator()(const ReleaseCurrent& step) {
    return "release what the parents of " + Number(step.node) + " have";
  }
  std::string operator()(const ReleaseOthers& step) {
    return "release what the parents of " + Number(step.node) + " have" +
           (step.kept.empty() ? "" : " besides " + Numbers(step.kept));
  }
  std::string operator()(const UnlinkOthers& step) {
    return "unlink what the parents of " + Number(step.node) + " have" +
           (step.kept.empty() ? "" : " besides " + Numbers(step.kept));
  }
  std::string operator()(const Patch& step) {
    return "set " + Number(program.nodes[step.node].parent) + " " + ForeignKey(step.node) + " to " + Number(step.node);
  }
  std::string operator()(const Link& step) { return "link " + Number(step.node) + " to its parents"; }
  std::string operator()(const Unlink& step) { return "unlink " + Number(step.node) + " from its parents"; }
  std::string operator()(const ReadBack&) { return "read back node 0"; }

  const std::string& Model(int node) { return program.nodes[node].model->name; }
  std::string ForeignKey(int node) { return FieldNames(ForeignKeyFields(*program.nodes[node].relation)); }
  std::string Where() { return program.where ? " where " + PrintPredicate(*program.where) : std::string(" all rows"); }
};

}  // namespace

std::string PrintPlan(const Read& read) {
  std::string text;
  PrintSelect(read.root, 0, text);
  return text;
}

std::string PrintPlan(const ir::Aggregation& aggregation) {
  std::string text = "aggregate " + aggregation.model->name + " [";
  int position = 0;
  const auto name = [&](const std::string& column) {
    text += (position == 0 ? "" : ", ") + std::to_string(position) + " " + column;
    ++position;
  };
  for (const ir::GroupKey& key : aggregation.keys) name(key.name + ": " + PathName(key.path) + key.field->name);
  for (const ir::AggregateColumn& column : aggregation.columns) {
    name(column.name + ": " + PrintAggregate(column.aggregate));
    if (column.where) text += " where " + PrintPredicate(*column.where);
  }
  text += "]";
  if (aggregation.where) text += " where " + PrintPredicate(*aggregation.where);
  if (aggregation.having) text += " having " + PrintPredicate(*aggregation.having);
  if (!aggregation.order.empty()) {
    text += " order";
    for (const ir::ColumnOrder& by : aggregation.order) {
      text += " column " + std::to_string(by.position) + PrintDirection(by.descending, by.nulls_first);
    }
  }
  return text + PrintWindow(aggregation.window) + "\n";
}

std::string PrintPlan(const ir::Exists& exists) {
  return "exists " + exists.model->name + (exists.where ? " where " + PrintPredicate(*exists.where) : "") + "\n";
}

std::string PrintPlan(const Program& program) {
  std::string text;
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    text += Number(static_cast<int>(i)) + ": " + std::string(RoleName(node.role)) + " " + node.model->name;
    if (node.relation != nullptr) text += " by " + node.relation->name + " of " + Number(node.parent);
    if (!node.verb.empty() && node.verb != RoleName(node.role)) text += " (" + node.verb + ")";
    if (!node.columns.empty()) text += " [";
    for (size_t c = 0; c < node.columns.size(); ++c) {
      const NodeColumn& column = node.columns[c];
      text += (c == 0 ? "" : ", ") + column.field->name;
      text += ChangeName(column.change);
      if (column.version == Version::kCurrent) text += " (current)";
      if (column.version == Version::kExpected) text += " (expected)";
      if (column.version == Version::kNew && !column.always) text += " (some rows)";
    }
    text += node.columns.empty() ? "\n" : "]\n";
  }
  if (program.chain) text += "at once, or else step by step:\n";
  for (const Step& step : program.steps) text += "- " + std::visit(StepPrinter{program}, step) + "\n";
  if (program.returning) PrintSelect(program.returning->root, 2, text);
  return text;
}

}  // namespace rowan::plan
