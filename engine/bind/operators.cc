#include "engine/bind/operators.h"

#include "rowan/v1/query.pb.h"

namespace rowan {
namespace {

bool Any(const Type&) {
  return true;
}
bool Equatable(const Type& type) {
  return type.scalar != Scalar::kJson;
}
bool EquatableScalar(const Type& type) {
  return Equatable(type) && !type.array;
}
bool Ordered(const Type& type) {
  return !type.array && Facts(type.scalar).ordered;
}
bool Text(const Type& type) {
  return !type.array && Facts(type.scalar).text;
}

constexpr OperatorFacts kOperators[] = {
    {v1::OPERATOR_EQ, "eq", ir::Comparison::kEq, Equatable},
    {v1::OPERATOR_NE, "ne", ir::Comparison::kNe, Equatable},
    {v1::OPERATOR_GT, "gt", ir::Comparison::kGt, Ordered},
    {v1::OPERATOR_GTE, "gte", ir::Comparison::kGte, Ordered},
    {v1::OPERATOR_LT, "lt", ir::Comparison::kLt, Ordered},
    {v1::OPERATOR_LTE, "lte", ir::Comparison::kLte, Ordered},
    {v1::OPERATOR_IN, "in", ir::Comparison::kIn, EquatableScalar},
    {v1::OPERATOR_CONTAINS, "contains", ir::Comparison::kContains, Text},
    {v1::OPERATOR_STARTS_WITH, "startsWith", ir::Comparison::kStartsWith, Text},
    {v1::OPERATOR_ENDS_WITH, "endsWith", ir::Comparison::kEndsWith, Text},
    {v1::OPERATOR_IS_NULL, "isNull", std::nullopt, Any},
};

}  // namespace

const OperatorFacts* FindOperator(int number) {
  for (const OperatorFacts& facts : kOperators) {
    if (facts.number == number) return &facts;
  }
  return nullptr;
}

std::string AllowedOperators(const Type& type) {
  std::string names;
  for (const OperatorFacts& facts : kOperators) {
    if (!facts.allowed(type)) continue;
    if (!names.empty()) names += ", ";
    names += facts.name;
  }
  return names;
}

}  // namespace rowan
