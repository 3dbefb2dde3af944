#include "engine/store/column_type.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "engine/base/identifier.h"

namespace rowan::store {
namespace {

constexpr int kLengthOfHeader = 4;  // what the modifiers of varlena types are too big by
constexpr int kMaxPrecision = 1000;
constexpr int kMaxModifiers = 4;
constexpr int kMaxModifier = 10485760;

struct ScalarName {
  const char* name;  // typname, in pg_catalog
  Scalar scalar;
};

constexpr ScalarName kScalars[] = {
    {"int2", Scalar::kInt16},
    {"int4", Scalar::kInt32},
    {"int8", Scalar::kInt64},
    {"float4", Scalar::kFloat32},
    {"float8", Scalar::kFloat64},
    {"numeric", Scalar::kDecimal},
    {"bool", Scalar::kBool},
    {"varchar", Scalar::kString},
    {"text", Scalar::kText},
    {"bytea", Scalar::kBytes},
    {"uuid", Scalar::kUuid},
    {"date", Scalar::kDate},
    {"time", Scalar::kTime},
    {"timestamptz", Scalar::kTimestamp},
    {"timestamp", Scalar::kLocalTimestamp},
    {"jsonb", Scalar::kJson},
};

std::optional<Scalar> FindScalar(const TypeRow& row) {
  if (row.schema != "pg_catalog") return std::nullopt;
  for (const ScalarName& candidate : kScalars) {
    if (row.name == candidate.name) return candidate.scalar;
  }
  return std::nullopt;
}

// The numbers in the last parentheses: "character(3)", "geometry(Point,4326)". Unset when they are no numbers.
std::optional<std::vector<int>> Numbers(const std::string& text) {
  const size_t begin = text.rfind('(');
  const size_t end = text.find(')', begin == std::string::npos ? 0 : begin);
  if (begin == std::string::npos || end == std::string::npos) return std::nullopt;
  std::vector<int> numbers;
  for (const auto part : absl::StrSplit(absl::string_view(text).substr(begin + 1, end - begin - 1), ',')) {
    int number = 0;
    if (!absl::SimpleAtoi(part, &number) || number < 0 || number > kMaxModifier) return std::nullopt;
    numbers.push_back(number);
  }
  if (numbers.size() > kMaxModifiers) return std::nullopt;
  return numbers;
}

// As interval's input of modifiers takes them: the fields that it keeps, then the digits of its seconds.
std::vector<int> IntervalModifiers(int modifier) {
  constexpr int kAllDigits = 0xffff;
  const int fields = (modifier >> 16) & 0x7fff;
  const int digits = modifier & 0xffff;
  return digits == kAllDigits ? std::vector<int>{fields} : std::vector<int>{fields, digits};
}

void ReadScalarModifier(int modifier, const std::string& text, ColumnType& column) {
  Type& type = column.type;
  if (type.scalar == Scalar::kString) {
    type.length = modifier - kLengthOfHeader;
    return;
  }
  if (type.scalar == Scalar::kDecimal) {
    const int precision = ((modifier - kLengthOfHeader) >> 16) & 0xffff;
    // The scale is a signed number of 11 bits, of 16 in earlier versions, where it is never negative.
    const int scale = (((modifier - kLengthOfHeader) & 0x7ff) ^ 1024) - 1024;
    if (precision <= kMaxPrecision && scale >= 0 && scale <= precision) {
      type.precision = precision;
      type.scale = scale;
      return;
    }
  }
  column.unheld = text;
}

void ReadNativeModifiers(const TypeRow& row, int modifier, const std::string& text, ColumnType& column) {
  if (row.schema == "pg_catalog" && row.name == "interval") {
    column.type.native_modifiers = IntervalModifiers(modifier);
  } else if (auto numbers = Numbers(text); numbers.has_value()) {
    column.type.native_modifiers = *std::move(numbers);
  } else {
    column.unheld = text;
  }
}

}  // namespace

ColumnType ReadColumnType(const TypeRows& types, uint32_t type, int modifier, const std::string& modifier_text) {
  ColumnType column;
  const TypeRow* row = &types.at(type);
  std::string text = modifier_text;
  while (row->base != 0) {
    if (column.domain.empty()) column.domain = QuoteQualified(row->schema, row->name);
    column.not_null = column.not_null || row->not_null;
    if (column.default_expression.empty()) column.default_expression = row->default_expression;
    modifier = row->modifier;
    text = row->modifier_text;
    row = &types.at(row->base);
  }
  if (row->element != 0) {
    column.type.array = true;
    row = &types.at(row->element);
  }
  column.composite = row->is_composite;
  column.extended = row->is_extended;
  if (row->is_enum) {
    column.type.scalar = Scalar::kEnum;
    column.type.labels = row->labels;
  } else if (const auto scalar = FindScalar(*row); scalar.has_value()) {
    column.type.scalar = *scalar;
    if (modifier >= 0) ReadScalarModifier(modifier, text, column);
    return column;
  } else if (modifier >= 0) {
    ReadNativeModifiers(*row, modifier, text, column);
  }
  column.type.native_schema = row->schema;
  column.type.native_name = row->name;
  return column;
}

}  // namespace rowan::store
