#include "engine/sql/render_predicate.h"

#include <string>
#include <variant>

namespace rowan::sql {
namespace {

std::string_view ComparisonSql(ir::Comparison comparison) {
  switch (comparison) {
    case ir::Comparison::kEq:
      return " = ";
    case ir::Comparison::kNe:
      return " <> ";
    case ir::Comparison::kGt:
      return " > ";
    case ir::Comparison::kGte:
      return " >= ";
    case ir::Comparison::kLt:
      return " < ";
    case ir::Comparison::kLte:
      return " <= ";
    case ir::Comparison::kIn:
      return " = ANY";
    case ir::Comparison::kContains:
    case ir::Comparison::kStartsWith:
    case ir::Comparison::kEndsWith:
      return " LIKE ";
  }
  return "";
}

struct Renderer {
  Writer& writer;
  PredicateScope& scope;
  std::string_view alias;

  void List(const std::vector<ir::Predicate>& predicates, std::string_view separator, std::string_view empty) {
    if (predicates.empty()) {
      writer << empty;
      return;
    }
    writer << "(";
    Join(writer, predicates, separator,
         [&](const ir::Predicate& part) { RenderPredicate(writer, scope, part, alias); });
    writer << ")";
  }

  void operator()(const ir::AllOf& all) { List(all.predicates, " AND ", "true"); }
  void operator()(const ir::AnyOf& any) { List(any.predicates, " OR ", "false"); }

  void operator()(const ir::Not& negated) {
    // EXISTS is never null, and PostgreSQL plans NOT EXISTS as an anti-join; anything else may be null, and its
    // complement has to hold there.
    if (std::holds_alternative<ir::Related>(negated.predicate->node)) {
      writer << "NOT ";
      RenderPredicate(writer, scope, *negated.predicate, alias);
      return;
    }
    writer << "(";
    RenderPredicate(writer, scope, *negated.predicate, alias);
    writer << ") IS NOT TRUE";
  }

  void operator()(const ir::Compare& compare) {
    Type type = compare.field->type;
    const bool list = compare.comparison == ir::Comparison::kIn;
    type.array = type.array || list;
    writer.Column(alias, compare.field->column) << ComparisonSql(compare.comparison);
    if (list) writer << "(";
    RenderSlot(writer, scope, type, compare.slot);
    if (list) writer << ")";
  }

  void operator()(const ir::NullTest& test) {
    writer.Column(alias, test.field->column) << (test.is_null ? " IS NULL" : " IS NOT NULL");
  }

  void operator()(const ir::Related& related) {
    const std::string inner = "r" + std::to_string(scope.next_alias++);
    writer << "EXISTS (SELECT 1 ";
    RenderRelated(writer, *related.relation, alias, inner);
    if (related.where != nullptr) {
      writer << " AND ";
      RenderPredicate(writer, scope, *related.where, inner);
    }
    writer << ")";
  }
};

}  // namespace

void RenderSlot(Writer& writer, PredicateScope& scope, const Type& type, int slot) {
  writer.Parameter(type);
  scope.slots.push_back(slot);
}

void RenderPredicate(Writer& writer, PredicateScope& scope, const ir::Predicate& predicate, std::string_view alias) {
  std::visit(Renderer{writer, scope, alias}, predicate.node);
}

void RenderRelated(Writer& writer, const Relation& relation, std::string_view parent_alias, std::string_view alias) {
  writer << "FROM ";
  if (!relation.junction) {
    writer.Table(*relation.target, alias) << " WHERE ";
    Join(writer, relation.pairs, " AND ", [&](const ColumnPair& pair) {
      writer.Column(alias, pair.to->column) << " = ";
      writer.Column(parent_alias, pair.from->column);
    });
    return;
  }
  const Junction& junction = *relation.junction;
  const std::string between = "j" + std::string(alias);
  writer.Table(junction, between) << " JOIN ";
  writer.Table(*relation.target, alias) << " ON ";
  Join(writer, junction.target, " AND ", [&](const JunctionColumn& column) {
    writer.Column(alias, column.field->column) << " = ";
    writer.Column(between, column.column);
  });
  writer << " WHERE ";
  Join(writer, junction.source, " AND ", [&](const JunctionColumn& column) {
    writer.Column(between, column.column) << " = ";
    writer.Column(parent_alias, column.field->column);
  });
}

}  // namespace rowan::sql
