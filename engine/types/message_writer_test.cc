// What the writer writes is compared byte for byte with what protobuf makes of the same message.
#include "engine/types/message_writer.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "rowan/v1/result.pb.h"
#include "rowan/v1/value.pb.h"

namespace rowan {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::UnknownFieldSet;

void Write(const Message& message, MessageWriter& writer);

// Writes one element, of the kinds that results are made of.
void WriteElement(const Message& message, const FieldDescriptor& field, int index, MessageWriter& writer) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const size_t end = writer.size();
      Write(repeated ? reflection.GetRepeatedMessage(message, &field, index) : reflection.GetMessage(message, &field),
            writer);
      return writer.Close(field.number(), end);
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return writer.Bytes(field.number(), repeated ? reflection.GetRepeatedString(message, &field, index)
                                                   : reflection.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return writer.Double(field.number(), reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return writer.Varint(field.number(), reflection.GetBool(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return writer.Varint(field.number(), static_cast<uint64_t>(reflection.GetEnumValue(message, &field)));
    case FieldDescriptor::CPPTYPE_INT32:
      return writer.Varint(field.number(), static_cast<uint64_t>(int64_t{reflection.GetInt32(message, &field)}));
    case FieldDescriptor::CPPTYPE_INT64:
      return writer.Varint(field.number(), static_cast<uint64_t>(reflection.GetInt64(message, &field)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return writer.Varint(field.number(), reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_FLOAT:
      break;
  }
  ADD_FAILURE() << field.full_name();
}

// Back to front, as the writer wants it.
void Write(const Message& message, MessageWriter& writer) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (!(*field)->is_repeated()) {
      WriteElement(message, **field, 0, writer);
      continue;
    }
    const size_t end = writer.size();
    for (int i = reflection.FieldSize(message, *field) - 1; i >= 0; --i) {
      if ((*field)->is_packed()) {
        writer.PackedVarint(static_cast<uint64_t>(reflection.GetRepeatedInt64(message, *field, i)));
      } else {
        WriteElement(message, **field, i, writer);
      }
    }
    if ((*field)->is_packed()) writer.Close((*field)->number(), end);
  }
}

void ExpectSame(const Message& message, MessageWriter& writer) {
  writer.Clear();
  Write(message, writer);
  const std::string expected = message.SerializeAsString();
  ASSERT_EQ(writer.size(), expected.size());
  EXPECT_EQ(std::string(writer.bytes()), expected);
  const std::unique_ptr<Message> read(message.New());
  ASSERT_TRUE(read->ParseFromArray(writer.bytes().data(), static_cast<int>(writer.size())));
  EXPECT_EQ(read->SerializeAsString(), expected);
}

template <typename Type>
Type Parsed(const std::string& text) {
  Type message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

TEST(MessageWriterTest, Values) {
  MessageWriter writer;
  for (const char* text : {
           "",
           "null_value: NULL_VALUE",
           "bool_value: false",
           "bool_value: true",
           "text_value: ''",
           "text_value: 'Alice'",
           "text_value: 'a\\000b\\303\\251'",
           "bytes_value: '\\000\\377\\200'",
           "bytes_value: ''",
           "decimal_value: '-12.3400'",
           "uuid_value: '2f1d8b1e-4a5c-4c55-9d5e-0a0b0c0d0e0f'",
           "date_value: '0044-03-15 BC'",
           "time_value: '23:59:59.999999'",
           "json_value: '{\"a\": [1, null]}'",
           "timestamp_value {}",
           "timestamp_value { nanos: 1000 }",
           "timestamp_value { seconds: -1 nanos: 999999000 }",
           "timestamp_value { seconds: -210866803200 }",
           "array_value {}",
           "array_value { values {} }",
           "array_value { values { null_value: NULL_VALUE } values { int_value: -1 } values { text_value: '' } }",
           "array_value { values { array_value { values { array_value {} } values { bool_value: true } } } }",
           "reference_value: 'u1.posts[].id'",
       }) {
    SCOPED_TRACE(text);
    ExpectSame(Parsed<v1::Value>(text), writer);
  }
}

TEST(MessageWriterTest, WholeNumbers) {
  MessageWriter writer;
  std::vector<int64_t> numbers = {0, -1, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  // Where a varint becomes a byte longer, from both sides.
  for (int bits = 7; bits < 63; bits += 7) {
    for (const int64_t near : {-1, 0, 1}) {
      numbers.push_back((int64_t{1} << bits) + near);
      numbers.push_back(-(int64_t{1} << bits) + near);
    }
  }
  for (const int64_t number : numbers) {
    SCOPED_TRACE(number);
    v1::Value value;
    value.set_int_value(number);
    ExpectSame(value, writer);
    v1::Record record;
    record.add_counts(number);
    record.add_counts(1);
    record.add_counts(number);
    ExpectSame(record, writer);
  }
}

TEST(MessageWriterTest, Doubles) {
  MessageWriter writer;
  using Limits = std::numeric_limits<double>;
  for (const double number : {0.0, -0.0, 1.5, -1e-300, 0.1, Limits::denorm_min(), Limits::max(), Limits::lowest(),
                              Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN()}) {
    SCOPED_TRACE(number);
    v1::Value value;
    value.set_double_value(number);
    ExpectSame(value, writer);
  }
}

TEST(MessageWriterTest, Records) {
  MessageWriter writer;
  for (const char* text : {
           "",
           "values {}",
           "values { int_value: 1 } values { text_value: 'a' } values { null_value: NULL_VALUE }",
           "related {}",
           "related { records {} } related { records {} records {} has_more: true }",
           "counts: 0",
           "counts: [7, -7, 300]",
           "values { int_value: 1 } related { records { values { text_value: 'x' } related { records { counts: 5 } } } "
           "has_more: true } related {} counts: [1, 2]",
       }) {
    SCOPED_TRACE(text);
    ExpectSame(Parsed<v1::Record>(text), writer);
  }
}

// Around the lengths at which a length takes another byte, and at which the memory that the writer begins with is full.
TEST(MessageWriterTest, LengthsAndMemory) {
  for (const size_t bound : {size_t{0}, size_t{128}, size_t{4096}, size_t{8192}, size_t{16384}, size_t{2097152}}) {
    for (size_t length = bound < 8 ? 0 : bound - 8; length <= bound + 2; ++length) {
      SCOPED_TRACE(length);
      v1::Value value;
      value.set_text_value(std::string(length, 'x'));
      MessageWriter writer;
      ExpectSame(value, writer);
    }
  }
}

TEST(MessageWriterTest, GrowsUnderWhatIsThere) {
  MessageWriter writer;
  v1::RecordList list;
  for (int i = 0; i < 2000; ++i) {
    v1::Record& record = *list.add_records();
    record.add_values()->set_int_value(i - 1000);
    record.add_values()->set_text_value(std::string(static_cast<size_t>(i % 97), static_cast<char>('a' + i % 26)));
    record.add_counts(i);
    if (i % 100 == 0) ExpectSame(list, writer);
  }
  ExpectSame(list, writer);
  // One value that is longer than twice what was there.
  list.add_records()->add_values()->set_bytes_value(std::string(3 * writer.size(), '\xff'));
  ExpectSame(list, writer);
}

TEST(MessageWriterTest, ClearForgets) {
  MessageWriter writer;
  EXPECT_EQ(writer.size(), 0u);
  EXPECT_EQ(writer.bytes(), "");
  writer.Bytes(v1::Value::kTextValueFieldNumber, std::string(10000, 'x'));
  EXPECT_GT(writer.size(), 10000u);
  writer.Clear();
  EXPECT_EQ(writer.size(), 0u);
  EXPECT_EQ(writer.bytes(), "");
  ExpectSame(Parsed<v1::Value>("text_value: 'short'"), writer);
}

// A view of nothing has no memory behind it.
TEST(MessageWriterTest, NothingAtAll) {
  MessageWriter writer;
  writer.Bytes(v1::Value::kTextValueFieldNumber, {});
  EXPECT_EQ(std::string(writer.bytes()), Parsed<v1::Value>("text_value: ''").SerializeAsString());
}

TEST(MessageWriterTest, FieldNumbers) {
  for (const int field : {1, 15, 16, 2047, 2048, 262143, 262144, 33554431, 33554432, 536870911}) {
    SCOPED_TRACE(field);
    UnknownFieldSet inner;
    inner.AddVarint(field, 300);
    inner.AddFixed64(field, 0x0102030405060708);
    UnknownFieldSet fields;
    fields.AddVarint(field, std::numeric_limits<uint64_t>::max());
    fields.AddLengthDelimited(field)->assign("text");
    std::string expected;
    ASSERT_TRUE(inner.SerializeToString(fields.AddLengthDelimited(field)));
    ASSERT_TRUE(fields.SerializeToString(&expected));
    MessageWriter writer;
    double number = 0;
    const uint64_t bits = 0x0102030405060708;
    std::memcpy(&number, &bits, sizeof(number));
    writer.Double(field, number);
    writer.Varint(field, 300);
    writer.Close(field, 0);
    writer.Bytes(field, "text");
    writer.Varint(field, std::numeric_limits<uint64_t>::max());
    EXPECT_EQ(std::string(writer.bytes()), expected);
  }
}

}  // namespace
}  // namespace rowan
