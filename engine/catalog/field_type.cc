#include "engine/catalog/field_type.h"

#include <cmath>
#include <cstdio>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "engine/catalog/proto_enums.h"
#include "rowan/v1/schema.pb.h"

namespace rowan {
namespace {

std::string DoubleText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string TimestampText(const google::protobuf::Timestamp& timestamp) {
  const absl::CivilSecond civil = absl::ToCivilSecond(absl::FromUnixSeconds(timestamp.seconds()), absl::UTCTimeZone());
  // The year before 1 is 1 BC.
  const int64_t year = civil.year() > 0 ? civil.year() : 1 - civil.year();
  char text[64];
  std::snprintf(text, sizeof text, "%04lld-%02d-%02d %02d:%02d:%02d.%06d+00%s", static_cast<long long>(year),
                civil.month(), civil.day(), civil.hour(), civil.minute(), civil.second(), timestamp.nanos() / 1000,
                civil.year() > 0 ? "" : " BC");
  return text;
}

// The text that PostgreSQL's input function of the type reads.
std::string InputText(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case v1::Value::kIntValue:
      return absl::StrCat(value.int_value());
    case v1::Value::kDoubleValue:
      return DoubleText(value.double_value());
    case v1::Value::kTextValue:
      return value.text_value();
    case v1::Value::kBytesValue:
      return "\\x" + absl::BytesToHexString(value.bytes_value());
    case v1::Value::kTimestampValue:
      return TimestampText(value.timestamp_value());
    case v1::Value::kDecimalValue:
      return value.decimal_value();
    case v1::Value::kUuidValue:
      return value.uuid_value();
    case v1::Value::kDateValue:
      return value.date_value();
    case v1::Value::kTimeValue:
      return value.time_value();
    case v1::Value::kJsonValue:
      return value.json_value();
    case v1::Value::kArrayValue: {
      std::string text;
      for (const v1::Value& element : value.array_value().values()) {
        if (!text.empty()) text += ',';
        const bool null = element.kind_case() == v1::Value::kNullValue;
        text +=
            null ? "NULL"
                 : absl::StrCat("\"", absl::StrReplaceAll(InputText(element), {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
      }
      return "{" + text + "}";
    }
    case v1::Value::kNullValue:
    case v1::Value::kReferenceValue:
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return "";
}

}  // namespace

Type FieldTypeOf(const v1::FieldType& proto) {
  Type type;
  type.scalar = ScalarOf(proto.scalar());
  type.array = proto.array();
  type.length = proto.length();
  type.precision = proto.precision();
  type.scale = proto.scale();
  type.labels = {proto.labels().begin(), proto.labels().end()};
  type.native_name = proto.native_type();
  type.native_schema = proto.native_schema();
  type.native_modifiers = {proto.native_modifiers().begin(), proto.native_modifiers().end()};
  return type;
}

std::string SqlLiteral(const v1::Value& value) {
  return "'" + absl::StrReplaceAll(InputText(value), {{"'", "''"}}) + "'";
}

}  // namespace rowan
