#include "clients/document/parse_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "clients/document/write_document.h"

namespace rowan::document {
namespace {

using testing::HasSubstr;

struct Parsed {
  Syntax syntax;
  std::string_view text;
  std::string_view json;  // the tree as JSON on one line
};

class ParsesTest : public testing::TestWithParam<Parsed> {};

TEST_P(ParsesTest, GivesTheTree) {
  const absl::StatusOr<Node> node = ParseDocument(GetParam().text, GetParam().syntax);
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(ToJsonLine(*node), GetParam().json);
}

INSTANTIATE_TEST_SUITE_P(
    All, ParsesTest,
    testing::Values(
        Parsed{Syntax::kJson, R"({"b": 1, "a": [true, null, "x"]})", R"({"b":1,"a":[true,null,"x"]})"},
        Parsed{Syntax::kJson,
               "[1.50, -0.0, 1e400, 18446744073709551615, -9223372036854775808, 123456789012345678901234567890.10]",
               "[1.50,-0.0,1e400,18446744073709551615,-9223372036854775808,123456789012345678901234567890.10]"},
        Parsed{Syntax::kJson, R"("\u00e9\ud83d\ude00\u0000\n")", "\"é😀\\u0000\\n\""},
        Parsed{Syntax::kJson, "[[],{}]", "[[],{}]"},
        Parsed{Syntax::kYaml, "a: 1\nb: [x, 'true', \"1\", true, ~, null, ]\nc:\n",
               R"({"a":1,"b":["x","true","1",true,null,null],"c":null})"},
        Parsed{Syntax::kYaml, "{select: {id: true, \"*\": false}}", R"({"select":{"id":true,"*":false}})"},
        Parsed{Syntax::kYaml, "[007, 0x1f, 1_000, yes, 2024-05-01, 1.50, -3, 1e3, .5, +1, NaN]",
               R"(["007","0x1f","1_000","yes","2024-05-01",1.50,-3,1e3,".5","+1","NaN"])"},
        Parsed{Syntax::kYaml, "a: !!str 5\nb: |\n  two\n  lines\n", R"({"a":"5","b":"two\nlines\n"})"},
        Parsed{Syntax::kYaml, "base: &b {x: 1}\nother: *b\n", R"({"base":{"x":1},"other":{"x":1}})"},
        Parsed{Syntax::kYaml, "", "null"}, Parsed{Syntax::kYaml, "1: a\ntrue: b\n", R"({"1":"a","true":"b"})"}));

struct Refused {
  Syntax syntax;
  std::string text;
  std::string_view says;
};

class RefusesTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusesTest, SaysWhere) {
  const absl::StatusOr<Node> node = ParseDocument(GetParam().text, GetParam().syntax);
  ASSERT_FALSE(node.ok()) << ToJsonLine(*node);
  EXPECT_EQ(node.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(node.status().message()), HasSubstr(GetParam().says));
}

// Every alias names the one before twice: 2^40 values.
std::string AliasBomb() {
  std::string text = "a0: &a0 x\n";
  for (int i = 1; i <= 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusesTest,
    testing::Values(
        Refused{Syntax::kJson, "{\"a\": 1,\n \"b\": }", "line 2, column"}, Refused{Syntax::kJson, "", "line 1, column"},
        Refused{Syntax::kJson, "{} {}", "line 1, column 4"}, Refused{Syntax::kJson, "{'a': 1}", "line 1, column 2"},
        Refused{Syntax::kJson, R"({"a": 1, "b": 2, "a": 3})", "\"a\" appears twice"},
        Refused{Syntax::kJson, R"(["\ud800"])", "surrogate"}, Refused{Syntax::kJson, "[\"\xC3\x28\"]", "not UTF-8"},
        Refused{Syntax::kJson, "[\"\xED\xA0\x80\"]", "not UTF-8"},
        Refused{Syntax::kJson, std::string(65, '[') + std::string(65, ']'), "64 levels"},
        Refused{Syntax::kJson, std::string(1000000, '['), "64 levels"}, Refused{Syntax::kJson, "[01]", "line 1"},
        Refused{Syntax::kJson, "[NaN]", "line 1"}, Refused{Syntax::kYaml, "a: 1\nb: [x\n", "line "},
        Refused{Syntax::kYaml, "a: 1\na: 2\n", "\"a\" appears twice"},
        Refused{Syntax::kYaml, "a: *b\n", "line 1, column 4"}, Refused{Syntax::kYaml, "a: !!binary AQID\n", "tag"},
        Refused{Syntax::kYaml, "? [x]\n: 1\n", "quotes"}, Refused{Syntax::kYaml, "a: 1\n---\nb: 2\n", "goes on"},
        Refused{Syntax::kYaml, ",", "goes on"},
        Refused{Syntax::kYaml, std::string("a\0_: 1", 6), "line 1, column 2: the text holds a control"},
        Refused{Syntax::kYaml, "a: \"\\_\"", "escapes"}, Refused{Syntax::kYaml, "\"\\_\": 1", "escapes"},
        Refused{Syntax::kYaml, "{a: 1},", "goes on"}, Refused{Syntax::kYaml, "a: \xFF\n", "not UTF-8"},
        Refused{Syntax::kYaml, std::string(100, '['), "line 1"},
        Refused{Syntax::kYaml, std::string(65, '[') + std::string(65, ']'), "64 levels"},
        Refused{Syntax::kYaml, "&a [*a]", "64 levels"}, Refused{Syntax::kYaml, AliasBomb(), "unfolds"},
        Refused{Syntax::kYaml, "\tb: 1\n a: 2", "line 1"}));

TEST(SyntaxOf, GoesByNameAndThenByTheFirstCharacters) {
  EXPECT_EQ(SyntaxOf("a: 1", "x.json"), Syntax::kJson);
  EXPECT_EQ(SyntaxOf("{\"a\": 1}", "x.yaml"), Syntax::kYaml);
  EXPECT_EQ(SyntaxOf("{\"a\": 1}", "x.yml"), Syntax::kYaml);
  EXPECT_EQ(SyntaxOf(" \n{ \"a\": 1}", "-"), Syntax::kJson);
  EXPECT_EQ(SyntaxOf("{}", ""), Syntax::kJson);
  EXPECT_EQ(SyntaxOf("[{\"a\": 1}]", ""), Syntax::kJson);
  EXPECT_EQ(SyntaxOf("[1, 2]", ""), Syntax::kJson);
  EXPECT_EQ(SyntaxOf("[", ""), Syntax::kJson);
  EXPECT_EQ(SyntaxOf(" [ {a: 1}]", ""), Syntax::kYaml);
  EXPECT_EQ(SyntaxOf("{a: 1}", ""), Syntax::kYaml);
  EXPECT_EQ(SyntaxOf("a: 1", ""), Syntax::kYaml);
  EXPECT_EQ(SyntaxOf("", ""), Syntax::kYaml);
}

}  // namespace
}  // namespace rowan::document
