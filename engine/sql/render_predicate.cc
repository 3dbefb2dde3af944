#include "engine/sql/render_predicate.h"

#include <variant>

namespace rowan::sql {
namespace {

std::string_view ComparisonSql(const ir::Compare& compare) {
  switch (compare.comparison) {
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
    case ir::Comparison::kNotIn:
      return " <> ALL";
    case ir::Comparison::kBetween:
      return " BETWEEN ";
    case ir::Comparison::kContains:
    case ir::Comparison::kStartsWith:
    case ir::Comparison::kEndsWith:
    case ir::Comparison::kLike:
      return compare.ignore_case ? " ILIKE " : " LIKE ";
    case ir::Comparison::kRegex:
      return compare.ignore_case ? " ~* " : " ~ ";
    case ir::Comparison::kHas:
      return " @> ";
    case ir::Comparison::kHasSome:
      // Arrays overlap; a jsonb contains any of several.
      return compare.type.array ? " && " : " @> ANY";
    case ir::Comparison::kHasEvery:
      return compare.type.array ? " @> " : " @> ALL";
    case ir::Comparison::kSearch:
      return " @@ ";
    case ir::Comparison::kIsDistinctFrom:
      return " IS DISTINCT FROM ";
  }
  return "";
}

// Whether both sides are folded to lower case; patterns have operators of their own for that.
bool FoldsBothSides(const ir::Compare& compare) {
  if (!compare.ignore_case) return false;
  const std::string_view sql = ComparisonSql(compare);
  return sql != " ILIKE " && sql != " ~* ";
}

// Whether the comparison is one of texts, whatever the type of the left side.
bool ComparesText(const ir::Compare& compare) {
  switch (compare.comparison) {
    case ir::Comparison::kContains:
    case ir::Comparison::kStartsWith:
    case ir::Comparison::kEndsWith:
    case ir::Comparison::kLike:
    case ir::Comparison::kRegex:
    case ir::Comparison::kSearch:
      return true;
    case ir::Comparison::kEq:
    case ir::Comparison::kNe:
    case ir::Comparison::kGt:
    case ir::Comparison::kGte:
    case ir::Comparison::kLt:
    case ir::Comparison::kLte:
    case ir::Comparison::kIn:
    case ir::Comparison::kNotIn:
    case ir::Comparison::kBetween:
    case ir::Comparison::kHas:
    case ir::Comparison::kHasSome:
    case ir::Comparison::kHasEvery:
    case ir::Comparison::kIsDistinctFrom:
      return compare.ignore_case;
  }
  return false;
}

bool IsSearchVector(const Type& type) {
  return type.native_schema == "pg_catalog" && type.native_name == "tsvector";
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

  // --- left sides

  void operator()(const Field* field) { writer.Column(alias, field->column); }

  void JsonPath(const ir::JsonPlace& place, std::string_view extract) {
    writer.Column(alias, place.field->column) << " " << extract << " ";
    RenderSlot(writer, scope, {.scalar = Scalar::kText, .array = true}, place.path);
  }
  // JSON of another type than the one that is compared with must not be cast, so it is looked at first.
  void TypedJson(const ir::JsonPlace& place, std::string_view type, std::string_view cast) {
    writer << "CASE WHEN jsonb_typeof(";
    JsonPath(place, "#>");
    writer << ") = '" << type << "' THEN (";
    JsonPath(place, "#>>");
    writer << ")" << cast << " END";
  }
  void operator()(const ir::JsonPlace& place) {
    switch (place.form) {
      case ir::JsonForm::kJson:
        writer << "NULLIF(";
        JsonPath(place, "#>");
        writer << ", 'null'::jsonb)";
        return;
      case ir::JsonForm::kText:
        TypedJson(place, "string", "");
        return;
      case ir::JsonForm::kNumber:
        TypedJson(place, "number", "::numeric");
        return;
    }
  }
  void operator()(const ir::RelatedAggregate& related) {
    RenderRelatedAggregate(writer, scope, *related.relation, related.aggregate, related.where.get(), alias);
  }
  void operator()(const ir::ResultColumn& column) { writer << alias << ".c" << std::to_string(column.position); }

  // --- comparisons

  void Folded(bool fold, auto write) {
    if (fold) writer << "lower(";
    write();
    if (fold) writer << ")";
  }

  void operator()(const ir::Compare& compare) {
    const bool fold = FoldsBothSides(compare);
    const bool as_text = ComparesText(compare) && TravelsAsText(compare.type);
    const Type type = as_text ? Type{.scalar = Scalar::kText} : compare.type;
    const auto left = [&] {
      std::visit(*this, compare.left);
      if (as_text) writer << "::text";
    };
    const auto right = [&](int slot) {
      Folded(fold, [&] { RenderSlot(writer, scope, type, slot); });
    };
    if (compare.comparison == ir::Comparison::kSearch) {
      if (IsSearchVector(compare.type)) {
        std::visit(*this, compare.left);
      } else {
        // The configuration is a literal, so that an index on the expression serves.
        writer << "to_tsvector('" << compare.language << "', ";
        left();
        writer << ")";
      }
      writer << " @@ websearch_to_tsquery('" << compare.language << "', ";
      RenderSlot(writer, scope, type, compare.slot);
      writer << ")";
      return;
    }
    // Everything contains every element of nothing, but only an array is meant.
    const bool json_array = compare.comparison == ir::Comparison::kHasEvery && !compare.type.array;
    if (json_array) {
      writer << "(";
      std::visit(*this, compare.left);
      writer << " @> '[]'::jsonb AND ";
    }
    Folded(fold, left);
    writer << ComparisonSql(compare);
    if (compare.other != nullptr) {
      Folded(fold, [&] {
        if (fold) {
          writer.Output(alias, *compare.other);
        } else {
          writer.Column(alias, compare.other->column);
        }
      });
      return;
    }
    Type list = type;
    list.array = true;
    switch (compare.comparison) {
      case ir::Comparison::kIn:
      case ir::Comparison::kNotIn:
        writer << "(";
        if (fold) writer << "ARRAY(SELECT lower(e) FROM unnest(";
        RenderSlot(writer, scope, list, compare.slot);
        if (fold) writer << ") e)";
        writer << ")";
        return;
      case ir::Comparison::kHasSome:
      case ir::Comparison::kHasEvery:
        if (!compare.type.array) writer << "(";
        RenderSlot(writer, scope, list, compare.slot);
        if (!compare.type.array) writer << ")";
        if (json_array) writer << ")";
        return;
      case ir::Comparison::kBetween:
        right(compare.slot);
        writer << " AND ";
        right(compare.upper);
        return;
      case ir::Comparison::kEq:
      case ir::Comparison::kNe:
      case ir::Comparison::kGt:
      case ir::Comparison::kGte:
      case ir::Comparison::kLt:
      case ir::Comparison::kLte:
      case ir::Comparison::kContains:
      case ir::Comparison::kStartsWith:
      case ir::Comparison::kEndsWith:
      case ir::Comparison::kLike:
      case ir::Comparison::kRegex:
      case ir::Comparison::kHas:
      case ir::Comparison::kSearch:
      case ir::Comparison::kIsDistinctFrom:
        right(compare.slot);
        return;
    }
  }

  void operator()(const ir::NullTest& test) {
    if (const auto* place = std::get_if<ir::JsonPlace>(&test.left)) {
      writer << "(";
      JsonPath(*place, "#>>");
      writer << ")";
    } else {
      std::visit(*this, test.left);
    }
    writer << (test.is_null ? " IS NULL" : " IS NOT NULL");
  }

  void operator()(const ir::EmptyTest& test) {
    writer << "cardinality(";
    writer.Column(alias, test.field->column) << (test.is_empty ? ") = 0" : ") > 0");
  }

  // --- relations

  // `[NOT ]EXISTS (related rows that [fail to] satisfy the filter)`.
  void Exists(const ir::Related& related, std::string_view exists, bool with_filter, std::string_view after) {
    const std::string inner = "r" + std::to_string(scope.next_alias++);
    writer << exists << " (SELECT 1 FROM ";
    RenderRelatedFrom(writer, *related.relation, inner);
    writer << " WHERE ";
    RenderRelatedOn(writer, *related.relation, alias, inner);
    if (with_filter && related.where != nullptr) {
      writer << " AND ";
      if (!after.empty()) writer << "(";
      RenderPredicate(writer, scope, *related.where, inner);
      if (!after.empty()) writer << ")" << after;
    }
    writer << ")";
  }

  void operator()(const ir::Related& related) {
    switch (related.quantifier) {
      case ir::Quantifier::kSome:
        Exists(related, "EXISTS", true, "");
        return;
      case ir::Quantifier::kNone:
        Exists(related, "NOT EXISTS", true, "");
        return;
      case ir::Quantifier::kEvery:
        // Every row satisfies no filter at all.
        if (related.where == nullptr) {
          writer << "true";
        } else {
          Exists(related, "NOT EXISTS", true, " IS NOT TRUE");
        }
        return;
      case ir::Quantifier::kEveryNonempty:
        if (related.where == nullptr) {
          Exists(related, "EXISTS", false, "");
          return;
        }
        writer << "(";
        Exists(related, "EXISTS", false, "");
        writer << " AND ";
        Exists(related, "NOT EXISTS", true, " IS NOT TRUE");
        writer << ")";
        return;
    }
  }
};

std::string_view FunctionSql(ir::Function function) {
  switch (function) {
    case ir::Function::kCount:
      return "count";
    case ir::Function::kSum:
      return "sum";
    case ir::Function::kAvg:
      return "avg";
    case ir::Function::kMin:
      return "min";
    case ir::Function::kMax:
      return "max";
  }
  return "";
}

}  // namespace

void RenderSlot(Writer& writer, PredicateScope& scope, const Type& type, int slot) {
  writer.Parameter(type);
  scope.slots.push_back(slot);
}

void RenderPredicate(Writer& writer, PredicateScope& scope, const ir::Predicate& predicate, std::string_view alias) {
  std::visit(Renderer{writer, scope, alias}, predicate.node);
}

void RenderAggregate(Writer& writer, const ir::Aggregate& aggregate, std::string_view alias) {
  writer << FunctionSql(aggregate.function) << "(";
  if (aggregate.field == nullptr) {
    writer << "*)";
    return;
  }
  if (aggregate.distinct) writer << "DISTINCT ";
  writer.Column(alias, aggregate.field->column) << ")";
}

void RenderRelatedAggregate(Writer& writer, PredicateScope& scope, const Relation& relation,
                            const ir::Aggregate& aggregate, const ir::Predicate* where, std::string_view alias) {
  const std::string inner = "r" + std::to_string(scope.next_alias++);
  writer << "(SELECT ";
  RenderAggregate(writer, aggregate, inner);
  writer << " FROM ";
  RenderRelatedFrom(writer, relation, inner);
  writer << " WHERE ";
  RenderRelatedOn(writer, relation, alias, inner);
  if (where != nullptr) {
    writer << " AND ";
    RenderPredicate(writer, scope, *where, inner);
  }
  writer << ")";
}

void RenderRelatedFrom(Writer& writer, const Relation& relation, std::string_view alias) {
  if (!relation.junction) {
    writer.Table(*relation.target, alias);
    return;
  }
  const std::string between = "j" + std::string(alias);
  writer.Table(*relation.junction, between) << " JOIN ";
  writer.Table(*relation.target, alias) << " ON ";
  Join(writer, relation.junction->target, " AND ", [&](const JunctionColumn& column) {
    writer.Column(alias, column.field->column) << " = ";
    writer.Column(between, column.column);
  });
}

void RenderRelatedOn(Writer& writer, const Relation& relation, std::string_view parent_alias, std::string_view alias) {
  if (!relation.junction) {
    Join(writer, relation.pairs, " AND ", [&](const ColumnPair& pair) {
      writer.Column(alias, pair.to->column) << " = ";
      writer.Column(parent_alias, pair.from->column);
    });
    return;
  }
  const std::string between = "j" + std::string(alias);
  Join(writer, relation.junction->source, " AND ", [&](const JunctionColumn& column) {
    writer.Column(between, column.column) << " = ";
    writer.Column(parent_alias, column.field->column);
  });
}

}  // namespace rowan::sql
