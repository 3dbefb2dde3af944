// Holds the codec against a real PostgreSQL: what it understands our bytes to be, and what we understand its bytes to
// be.
#include <gtest/gtest.h>

#include <set>

#include "engine/pg/connection.h"
#include "engine/types/calendar.h"
#include "engine/types/codec.h"
#include "rowan/v1/value.pb.h"
#include "tests/support/pg_session.h"

namespace rowan {
namespace {

using pg::Connect;
using pg::Connection;
using v1::Value;

constexpr uint32_t kText = 25;

Value Text(const std::string& text) {
  Value value;
  value.set_text_value(text);
  return value;
}

Value Int(int64_t number) {
  Value value;
  value.set_int_value(number);
  return value;
}

Value Double(double number) {
  Value value;
  value.set_double_value(number);
  return value;
}

Value Bool(bool is) {
  Value value;
  value.set_bool_value(is);
  return value;
}

Value Bytes(const std::string& bytes) {
  Value value;
  value.set_bytes_value(bytes);
  return value;
}

Value Null() {
  Value value;
  value.set_null_value(google::protobuf::NULL_VALUE);
  return value;
}

Value Array(const std::vector<Value>& values) {
  Value value;
  value.mutable_array_value();
  for (const Value& element : values) *value.mutable_array_value()->add_values() = element;
  return value;
}

struct Case {
  Type type;
  Value value;
  std::string text;  // how PostgreSQL writes it
};

std::vector<Case> Cases() {
  const auto of = [](Scalar scalar) { return Type{.scalar = scalar}; };
  const auto array_of = [](Scalar scalar) { return Type{.scalar = scalar, .array = true}; };
  const std::string nines(131072, '9');
  const std::string fraction(16383, '7');
  return {
      {of(Scalar::kInt16), Int(-32768), "-32768"},
      {of(Scalar::kInt16), Int(32767), "32767"},
      {of(Scalar::kInt32), Int(-2147483648), "-2147483648"},
      {of(Scalar::kInt32), Int(2147483647), "2147483647"},
      {of(Scalar::kInt64), Int(INT64_MIN), "-9223372036854775808"},
      {of(Scalar::kInt64), Int(INT64_MAX), "9223372036854775807"},
      {of(Scalar::kFloat32), Double(0.1), "0.1"},
      {of(Scalar::kFloat32), Double(3.4028234663852886e38), "3.4028235e+38"},
      {of(Scalar::kFloat32), Double(1e-45), "1e-45"},
      {of(Scalar::kFloat32), Double(-0.0), "-0"},
      {of(Scalar::kFloat64), Double(0.1), "0.1"},
      {of(Scalar::kFloat64), Double(1.7976931348623157e308), "1.7976931348623157e+308"},
      {of(Scalar::kFloat64), Double(5e-324), "5e-324"},
      {of(Scalar::kFloat64), Text("NaN"), "NaN"},
      {of(Scalar::kFloat64), Text("-Infinity"), "-Infinity"},
      {of(Scalar::kFloat64), Int(1LL << 60), "1.152921504606847e+18"},
      {of(Scalar::kDecimal), Text("0"), "0"},
      {of(Scalar::kDecimal), Text("0.0000"), "0.0000"},
      {of(Scalar::kDecimal), Text("-12.3400"), "-12.3400"},
      {of(Scalar::kDecimal), Text("10000.0001"), "10000.0001"},
      {of(Scalar::kDecimal), Text("0.00000000000000000001"), "0.00000000000000000001"},
      {of(Scalar::kDecimal), Text("1e20"), "100000000000000000000"},
      {of(Scalar::kDecimal), Text("NaN"), "NaN"},
      {of(Scalar::kDecimal), Text(nines), nines},
      {of(Scalar::kDecimal), Text("-" + nines + "." + fraction), "-" + nines + "." + fraction},
      {of(Scalar::kDecimal), Int(INT64_MIN), "-9223372036854775808"},
      {{.scalar = Scalar::kDecimal, .precision = 6, .scale = 2}, Text("9999.9900"), "9999.99"},
      {of(Scalar::kBool), Bool(true), "true"},
      {of(Scalar::kBool), Bool(false), "false"},
      {of(Scalar::kText), Text(""), ""},
      {of(Scalar::kText), Text("é名😀 ' \" \\ $$ %_\n\t"), "é名😀 ' \" \\ $$ %_\n\t"},
      {{.scalar = Scalar::kString, .length = 3}, Text("é名😀"), "é名😀"},
      {{.scalar = Scalar::kEnum, .labels = {"sad"}}, Text("sad"), "sad"},
      {{.scalar = Scalar::kEnum, .labels = {"so-so"}, .native_schema = "public", .native_name = "Mood"},
       Text("so-so"),
       "so-so"},
      {of(Scalar::kBytes), Bytes(""), "\\x"},
      {of(Scalar::kBytes), Bytes(std::string("\0\xff\x10", 3)), "\\x00ff10"},
      {of(Scalar::kUuid), Text("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
      {of(Scalar::kDate), Text("2000-01-01"), "2000-01-01"},
      {of(Scalar::kDate), Text("4714-11-24 BC"), "4714-11-24 BC"},
      {of(Scalar::kDate), Text("5874897-12-31"), "5874897-12-31"},
      {of(Scalar::kDate), Text("infinity"), "infinity"},
      {of(Scalar::kDate), Text("-infinity"), "-infinity"},
      {of(Scalar::kTime), Text("00:00:00"), "00:00:00"},
      {of(Scalar::kTime), Text("23:59:59.999999"), "23:59:59.999999"},
      {of(Scalar::kTime), Text("24:00:00"), "24:00:00"},
      {of(Scalar::kTimestamp), Text("2024-05-01T12:00:00.000001+02:00"), "2024-05-01 10:00:00.000001+00"},
      {of(Scalar::kTimestamp), Text("4714-11-24T00:00:00Z BC"), "4714-11-24 00:00:00+00 BC"},
      {of(Scalar::kTimestamp), Text("294276-12-31T23:59:59.999999Z"), "294276-12-31 23:59:59.999999+00"},
      {of(Scalar::kTimestamp), Text("infinity"), "infinity"},
      {of(Scalar::kTimestamp), Text("-infinity"), "-infinity"},
      {of(Scalar::kLocalTimestamp), Text("2024-05-01T12:00:00.000001+02:00"), "2024-05-01 10:00:00.000001"},
      {of(Scalar::kLocalTimestamp), Text("4714-11-24T00:00:00Z BC"), "4714-11-24 00:00:00 BC"},
      {of(Scalar::kLocalTimestamp), Text("infinity"), "infinity"},
      {of(Scalar::kJson), Text(R"({"b": 1e400, "a": [null, "\ud83d\ude00"]})"),
       R"({"a": [null, "😀"], "b": 1)" + std::string(400, '0') + "}"},
      {of(Scalar::kJson), Bool(true), "true"},
      {of(Scalar::kJson), Double(0.5), "0.5"},
      {of(Scalar::kJson), Array({Int(1), Text("a\"b"), Null()}), R"([1, "a\"b", null])"},
      {of(Scalar::kJson), Text(std::string(1000, '[') + std::string(1000, ']')),
       std::string(1000, '[') + std::string(1000, ']')},
      {array_of(Scalar::kInt16), Array({}), "{}"},
      {array_of(Scalar::kInt32), Array({Int(1), Null(), Int(-1)}), "{1,NULL,-1}"},
      {array_of(Scalar::kText), Array({Text(""), Text("a,\"b\"}"), Text("NULL"), Null()}),
       R"({"","a,\"b\"}","NULL",NULL})"},
      {{.scalar = Scalar::kString, .array = true, .length = 3}, Array({Text("abc")}), "{abc}"},
      {array_of(Scalar::kDecimal), Array({Text("1.50"), Text("NaN")}), "{1.50,NaN}"},
      {array_of(Scalar::kBool), Array({Bool(true), Bool(false)}), "{t,f}"},
      {array_of(Scalar::kUuid), Array({Text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")}),
       "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"},
      {array_of(Scalar::kTimestamp), Array({Text("2000-01-01T00:00:00Z")}), "{\"2000-01-01 00:00:00+00\"}"},
      {array_of(Scalar::kLocalTimestamp), Array({Text("2000-01-01T00:00:00Z")}), "{\"2000-01-01 00:00:00\"}"},
      {array_of(Scalar::kJson), Array({Text("{\"a\":1}")}), R"({"{\"a\": 1}"})"},
      {{.scalar = Scalar::kEnum,
        .array = true,
        .labels = {"sad", "so-so"},
        .native_schema = "public",
        .native_name = "Mood"},
       Array({Text("sad"), Null(), Text("so-so")}),
       "{sad,NULL,so-so}"},
  };
}

class CodecPostgresTest : public testing::Test {
 protected:
  // The database is shared by the program's tests.
  static void SetUpTestSuite() {
    const auto connection = Connect();
    const auto made = pg::RunSql(*connection, "CREATE TYPE public.\"Mood\" AS ENUM ('sad', 'so-so')");
    ASSERT_TRUE(made.ok()) << made.status();
  }

  const std::unique_ptr<Connection> connection_ = Connect();
};

std::string Short(const std::string& text) {
  return text.size() < 100 ? text : text.substr(0, 100) + "…";
}

TEST_F(CodecPostgresTest, BothSidesUnderstandEachOther) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(SqlType(c.type) + " " + Short(c.text));
    const auto encoded = EncodeValue(c.type, c.value, Path("v"));
    ASSERT_TRUE(encoded.ok()) << encoded.status();
    const std::string sql = SqlType(c.type);
    // Our bytes as PostgreSQL writes them, as it sends them back, and what it sends for its own text.
    const pg::Statement statement = {"SELECT ($1::" + sql + ")::text, $1::" + sql + ", $2::" + sql,
                                     {ParameterOid(c.type), kText}};
    const auto result = connection_->Execute(statement, {{encoded->bytes}, {c.text}}, Call());
    ASSERT_TRUE(result.ok()) << pg::DatabaseErrorOf(result.status())->message;
    EXPECT_EQ(Short(std::string(result->bytes(0, 0))), Short(c.text));
    EXPECT_TRUE(result->bytes(0, 0) == c.text);

    Value ours;
    Value theirs;
    ASSERT_TRUE(DecodeValue(c.type, result->bytes(0, 1), ours).ok());
    ASSERT_TRUE(DecodeValue(c.type, result->bytes(0, 2), theirs).ok());
    EXPECT_EQ(Short(ours.ShortDebugString()), Short(theirs.ShortDebugString()));
    EXPECT_EQ(ours.SerializeAsString(), theirs.SerializeAsString());
    // What is read can be written again and is the same.
    const auto again = EncodeValue(c.type, ours, Path("v"));
    ASSERT_TRUE(again.ok()) << again.status();
    const auto same =
        connection_->Execute({"SELECT (($1::" + sql + ")::text = $2)::text", {ParameterOid(c.type), kText}},
                             {{again->bytes}, {c.text}}, Call());
    ASSERT_TRUE(same.ok()) << pg::DatabaseErrorOf(same.status())->message;
    EXPECT_EQ(same->bytes(0, 0), "true");
  }
}

// Nobody writes them through Rowan; the columns of others have them.
TEST_F(CodecPostgresTest, ArraysOfSeveralDimensionsAreRead) {
  const Type type = {.scalar = Scalar::kInt32, .array = true};
  const std::vector<std::pair<std::string, Value>> cases = {
      {"'{{1,2},{3,NULL}}'", Array({Array({Int(1), Int(2)}), Array({Int(3), Null()})})},
      {"'{{{1},{2}}}'", Array({Array({Array({Int(1)}), Array({Int(2)})})})},
      {"'[0:1]={5,6}'", Array({Int(5), Int(6)})},
      {"'{}'", Array({})},
  };
  for (const auto& [text, expected] : cases) {
    SCOPED_TRACE(text);
    const auto rows = pg::RunSql(*connection_, "SELECT " + text + "::int[]");
    ASSERT_TRUE(rows.ok()) << pg::DatabaseErrorOf(rows.status())->message;
    Value value;
    ASSERT_TRUE(DecodeValue(type, rows->bytes(0, 0), value).ok());
    EXPECT_EQ(value.ShortDebugString(), expected.ShortDebugString());
    const bool flat = text.find("{{") == std::string::npos;
    EXPECT_EQ(EncodeValue(type, value, Path("v")).ok(), flat);
  }
  Value value;
  for (const std::string& bytes : {std::string("\0\0\0\2", 4), std::string(12, '\xff'),
                                  std::string("\0\0\0\1\0\0\0\0\0\0\0\x17\x7f\xff\xff\xff\0\0\0\1", 20)}) {
    EXPECT_FALSE(DecodeValue(type, bytes, value).ok());
  }
}

TEST_F(CodecPostgresTest, EveryScalarIsAmongTheCases) {
  std::set<Scalar> seen;
  for (const Case& c : Cases()) seen.insert(c.type.scalar);
  EXPECT_EQ(seen.size(), static_cast<size_t>(Scalar::kEnum) + 1);
}

TEST_F(CodecPostgresTest, TheTableNamesPostgresTypes) {
  for (int i = 0; i <= static_cast<int>(Scalar::kEnum); ++i) {
    const TypeFacts& facts = Facts(static_cast<Scalar>(i));
    EXPECT_EQ(pg::One(*connection_, "SELECT oid::text || ' ' || typarray::text FROM pg_type WHERE oid = '" +
                                        std::string(facts.sql_name) + "'::regtype"),
              std::to_string(facts.oid) + " " + std::to_string(facts.array_oid));
  }
}

// Random values that PostgreSQL makes: their text must be ours, and encoding what was decoded must give the same bytes.
TEST_F(CodecPostgresTest, RandomValues) {
  struct Source {
    Scalar scalar;
    const char* expression;
  };
  for (const Source& source :
       {Source{Scalar::kInt64, "((random() - 0.5) * 2e18)::bigint"},
        Source{Scalar::kInt32, "((random() - 0.5) * 4e9)::int"},
        Source{Scalar::kFloat64, "(random() - 0.5) * power(10, random() * 600 - 300)"},
        Source{Scalar::kDecimal,
               "round((random() - 0.5)::numeric * power(10::numeric, (random() * 60)::int), (random() * 40)::int)"},
        Source{Scalar::kBytes, "decode(md5(random()::text), 'hex')"},
        Source{Scalar::kUuid, "md5(random()::text)::uuid"},
        Source{Scalar::kDate, "'4714-11-24 BC'::date + (random() * 2147483493)::int"},
        Source{Scalar::kTime, "'00:00'::time + random() * '1 day'::interval"},
        Source{Scalar::kTimestamp, "'4714-11-24 00:00:00+00 BC'::timestamptz + random() * '298989 years'::interval"},
        Source{Scalar::kLocalTimestamp, "'4714-11-24 00:00:00 BC'::timestamp + random() * '298989 years'::interval"},
        Source{Scalar::kText,
               "(SELECT string_agg(chr(1 + (random() * 55000)::int), '') FROM generate_series(1, 1 + i % 50))"}}) {
    const Type type = {.scalar = source.scalar};
    SCOPED_TRACE(source.expression);
    const auto rows = pg::RunSql(*connection_, std::string("SELECT v, v::text FROM (SELECT ") + source.expression +
                                                   " AS v FROM generate_series(1, 2000) i) x");
    ASSERT_TRUE(rows.ok()) << pg::DatabaseErrorOf(rows.status())->message;
    std::set<std::string> different;
    for (int row = 0; row < rows->rows(); ++row) {
      const std::string bytes(rows->bytes(row, 0));
      const std::string text(rows->bytes(row, 1));
      different.insert(text);
      Value value;
      ASSERT_TRUE(DecodeValue(type, bytes, value).ok()) << text;
      const auto again = EncodeValue(type, value, Path("v"));
      ASSERT_TRUE(again.ok()) << text << again.status();
      ASSERT_EQ(again->bytes, bytes) << text;
      // A local time's text has no offset, which ours have.
      if (source.scalar == Scalar::kBytes || source.scalar == Scalar::kLocalTimestamp) continue;
      // PostgreSQL's own text is as good as the value, and gives the same bytes.
      const bool whole = value.kind_case() == Value::kIntValue;
      const auto from_text = EncodeValue(type, whole ? Int(std::stoll(text)) : Text(text), Path("v"));
      ASSERT_TRUE(from_text.ok()) << text << from_text.status();
      ASSERT_EQ(from_text->bytes, bytes) << text;
    }
    EXPECT_GT(different.size(), 1000u);
  }
}

// The longest way round: columns with modifiers refuse what the codec refuses, and take what it takes.
TEST_F(CodecPostgresTest, LimitsAgree) {
  struct Limit {
    Type type;
    std::string text;
  };
  const Type price = {.scalar = Scalar::kDecimal, .precision = 6, .scale = 2};
  const Type name = {.scalar = Scalar::kString, .length = 3};
  const auto of = [](Scalar scalar) { return Type{.scalar = scalar}; };
  for (const Limit& c : {Limit{price, "9999.99"},
                         Limit{price, "10000"},
                         Limit{price, "-9999.99"},
                         Limit{price, "Infinity"},
                         Limit{name, "名名名"},
                         Limit{name, "名名名名"},
                         Limit{of(Scalar::kDate), "5874897-12-31"},
                         Limit{of(Scalar::kDate), "5874898-01-01"},
                         Limit{of(Scalar::kDate), "4714-11-24 BC"},
                         Limit{of(Scalar::kDate), "4714-11-23 BC"},
                         Limit{of(Scalar::kDate), "2023-02-29"},
                         Limit{of(Scalar::kTime), "24:00:00"},
                         Limit{of(Scalar::kTime), "24:00:01"},
                         Limit{of(Scalar::kTimestamp), "294276-12-31 23:59:59.999999+00"},
                         Limit{of(Scalar::kTimestamp), "294277-01-01 00:00:00+00"},
                         Limit{of(Scalar::kTimestamp), "4714-11-23 23:59:59+00 BC"},
                         Limit{of(Scalar::kLocalTimestamp), "294277-01-01 00:00:00"},
                         Limit{of(Scalar::kFloat64), "1e308"},
                         Limit{of(Scalar::kFloat64), "1e309"},
                         Limit{of(Scalar::kFloat32), "3.4e38"},
                         Limit{of(Scalar::kFloat32), "3.5e38"},
                         Limit{of(Scalar::kJson), "{\"a\":1}"},
                         Limit{of(Scalar::kJson), "\"\\u0000\""},
                         Limit{of(Scalar::kJson), "[1,]"},
                         Limit{of(Scalar::kUuid), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"}}) {
    SCOPED_TRACE(SqlType(c.type) + " " + c.text);
    Type plain = c.type;
    plain.length = 0;
    plain.precision = 0;
    // Assigned to a column, as the engine does it: an explicit cast to varchar(n) would cut.
    ASSERT_TRUE(pg::RunSql(*connection_, "CREATE TEMP TABLE limited (v " + SqlType(c.type) + ")").ok());
    const bool taken =
        connection_->Execute({"INSERT INTO limited SELECT $1::" + SqlType(plain), {kText}}, {{c.text}}, Call()).ok();
    ASSERT_TRUE(pg::RunSql(*connection_, "DROP TABLE limited").ok());
    EXPECT_EQ(EncodeValue(c.type, Text(c.text), Path("v")).ok(), taken);
  }
}

}  // namespace
}  // namespace rowan
