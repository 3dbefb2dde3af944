#include "engine/ir/position.h"

#include <gtest/gtest.h>

namespace rowan::ir {
namespace {

TEST(Position, ComesBackAsItWas) {
  const Position cases[] = {
      {},
      {.passed = 9223372036854775807, .values = {{.bytes = "x"}}},
      {.passed = 0, .values = {{.null = true}, {.bytes = ""}, {.bytes = std::string(1000, '\0')}, {.null = true}}},
  };
  for (const Position& position : cases) {
    const auto decoded = DecodePosition(EncodePosition(position));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->passed, position.passed);
    EXPECT_EQ(decoded->values, position.values);
  }
}

TEST(Position, IsNoneWhenBytesAreMissingOrTooMany) {
  const std::string bytes = EncodePosition({.passed = 3, .values = {{.bytes = "abc"}, {.null = true}}});
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(DecodePosition(bytes.substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(DecodePosition(bytes + "x").has_value());
}

TEST(Position, IsNoneWhenALengthIsWrong) {
  std::string bytes = EncodePosition({.values = {{.bytes = "abc"}}});
  bytes[10] = '\x7f';
  EXPECT_FALSE(DecodePosition(bytes).has_value());
  bytes[10] = '\xff';
  EXPECT_FALSE(DecodePosition(bytes).has_value());
}

}  // namespace
}  // namespace rowan::ir
