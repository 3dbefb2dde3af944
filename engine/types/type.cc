#include "engine/types/type.h"

#include <iterator>

#include "engine/base/identifier.h"

namespace rowan {
namespace {

// The OIDs are PostgreSQL's built-in ones (catalog pg_type), which never change.
constexpr TypeFacts kFacts[] = {
    // name, SQL name, OID, array OID, ordered, text
    {"int16", "smallint", 21, 1005, true, false},
    {"int32", "integer", 23, 1007, true, false},
    {"int64", "bigint", 20, 1016, true, false},
    {"float32", "real", 700, 1021, true, false},
    {"float64", "double precision", 701, 1022, true, false},
    {"decimal", "numeric", 1700, 1231, true, false},
    {"bool", "boolean", 16, 1000, true, false},
    {"string", "varchar", 1043, 1015, true, true},
    {"text", "text", 25, 1009, true, true},
    {"bytes", "bytea", 17, 1001, true, false},
    {"uuid", "uuid", 2950, 2951, true, false},
    {"date", "date", 1082, 1182, true, false},
    {"time", "time", 1083, 1183, true, false},
    {"timestamp", "timestamptz", 1184, 1185, true, false},
    {"local_timestamp", "timestamp", 1114, 1115, true, false},
    {"json", "jsonb", 3802, 3807, false, false},
    {"enum", "text", 25, 1009, true, false},
};

}  // namespace

const TypeFacts& Facts(Scalar scalar) {
  return kFacts[static_cast<size_t>(scalar)];
}

uint32_t ParameterOid(const Type& type) {
  const TypeFacts& facts = Facts(type.scalar);
  return type.array ? facts.array_oid : facts.oid;
}

std::optional<Type> ElementOfArray(uint32_t oid) {
  for (size_t scalar = 0; scalar < std::size(kFacts); ++scalar) {
    if (kFacts[scalar].array_oid == oid) return Type{.scalar = static_cast<Scalar>(scalar)};
  }
  return std::nullopt;
}

std::string OidName(uint32_t oid) {
  for (const TypeFacts& facts : kFacts) {
    if (facts.oid == oid) return std::string(facts.sql_name);
    if (facts.array_oid == oid) return std::string(facts.sql_name) + "[]";
  }
  return std::to_string(oid);
}

std::string TypeName(const Type& type) {
  std::string name(Facts(type.scalar).name);
  return type.array ? name + "[]" : name;
}

std::string SqlType(const Type& type) {
  std::string text;
  if (!type.native_name.empty()) {
    text = QuoteQualified(type.native_schema, type.native_name);
    for (size_t i = 0; i < type.native_modifiers.size(); ++i) {
      text += (i == 0 ? "(" : ",") + std::to_string(type.native_modifiers[i]);
    }
    if (!type.native_modifiers.empty()) text += ")";
  } else {
    text = Facts(type.scalar).sql_name;
    if (type.length > 0) text += "(" + std::to_string(type.length) + ")";
    if (type.precision > 0) text += "(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
  }
  return type.array ? text + "[]" : text;
}

std::string CastType(const Type& type) {
  Type plain = type;
  plain.length = plain.precision = plain.scale = 0;
  plain.native_modifiers.clear();
  return SqlType(plain);
}

bool TravelsAsText(const Type& type) {
  return type.scalar == Scalar::kText && !type.native_name.empty();
}

bool HasOneForm(const Type& type) {
  if (type.array || !type.native_name.empty()) return false;
  switch (type.scalar) {
    case Scalar::kInt16:
    case Scalar::kInt32:
    case Scalar::kInt64:
    case Scalar::kUuid:
      return true;
    // Texts are compared by collations, numbers without regard to their digits, and zeros have two signs; the others are
    // rarely keys.
    case Scalar::kFloat32:
    case Scalar::kFloat64:
    case Scalar::kDecimal:
    case Scalar::kBool:
    case Scalar::kString:
    case Scalar::kText:
    case Scalar::kBytes:
    case Scalar::kDate:
    case Scalar::kTime:
    case Scalar::kTimestamp:
    case Scalar::kLocalTimestamp:
    case Scalar::kJson:
    case Scalar::kEnum:
      break;
  }
  return false;
}

}  // namespace rowan
