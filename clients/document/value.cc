#include "clients/document/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/document/document_error.h"
#include "clients/document/parse_document.h"
#include "clients/document/timestamp.h"
#include "clients/document/write_document.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/value.pb.h"

namespace rowan::document {
namespace {

// PostgreSQL's numeric has at most this many digits before and after the point.
constexpr int64_t kWholeDigits = 131072;
constexpr int64_t kFractionDigits = 16383;

Words Kinds() {
  return {"$bytes", "$json", "$decimal", "$double", "$timestamp", "$uuid",
          "$date",  "$time", "$text",    "$int",    "$array",     "$ref"};
}

bool IsNotFinite(std::string_view text) {
  return text == "NaN" || text == "Infinity" || text == "-Infinity";
}

// Strips what a decimal may have and a JSON number may not: a leading plus, and no digit before or after the point.
std::string AsJsonNumber(std::string_view text) {
  std::string number(text.substr(!text.empty() && text.front() == '+' ? 1 : 0));
  const size_t point = number.find('.');
  if (point == std::string::npos) return number;
  if (point + 1 == number.size() || !absl::ascii_isdigit(number[point + 1])) number.insert(point + 1, "0");
  if (point == 0 || number[point - 1] == '-') number.insert(point, "0");
  return number;
}

absl::Status ReadNumber(const Node& node, const Path& path, v1::Value& value) {
  if (int64_t whole; ReadInt64(node, whole)) {
    value.set_int_value(whole);
    return absl::OkStatus();
  }
  std::optional<std::string> plain = PlainDecimal(node.text);
  if (!plain)
    return DocumentError(path, absl::StrCat("the number has more than ", kWholeDigits, " digits before the point or ",
                                            kFractionDigits, " after it"));
  value.set_decimal_value(*std::move(plain));
  return absl::OkStatus();
}

absl::Status ReadDecimal(const Node& node, const Path& path, v1::Value& value) {
  if (node.is_text() && IsNotFinite(node.text)) {
    value.set_decimal_value(node.text);
    return absl::OkStatus();
  }
  const std::string number = AsJsonNumber(node.text);
  if ((!node.is_text() && node.kind != Node::Kind::kNumber) || !IsJsonNumber(number)) {
    return DocumentError(
        path, absl::StrCat(std::string(Describe(node)),
                           " that is no decimal number like \"1.50\", nor \"NaN\", \"Infinity\" or \"-Infinity\""));
  }
  std::optional<std::string> plain = PlainDecimal(number);
  if (!plain)
    return DocumentError(path, absl::StrCat("a decimal has at most ", kWholeDigits, " digits before the point and ",
                                            kFractionDigits, " after it"));
  value.set_decimal_value(*std::move(plain));
  return absl::OkStatus();
}

absl::Status ReadDouble(const Node& node, const Path& path, v1::Value& value) {
  double number = 0;
  if (node.is_text() && IsNotFinite(node.text)) {
    number = node.text == "NaN" ? std::numeric_limits<double>::quiet_NaN()
                                : (node.text.front() == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
  } else {
    const std::string digits = AsJsonNumber(node.text);
    if ((!node.is_text() && node.kind != Node::Kind::kNumber) || !IsJsonNumber(digits)) {
      return DocumentError(path, absl::StrCat(std::string(Describe(node)),
                                              " that is no number, nor \"NaN\", \"Infinity\" or \"-Infinity\""));
    }
    if (!absl::SimpleAtod(digits, &number) || std::isinf(number)) {
      return DocumentError(path, "the number is too large for a double; use $decimal");
    }
  }
  value.set_double_value(number);
  return absl::OkStatus();
}

absl::Status ReadInt(const Node& node, const Path& path, v1::Value& value) {
  const bool number = node.is_text() || node.kind == Node::Kind::kNumber;
  int64_t whole = 0;
  if (!number || !ReadInt64(Number(AsJsonNumber(node.text)), whole)) {
    return DocumentError(
        path, absl::StrCat(std::string(Describe(node)), " that is no whole number from ",
                           std::numeric_limits<int64_t>::min(), " to ", std::numeric_limits<int64_t>::max()));
  }
  value.set_int_value(whole);
  return absl::OkStatus();
}

absl::Status ReadTimestamp(const Node& node, const Path& path, v1::Value& value) {
  if (node.text == "infinity" || node.text == "-infinity") {
    value.set_text_value(node.text);
    return absl::OkStatus();
  }
  Instant instant;
  if (!ReadInstant(node.text, instant)) {
    return DocumentError(path,
                         "the text is no instant like \"2024-05-01T12:00:00.000001Z\" or "
                         "\"2024-05-01T14:00:00+02:00\", nor \"infinity\"");
  }
  value.mutable_timestamp_value()->set_seconds(instant.seconds);
  value.mutable_timestamp_value()->set_nanos(instant.nanos);
  return absl::OkStatus();
}

absl::Status ReadBytes(const Node& node, const Path& path, v1::Value& value) {
  std::string bytes;
  // The decoder skips white space and accepts a missing end; what it gives must be what was written.
  if (!absl::Base64Unescape(node.text, &bytes) || absl::Base64Escape(bytes) != node.text) {
    return DocumentError(path, "the text is not base64 (A-Z a-z 0-9 + / and = to fill the last four)");
  }
  value.set_bytes_value(std::move(bytes));
  return absl::OkStatus();
}

absl::Status ReadArray(const Node& node, const Path& path, v1::Value& value) {
  if (!node.is_list()) return WrongKind(path, node, "a list");
  auto& values = *value.mutable_array_value()->mutable_values();
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    const Path place = path.Index(static_cast<int>(i));
    if (item.is_list() || (IsTyped(item) && item.Find("$array") != nullptr))
      return DocumentError(place, "an array holds no arrays");
    ROWAN_RETURN_IF_ERROR(ReadValue(item, place, *values.Add()));
  }
  return absl::OkStatus();
}

absl::Status ReadTyped(const Node& node, const Path& outer, v1::Value& value) {
  const auto& [kind, operand] = node.members.front();
  if (node.reference) {
    value.set_reference_value(operand.text);
    return absl::OkStatus();
  }
  const Path path = outer.Member(kind);
  if (kind == "$json") {
    value.set_json_value(ToJsonLine(operand));
    return absl::OkStatus();
  }
  if (kind == "$decimal") return ReadDecimal(operand, path, value);
  if (kind == "$double") return ReadDouble(operand, path, value);
  if (kind == "$int") return ReadInt(operand, path, value);
  if (kind == "$array") return ReadArray(operand, path, value);
  const Words known = Kinds();
  if (std::find(known.begin(), known.end(), kind) == known.end())
    return UnknownWord(outer, "kind of value", kind, known);
  if (!operand.is_text()) return WrongKind(path, operand, "a text");
  if (kind == "$bytes") return ReadBytes(operand, path, value);
  if (kind == "$timestamp") return ReadTimestamp(operand, path, value);
  if (kind == "$uuid") value.set_uuid_value(operand.text);
  if (kind == "$date") value.set_date_value(operand.text);
  if (kind == "$time") value.set_time_value(operand.text);
  if (kind == "$text") value.set_text_value(operand.text);
  if (kind == "$ref") value.set_reference_value(operand.text);
  return absl::OkStatus();
}

// Lists of scalars are arrays; a list that holds an object or a list is JSON.
absl::Status ReadList(const Node& node, const Path& path, v1::Value& value) {
  for (const Node& item : node.items) {
    if (item.is_list() || (item.is_object() && !IsTyped(item))) {
      value.set_json_value(ToJsonLine(node));
      return absl::OkStatus();
    }
  }
  return ReadArray(node, path, value);
}

// The shortest digits that give the double back, with a point or an exponent so that it shows as no whole number.
std::string DoubleText(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  char buffer[32];
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

Node ShowDouble(double number) {
  std::string text = DoubleText(number);
  return std::isfinite(number) ? Number(std::move(text)) : Text(std::move(text));
}

// JSON text comes from PostgreSQL; what cannot be read (nested too deep) is shown as text rather than lost.
Node ShowJson(const std::string& text) {
  absl::StatusOr<Node> node = ParseJson(text);
  return node.ok() ? *std::move(node) : Text(text);
}

Node Typed(std::string_view kind, Node operand) {
  Node node = Object();
  node.Add(kind, std::move(operand));
  return node;
}

}  // namespace

bool IsTyped(const Node& node) {
  return node.reference ||
         (node.is_object() && node.members.size() == 1 && absl::StartsWith(node.members.front().key, "$"));
}

absl::Status ReadValue(const Node& node, const Path& path, v1::Value& value) {
  switch (node.kind) {
    case Node::Kind::kNull:
      value.set_null_value(google::protobuf::NULL_VALUE);
      return absl::OkStatus();
    case Node::Kind::kBool:
      value.set_bool_value(node.truth);
      return absl::OkStatus();
    case Node::Kind::kNumber:
      return ReadNumber(node, path, value);
    case Node::Kind::kText:
      value.set_text_value(node.text);
      return absl::OkStatus();
    case Node::Kind::kList:
      return ReadList(node, path, value);
    case Node::Kind::kObject:
      if (IsTyped(node)) return ReadTyped(node, path, value);
      value.set_json_value(ToJsonLine(node));
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

Node ShowValue(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kNullValue:
    case v1::Value::KIND_NOT_SET:
      return Null();
    case v1::Value::kBoolValue:
      return Bool(value.bool_value());
    case v1::Value::kIntValue:
      return Number(value.int_value());
    case v1::Value::kDoubleValue:
      return ShowDouble(value.double_value());
    case v1::Value::kTextValue:
      return Text(value.text_value());
    case v1::Value::kBytesValue:
      return Text(absl::Base64Escape(value.bytes_value()));
    case v1::Value::kTimestampValue:
      return Text(WriteInstant({value.timestamp_value().seconds(), value.timestamp_value().nanos()}));
    case v1::Value::kDecimalValue:
      return Text(value.decimal_value());
    case v1::Value::kUuidValue:
      return Text(value.uuid_value());
    case v1::Value::kDateValue:
      return Text(value.date_value());
    case v1::Value::kTimeValue:
      return Text(value.time_value());
    case v1::Value::kJsonValue:
      return ShowJson(value.json_value());
    case v1::Value::kReferenceValue:
      return Text(value.reference_value());
    case v1::Value::kArrayValue: {
      Node list = List();
      for (const v1::Value& item : value.array_value().values()) list.items.push_back(ShowValue(item));
      return list;
    }
  }
  return Null();
}

Node WriteValue(const v1::Value& value) {
  Node shown = ShowValue(value);
  switch (value.kind_case()) {
    case v1::Value::kNullValue:
    case v1::Value::KIND_NOT_SET:
    case v1::Value::kBoolValue:
    case v1::Value::kIntValue:
    case v1::Value::kTextValue:
      return shown;
    case v1::Value::kDecimalValue: {
      // Digits stay plain when they would be read as a decimal again.
      int64_t whole;
      const bool plain = IsJsonNumber(shown.text) && !ReadInt64(Number(shown.text), whole);
      return plain ? Number(std::move(shown.text)) : Typed("$decimal", std::move(shown));
    }
    case v1::Value::kDoubleValue:
      return Typed("$double", std::move(shown));
    case v1::Value::kBytesValue:
      return Typed("$bytes", std::move(shown));
    case v1::Value::kTimestampValue:
      return Typed("$timestamp", std::move(shown));
    case v1::Value::kUuidValue:
      return Typed("$uuid", std::move(shown));
    case v1::Value::kDateValue:
      return Typed("$date", std::move(shown));
    case v1::Value::kTimeValue:
      return Typed("$time", std::move(shown));
    case v1::Value::kJsonValue:
      return Typed("$json", std::move(shown));
    case v1::Value::kReferenceValue:
      return Typed("$ref", std::move(shown));
    case v1::Value::kArrayValue: {
      Node list = List();
      for (const v1::Value& item : value.array_value().values()) list.items.push_back(WriteValue(item));
      return list;
    }
  }
  return shown;
}

std::optional<std::string> PlainDecimal(std::string_view digits) {
  const size_t e = digits.find_first_of("eE");
  std::string_view mantissa = digits.substr(0, e);
  const bool negative = !mantissa.empty() && mantissa.front() == '-';
  if (negative) mantissa.remove_prefix(1);
  const size_t point = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "" : mantissa.substr(point + 1);
  int64_t exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view power = digits.substr(e + 1);
    if (!power.empty() && power.front() == '+') power.remove_prefix(1);
    if (std::from_chars(power.data(), power.data() + power.size(), exponent).ec != std::errc() ||
        exponent > 2 * kWholeDigits || exponent < -2 * kWholeDigits) {
      return std::nullopt;
    }
  }
  // The point moves by the exponent through the digits, with zeros added where it leaves them.
  std::string all = absl::StrCat(std::string(whole), std::string(fraction));
  int64_t at = static_cast<int64_t>(whole.size()) + exponent;
  if (at > static_cast<int64_t>(all.size())) all.append(at - all.size(), '0');
  if (at < 1) {
    all.insert(0, 1 - at, '0');
    at = 1;
  }
  const size_t zeros = std::min(all.find_first_not_of('0'), static_cast<size_t>(at - 1));
  if (exponent != 0) {
    all.erase(0, zeros);
    at -= static_cast<int64_t>(zeros);
  }
  if (at > kWholeDigits || static_cast<int64_t>(all.size()) - at > kFractionDigits) return std::nullopt;
  std::string plain = absl::StrCat(negative ? "-" : "", all.substr(0, at));
  if (at < static_cast<int64_t>(all.size())) absl::StrAppend(&plain, ".", all.substr(at));
  return plain;
}

}  // namespace rowan::document
