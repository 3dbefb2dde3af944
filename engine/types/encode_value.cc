// rowan.v1.Value -> PostgreSQL's binary format.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/types/calendar.h"
#include "engine/types/codec.h"
#include "engine/types/decimal.h"
#include "engine/types/json_syntax.h"
#include "engine/types/utf8.h"
#include "engine/types/wire.h"
#include "rowan/v1/value.pb.h"

namespace rowan {
namespace {

using v1::Value;

// The name of a value's kind in messages.
std::string_view KindName(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNullValue:
      return "null";
    case Value::kBoolValue:
      return "bool";
    case Value::kIntValue:
      return "int";
    case Value::kDoubleValue:
      return "double";
    case Value::kTextValue:
      return "text";
    case Value::kBytesValue:
      return "bytes";
    case Value::kTimestampValue:
      return "timestamp";
    case Value::kDecimalValue:
      return "decimal";
    case Value::kUuidValue:
      return "uuid";
    case Value::kDateValue:
      return "date";
    case Value::kTimeValue:
      return "time";
    case Value::kJsonValue:
      return "json";
    case Value::kArrayValue:
      return "array";
    case Value::kReferenceValue:
      return "reference";
    case Value::KIND_NOT_SET:
      break;
  }
  return "nothing";
}

template <typename Integer>
Encoded EncodeInteger(Integer value) {
  Encoded encoded;
  PutInteger(value, encoded.bytes);
  return encoded;
}

// One value on its way into a column of `type`: each function below reads the kinds that its types take.
struct Encoder {
  const Type& type;
  const Value& value;
  const Path& path;

  absl::Status Mismatch() const { return errors::TypeMismatch(path, TypeName(type), KindName(value)); }
  absl::Status OutOfRange(std::string_view why) const { return errors::ValueOutOfRange(path, TypeName(type), why); }
  absl::Status Malformed(std::string_view why) const { return errors::MalformedValue(path, TypeName(type), why); }

  // The text of a kind that carries text, if the value is of it or of plain text.
  std::optional<std::string_view> Text(Value::KindCase kind) const {
    if (value.kind_case() == Value::kTextValue) return value.text_value();
    if (value.kind_case() != kind) return std::nullopt;
    switch (kind) {
      case Value::kDecimalValue:
        return value.decimal_value();
      case Value::kUuidValue:
        return value.uuid_value();
      case Value::kDateValue:
        return value.date_value();
      case Value::kTimeValue:
        return value.time_value();
      case Value::kJsonValue:
        return value.json_value();
      default:
        return std::nullopt;
    }
  }

  template <typename Integer>
  absl::StatusOr<Encoded> Integers() const {
    int64_t number = 0;
    if (value.kind_case() == Value::kIntValue) {
      number = value.int_value();
    } else if (value.kind_case() == Value::kDoubleValue) {
      const double whole = value.double_value();
      if (!(std::trunc(whole) == whole) || std::fabs(whole) > 9007199254740992.0) {
        return OutOfRange("it is not a whole number that a double holds exactly");
      }
      number = static_cast<int64_t>(whole);
    } else {
      return Mismatch();
    }
    if (number < std::numeric_limits<Integer>::min() || number > std::numeric_limits<Integer>::max()) {
      return OutOfRange(absl::StrCat("it must be within ", std::numeric_limits<Integer>::min(), " and ",
                                     std::numeric_limits<Integer>::max()));
    }
    return EncodeInteger(static_cast<Integer>(number));
  }

  // The value as a double; ints only when the type holds them exactly.
  absl::StatusOr<double> Double() const {
    if (value.kind_case() == Value::kDoubleValue) return value.double_value();
    if (value.kind_case() == Value::kIntValue) {
      const int64_t whole = value.int_value();
      const double number =
          type.scalar == Scalar::kFloat32 ? static_cast<double>(static_cast<float>(whole)) : static_cast<double>(whole);
      // 2^63 itself is no int64.
      if (number >= 0x1p63 || static_cast<int64_t>(number) != whole) {
        return OutOfRange("the type does not hold this whole number exactly");
      }
      return number;
    }
    if (const auto text = Text(Value::kDecimalValue)) {
      const std::optional<Decimal> decimal = ParseDecimal(*text);
      if (!decimal) return Malformed("send a number, NaN, Infinity or -Infinity");
      const double number = std::strtod(std::string(*text).c_str(), nullptr);
      if (std::isinf(number) && decimal->kind == Decimal::Kind::kFinite) return OutOfRange("it is too large");
      return number;
    }
    return Mismatch();
  }

  absl::StatusOr<Encoded> Floats() const {
    ROWAN_ASSIGN_OR_RETURN(const double number, Double());
    if (type.scalar == Scalar::kFloat64) return EncodeInteger(std::bit_cast<int64_t>(number));
    const float single = static_cast<float>(number);
    if (std::isinf(single) && !std::isinf(number)) return OutOfRange("it is too large");
    return EncodeInteger(std::bit_cast<int32_t>(single));
  }

  absl::StatusOr<Encoded> Decimals() const {
    std::string_view text;
    std::string whole;
    if (value.kind_case() == Value::kIntValue) {
      whole = std::to_string(value.int_value());
      text = whole;
    } else if (const auto given = Text(Value::kDecimalValue)) {
      text = *given;
    } else {
      return Mismatch();
    }
    std::optional<Decimal> decimal = ParseDecimal(text);
    if (!decimal) return Malformed("send digits with an optional sign, point and exponent, NaN, Infinity or -Infinity");
    if (decimal->kind == Decimal::Kind::kInfinity && type.precision > 0) return OutOfRange("it is infinite");
    if (decimal->kind != Decimal::Kind::kFinite) return Encoded{EncodeDecimal(*decimal)};
    // Zeros at the end may go; other digits may not.
    while (type.precision > 0 && decimal->scale > type.scale &&
           (decimal->digits.empty() || decimal->digits.back() == '0')) {
      if (!decimal->digits.empty()) decimal->digits.pop_back();
      --decimal->scale;
    }
    const int whole_digits = std::max(0, static_cast<int>(decimal->digits.size()) - decimal->scale);
    if (type.precision > 0 && decimal->scale > type.scale) {
      return OutOfRange(absl::StrCat("it has more than ", type.scale, " digits after the point"));
    }
    if (type.precision > 0 && whole_digits > type.precision - type.scale) {
      return OutOfRange(absl::StrCat("it has more than ", type.precision - type.scale, " digits before the point"));
    }
    if (whole_digits > 131072 || decimal->scale > 16383) return OutOfRange("it has too many digits");
    return Encoded{EncodeDecimal(*decimal)};
  }

  absl::StatusOr<Encoded> Texts() const {
    if (value.kind_case() != Value::kTextValue) return Mismatch();
    const std::string& text = value.text_value();
    const std::optional<int64_t> length = CountCodePoints(text);
    if (!length) return Malformed("it is not valid UTF-8");
    if (text.find('\0') != std::string::npos) return Malformed("it holds a NUL character");
    if (type.length > 0 && *length > type.length) {
      return OutOfRange(absl::StrCat("it has ", *length, " characters, and at most ", type.length, " are allowed"));
    }
    if (type.scalar == Scalar::kEnum && std::find(type.labels.begin(), type.labels.end(), text) == type.labels.end()) {
      std::string labels;
      for (size_t i = 0; i < type.labels.size() && i < 20; ++i)
        absl::StrAppend(&labels, i == 0 ? "" : ", ", type.labels[i]);
      return OutOfRange("it is none of " + labels + (type.labels.size() > 20 ? ", …" : ""));
    }
    return Encoded{text};
  }

  absl::StatusOr<Encoded> Uuids() const {
    const auto text = Text(Value::kUuidValue);
    if (!text) return Mismatch();
    std::string digits;
    for (size_t i = 0; i < text->size(); ++i) {
      const bool hyphen = text->size() == 36 && (i == 8 || i == 13 || i == 18 || i == 23);
      if (hyphen != ((*text)[i] == '-')) return Malformed("send 32 hexadecimal digits as 8-4-4-4-12");
      if (!hyphen) digits += (*text)[i];
    }
    const bool valid = digits.size() == 32 && std::all_of(digits.begin(), digits.end(),
                                                          [](unsigned char c) { return absl::ascii_isxdigit(c); });
    if (!valid) return Malformed("send 32 hexadecimal digits as 8-4-4-4-12");
    return Encoded{absl::HexStringToBytes(digits)};
  }

  absl::StatusOr<Encoded> Timestamps() const {
    if (value.kind_case() == Value::kTextValue) {
      const auto microseconds = ParseTimestamp(value.text_value());
      if (!microseconds) return Malformed("send RFC 3339 with an offset, such as 2024-05-01T12:00:00.000001Z");
      return EncodeInt64(*microseconds);
    }
    if (value.kind_case() != Value::kTimestampValue) return Mismatch();
    const google::protobuf::Timestamp& timestamp = value.timestamp_value();
    if (timestamp.nanos() < 0 || timestamp.nanos() > 999999999)
      return Malformed("nanos must be within 0 and 999,999,999");
    if (timestamp.nanos() % 1000 != 0) return OutOfRange("timestamps have microseconds, not nanoseconds");
    int64_t microseconds = 0;
    if (__builtin_sub_overflow(timestamp.seconds(), kEpochSeconds, &microseconds) ||
        __builtin_mul_overflow(microseconds, int64_t{1000000}, &microseconds) ||
        __builtin_add_overflow(microseconds, timestamp.nanos() / 1000, &microseconds) ||
        microseconds < kFirstMicrosecond || microseconds > kLastMicrosecond) {
      return OutOfRange("it is outside of 4714-11-24 BC to 294276-12-31");
    }
    return EncodeInt64(microseconds);
  }

  absl::StatusOr<Encoded> Dates() const {
    const auto text = Text(Value::kDateValue);
    if (!text) return Mismatch();
    const auto days = ParseDate(*text);
    if (!days) return Malformed("send YYYY-MM-DD, with \" BC\" behind it before year 1, infinity or -infinity");
    return EncodeInteger(*days);
  }

  absl::StatusOr<Encoded> Times() const {
    const auto text = Text(Value::kTimeValue);
    if (!text) return Mismatch();
    const auto microseconds = ParseTime(*text);
    if (!microseconds) return Malformed("send HH:MM:SS with up to six decimals");
    return EncodeInt64(*microseconds);
  }

  // Other kinds than json stand for the JSON value that they are.
  absl::StatusOr<nlohmann::json> AsJson(const Value& part) const {
    switch (part.kind_case()) {
      case Value::kNullValue:
        return nlohmann::json(nullptr);
      case Value::kBoolValue:
        return nlohmann::json(part.bool_value());
      case Value::kIntValue:
        return nlohmann::json(part.int_value());
      case Value::kDoubleValue:
        if (!std::isfinite(part.double_value())) return Malformed("JSON has no NaN and no infinities");
        return nlohmann::json(part.double_value());
      case Value::kTextValue:
        if (!CountCodePoints(part.text_value())) return Malformed("it is not valid UTF-8");
        return nlohmann::json(part.text_value());
      default:
        return Mismatch();
    }
  }

  absl::StatusOr<Encoded> Json() const {
    std::string text;
    if (const auto given = Text(Value::kJsonValue)) {
      text = *given;
    } else if (value.kind_case() == Value::kArrayValue) {
      nlohmann::json array = nlohmann::json::array();
      for (const Value& element : value.array_value().values()) {
        ROWAN_ASSIGN_OR_RETURN(nlohmann::json part, AsJson(element));
        array.push_back(std::move(part));
      }
      text = array.dump();
    } else if (value.kind_case() == Value::kDecimalValue) {
      const auto decimal = ParseDecimal(value.decimal_value());
      if (!decimal || decimal->kind != Decimal::Kind::kFinite) return Malformed("send a finite number");
      text = value.decimal_value();
    } else {
      ROWAN_ASSIGN_OR_RETURN(const nlohmann::json json, AsJson(value));
      text = json.dump();
    }
    if (!CountCodePoints(text)) return Malformed("it is not valid UTF-8");
    switch (CheckJson(text)) {
      case JsonSyntax::kValid:
        return Encoded{std::string(1, kJsonbVersion) + text};
      case JsonSyntax::kTooDeep:
        return OutOfRange(absl::StrCat("it is nested more than ", kJsonDepth, " levels deep"));
      case JsonSyntax::kInvalid:
        break;
    }
    return Malformed("it is not valid JSON text; a plain string is written with quotes, or as {\"$json\": \"…\"}");
  }

  absl::StatusOr<Encoded> Scalars() const {
    switch (type.scalar) {
      case Scalar::kInt16:
        return Integers<int16_t>();
      case Scalar::kInt32:
        return Integers<int32_t>();
      case Scalar::kInt64:
        return Integers<int64_t>();
      case Scalar::kFloat32:
      case Scalar::kFloat64:
        return Floats();
      case Scalar::kDecimal:
        return Decimals();
      case Scalar::kBool:
        if (value.kind_case() != Value::kBoolValue) return Mismatch();
        return EncodeBool(value.bool_value());
      case Scalar::kString:
      case Scalar::kText:
      case Scalar::kEnum:
        return Texts();
      case Scalar::kBytes:
        if (value.kind_case() != Value::kBytesValue) return Mismatch();
        return Encoded{value.bytes_value()};
      case Scalar::kUuid:
        return Uuids();
      case Scalar::kDate:
        return Dates();
      case Scalar::kTime:
        return Times();
      case Scalar::kTimestamp:
      case Scalar::kLocalTimestamp:
        return Timestamps();
      case Scalar::kJson:
        return Json();
    }
    return Mismatch();
  }
};

}  // namespace

absl::Status StrayReference(const Value& value, const Path& path) {
  return errors::UnknownReference(path.Text(), value.reference_value(),
                                  "stands outside a Batch or a Transact. Send the value itself");
}

absl::StatusOr<Encoded> EncodeValue(const Type& type, const Value& value, const Path& path) {
  if (value.kind_case() == Value::KIND_NOT_SET) return errors::MissingValue(path);
  if (value.kind_case() == Value::kNullValue) return Encoded{.null = true};
  if (value.kind_case() == Value::kReferenceValue) return StrayReference(value, path);
  if (!type.array) return Encoder{type, value, path}.Scalars();
  if (value.kind_case() != Value::kArrayValue) return errors::TypeMismatch(path, TypeName(type), KindName(value));
  Type element_type = type;
  element_type.array = false;
  std::vector<Encoded> elements;
  elements.reserve(value.array_value().values_size());
  for (const Value& element : value.array_value().values()) {
    const Path element_path = path.Index(static_cast<int>(elements.size()));
    ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(element_type, element, element_path));
    elements.push_back(std::move(encoded));
  }
  return EncodeArray(element_type, elements);
}

// Dimensions, whether there are nulls, the elements' OID; then length and lower bound, unless it is empty; then the
// elements.
Encoded EncodeArray(const Type& element, const std::vector<Encoded>& elements) {
  Encoded encoded;
  size_t size = 20;
  bool nulls = false;
  for (const Encoded& part : elements) {
    size += 4 + part.bytes.size();
    nulls = nulls || part.null;
  }
  encoded.bytes.reserve(size);
  PutInteger<int32_t>(elements.empty() ? 0 : 1, encoded.bytes);
  PutInteger<int32_t>(nulls, encoded.bytes);
  PutInteger<uint32_t>(Facts(element.scalar).oid, encoded.bytes);
  if (elements.empty()) return encoded;
  PutInteger<int32_t>(static_cast<int32_t>(elements.size()), encoded.bytes);
  PutInteger<int32_t>(1, encoded.bytes);
  for (const Encoded& part : elements) {
    PutInteger<int32_t>(part.null ? -1 : static_cast<int32_t>(part.bytes.size()), encoded.bytes);
    if (!part.null) encoded.bytes += part.bytes;
  }
  return encoded;
}

Encoded EncodeInt64(int64_t value) {
  return EncodeInteger(value);
}

Encoded EncodeBool(bool value) {
  return {std::string(1, value ? '\1' : '\0')};
}

}  // namespace rowan
