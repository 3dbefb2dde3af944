#include "engine/bind/operators.h"

#include <algorithm>
#include <iterator>

#include "rowan/v1/query.pb.h"

namespace rowan {
namespace {

bool Any(const Type&) {
  return true;
}
bool Listable(const Type& type) {
  return !type.array;
}
bool Ordered(const Type& type) {
  return !type.array && Facts(type.scalar).ordered;
}
bool Text(const Type& type) {
  return !type.array && Facts(type.scalar).text;
}
bool Container(const Type& type) {
  return type.array || type.scalar == Scalar::kJson;
}
bool Array(const Type& type) {
  return type.array;
}

using enum ir::Comparison;
using enum OperandForm;

constexpr OperatorFacts kOperators[] = {
    // number, name, comparison, operand, allowed, folds case, takes a field
    {v1::OPERATOR_EQ, "eq", kEq, kValue, Any, true, true},
    {v1::OPERATOR_NE, "ne", kNe, kValue, Any, true, true},
    {v1::OPERATOR_GT, "gt", kGt, kValue, Ordered, true, true},
    {v1::OPERATOR_GTE, "gte", kGte, kValue, Ordered, true, true},
    {v1::OPERATOR_LT, "lt", kLt, kValue, Ordered, true, true},
    {v1::OPERATOR_LTE, "lte", kLte, kValue, Ordered, true, true},
    {v1::OPERATOR_IN, "in", kIn, kList, Listable, true, false},
    {v1::OPERATOR_NOT_IN, "notIn", kNotIn, kList, Listable, true, false},
    {v1::OPERATOR_BETWEEN, "between", kBetween, kPair, Ordered, true, false},
    {v1::OPERATOR_IS_NULL, "isNull", std::nullopt, kValue, Any, false, false},
    {v1::OPERATOR_CONTAINS, "contains", kContains, kValue, Text, true, false},
    {v1::OPERATOR_STARTS_WITH, "startsWith", kStartsWith, kValue, Text, true, false},
    {v1::OPERATOR_ENDS_WITH, "endsWith", kEndsWith, kValue, Text, true, false},
    {v1::OPERATOR_LIKE, "like", kLike, kValue, Text, true, false},
    {v1::OPERATOR_REGEX, "regex", kRegex, kValue, Text, true, false},
    {v1::OPERATOR_HAS, "has", kHas, kElement, Container, false, false},
    {v1::OPERATOR_HAS_SOME, "hasSome", kHasSome, kElements, Container, false, false},
    {v1::OPERATOR_HAS_EVERY, "hasEvery", kHasEvery, kElements, Container, false, false},
    {v1::OPERATOR_IS_EMPTY, "isEmpty", std::nullopt, kValue, Array, false, false},
    {v1::OPERATOR_SEARCH, "search", kSearch, kValue, Text, false, false},
    {v1::OPERATOR_IS_DISTINCT_FROM, "isDistinctFrom", kIsDistinctFrom, kValue, Any, true, true},
};

// The configurations that every PostgreSQL from 14 on comes with. They are written into statements as literals, so that
// indexes on the same expression serve; hence a closed list.
constexpr std::string_view kLanguages[] = {
    "simple",  "arabic",    "armenian", "basque",     "catalan",  "danish",  "dutch",   "english", "finnish", "french",
    "german",  "greek",     "hindi",    "hungarian",  "indonesian", "irish", "italian", "lithuanian", "nepali", "norwegian",
    "portuguese", "romanian", "russian", "serbian", "spanish", "swedish", "tamil", "turkish", "yiddish"};

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

std::optional<std::string_view> FindLanguage(std::string_view name) {
  if (name.empty()) return kLanguages[0];
  const auto found = std::find(std::begin(kLanguages), std::end(kLanguages), name);
  return found == std::end(kLanguages) ? std::nullopt : std::optional(*found);
}

errors::Names Languages() {
  return errors::Names(std::begin(kLanguages), std::end(kLanguages));
}

}  // namespace rowan
