#include "engine/store/read_default.h"

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/path.h"
#include "engine/store/enum_check.h"
#include "engine/types/codec.h"

namespace rowan::store {
namespace {

// A constant with the casts after it: '1'::integer.
struct Constant {
  std::string text;
  bool quoted = false;
  std::vector<std::string> casts;  // without modifiers: "character varying", "text[]"
};

bool ReadQuoted(std::string_view& rest, std::string& text) {
  const bool escapes = rest[0] == 'E';
  size_t at = escapes ? 2 : 1;
  for (; at < rest.size(); ++at) {
    const bool doubled = at + 1 < rest.size() && rest[at + 1] == rest[at];
    if (rest[at] == '\'' && !doubled) break;
    if (rest[at] == '\'' || (escapes && rest[at] == '\\')) {
      if (!doubled) return false;
      ++at;
    }
    text += rest[at];
  }
  if (at >= rest.size()) return false;
  rest.remove_prefix(at + 1);
  return true;
}

// Reads up to where a cast or the end comes.
std::string ReadPlain(std::string_view& rest) {
  const size_t end = std::min(rest.find("::"), rest.size());
  std::string text(rest.substr(0, end));
  rest.remove_prefix(end);
  return text;
}

bool ReadCasts(std::string_view rest, std::vector<std::string>& casts) {
  while (!rest.empty()) {
    if (rest.substr(0, 2) != "::") return false;
    rest.remove_prefix(2);
    std::string cast;
    bool in_name = false;
    while (!rest.empty() && (in_name || rest.substr(0, 2) != "::")) {
      if (rest[0] == '"') in_name = !in_name;
      if (!in_name && rest[0] == '(') {
        const size_t end = rest.find(')');
        if (end == std::string_view::npos) return false;
        rest.remove_prefix(end + 1);
        continue;
      }
      cast += rest[0];
      rest.remove_prefix(1);
    }
    if (in_name || cast.empty()) return false;
    casts.push_back(std::move(cast));
  }
  return true;
}

std::optional<Constant> ReadConstant(const std::string& expression) {
  Constant constant;
  const std::string inner = WithoutOuterParentheses(expression);
  std::string_view rest = inner;
  if (rest.empty()) return std::nullopt;
  if (rest[0] == '(') {
    const size_t end = rest.find(')');
    if (end == std::string_view::npos) return std::nullopt;
    auto nested = ReadConstant(std::string(rest.substr(1, end - 1)));
    if (!nested.has_value() || !ReadCasts(rest.substr(end + 1), nested->casts)) return std::nullopt;
    return nested;
  }
  constant.quoted = rest[0] == '\'' || rest.substr(0, 2) == "E'";
  if (constant.quoted) {
    if (!ReadQuoted(rest, constant.text)) return std::nullopt;
  } else {
    constant.text = ReadPlain(rest);
  }
  if (!ReadCasts(rest, constant.casts)) return std::nullopt;
  return constant;
}

bool IsNumber(const std::string& text) {
  double number = 0;
  return absl::SimpleAtod(text, &number) && text.find_first_not_of("+-.0123456789eE") == std::string::npos;
}

// Whether a constant of these casts is still the same in a column of the scalar.
bool CastKeeps(Scalar scalar, const Constant& constant) {
  for (const std::string& cast : constant.casts) {
    bool keeps = false;
    switch (scalar) {
      case Scalar::kInt16:
      case Scalar::kInt32:
      case Scalar::kInt64:
        keeps = cast == "smallint" || cast == "integer" || cast == "bigint";
        break;
      case Scalar::kFloat32:
      case Scalar::kFloat64:
      case Scalar::kDecimal:
        keeps = cast == "integer" || cast == "bigint" || cast == "numeric" || cast == "double precision";
        break;
      case Scalar::kBool:
        keeps = cast == "boolean";
        break;
      case Scalar::kString:
      case Scalar::kText:
        keeps = cast == "text" || cast == "character varying";
        break;
      case Scalar::kBytes:
        keeps = cast == "bytea";
        break;
      case Scalar::kUuid:
        keeps = cast == "uuid";
        break;
      case Scalar::kDate:
        keeps = cast == "date";
        break;
      case Scalar::kTime:
        keeps = cast == "time without time zone";
        break;
      case Scalar::kTimestamp:
        keeps = cast == "timestamp with time zone";
        break;
      case Scalar::kLocalTimestamp:
        keeps = cast == "timestamp without time zone";
        break;
      case Scalar::kJson:
        keeps = cast == "jsonb";
        break;
      case Scalar::kEnum:
        keeps = true;  // only its own type fits the column
        break;
    }
    if (!keeps) return false;
  }
  return true;
}

std::optional<v1::Value> ReadScalar(const Type& type, const Constant& constant) {
  if (!CastKeeps(type.scalar, constant)) return std::nullopt;
  v1::Value value;
  switch (type.scalar) {
    case Scalar::kInt16:
    case Scalar::kInt32:
    case Scalar::kInt64: {
      int64_t number = 0;
      if (!absl::SimpleAtoi(constant.text, &number)) return std::nullopt;
      value.set_int_value(number);
      break;
    }
    case Scalar::kFloat32:
    case Scalar::kFloat64:
    case Scalar::kDecimal:
      if (!IsNumber(constant.text)) return std::nullopt;
      value.set_decimal_value(constant.text);
      break;
    case Scalar::kBool:
      if (constant.text != "true" && constant.text != "false" && constant.text != "t" && constant.text != "f") {
        return std::nullopt;
      }
      value.set_bool_value(constant.text[0] == 't');
      break;
    case Scalar::kBytes:
      if (!absl::StartsWith(constant.text, "\\x")) return std::nullopt;
      value.set_bytes_value(absl::HexStringToBytes(constant.text.substr(2)));
      break;
    default:
      if (!constant.quoted) return std::nullopt;
      value.set_text_value(constant.text);
  }
  return value;
}

// The elements of ARRAY['a'::text, 'b'::text] or '{a,b}'::text[].
std::optional<v1::Value> ReadArray(const Type& element, const std::string& expression) {
  std::vector<Constant> constants;
  const std::string inner = WithoutOuterParentheses(expression);
  std::string_view rest = inner;
  if (rest.substr(0, 6) == "ARRAY[") {
    rest.remove_prefix(6);
    const size_t end = rest.rfind(']');
    if (end == std::string_view::npos) return std::nullopt;
    // "ARRAY[]::text[]": the last bracket is that of the cast.
    if (rest.substr(0, 3) == "]::") {
      v1::Value empty;
      empty.mutable_array_value();
      return empty;
    }
    if (end + 1 != rest.size()) return std::nullopt;
    std::string item;
    bool in_text = false;
    const auto take = [&] {
      auto constant = ReadConstant(std::string(absl::StripAsciiWhitespace(item)));
      item.clear();
      if (!constant.has_value()) return false;
      constants.push_back(*std::move(constant));
      return true;
    };
    for (const char c : rest.substr(0, end)) {
      if (c == '\'') in_text = !in_text;
      if (c == ',' && !in_text) {
        if (!take()) return std::nullopt;
      } else {
        item += c;
      }
    }
    if (!take()) return std::nullopt;
  } else {
    const auto constant = ReadConstant(expression);
    if (!constant.has_value() || !constant->quoted || constant->casts.size() != 1) return std::nullopt;
    const auto elements = ReadArrayText(constant->text);
    if (!elements.has_value()) return std::nullopt;
    const std::string cast(absl::StripSuffix(constant->casts[0], "[]"));
    if (cast.size() == constant->casts[0].size()) return std::nullopt;
    for (const std::string& text : *elements) constants.push_back({text, true, {cast}});
  }
  v1::Value array;
  array.mutable_array_value();
  for (const Constant& constant : constants) {
    auto value = ReadScalar(element, constant);
    if (!value.has_value()) return std::nullopt;
    *array.mutable_array_value()->add_values() = *std::move(value);
  }
  return array;
}

// The kind of value that results have; unset when the type does not take the value.
std::optional<v1::Value> Normal(const Type& type, const v1::Value& value) {
  const absl::StatusOr<Encoded> encoded = EncodeValue(type, value, Path("default"));
  v1::Value normal;
  if (!encoded.ok() || encoded->null || !DecodeValue(type, encoded->bytes, normal).ok()) return std::nullopt;
  return normal;
}

bool IsNow(const Type& type, const std::string& expression) {
  if (type.array) return false;
  const bool now = expression == "now()" || expression == "CURRENT_TIMESTAMP";
  switch (type.scalar) {
    case Scalar::kTimestamp:
      return now;
    case Scalar::kLocalTimestamp:
      return now || expression == "LOCALTIMESTAMP";
    case Scalar::kDate:
      return expression == "CURRENT_DATE";
    case Scalar::kTime:
      return expression == "LOCALTIME";
    default:
      return false;
  }
}

}  // namespace

std::optional<v1::Default> ReadDefault(const Type& type, const std::string& expression) {
  v1::Default result;
  if (IsNow(type, expression)) {
    result.set_generator(v1::DEFAULT_GENERATOR_NOW);
    return result;
  }
  if (type.scalar == Scalar::kUuid && !type.array && expression == "gen_random_uuid()") {
    result.set_generator(v1::DEFAULT_GENERATOR_UUID);
    return result;
  }
  if (type.scalar == Scalar::kText && !type.native_name.empty()) return std::nullopt;
  std::optional<v1::Value> value;
  if (type.array) {
    Type element = type;
    element.array = false;
    value = ReadArray(element, expression);
  } else if (const auto constant = ReadConstant(expression); constant.has_value()) {
    value = ReadScalar(type, *constant);
  }
  if (value.has_value()) value = Normal(type, *value);
  if (!value.has_value()) return std::nullopt;
  *result.mutable_literal() = *std::move(value);
  return result;
}

}  // namespace rowan::store
