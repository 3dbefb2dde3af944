#include "engine/store/enum_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowan::store {
namespace {

using testing::ElementsAre;
using testing::Optional;

struct Case {
  const char* expression;
  const char* column;  // null: no enum check
  std::vector<std::string> labels;
  bool array = false;
};

TEST(EnumCheckTest, ReadsTheFormsThatPostgresWrites) {
  const Case cases[] = {
      {"state = ANY (ARRAY['a'::text, 'b'::text])", "state", {"a", "b"}},
      {"(state = ANY (ARRAY['a'::text, 'b'::text]))", "state", {"a", "b"}},
      {"((state)::text = ANY ((ARRAY['a'::character varying, 'b c'::character varying])::text[]))",
       "state",
       {"a", "b c"}},
      {"(state)::text = 'a'::text", "state", {"a"}},
      {"state = ANY ('{a,\"b c\",\"d\\\"e\"}'::text[])", "state", {"a", "b c", "d\"e"}},
      {"(state = 'a'::text) OR (state = 'b'::text)", "state", {"a", "b"}},
      {"(state IS NULL) OR (state = ANY (ARRAY['a'::text]))", "state", {"a"}},
      {"\"A b\"\"c\" = ANY (ARRAY['it''s'::text, 'b, (c'::text, E'x\\\\y'::text])",
       "A b\"c",
       {"it's", "b, (c", "x\\y"}},
      {"array_remove(tags, NULL::text) <@ ARRAY['a'::text, 'b'::text]", "tags", {"a", "b"}, true},
      {"(array_remove(größe, NULL::text) <@ ARRAY['a'::text])", "größe", {"a"}, true},
      {"(col)::character varying(20) = 'a'::\"char\"", "col", {"a"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.expression);
    const auto check = ReadEnumCheck(c.expression);
    ASSERT_TRUE(check.has_value());
    EXPECT_EQ(check->column, c.column);
    EXPECT_EQ(check->labels, c.labels);
    EXPECT_EQ(check->array, c.array);
  }
}

TEST(EnumCheckTest, LeavesOtherChecksAlone) {
  const char* const others[] = {
      "",
      "state",
      "state <> 'a'::text",
      "state = ANY (ARRAY['a'::text, NULL::text])",
      "state = ANY ('{a,NULL}'::text[])",
      "state = ALL (ARRAY['a'::text])",
      "(state = 'a'::text) OR (other = 'b'::text)",
      "(state = 'a'::text) AND (state = 'b'::text)",
      "(state IS NULL) OR (price > 0)",
      "state IS NULL",
      "lower(state) = 'a'::text",
      "state = other",
      "state = ANY (ARRAY[other])",
      "price = ANY (ARRAY[1, 2])",
      "tags <@ ARRAY['a'::text]",
      "(array_remove(tags, NULL::text) <@ ARRAY['a'::text]) OR (array_remove(tags, NULL::text) <@ ARRAY['b'::text])",
      "state = 'a",
      "((state = 'a'::text)",
  };
  for (const char* expression : others) EXPECT_FALSE(ReadEnumCheck(expression).has_value()) << expression;
  EXPECT_FALSE(ReadEnumCheck(std::string(100000, '(')).has_value());
}

TEST(EnumCheckTest, TakesOffParenthesesAroundTheWhole) {
  EXPECT_EQ(WithoutOuterParentheses("((a > 1))"), "a > 1");
  EXPECT_EQ(WithoutOuterParentheses("(a) OR (b)"), "(a) OR (b)");
  EXPECT_EQ(WithoutOuterParentheses("(a = ')'::text)"), "a = ')'::text");
  EXPECT_EQ(WithoutOuterParentheses("()"), "");
  EXPECT_EQ(WithoutOuterParentheses(")("), ")(");
}

TEST(EnumCheckTest, ReadsArraysInTextForm) {
  EXPECT_THAT(ReadArrayText("{}"), Optional(ElementsAre()));
  EXPECT_THAT(ReadArrayText("{a,\"b,\\\\\",\"null\", c }"), Optional(ElementsAre("a", "b,\\", "null", "c")));
  for (const char* text : {"", "{", "}", "a", "{a,}", "{,a}", "{NULL}", "{{a}}", "{\"a}", "{\"a\"b}", "{a\\}"}) {
    EXPECT_FALSE(ReadArrayText(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace rowan::store
