#include "engine/types/json_syntax.h"

#include <gtest/gtest.h>

#include <string>

namespace rowan {
namespace {

TEST(JsonSyntaxTest, Valid) {
  for (const char* text : {"null",
                           "true",
                           "false",
                           "0",
                           "-0",
                           "12.50",
                           "1e400",
                           "-1E-2",
                           "1e+99999",
                           "\"\"",
                           "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                           "\"\\u00e9\\uD83D\\uDE00\"",
                           "\"é😀\"",
                           "[]",
                           " [ ] ",
                           "{}",
                           "{ }",
                           "[1, \"a\", [true], {\"b\": null}]",
                           "\t{\"a\" : 1 ,\r\n\"a\":[{}]}\n",
                           "{\"\":0}"}) {
    EXPECT_EQ(CheckJson(text), JsonSyntax::kValid) << text;
  }
}

TEST(JsonSyntaxTest, Invalid) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "nulll",
                           "True",
                           "NaN",
                           "Infinity",
                           "-",
                           "+1",
                           "01",
                           "-01",
                           ".5",
                           "1.",
                           "1e",
                           "1e+",
                           "0x10",
                           "1 2",
                           "[",
                           "]",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "[1",
                           "{",
                           "}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\":1",
                           "{1:2}",
                           "\"",
                           "\"a",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\\u0000\"",
                           "\"\\ud800\"",
                           "\"\\ud800x\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\udc00\"",
                           "\"tab\there\"",
                           "\"line\nbreak\"",
                           "\xef\xbb\xbf{}",
                           "// no\n1",
                           "[1]]",
                           "'a'",
                           "undefined"}) {
    EXPECT_EQ(CheckJson(text), JsonSyntax::kInvalid) << text;
  }
  EXPECT_EQ(CheckJson(std::string_view("{}\0", 3)), JsonSyntax::kInvalid);
  EXPECT_EQ(CheckJson(std::string_view("1\0garbage", 9)), JsonSyntax::kInvalid);
  EXPECT_EQ(CheckJson(std::string_view("\"\0\"", 3)), JsonSyntax::kInvalid);
}

std::string Nested(int levels, const std::string& open, const std::string& close) {
  std::string text;
  for (int i = 0; i < levels; ++i) text += open;
  text += "1";
  for (int i = 0; i < levels; ++i) text += close;
  return text;
}

TEST(JsonSyntaxTest, DepthIsLimited) {
  EXPECT_EQ(CheckJson(Nested(kJsonDepth, "[", "]")), JsonSyntax::kValid);
  EXPECT_EQ(CheckJson(Nested(kJsonDepth, "{\"a\":", "}")), JsonSyntax::kValid);
  EXPECT_EQ(CheckJson(Nested(kJsonDepth + 1, "[", "]")), JsonSyntax::kTooDeep);
  EXPECT_EQ(CheckJson(Nested(kJsonDepth + 1, "{\"a\":", "}")), JsonSyntax::kTooDeep);
  EXPECT_EQ(CheckJson(std::string(10000000, '[')), JsonSyntax::kTooDeep);
}

}  // namespace
}  // namespace rowan
