#include "engine/types/codec.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "engine/base/errors.h"
#include "rowan/v1/value.pb.h"

namespace rowan {
namespace {

using testing::HasSubstr;
using v1::Value;

constexpr Scalar kScalars[] = {Scalar::kInt16,   Scalar::kInt32,     Scalar::kInt64, Scalar::kFloat32,
                               Scalar::kFloat64, Scalar::kDecimal,   Scalar::kBool,  Scalar::kString,
                               Scalar::kText,    Scalar::kBytes,     Scalar::kUuid,  Scalar::kDate,
                               Scalar::kTime,    Scalar::kTimestamp, Scalar::kJson,  Scalar::kEnum,
                               Scalar::kLocalTimestamp};

const Type kMood = {.scalar = Scalar::kEnum, .labels = {"happy", "sad"}};
const Type kPrice = {.scalar = Scalar::kDecimal, .precision = 6, .scale = 2};
const Type kName = {.scalar = Scalar::kString, .length = 3};

Type Of(Scalar scalar) {
  return {.scalar = scalar};
}

Type ArrayOf(Scalar scalar) {
  return {.scalar = scalar, .array = true};
}

// A value in protobuf's text format: `int_value: 5`.
Value Parse(const std::string& text) {
  Value value;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &value)) << text;
  return value;
}

Value Text(const std::string& text) {
  Value value;
  value.set_text_value(text);
  return value;
}

absl::StatusOr<Encoded> Encode(const Type& type, const Value& value) {
  return EncodeValue(type, value, Path("data").Member("f"));
}

// What the value is after a trip through PostgreSQL's format.
std::string RoundTrip(const Type& type, const Value& value) {
  const auto encoded = Encode(type, value);
  if (!encoded.ok()) return ErrorReasonOf(encoded.status());
  Value back;
  if (const absl::Status status = DecodeValue(type, encoded->bytes, back); !status.ok()) return status.ToString();
  return back.ShortDebugString();
}

// --- what is taken, and as what it comes back

struct Taken {
  Type type;
  std::string value;
  std::string back;  // "" for the same
};

TEST(CodecTest, Takes) {
  const std::vector<Taken> cases = {
      {Of(Scalar::kInt16), "int_value: -32768"},
      {Of(Scalar::kInt16), "double_value: 32767", "int_value: 32767"},
      {Of(Scalar::kInt32), "int_value: -2147483648"},
      {Of(Scalar::kInt32), "int_value: 2147483647"},
      {Of(Scalar::kInt64), "int_value: -9223372036854775808"},
      {Of(Scalar::kInt64), "int_value: 9223372036854775807"},
      {Of(Scalar::kInt64), "double_value: -9007199254740992", "int_value: -9007199254740992"},
      {Of(Scalar::kInt64), "double_value: -0.0", "int_value: 0"},
      {Of(Scalar::kFloat32), "double_value: 0.5"},
      {Of(Scalar::kFloat32), "double_value: inf"},
      {Of(Scalar::kFloat32), "double_value: -inf"},
      {Of(Scalar::kFloat32), "double_value: nan"},
      {Of(Scalar::kFloat32), "int_value: 16777216", "double_value: 16777216"},
      {Of(Scalar::kFloat32), "decimal_value: '0.25'", "double_value: 0.25"},
      {Of(Scalar::kFloat64), "double_value: 0.1"},
      {Of(Scalar::kFloat64), "double_value: 5e-324"},
      {Of(Scalar::kFloat64), "double_value: 1.7976931348623157e+308"},
      {Of(Scalar::kFloat64), "int_value: 1152921504606846976", "double_value: 1.152921504606847e+18"},
      {Of(Scalar::kFloat64), "text_value: 'Infinity'", "double_value: inf"},
      {Of(Scalar::kFloat64), "text_value: '-1.5e3'", "double_value: -1500"},
      {Of(Scalar::kDecimal), "decimal_value: '-12.3400'"},
      {Of(Scalar::kDecimal), "text_value: '1e3'", "decimal_value: \"1000\""},
      {Of(Scalar::kDecimal), "int_value: -9223372036854775808", "decimal_value: \"-9223372036854775808\""},
      {Of(Scalar::kDecimal), "decimal_value: 'NaN'"},
      {Of(Scalar::kDecimal), "decimal_value: '-Infinity'"},
      {kPrice, "decimal_value: '9999.99'"},
      {kPrice, "decimal_value: '1.5000'", "decimal_value: \"1.50\""},
      {kPrice, "decimal_value: '0.000'", "decimal_value: \"0.00\""},
      {kPrice, "decimal_value: 'NaN'"},
      {Of(Scalar::kBool), "bool_value: true"},
      {Of(Scalar::kBool), "bool_value: false"},
      {Of(Scalar::kText), "text_value: ''"},
      {Of(Scalar::kText), "text_value: 'quote \\' dollar $$ percent %_ back \\\\'"},
      {kName, "text_value: 'né名'"},
      {kMood, "text_value: 'sad'"},
      {Of(Scalar::kBytes), "bytes_value: ''"},
      {Of(Scalar::kBytes), "bytes_value: '\\000\\377\\001'"},
      {Of(Scalar::kUuid), "uuid_value: '00000000-0000-0000-0000-000000000000'"},
      {Of(Scalar::kUuid), "uuid_value: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
       "uuid_value: \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
      {Of(Scalar::kUuid), "text_value: 'a0eebc999c0b4ef8bb6d6bb9bd380a11'",
       "uuid_value: \"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
      {Of(Scalar::kDate), "date_value: '2024-02-29'"},
      {Of(Scalar::kDate), "text_value: '0044-03-15 BC'", "date_value: \"0044-03-15 BC\""},
      {Of(Scalar::kDate), "date_value: 'infinity'"},
      {Of(Scalar::kTime), "time_value: '23:59:59.999999'"},
      {Of(Scalar::kTime), "text_value: '24:00'", "time_value: \"24:00:00\""},
      {Of(Scalar::kTimestamp), "timestamp_value { seconds: 1714564800 nanos: 1000 }"},
      {Of(Scalar::kTimestamp), "timestamp_value { seconds: -1 nanos: 999999000 }"},
      {Of(Scalar::kTimestamp), "timestamp_value { seconds: -210866803200 nanos: 0 }"},
      {Of(Scalar::kTimestamp), "timestamp_value { seconds: 9224318015999 nanos: 999999000 }"},
      {Of(Scalar::kTimestamp), "text_value: '2024-05-01 14:00:00+02'",
       "timestamp_value { seconds: 1714564800 nanos: 0 }"},
      {Of(Scalar::kTimestamp), "text_value: '-infinity'"},
      {Of(Scalar::kJson), "json_value: '{\"a\": [1, 2]}'"},
      {Of(Scalar::kJson), "json_value: '1e400'"},
      {Of(Scalar::kJson), "text_value: '\"plain\"'", "json_value: \"\\\"plain\\\"\""},
      {Of(Scalar::kJson), "bool_value: true", "json_value: \"true\""},
      {Of(Scalar::kJson), "int_value: -7", "json_value: \"-7\""},
      {Of(Scalar::kJson), "double_value: 0.5", "json_value: \"0.5\""},
      {Of(Scalar::kJson), "decimal_value: '12345678901234567890.5'", "json_value: \"12345678901234567890.5\""},
      {Of(Scalar::kJson),
       "array_value { values { int_value: 1 } values { text_value: 'a\"b' } values { null_value: NULL_VALUE } }",
       "json_value: \"[1,\\\"a\\\\\\\"b\\\",null]\""},
      {ArrayOf(Scalar::kInt32), "array_value { }"},
      {ArrayOf(Scalar::kInt32),
       "array_value { values { int_value: 1 } values { null_value: NULL_VALUE } values { int_value: -1 } }"},
      {ArrayOf(Scalar::kText), "array_value { values { text_value: '' } values { text_value: 'a,b}' } }"},
      {ArrayOf(Scalar::kJson), "array_value { values { json_value: '{}' } }"},
  };
  for (const Taken& c : cases) {
    SCOPED_TRACE(TypeName(c.type) + " <- " + c.value);
    const Value value = Parse(c.value);
    EXPECT_EQ(RoundTrip(c.type, value), (c.back.empty() ? value : Parse(c.back)).ShortDebugString());
  }
}

// --- what is refused, and how

struct Refused {
  Type type;
  Value value;
  std::string reason;
  std::string says;  // part of the message
  std::string path = "data.f";
};

TEST(CodecTest, Refuses) {
  const double kNan = std::numeric_limits<double>::quiet_NaN();
  Value nan;
  nan.set_double_value(kNan);
  std::vector<Refused> cases = {
      {Of(Scalar::kInt16), Parse("int_value: 32768"), "VALUE_OUT_OF_RANGE", "-32768 and 32767"},
      {Of(Scalar::kInt16), Parse("int_value: -32769"), "VALUE_OUT_OF_RANGE", "int16"},
      {Of(Scalar::kInt32), Parse("int_value: 2147483648"), "VALUE_OUT_OF_RANGE", "2147483647"},
      {Of(Scalar::kInt32), Parse("double_value: 0.5"), "VALUE_OUT_OF_RANGE", "whole number"},
      {Of(Scalar::kInt64), Parse("double_value: 9007199254740994"), "VALUE_OUT_OF_RANGE", "exactly"},
      {Of(Scalar::kInt64), Parse("double_value: inf"), "VALUE_OUT_OF_RANGE", "whole number"},
      {Of(Scalar::kInt64), nan, "VALUE_OUT_OF_RANGE", "whole number"},
      {Of(Scalar::kInt64), Text("5"), "TYPE_MISMATCH", "expects int64, got text"},
      {Of(Scalar::kFloat32), Parse("double_value: 1e39"), "VALUE_OUT_OF_RANGE", "too large"},
      {Of(Scalar::kFloat32), Parse("int_value: 16777217"), "VALUE_OUT_OF_RANGE", "exactly"},
      {Of(Scalar::kFloat64), Parse("int_value: 9007199254740993"), "VALUE_OUT_OF_RANGE", "exactly"},
      {Of(Scalar::kFloat64), Parse("int_value: 9223372036854775807"), "VALUE_OUT_OF_RANGE", "exactly"},
      {Of(Scalar::kFloat64), Text("1e309"), "VALUE_OUT_OF_RANGE", "too large"},
      {Of(Scalar::kFloat64), Text("0x10"), "MALFORMED_VALUE", "send a number"},
      {Of(Scalar::kFloat64), Text("1.5 "), "MALFORMED_VALUE", "send a number"},
      {Of(Scalar::kFloat64), Parse("bool_value: true"), "TYPE_MISMATCH", "bool"},
      {Of(Scalar::kDecimal), Parse("double_value: 0.1"), "TYPE_MISMATCH", "double"},
      {Of(Scalar::kDecimal), Text("1,5"), "MALFORMED_VALUE", "digits"},
      {Of(Scalar::kDecimal), Text("1" + std::string(131072, '0')), "VALUE_OUT_OF_RANGE", "too many digits"},
      {Of(Scalar::kDecimal), Text("0." + std::string(16383, '0') + "1"), "VALUE_OUT_OF_RANGE", "too many digits"},
      {kPrice, Text("10000"), "VALUE_OUT_OF_RANGE", "more than 4 digits before"},
      {kPrice, Text("0.001"), "VALUE_OUT_OF_RANGE", "more than 2 digits after"},
      {kPrice, Text("Infinity"), "VALUE_OUT_OF_RANGE", "infinite"},
      {Of(Scalar::kBool), Parse("int_value: 1"), "TYPE_MISMATCH", "expects bool, got int"},
      {Of(Scalar::kBool), Text("true"), "TYPE_MISMATCH", "text"},
      {Of(Scalar::kText), Parse("int_value: 1"), "TYPE_MISMATCH", "expects text, got int"},
      {Of(Scalar::kText), Text(std::string("a\0b", 3)), "MALFORMED_VALUE", "NUL"},
      {Of(Scalar::kText), Text("\xff"), "MALFORMED_VALUE", "UTF-8"},
      {Of(Scalar::kText), Text("\xed\xa0\x80"), "MALFORMED_VALUE", "UTF-8"},
      {Of(Scalar::kText), Text("\xc0\x80"), "MALFORMED_VALUE", "UTF-8"},
      {Of(Scalar::kText), Text("cut \xe4\xbd"), "MALFORMED_VALUE", "UTF-8"},
      {kName, Text("four"), "VALUE_OUT_OF_RANGE", "has 4 characters, and at most 3"},
      {kMood, Text("Happy"), "VALUE_OUT_OF_RANGE", "happy, sad"},
      {kMood, Parse("int_value: 0"), "TYPE_MISMATCH", "enum"},
      {Of(Scalar::kBytes), Text("abc"), "TYPE_MISMATCH", "bytes"},
      {Of(Scalar::kUuid), Text(""), "MALFORMED_VALUE", "8-4-4-4-12"},
      {Of(Scalar::kUuid), Text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"), "MALFORMED_VALUE", "8-4-4-4-12"},
      {Of(Scalar::kUuid), Text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g"), "MALFORMED_VALUE", "8-4-4-4-12"},
      {Of(Scalar::kUuid), Text("a0eebc999-c0b-4ef8-bb6d-6bb9bd380a11"), "MALFORMED_VALUE", "8-4-4-4-12"},
      {Of(Scalar::kUuid), Text("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"), "MALFORMED_VALUE", "8-4-4-4-12"},
      {Of(Scalar::kDate), Text("2023-02-29"), "MALFORMED_VALUE", "YYYY-MM-DD"},
      {Of(Scalar::kDate), Parse("timestamp_value { seconds: 0 }"), "TYPE_MISMATCH", "timestamp"},
      {Of(Scalar::kTime), Text("25:00:00"), "MALFORMED_VALUE", "HH:MM:SS"},
      {Of(Scalar::kTimestamp), Text("2024-05-01T12:00:00"), "MALFORMED_VALUE", "offset"},
      {Of(Scalar::kLocalTimestamp), Text("2024-05-01T12:00:00"), "MALFORMED_VALUE", "offset"},
      {Of(Scalar::kLocalTimestamp), Parse("timestamp_value { seconds: 9224318016000 }"), "VALUE_OUT_OF_RANGE", "294276"},
      {Of(Scalar::kTimestamp), Parse("timestamp_value { seconds: 0 nanos: 1 }"), "VALUE_OUT_OF_RANGE", "microseconds"},
      {Of(Scalar::kTimestamp), Parse("timestamp_value { seconds: 0 nanos: -1000 }"), "MALFORMED_VALUE", "nanos"},
      {Of(Scalar::kTimestamp), Parse("timestamp_value { seconds: 0 nanos: 1000000000 }"), "MALFORMED_VALUE", "nanos"},
      {Of(Scalar::kTimestamp), Parse("timestamp_value { seconds: 9224318016000 }"), "VALUE_OUT_OF_RANGE", "294276"},
      {Of(Scalar::kTimestamp), Parse("timestamp_value { seconds: -210866803201 }"), "VALUE_OUT_OF_RANGE", "4714"},
      {Of(Scalar::kTimestamp), Parse("timestamp_value { seconds: 9223372036854775807 }"), "VALUE_OUT_OF_RANGE",
       "294276"},
      {Of(Scalar::kTimestamp), Parse("timestamp_value { seconds: -9223372036854775808 }"), "VALUE_OUT_OF_RANGE",
       "4714"},
      {Of(Scalar::kJson), Text("plain"), "MALFORMED_VALUE", "JSON"},
      {Of(Scalar::kJson), Text(std::string("{}\0x", 4)), "MALFORMED_VALUE", "JSON"},
      {Of(Scalar::kJson), Text("\xef\xbb\xbf{}"), "MALFORMED_VALUE", "JSON"},
      {Of(Scalar::kJson), Text("\"\xff\""), "MALFORMED_VALUE", "UTF-8"},
      {Of(Scalar::kJson), Text(std::string(5000, '[') + std::string(5000, ']')), "VALUE_OUT_OF_RANGE", "1000 levels"},
      {Of(Scalar::kJson), nan, "MALFORMED_VALUE", "NaN"},
      {Of(Scalar::kJson), Parse("bytes_value: 'x'"), "TYPE_MISMATCH", "bytes"},
      {Of(Scalar::kJson), Parse("decimal_value: 'Infinity'"), "MALFORMED_VALUE", "finite"},
      {Of(Scalar::kJson), Parse("array_value { values { bytes_value: 'x' } }"), "TYPE_MISMATCH", "json"},
      {ArrayOf(Scalar::kInt32), Parse("int_value: 1"), "TYPE_MISMATCH", "expects int32[], got int"},
      {ArrayOf(Scalar::kInt32), Parse("array_value { values { int_value: 1 } values { text_value: 'x' } }"),
       "TYPE_MISMATCH", "expects int32, got text", "data.f[1]"},
      {ArrayOf(Scalar::kInt32), Parse("array_value { values { array_value { } } }"), "TYPE_MISMATCH", "got array",
       "data.f[0]"},
      {ArrayOf(Scalar::kInt32), Parse("array_value { values { } }"), "MISSING_VALUE", "no kind", "data.f[0]"},
      {ArrayOf(Scalar::kInt16), Parse("array_value { values { int_value: 1 } values { int_value: 70000 } }"),
       "VALUE_OUT_OF_RANGE", "int16", "data.f[1]"},
      {Of(Scalar::kInt32), Parse("array_value { }"), "TYPE_MISMATCH", "expects int32, got array"},
  };
  Value broken_text;
  broken_text.mutable_array_value()->add_values()->set_text_value("\xff");
  cases.push_back({Of(Scalar::kJson), broken_text, "MALFORMED_VALUE", "UTF-8"});
  cases.push_back({ArrayOf(Scalar::kText), broken_text, "MALFORMED_VALUE", "UTF-8", "data.f[0]"});
  for (const Scalar scalar : kScalars) cases.push_back({Of(scalar), Value(), "MISSING_VALUE", "null_value"});
  for (const Refused& c : cases) {
    SCOPED_TRACE(TypeName(c.type) + " <- " + c.value.ShortDebugString().substr(0, 100));
    const auto encoded = Encode(c.type, c.value);
    ASSERT_FALSE(encoded.ok());
    EXPECT_EQ(ErrorReasonOf(encoded.status()), c.reason);
    EXPECT_THAT(std::string(encoded.status().message()), HasSubstr(c.says));
    EXPECT_EQ(ErrorMetadataOf(encoded.status())["path"], c.path);
    EXPECT_EQ(encoded.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_LT(encoded.status().message().size(), 300u);
  }
}

// Every pair of a type and a kind either works or gives one of the documented reasons; nothing else happens.
TEST(CodecTest, EveryKindForEveryType) {
  const std::vector<std::string> values = {
      "null_value: NULL_VALUE",   "bool_value: true",       "int_value: 1",
      "double_value: 1",          "text_value: 'x'",        "bytes_value: 'x'",
      "timestamp_value { }",      "decimal_value: '1'",     "uuid_value: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
      "date_value: '2024-01-01'", "time_value: '12:00:00'", "json_value: '1'",
      "array_value { }"};
  const std::set<std::string> reasons = {"TYPE_MISMATCH", "VALUE_OUT_OF_RANGE", "MALFORMED_VALUE"};
  for (const Scalar scalar : kScalars) {
    int taken = 0;
    for (const bool array : {false, true}) {
      for (const std::string& text : values) {
        const Type type = {.scalar = scalar, .array = array};
        const auto encoded = Encode(type, Parse(text));
        if (!encoded.ok()) {
          EXPECT_EQ(reasons.count(ErrorReasonOf(encoded.status())), 1u) << encoded.status();
          continue;
        }
        ++taken;
        EXPECT_EQ(encoded->null, text.starts_with("null_value"));
        if (encoded->null) continue;
        Value back;
        EXPECT_TRUE(DecodeValue(type, encoded->bytes, back).ok());
        EXPECT_EQ(Encode(type, back)->bytes, encoded->bytes) << TypeName(type) << " <- " << text;
      }
    }
    // Null twice, the empty array, and for all but enums without labels the type's own kind.
    EXPECT_GE(taken, scalar == Scalar::kEnum ? 3 : 4) << TypeName(Of(scalar));
  }
}

TEST(CodecTest, AnyBytesAreDecodedOrRefused) {
  std::mt19937 random(5);
  for (const Scalar scalar : kScalars) {
    for (const bool array : {false, true}) {
      for (int i = 0; i < 2000; ++i) {
        std::string bytes(random() % 40, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random() % 3 == 0 ? random() : 0);
        Value value;
        const absl::Status status = DecodeValue({.scalar = scalar, .array = array}, bytes, value);
        if (!status.ok()) {
          EXPECT_EQ(ErrorReasonOf(status), "INTERNAL");
          EXPECT_NE(errors::InternalCause(status), "");
        }
      }
    }
  }
}

TEST(CodecTest, BytesOfTheWrongSizeAreRefused) {
  for (const Scalar scalar :
       {Scalar::kInt16, Scalar::kInt32, Scalar::kInt64, Scalar::kFloat32, Scalar::kFloat64, Scalar::kDecimal,
        Scalar::kBool, Scalar::kUuid, Scalar::kDate, Scalar::kTime, Scalar::kTimestamp, Scalar::kJson}) {
    for (const size_t size : {size_t{0}, size_t{3}, size_t{17}}) {
      Value value;
      EXPECT_EQ(ErrorReasonOf(DecodeValue(Of(scalar), std::string(size, '\7'), value)), "INTERNAL")
          << TypeName(Of(scalar)) << " " << size;
    }
  }
}

// --- arrays and keys

TEST(ArrayTest, KeepsNullsAndEmptyElements) {
  const std::vector<Encoded> elements = {{"a"}, {"", true}, {""}, {std::string("\0x", 2)}};
  const Encoded array = EncodeArray(Of(Scalar::kText), elements);
  const auto back = DecodeArray(array.bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, elements);
  EXPECT_TRUE(DecodeArray(EncodeArray(Of(Scalar::kText), {}).bytes)->empty());
}

TEST(ArrayTest, RefusesWhatIsCutOrHasMoreDimensions) {
  const std::string whole = EncodeArray(Of(Scalar::kInt32), {EncodeInt64(1), EncodeInt64(2)}).bytes;
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(DecodeArray(whole.substr(0, size)).ok()) << size;
  EXPECT_FALSE(DecodeArray(whole + "x").ok());
  std::string two = whole;
  two[3] = 2;
  EXPECT_FALSE(DecodeArray(two).ok());
  std::string many = whole;
  many[12] = '\x7f';
  EXPECT_FALSE(DecodeArray(many).ok());
}

TEST(KeyTextTest, IsShortAndReadable) {
  struct Case {
    Type type;
    Value value;
    std::string text;
  };
  for (const Case& c :
       {Case{Of(Scalar::kInt64), Parse("int_value: -42"), "-42"}, Case{Of(Scalar::kText), Text("alice"), "alice"},
        Case{Of(Scalar::kBool), Parse("bool_value: true"), "true"},
        Case{Of(Scalar::kFloat64), Parse("double_value: 0.5"), "0.5"}, Case{Of(Scalar::kDecimal), Text("1.50"), "1.50"},
        Case{Of(Scalar::kDate), Text("2024-05-01"), "2024-05-01"}, Case{Of(Scalar::kTime), Text("12:00"), "12:00:00"},
        Case{Of(Scalar::kTimestamp), Text("2024-05-01T12:00:00Z"), "2024-05-01T12:00:00Z"},
        Case{Of(Scalar::kTimestamp), Text("infinity"), "infinity"},
        Case{Of(Scalar::kBytes), Parse("bytes_value: '\\001\\377'"), "01ff"},
        Case{Of(Scalar::kUuid), Text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        Case{Of(Scalar::kJson), Text("{}"), "{}"}, Case{Of(Scalar::kInt64), Parse("null_value: NULL_VALUE"), "null"},
        Case{Of(Scalar::kText), Text(std::string(100, 'x')), std::string(64, 'x') + "…"},
        Case{Of(Scalar::kText), Text(std::string(63, 'x') + "é and more"), std::string(63, 'x') + "…"}}) {
    const auto encoded = Encode(c.type, c.value);
    ASSERT_TRUE(encoded.ok()) << encoded.status();
    EXPECT_EQ(KeyText(c.type, *encoded), c.text);
  }
  EXPECT_EQ(KeyText(Of(Scalar::kInt64), {"cut"}), "?");
}

TEST(IntegerTest, LimitsAndOrdinals) {
  for (const int64_t number : {int64_t{0}, int64_t{-1}, int64_t{255}, std::numeric_limits<int64_t>::max(),
                               std::numeric_limits<int64_t>::min()}) {
    EXPECT_EQ(DecodeInt64(EncodeInt64(number).bytes), number);
  }
  EXPECT_EQ(EncodeInt64(258).bytes, std::string("\0\0\0\0\0\0\1\2", 8));
  EXPECT_EQ(EncodeBool(true).bytes, "\1");
  EXPECT_EQ(EncodeBool(false).bytes, std::string(1, '\0'));
}

// --- the table of types

TEST(TypeTest, NamesInMessagesAndInDdl) {
  struct Case {
    Type type;
    std::string name;
    std::string sql;
  };
  for (const Case& c :
       {Case{Of(Scalar::kInt64), "int64", "bigint"}, Case{kPrice, "decimal", "numeric(6,2)"},
        Case{kName, "string", "varchar(3)"}, Case{ArrayOf(Scalar::kText), "text[]", "text[]"},
        Case{{.scalar = Scalar::kDecimal, .array = true, .precision = 6, .scale = 2}, "decimal[]", "numeric(6,2)[]"},
        Case{kMood, "enum", "text"},
        Case{{.scalar = Scalar::kEnum, .array = true, .native_schema = "public", .native_name = "mo\"od"},
             "enum[]",
             "\"public\".\"mo\"\"od\"[]"}}) {
    EXPECT_EQ(TypeName(c.type), c.name);
    EXPECT_EQ(SqlType(c.type), c.sql);
  }
}

TEST(TypeTest, CastsNeverCut) {
  struct Case {
    Type type;
    std::string ddl;
    std::string cast;
    bool as_text;
  };
  const auto native = [](Scalar scalar, bool array, std::vector<int> modifiers) {
    return Type{.scalar = scalar,
                .array = array,
                .native_schema = "pg_catalog",
                .native_name = "bpchar",
                .native_modifiers = std::move(modifiers)};
  };
  const std::string bpchar = "\"pg_catalog\".\"bpchar\"";
  for (const Case& c : {Case{native(Scalar::kText, false, {3}), bpchar + "(3)", bpchar, true},
                        Case{native(Scalar::kText, true, {1, 2}), bpchar + "(1,2)[]", bpchar + "[]", true},
                        Case{native(Scalar::kText, true, {}), bpchar + "[]", bpchar + "[]", true},
                        Case{native(Scalar::kEnum, false, {}), bpchar, bpchar, false},
                        Case{kName, "varchar(3)", "varchar", false}, Case{kPrice, "numeric(6,2)", "numeric", false},
                        Case{Of(Scalar::kText), "text", "text", false}}) {
    EXPECT_EQ(SqlType(c.type), c.ddl);
    EXPECT_EQ(CastType(c.type), c.cast);
    EXPECT_EQ(TravelsAsText(c.type), c.as_text);
  }
}

TEST(TypeTest, EveryScalarHasItsRow) {
  std::set<std::string_view> names;
  for (const Scalar scalar : kScalars) {
    const TypeFacts& facts = Facts(scalar);
    names.insert(facts.name);
    EXPECT_NE(facts.oid, facts.array_oid);
    EXPECT_EQ(ParameterOid(Of(scalar)), facts.oid);
    EXPECT_EQ(ParameterOid(ArrayOf(scalar)), facts.array_oid);
    EXPECT_EQ(OidName(facts.array_oid), std::string(facts.sql_name) + "[]");
  }
  EXPECT_EQ(names.size(), std::size(kScalars));
  EXPECT_EQ(OidName(4711), "4711");
}

}  // namespace
}  // namespace rowan
