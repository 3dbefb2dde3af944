#include "engine/store/read_default.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace rowan::store {
namespace {

struct Case {
  Type type;
  const char* expression;
  const char* expected;  // textproto of Default; null: an expression like any other
};

TEST(ReadDefaultTest, TellsLiteralsAndGeneratorsFromOtherExpressions) {
  const Type text = {.scalar = Scalar::kText};
  const Type integer = {.scalar = Scalar::kInt32};
  const Type decimal = {.scalar = Scalar::kDecimal, .precision = 6, .scale = 2};
  const Type texts = {.scalar = Scalar::kText, .array = true};
  const Type integers = {.scalar = Scalar::kInt32, .array = true};
  const Type mood = {.scalar = Scalar::kEnum, .labels = {"sad", "ok"}, .native_schema = "s", .native_name = "mood"};
  const Type inet = {.scalar = Scalar::kText, .native_schema = "pg_catalog", .native_name = "inet"};
  const Case cases[] = {
      {text, "'x'::text", "literal { text_value: 'x' }"},
      {text, "'it''s'::character varying", "literal { text_value: \"it's\" }"},
      {text, "E'a\\\\b'::text", "literal { text_value: 'a\\\\b' }"},
      {text, "'::'::text", "literal { text_value: '::' }"},
      {text, "''::text", "literal { text_value: '' }"},
      {text, "'x'::bpchar", nullptr},
      {text, "('a'::text || 'b'::text)", nullptr},
      {text, "'a'::text || 'b'::text", nullptr},
      {text, "'a", nullptr},
      {text, "", nullptr},
      {text, "CURRENT_USER", nullptr},
      {{.scalar = Scalar::kString, .length = 2}, "'abc'::character varying", nullptr},
      {integer, "0", "literal { int_value: 0 }"},
      {integer, "'-1'::integer", "literal { int_value: -1 }"},
      {integer, "(7)::bigint", "literal { int_value: 7 }"},
      {integer, "((7))", "literal { int_value: 7 }"},
      {integer, "99999999999", nullptr},
      {integer, "1 + 1", nullptr},
      {integer, "nextval('s'::regclass)", nullptr},
      {decimal, "0", "literal { decimal_value: '0' }"},
      {decimal, "1.50", "literal { decimal_value: '1.50' }"},
      {decimal, "'-2.5'::numeric", "literal { decimal_value: '-2.5' }"},
      {decimal, "1.234", nullptr},
      {{.scalar = Scalar::kBool}, "true", "literal { bool_value: true }"},
      {{.scalar = Scalar::kBool}, "'f'::boolean", "literal { bool_value: false }"},
      {{.scalar = Scalar::kBool}, "(1 = 1)", nullptr},
      {{.scalar = Scalar::kDate}, "'2020-01-31'::date", "literal { date_value: '2020-01-31' }"},
      {{.scalar = Scalar::kDate}, "CURRENT_DATE", "generator: DEFAULT_GENERATOR_NOW"},
      {{.scalar = Scalar::kDate}, "(CURRENT_DATE + 1)", nullptr},
      {{.scalar = Scalar::kTimestamp}, "now()", "generator: DEFAULT_GENERATOR_NOW"},
      {{.scalar = Scalar::kTimestamp}, "CURRENT_TIMESTAMP", "generator: DEFAULT_GENERATOR_NOW"},
      {{.scalar = Scalar::kTimestamp}, "clock_timestamp()", nullptr},
      {{.scalar = Scalar::kTimestamp}, "'2020-01-31'::date", nullptr},
      {{.scalar = Scalar::kLocalTimestamp}, "LOCALTIMESTAMP", "generator: DEFAULT_GENERATOR_NOW"},
      {{.scalar = Scalar::kLocalTimestamp}, "now()", "generator: DEFAULT_GENERATOR_NOW"},
      {{.scalar = Scalar::kTimestamp}, "LOCALTIMESTAMP", nullptr},
      {{.scalar = Scalar::kTime}, "LOCALTIME", "generator: DEFAULT_GENERATOR_NOW"},
      {text, "now()", nullptr},
      {{.scalar = Scalar::kUuid}, "gen_random_uuid()", "generator: DEFAULT_GENERATOR_UUID"},
      {{.scalar = Scalar::kUuid}, "uuid_generate_v4()", nullptr},
      {{.scalar = Scalar::kJson}, "'{}'::jsonb", "literal { json_value: '{}' }"},
      {{.scalar = Scalar::kJson}, "'{}'::json", nullptr},
      {{.scalar = Scalar::kBytes}, "'\\x00ff'::bytea", "literal { bytes_value: '\\000\\377' }"},
      {mood, "'ok'::s.mood", "literal { text_value: 'ok' }"},
      {mood, "'ok'::\"s::x\".mood", "literal { text_value: 'ok' }"},
      {mood, "'gone'::s.mood", nullptr},
      {inet, "'127.0.0.1'::inet", nullptr},
      {texts, "'{}'::text[]", "literal { array_value {} }"},
      {texts, "ARRAY[]::text[]", "literal { array_value {} }"},
      {texts, "'{a,\"b,c\"}'::text[]",
       "literal { array_value { values { text_value: 'a' } values { text_value: 'b,c' } } }"},
      {texts, "ARRAY['a'::text, 'b,c'::text]",
       "literal { array_value { values { text_value: 'a' } values { text_value: 'b,c' } } }"},
      {texts, "ARRAY['a'::text, NULL::text]", nullptr},
      {texts, "'{NULL}'::text[]", nullptr},
      {integers, "ARRAY[1, 2]", "literal { array_value { values { int_value: 1 } values { int_value: 2 } } }"},
      {integers, "'{1,x}'::integer[]", nullptr},
      {texts, "string_to_array('a b'::text, ' '::text)", nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.expression);
    const auto found = ReadDefault(c.type, c.expression);
    ASSERT_EQ(found.has_value(), c.expected != nullptr) << (found.has_value() ? found->ShortDebugString() : "");
    if (c.expected == nullptr) continue;
    v1::Default expected;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(c.expected, &expected)) << c.expected;
    EXPECT_EQ(found->DebugString(), expected.DebugString());
  }
}

}  // namespace
}  // namespace rowan::store
