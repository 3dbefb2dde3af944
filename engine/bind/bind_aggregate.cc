#include "engine/bind/bind_aggregate.h"

#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/binder.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

const Type kInt64{.scalar = Scalar::kInt64};
const Type kDecimal{.scalar = Scalar::kDecimal};
const Type kFloat64{.scalar = Scalar::kFloat64};

bool IsInteger(Scalar scalar) {
  return scalar == Scalar::kInt16 || scalar == Scalar::kInt32 || scalar == Scalar::kInt64;
}
bool IsNumber(Scalar scalar) {
  return IsInteger(scalar) || scalar == Scalar::kFloat32 || scalar == Scalar::kFloat64 || scalar == Scalar::kDecimal;
}
// PostgreSQL has no min and max of bool and uuid, and of bytea from 18 on only.
bool HasExtremes(Scalar scalar) {
  return Facts(scalar).ordered && scalar != Scalar::kBool && scalar != Scalar::kUuid && scalar != Scalar::kBytes;
}

bool Allowed(ir::Function function, const Type& type) {
  switch (function) {
    case ir::Function::kCount:
      return true;
    case ir::Function::kSum:
    case ir::Function::kAvg:
      return !type.array && IsNumber(type.scalar);
    case ir::Function::kMin:
    case ir::Function::kMax:
      return !type.array && HasExtremes(type.scalar);
  }
  return false;
}

// The types are those that PostgreSQL's functions give.
Type ResultType(ir::Function function, const Type& type) {
  switch (function) {
    case ir::Function::kCount:
      return kInt64;
    case ir::Function::kSum:
      if (type.scalar == Scalar::kInt16 || type.scalar == Scalar::kInt32) return kInt64;
      return type.scalar == Scalar::kInt64 || type.scalar == Scalar::kDecimal ? kDecimal : type;
    case ir::Function::kAvg:
      return type.scalar == Scalar::kFloat32 || type.scalar == Scalar::kFloat64 ? kFloat64 : kDecimal;
    case ir::Function::kMin:
    case ir::Function::kMax:
      break;
  }
  return type;
}

constexpr ir::Function kFunctions[] = {ir::Function::kCount, ir::Function::kSum, ir::Function::kAvg,
                                       ir::Function::kMin, ir::Function::kMax};

// How a column is called that is given no name.
std::string DefaultName(const ir::Aggregate& aggregate) {
  const std::string function(ir::FunctionName(aggregate.function));
  return aggregate.field == nullptr ? function : absl::StrCat(function, "_", aggregate.field->name);
}

}  // namespace

std::string AggregateWord(const v1::AggregateExpression& expression) {
  const int number = static_cast<int>(expression.function());
  const bool known = number >= 1 && number <= static_cast<int>(std::size(kFunctions));
  return known ? "_" + std::string(ir::FunctionName(kFunctions[number - 1])) : "aggregate";
}

absl::StatusOr<ir::Aggregate> BindAggregate(const Model& model, const v1::AggregateExpression& expression,
                                            const Path& path) {
  ir::Aggregate bound{.distinct = expression.distinct()};
  const int number = static_cast<int>(expression.function());
  if (number < 1 || number > static_cast<int>(std::size(kFunctions))) {
    return errors::MissingArgument(path, "an aggregate function: count, sum, avg, min or max");
  }
  bound.function = kFunctions[number - 1];
  const std::string name(ir::FunctionName(bound.function));
  if (expression.field().empty()) {
    if (bound.function != ir::Function::kCount || bound.distinct) {
      return errors::MissingArgument(path, absl::StrCat("the field to compute ", name, " of"));
    }
    bound.type = kInt64;
    return bound;
  }
  ROWAN_ASSIGN_OR_RETURN(bound.field, FindField(model, expression.field(), path.Member(expression.field())));
  const Type& type = bound.field->type;
  if (!Allowed(bound.function, type)) {
    std::string allowed;
    for (ir::Function function : kFunctions) {
      if (Allowed(function, type)) allowed += (allowed.empty() ? "" : ", ") + std::string(ir::FunctionName(function));
    }
    return errors::AggregateNotAllowed(path, name, TypeName(type), allowed);
  }
  bound.type = ResultType(bound.function, type);
  bound.nullable = bound.function != ir::Function::kCount;
  return bound;
}

absl::StatusOr<BoundAggregation> BindAggregation(const v1::AggregateRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindModel(context.catalog, request.model()));
  BoundAggregation bound;
  ir::Aggregation& aggregation = bound.aggregation;
  aggregation.model = model;
  QueryBinder binder(context, {context.limits.default_page, context.limits.root_page}, aggregation.slots,
                     bound.arguments);
  ROWAN_ASSIGN_OR_RETURN(aggregation.where,
                         binder.BindWhere({model}, request.has_where() ? &request.where() : nullptr, Path("where")));
  if (request.group_by().empty() && request.select().empty()) {
    return errors::EmptySelection(Path("select"), model->name, FieldNames(*model));
  }
  const int columns = request.group_by_size() + request.select_size();
  if (columns > context.limits.query_nodes) {
    return errors::TooManyNodes(Path("select"), context.limits.query_nodes, "columns");
  }

  absl::flat_hash_set<std::string> names;
  const Path group_by("group_by");
  for (const v1::GroupKey& key : request.group_by()) {
    const Path path = group_by.Index(static_cast<int>(aggregation.keys.size()));
    ir::GroupKey group;
    ROWAN_ASSIGN_OR_RETURN(group.path, FindToOnePath(*model, key.relations(), path));
    ROWAN_ASSIGN_OR_RETURN(group.field,
                           FindField(EndOfPath(*model, group.path), key.field(), path.Member(key.field())));
    group.name = key.alias();
    if (group.name.empty()) {
      for (const std::string& relation : key.relations()) group.name += relation + ".";
      group.name += key.field();
    }
    if (!names.insert(group.name).second) return errors::DuplicateName(path, group.name);
    aggregation.keys.push_back(std::move(group));
  }
  const Path select("select");
  for (const v1::AggregateColumn& column : request.select()) {
    ir::AggregateColumn computed;
    const Path path = column.alias().empty() ? select.Index(static_cast<int>(aggregation.columns.size()))
                                             : select.Member(column.alias());
    ROWAN_ASSIGN_OR_RETURN(computed.aggregate, BindAggregate(*model, column.aggregate(), path));
    computed.name = column.alias().empty() ? DefaultName(computed.aggregate) : column.alias();
    if (!names.insert(computed.name).second) return errors::DuplicateName(path, computed.name);
    ROWAN_ASSIGN_OR_RETURN(computed.where, binder.BindWhere({model}, column.has_where() ? &column.where() : nullptr,
                                                            path.Member("where")));
    aggregation.columns.push_back(std::move(computed));
  }

  std::vector<FilterScope::Column> result;
  for (const ir::GroupKey& key : aggregation.keys) result.push_back({key.name, key.field->type});
  for (const ir::AggregateColumn& column : aggregation.columns) result.push_back({column.name, column.aggregate.type});
  ROWAN_ASSIGN_OR_RETURN(aggregation.having,
                         binder.BindWhere({model, &result}, request.has_having() ? &request.having() : nullptr,
                                          Path("having")));

  const Path order_by("order_by");
  std::vector<bool> ordered(result.size());
  for (int i = 0; i < request.order_by_size(); ++i) {
    const v1::OrderBy& by = request.order_by(i);
    const Path path = order_by.Index(i);
    if (!by.relations().empty() || by.has_aggregate()) {
      return errors::NotOrderableRelation(path, by.relations().empty() ? by.field() : by.relations(0),
                                          "is not a column of the result; order by one");
    }
    size_t position = 0;
    errors::Names existing;
    for (const FilterScope::Column& column : result) existing.push_back(column.name);
    while (position < result.size() && result[position].name != by.field()) ++position;
    if (position == result.size()) {
      return errors::UnknownField(path.Member(by.field()), "the result", by.field(), existing);
    }
    const Type& type = result[position].type;
    if (type.array || !Facts(type.scalar).ordered) {
      return errors::NotOrderable(path.Member(by.field()), by.field(), TypeName(type));
    }
    if (ordered[position]) return errors::DuplicateOrder(path, by.field());
    ordered[position] = true;
    const bool descending = by.direction() == v1::DIRECTION_DESC;
    aggregation.order.push_back({static_cast<int>(position), descending,
                                 by.nulls() == v1::NULLS_UNSPECIFIED ? descending : by.nulls() == v1::NULLS_FIRST});
  }
  for (size_t position = 0; position < aggregation.keys.size(); ++position) {
    if (!ordered[position]) aggregation.order.push_back({static_cast<int>(position)});
  }
  ROWAN_ASSIGN_OR_RETURN(aggregation.window, binder.BindPlainWindow(request.has_page() ? &request.page() : nullptr));
  return bound;
}

}  // namespace rowan
