// The types of PostgreSQL's catalog -> rowan::Type.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/types/type.h"

namespace rowan::store {

// A row of pg_type.
struct TypeRow {
  std::string schema;
  std::string name;
  bool is_enum = false;
  bool is_composite = false;        // a row
  bool is_extended = false;         // a type with operators of its own, as extensions bring them
  uint32_t element = 0;             // of an array: the type of its elements; 0: no array
  uint32_t base = 0;                // of a domain: the type it is made of, which may be a domain
  int modifier = -1;                // of a domain: that of its base
  std::string modifier_text;        // of a domain: format_type's form of it, "character varying(40)"
  bool not_null = false;            // of a domain
  std::string default_expression;   // of a domain
  std::vector<std::string> labels;  // of an enum, in order
};

using TypeRows = std::map<uint32_t, TypeRow>;

// What a column's declaration comes to.
struct ColumnType {
  Type type;
  std::string domain;              // the qualified name of the outermost domain, quoted
  bool composite = false;          // it is a row, or an array of rows
  bool extended = false;           // it is, or is an array of, a type that has operators of its own
  bool not_null = false;           // a domain says so
  std::string default_expression;  // a domain's: the outermost that has one
  // What of the type's modifiers the type above does not say: "timestamp(3) with time zone"; empty: nothing.
  std::string unheld;
};

// Maps a column of the type, with pg_attribute's modifier and format_type's form of both. `types` has the type and all
// that it is made of. Every type has an answer: what Rowan has no scalar for is a text with a native type. A domain is
// resolved to its base; arrays of a domain are arrays of a native type, since no cast leads from one array to the
// other.
ColumnType ReadColumnType(const TypeRows& types, uint32_t type, int modifier, const std::string& modifier_text);

}  // namespace rowan::store
