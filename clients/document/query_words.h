// The words of query documents and what they stand for. Private to clients/document.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "clients/document/document_error.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"
#include "rowan/v1/query.pb.h"

namespace rowan::document {

template <typename Meaning>
using WordEntry = std::pair<std::string_view, Meaning>;

inline constexpr WordEntry<v1::Operator> kOperators[] = {
    {"eq", v1::OPERATOR_EQ},
    {"ne", v1::OPERATOR_NE},
    {"gt", v1::OPERATOR_GT},
    {"gte", v1::OPERATOR_GTE},
    {"lt", v1::OPERATOR_LT},
    {"lte", v1::OPERATOR_LTE},
    {"in", v1::OPERATOR_IN},
    {"notIn", v1::OPERATOR_NOT_IN},
    {"between", v1::OPERATOR_BETWEEN},
    {"isNull", v1::OPERATOR_IS_NULL},
    {"contains", v1::OPERATOR_CONTAINS},
    {"startsWith", v1::OPERATOR_STARTS_WITH},
    {"endsWith", v1::OPERATOR_ENDS_WITH},
    {"like", v1::OPERATOR_LIKE},
    {"regex", v1::OPERATOR_REGEX},
    {"has", v1::OPERATOR_HAS},
    {"hasSome", v1::OPERATOR_HAS_SOME},
    {"hasEvery", v1::OPERATOR_HAS_EVERY},
    {"isEmpty", v1::OPERATOR_IS_EMPTY},
    {"search", v1::OPERATOR_SEARCH},
    {"isDistinctFrom", v1::OPERATOR_IS_DISTINCT_FROM},
};

inline constexpr WordEntry<v1::Quantifier> kQuantifiers[] = {
    {"some", v1::QUANTIFIER_SOME},
    {"none", v1::QUANTIFIER_NONE},
    {"every", v1::QUANTIFIER_EVERY},
    {"every_nonempty", v1::QUANTIFIER_EVERY_NONEMPTY},
    {"everyNonempty", v1::QUANTIFIER_EVERY_NONEMPTY},
    {"is", v1::QUANTIFIER_IS},
    {"is_not", v1::QUANTIFIER_IS_NOT},
    {"isNot", v1::QUANTIFIER_IS_NOT},
};

// Functions as columns of aggregate documents spell them; among the names of a relation they begin with `_`.
inline constexpr WordEntry<v1::AggregateFunction> kFunctions[] = {
    {"count", v1::AGGREGATE_FUNCTION_COUNT}, {"sum", v1::AGGREGATE_FUNCTION_SUM},
    {"avg", v1::AGGREGATE_FUNCTION_AVG},     {"min", v1::AGGREGATE_FUNCTION_MIN},
    {"max", v1::AGGREGATE_FUNCTION_MAX},
};

inline constexpr WordEntry<bool> kCases[] = {{"sensitive", false}, {"insensitive", true}};
inline constexpr WordEntry<v1::Direction> kDirections[] = {{"asc", v1::DIRECTION_ASC}, {"desc", v1::DIRECTION_DESC}};
inline constexpr WordEntry<v1::Nulls> kNulls[] = {{"first", v1::NULLS_FIRST}, {"last", v1::NULLS_LAST}};
inline constexpr WordEntry<v1::Total> kTotals[] = {
    {"none", v1::TOTAL_NONE}, {"exact", v1::TOTAL_EXACT}, {"estimated", v1::TOTAL_ESTIMATED}};
inline constexpr WordEntry<v1::Strategy> kStrategies[] = {{"nested", v1::STRATEGY_NESTED},
                                                          {"by_level", v1::STRATEGY_BY_LEVEL},
                                                          {"tagged", v1::STRATEGY_TAGGED}};
inline constexpr WordEntry<v1::StreamMode> kStreamModes[] = {{"snapshot", v1::STREAM_MODE_SNAPSHOT},
                                                             {"keyset", v1::STREAM_MODE_KEYSET}};

// Returns what a word stands for, or null.
template <typename Meaning, size_t n>
const Meaning* FindWord(const WordEntry<Meaning> (&words)[n], std::string_view word) {
  const auto found =
      std::find_if(std::begin(words), std::end(words), [&](const auto& entry) { return entry.first == word; });
  return found == std::end(words) ? nullptr : &found->second;
}

template <typename Meaning, size_t n>
Words AllWords(const WordEntry<Meaning> (&words)[n]) {
  Words all;
  for (const auto& entry : words) all.push_back(entry.first);
  return all;
}

// Returns the function that `_count` and the like stand for, or null.
inline const v1::AggregateFunction* FindAggregate(std::string_view word) {
  return word.starts_with("_") ? FindWord(kFunctions, word.substr(1)) : nullptr;
}

// Reads a word that must be one of the known.
template <typename Meaning, size_t n>
absl::StatusOr<Meaning> ReadWord(const Node& node, const Path& path, std::string_view what,
                                 const WordEntry<Meaning> (&words)[n]) {
  const Meaning* known = node.is_text() ? FindWord(words, node.text) : nullptr;
  if (known != nullptr) return *known;
  return UnknownWord(path, what, node.is_text() ? node.text : Describe(node), AllWords(words));
}

}  // namespace rowan::document
