#include "engine/types/json_value.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/types/codec.h"
#include "rowan/v1/value.pb.h"

namespace rowan {
namespace {

const Type kText{.scalar = Scalar::kText};
const Type kJson{.scalar = Scalar::kJson};
const Type kDecimal{.scalar = Scalar::kDecimal};

}  // namespace

absl::StatusOr<std::string> JsonOf(const v1::Value& value, const Path& path) {
  switch (value.kind_case()) {
    case v1::Value::kNullValue:
      return "null";
    case v1::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case v1::Value::kIntValue:
      return std::to_string(value.int_value());
    case v1::Value::kDoubleValue:
      if (!std::isfinite(value.double_value())) return errors::ValueOutOfRange(path, "json", "JSON has no such number");
      return nlohmann::json(value.double_value()).dump();
    case v1::Value::kDecimalValue: {
      ROWAN_ASSIGN_OR_RETURN(const Encoded encoded, EncodeValue(kDecimal, value, path));
      v1::Value plain;  // in plain notation, which is JSON's too
      ROWAN_RETURN_IF_ERROR(DecodeValue(kDecimal, encoded.bytes, plain));
      if (absl::ascii_isalpha(static_cast<unsigned char>(plain.decimal_value().back()))) {
        return errors::ValueOutOfRange(path, "json", "JSON has no such number");
      }
      return plain.decimal_value();
    }
    case v1::Value::kTextValue:
      ROWAN_RETURN_IF_ERROR(EncodeValue(kText, value, path).status());
      return nlohmann::json(value.text_value()).dump();
    case v1::Value::kJsonValue:
      ROWAN_RETURN_IF_ERROR(EncodeValue(kJson, value, path).status());
      return value.json_value();
    case v1::Value::kArrayValue: {
      std::string list = "[";
      int index = 0;
      for (const v1::Value& element : value.array_value().values()) {
        ROWAN_ASSIGN_OR_RETURN(const std::string json, JsonOf(element, path.Index(index)));
        list += (index++ == 0 ? "" : ",") + json;
      }
      return list + "]";
    }
    case v1::Value::kBytesValue:
    case v1::Value::kTimestampValue:
    case v1::Value::kUuidValue:
    case v1::Value::kDateValue:
    case v1::Value::kTimeValue:
      return errors::TypeMismatch(path, "json, text, a number or a bool", "a kind that JSON does not have");
    case v1::Value::kReferenceValue:
      return StrayReference(value, path);
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return errors::MissingValue(path);
}

Encoded EncodeJson(std::string_view json) {
  constexpr char kJsonbVersion = 1;
  Encoded encoded;
  encoded.bytes = kJsonbVersion;
  encoded.bytes += json;
  return encoded;
}

}  // namespace rowan
