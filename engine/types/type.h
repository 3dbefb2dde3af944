// Field types, without protobuf: what the rest of the engine knows about a type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rowan {

// The scalar types of a compiled schema. (AUTO_INCREMENT and NUMBER of the proto are gone by then: see
// compile_catalog.)
enum class Scalar {
  kInt16,
  kInt32,
  kInt64,
  kFloat32,
  kFloat64,
  kDecimal,
  kBool,
  kString,
  kText,
  kBytes,
  kUuid,
  kDate,
  kTime,
  kTimestamp,
  kLocalTimestamp,  // without time zone; its values are those of UTC
  kJson,
  kEnum
};

// The type of a field or of a parameter. A value type; equality is memberwise.
struct Type {
  Scalar scalar = Scalar::kText;
  bool array = false;
  int length = 0;                   // strings: greatest length in characters; 0: unlimited
  int precision = 0;                // decimals: digits in all; 0: unlimited
  int scale = 0;                    // decimals: digits after the point
  std::vector<std::string> labels;  // enums
  std::string native_schema;        // enums and texts that have a native type: its PostgreSQL schema,
  std::string native_name;          // its name; empty: text, for an enum with a CHECK
  std::vector<int> native_modifiers;  // and, for texts, its modifiers: 3 for bpchar(3)

  bool operator==(const Type&) const = default;
};

// One value in PostgreSQL's binary format, as parameters and results carry it.
struct Encoded {
  std::string bytes;
  bool null = false;

  bool operator==(const Encoded&) const = default;
};

// What the codec table knows about a type, beside how its values are encoded.
struct TypeFacts {
  std::string_view name;      // in messages: "int64"
  std::string_view sql_name;  // in DDL and casts, without modifiers: "bigint"
  uint32_t oid;               // of the scalar
  uint32_t array_oid;         // of its array
  bool ordered;               // has gt, gte, lt, lte and ORDER BY
  bool text;                  // has contains, startsWith, endsWith
};

// Returns the table's row of a scalar. Values of native types travel as text and are cast in SQL.
const TypeFacts& Facts(Scalar scalar);

// Returns the OID that a parameter of the type is declared with.
uint32_t ParameterOid(const Type& type);

// Returns the type of the elements when the OID is that of an array that ParameterOid gives.
std::optional<Type> ElementOfArray(uint32_t oid);

// Returns PostgreSQL's name of a type that ParameterOid gives: "bigint", "text[]".
std::string OidName(uint32_t oid);

// Returns the type's name in messages: "int64", "text[]".
std::string TypeName(const Type& type);

// Returns the type in DDL, with modifiers, quoted where it is a native one: "varchar(40)", "numeric(12,2)[]",
// "\"public\".\"mood\"", "\"pg_catalog\".\"bpchar\"(3)".
std::string SqlType(const Type& type);

// Returns the type to cast a value to that is compared or stored, without modifiers: a cast to "bpchar(3)" would cut what
// is too long, where storing it is an error.
std::string CastType(const Type& type);

// Whether values are texts of a native type, which travel as text in both directions: their own binary form may be
// anything.
bool TravelsAsText(const Type& type);

// Whether each value has one binary form, always of the same size: equal values have equal bytes.
bool HasOneForm(const Type& type);

}  // namespace rowan
