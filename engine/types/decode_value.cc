// PostgreSQL's binary format -> rowan.v1.Value.
#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/types/calendar.h"
#include "engine/types/codec.h"
#include "engine/types/decimal.h"
#include "engine/types/message_writer.h"
#include "engine/types/wire.h"
#include "rowan/v1/value.pb.h"

namespace rowan {
namespace {

using v1::Value;

absl::Status Unexpected(const Type& type) {
  return errors::Internal("a value from PostgreSQL is not in the binary format of " + TypeName(type));
}

// The canonical form: 8-4-4-4-12 digits.
void WriteUuid(std::string_view bytes, MessageWriter& writer) {
  static constexpr char kDigits[] = "0123456789abcdef";
  char text[36];
  size_t at = 0;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[at++] = kDigits[byte >> 4];
    text[at++] = kDigits[byte & 0xf];
  }
  writer.Bytes(Value::kUuidValueFieldNumber, {text, sizeof(text)});
}

void WriteInteger(int64_t value, MessageWriter& writer) {
  writer.Varint(Value::kIntValueFieldNumber, static_cast<uint64_t>(value));
}

void WriteTimestamp(int64_t microseconds, MessageWriter& writer) {
  if (microseconds == std::numeric_limits<int64_t>::max() || microseconds == std::numeric_limits<int64_t>::min()) {
    writer.Bytes(Value::kTextValueFieldNumber, FormatTimestamp(microseconds));
    return;
  }
  int64_t seconds = microseconds / 1000000;
  int64_t rest = microseconds % 1000000;
  if (rest < 0) {
    rest += 1000000;
    --seconds;
  }
  seconds += kEpochSeconds;
  const size_t end = writer.size();
  if (rest != 0) writer.Varint(google::protobuf::Timestamp::kNanosFieldNumber, static_cast<uint64_t>(rest * 1000));
  if (seconds != 0) writer.Varint(google::protobuf::Timestamp::kSecondsFieldNumber, static_cast<uint64_t>(seconds));
  writer.Close(Value::kTimestampValueFieldNumber, end);
}

absl::Status WriteScalar(const Type& type, std::string_view bytes, MessageWriter& writer) {
  WireReader reader(bytes);
  switch (type.scalar) {
    case Scalar::kInt16:
      WriteInteger(reader.Read<int16_t>(), writer);
      break;
    case Scalar::kInt32:
      WriteInteger(reader.Read<int32_t>(), writer);
      break;
    case Scalar::kInt64:
      WriteInteger(reader.Read<int64_t>(), writer);
      break;
    case Scalar::kFloat32:
      writer.Double(Value::kDoubleValueFieldNumber, std::bit_cast<float>(reader.Read<int32_t>()));
      break;
    case Scalar::kFloat64:
      writer.Double(Value::kDoubleValueFieldNumber, std::bit_cast<double>(reader.Read<int64_t>()));
      break;
    case Scalar::kDecimal: {
      const std::optional<std::string> text = DecodeDecimal(bytes);
      if (!text) return Unexpected(type);
      writer.Bytes(Value::kDecimalValueFieldNumber, *text);
      return absl::OkStatus();
    }
    case Scalar::kBool:
      if (bytes.size() != 1) return Unexpected(type);
      writer.Varint(Value::kBoolValueFieldNumber, bytes[0] != 0);
      return absl::OkStatus();
    case Scalar::kString:
    case Scalar::kText:
    case Scalar::kEnum:
      writer.Bytes(Value::kTextValueFieldNumber, bytes);
      return absl::OkStatus();
    case Scalar::kBytes:
      writer.Bytes(Value::kBytesValueFieldNumber, bytes);
      return absl::OkStatus();
    case Scalar::kUuid:
      if (bytes.size() != 16) return Unexpected(type);
      WriteUuid(bytes, writer);
      return absl::OkStatus();
    case Scalar::kDate:
      writer.Bytes(Value::kDateValueFieldNumber, FormatDate(reader.Read<int32_t>()));
      break;
    case Scalar::kTime:
      writer.Bytes(Value::kTimeValueFieldNumber, FormatTime(reader.Read<int64_t>()));
      break;
    case Scalar::kTimestamp:
    case Scalar::kLocalTimestamp:
      WriteTimestamp(reader.Read<int64_t>(), writer);
      break;
    case Scalar::kJson:
      if (bytes.empty() || bytes[0] != kJsonbVersion) return Unexpected(type);
      writer.Bytes(Value::kJsonValueFieldNumber, bytes.substr(1));
      return absl::OkStatus();
  }
  return reader.done() ? absl::OkStatus() : Unexpected(type);
}

void WriteNull(MessageWriter& writer) {
  writer.Varint(Value::kNullValueFieldNumber, google::protobuf::NULL_VALUE);
}

// The elements of an array in row-major order, and how many there are in each dimension.
struct ReadElements {
  std::vector<int32_t> lengths;  // empty for an empty array
  std::vector<Encoded> elements;
};

absl::StatusOr<ReadElements> ReadArray(std::string_view bytes) {
  WireReader reader(bytes);
  const int32_t dimensions = reader.Read<int32_t>();
  reader.Read<int32_t>();
  reader.Read<int32_t>();
  ReadElements array;
  size_t count = dimensions > 0 ? 1 : 0;
  bool sound = dimensions >= 0;
  for (int32_t i = 0; i < dimensions && sound; ++i) {
    array.lengths.push_back(reader.Read<int32_t>());
    reader.Read<int32_t>();
    count *= static_cast<size_t>(array.lengths.back());
    // Each element takes four bytes at least.
    sound = reader.ok() && array.lengths.back() > 0 && count <= bytes.size() / 4;
  }
  for (size_t i = 0; i < count && sound; ++i) {
    bool null = false;
    const std::string_view part = reader.Sized(null);
    array.elements.push_back({std::string(part), null});
    sound = reader.ok();
  }
  if (!sound || !reader.done()) return errors::Internal("an array from PostgreSQL is cut short");
  return array;
}

// Writes the part of an array that begins at `elements` and has the dimensions from `dimension` on.
absl::Status WriteArray(const Type& element, const std::vector<int32_t>& lengths, size_t dimension,
                        const Encoded* elements, MessageWriter& writer) {
  const size_t array = writer.size();
  const bool last = dimension + 1 >= lengths.size();
  size_t part_size = 1;
  for (size_t i = dimension + 1; i < lengths.size(); ++i) part_size *= static_cast<size_t>(lengths[i]);
  const size_t parts = lengths.empty() ? 0 : static_cast<size_t>(lengths[dimension]);
  for (size_t i = parts; i-- > 0;) {
    const size_t end = writer.size();
    const Encoded* const part = elements + i * part_size;
    ROWAN_RETURN_IF_ERROR(last ? WriteValue(element, part->bytes, part->null, writer)
                               : WriteArray(element, lengths, dimension + 1, part, writer));
    writer.Close(v1::ArrayValue::kValuesFieldNumber, end);
  }
  writer.Close(Value::kArrayValueFieldNumber, array);
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteValue(const Type& type, std::string_view bytes, bool null, MessageWriter& writer) {
  if (null) {
    WriteNull(writer);
    return absl::OkStatus();
  }
  if (!type.array) return WriteScalar(type, bytes, writer);
  ROWAN_ASSIGN_OR_RETURN(const ReadElements array, ReadArray(bytes));
  Type element_type = type;
  element_type.array = false;
  return WriteArray(element_type, array.lengths, 0, array.elements.data(), writer);
}

absl::Status DecodeValue(const Type& type, std::string_view bytes, v1::Value& value) {
  MessageWriter writer;
  ROWAN_RETURN_IF_ERROR(WriteValue(type, bytes, false, writer));
  // A text that is no UTF-8 cannot come from PostgreSQL.
  const bool parsed = value.ParseFromArray(writer.bytes().data(), static_cast<int>(writer.size()));
  return parsed ? absl::OkStatus() : Unexpected(type);
}

absl::StatusOr<std::vector<Encoded>> DecodeArray(std::string_view bytes) {
  ROWAN_ASSIGN_OR_RETURN(ReadElements array, ReadArray(bytes));
  if (array.lengths.size() > 1) return errors::Internal("an array from PostgreSQL does not have one dimension");
  return std::move(array.elements);
}

int64_t DecodeInt64(std::string_view bytes) {
  return WireReader(bytes).Read<int64_t>();
}

std::string KeyText(const Type& type, const Encoded& value) {
  if (value.null) return "null";
  Value decoded;
  if (type.array || !DecodeValue(type, value.bytes, decoded).ok()) return "?";
  std::string text;
  switch (decoded.kind_case()) {
    case Value::kBoolValue:
      text = decoded.bool_value() ? "true" : "false";
      break;
    case Value::kIntValue:
      text = std::to_string(decoded.int_value());
      break;
    case Value::kDoubleValue:
      text = absl::StrCat(decoded.double_value());
      break;
    case Value::kBytesValue:
      text = absl::BytesToHexString(decoded.bytes_value().substr(0, 32));
      break;
    case Value::kTimestampValue:
      text = FormatTimestamp(DecodeInt64(value.bytes));
      break;
    case Value::kTextValue:
      text = decoded.text_value();
      break;
    case Value::kDecimalValue:
      text = decoded.decimal_value();
      break;
    case Value::kUuidValue:
      text = decoded.uuid_value();
      break;
    case Value::kDateValue:
      text = decoded.date_value();
      break;
    case Value::kTimeValue:
      text = decoded.time_value();
      break;
    case Value::kJsonValue:
      text = decoded.json_value();
      break;
    case Value::kNullValue:
    case Value::kArrayValue:
    case Value::kReferenceValue:
    case Value::KIND_NOT_SET:
      break;
  }
  if (text.size() <= 64) return text;
  // Not in the middle of a character.
  size_t end = 64;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace rowan
