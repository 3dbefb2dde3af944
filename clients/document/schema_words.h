// The words of schema documents and the enum values that they stand for. Private to clients/document.
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>

#include "clients/document/document_error.h"
#include "rowan/v1/schema.pb.h"

namespace rowan::document {

template <typename Enum>
using Word = std::pair<std::string_view, Enum>;

// The first word of a value is the one that is written; the others are read too.
inline constexpr Word<v1::ScalarType> kScalars[] = {
    {"int16", v1::SCALAR_TYPE_INT16},
    {"int32", v1::SCALAR_TYPE_INT32},
    {"int64", v1::SCALAR_TYPE_INT64},
    {"float32", v1::SCALAR_TYPE_FLOAT32},
    {"float64", v1::SCALAR_TYPE_FLOAT64},
    {"decimal", v1::SCALAR_TYPE_DECIMAL},
    {"bool", v1::SCALAR_TYPE_BOOL},
    {"string", v1::SCALAR_TYPE_STRING},
    {"text", v1::SCALAR_TYPE_TEXT},
    {"bytes", v1::SCALAR_TYPE_BYTES},
    {"uuid", v1::SCALAR_TYPE_UUID},
    {"date", v1::SCALAR_TYPE_DATE},
    {"time", v1::SCALAR_TYPE_TIME},
    {"timestamp", v1::SCALAR_TYPE_TIMESTAMP},
    {"local_timestamp", v1::SCALAR_TYPE_LOCAL_TIMESTAMP},
    {"json", v1::SCALAR_TYPE_JSON},
    {"enum", v1::SCALAR_TYPE_ENUM},
    {"auto_increment", v1::SCALAR_TYPE_AUTO_INCREMENT},
    {"number", v1::SCALAR_TYPE_NUMBER},
    {"boolean", v1::SCALAR_TYPE_BOOL},
    {"dateTime", v1::SCALAR_TYPE_TIMESTAMP},
};

inline constexpr Word<v1::DefaultGenerator> kGenerators[] = {
    {"now", v1::DEFAULT_GENERATOR_NOW},
    {"uuid", v1::DEFAULT_GENERATOR_UUID},
    {"identity", v1::DEFAULT_GENERATOR_IDENTITY},
};

inline constexpr Word<v1::RelationKind> kRelationKinds[] = {
    {"belongs_to", v1::RELATION_KIND_BELONGS_TO},
    {"has_one", v1::RELATION_KIND_HAS_ONE},
    {"has_many", v1::RELATION_KIND_HAS_MANY},
    {"many_to_many", v1::RELATION_KIND_MANY_TO_MANY},
};

inline constexpr Word<v1::ReferentialAction> kActions[] = {
    {"cascade", v1::REFERENTIAL_ACTION_CASCADE},         {"restrict", v1::REFERENTIAL_ACTION_RESTRICT},
    {"set null", v1::REFERENTIAL_ACTION_SET_NULL},       {"no action", v1::REFERENTIAL_ACTION_NO_ACTION},
    {"set default", v1::REFERENTIAL_ACTION_SET_DEFAULT},
};

inline constexpr Word<v1::OwnershipPolicy> kPolicies[] = {
    {"move", v1::OWNERSHIP_POLICY_MOVE},
    {"fail", v1::OWNERSHIP_POLICY_FAIL},
};

inline constexpr Word<v1::DisplacementPolicy> kDisplacements[] = {
    {"detach", v1::DISPLACEMENT_POLICY_DETACH},
    {"delete", v1::DISPLACEMENT_POLICY_DELETE},
};

// The keys of each part, in the order in which they are written.
inline constexpr std::string_view kSchemaKeys[] = {"schema", "database_schema", "description", "models"};
inline constexpr std::string_view kModelKeys[] = {"table",        "database_schema", "description",      "read_only",
                                                  "renamed_from", "primary_key",     "primary_key_name", "unique",
                                                  "indexes",      "checks",          "fields",           "relations"};
inline constexpr std::string_view kFieldKeys[] = {"type",     "column",    "primary",   "unique",      "index",
                                                  "nullable", "optional",  "read_only", "version",     "labels",
                                                  "native",   "generated", "default",   "description", "renamed_from"};
inline constexpr std::string_view kNativeKeys[] = {"name", "schema", "modifiers"};
inline constexpr std::string_view kRelationKeys[] = {
    "belongs_to",      "has_one",   "has_many",         "many_to_many", "inverse",     "fields",      "references",
    "constraint_name", "on_update", "on_delete",        "index",        "nullable",    "optional",    "required",
    "unique",          "junction",  "on_connect_owned", "on_displaced", "description", "renamed_from"};
inline constexpr std::string_view kJunctionKeys[] = {"table",
                                                     "source_columns",
                                                     "target_columns",
                                                     "model",
                                                     "source_relation",
                                                     "target_relation",
                                                     "primary_key_name",
                                                     "source_constraint_name",
                                                     "target_constraint_name",
                                                     "index_name",
                                                     "on_update",
                                                     "on_delete"};
inline constexpr std::string_view kUniqueKeyKeys[] = {"fields", "name"};
inline constexpr std::string_view kIndexKeys[] = {"fields", "name", "unique", "predicate"};

// Fields and relations stand at level 5; what is inside them is written on one line.
inline constexpr int kBlockDepth = 4;

template <size_t n>
Words ToWords(const std::string_view (&keys)[n]) {
  return Words(std::begin(keys), std::end(keys));
}

// Returns the value of a word, or null.
template <typename Enum, size_t n>
const Enum* FindValue(const Word<Enum> (&words)[n], std::string_view word) {
  const auto found =
      std::find_if(std::begin(words), std::end(words), [&](const Word<Enum>& entry) { return entry.first == word; });
  return found == std::end(words) ? nullptr : &found->second;
}

// Returns the word of a value, or "" for one that has none.
template <typename Enum, size_t n>
std::string_view FindWordOf(const Word<Enum> (&words)[n], Enum value) {
  const auto found =
      std::find_if(std::begin(words), std::end(words), [&](const Word<Enum>& entry) { return entry.second == value; });
  return found == std::end(words) ? std::string_view() : found->first;
}

// Returns all words, for messages.
template <typename Enum, size_t n>
Words AllWords(const Word<Enum> (&words)[n]) {
  Words all;
  for (const Word<Enum>& entry : words) all.push_back(entry.first);
  return all;
}

}  // namespace rowan::document
