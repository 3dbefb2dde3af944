#include "engine/types/key_types.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "engine/types/wire.h"

namespace rowan {
namespace {

constexpr Scalar kIntegers[] = {Scalar::kInt16, Scalar::kInt32, Scalar::kInt64};

Encoded Integer(Scalar scalar, int64_t value) {
  Encoded encoded;
  if (scalar == Scalar::kInt16) PutInteger(static_cast<int16_t>(value), encoded.bytes);
  if (scalar == Scalar::kInt32) PutInteger(static_cast<int32_t>(value), encoded.bytes);
  if (scalar == Scalar::kInt64) PutInteger(value, encoded.bytes);
  return encoded;
}

TEST(KeyTypesTest, WhatMayRefer) {
  const Type text{.scalar = Scalar::kText};
  EXPECT_TRUE(MayRefer({.scalar = Scalar::kInt16}, {.scalar = Scalar::kInt64}));
  EXPECT_TRUE(MayRefer({.scalar = Scalar::kString, .length = 5}, text));
  EXPECT_TRUE(MayRefer(text, {.scalar = Scalar::kString, .length = 5}));
  EXPECT_TRUE(MayRefer({.scalar = Scalar::kUuid}, {.scalar = Scalar::kUuid}));
}

TEST(KeyTypesTest, WhatMayNotRefer) {
  const Type text{.scalar = Scalar::kText};
  const Type inet{.scalar = Scalar::kText, .native_schema = "pg_catalog", .native_name = "inet"};
  EXPECT_FALSE(MayRefer({.scalar = Scalar::kInt32}, text));
  EXPECT_FALSE(MayRefer({.scalar = Scalar::kInt32}, {.scalar = Scalar::kDecimal}));
  EXPECT_FALSE(MayRefer({.scalar = Scalar::kInt32}, {.scalar = Scalar::kInt64, .array = true}));
  EXPECT_FALSE(MayRefer({.scalar = Scalar::kUuid}, text));
  EXPECT_FALSE(MayRefer(inet, text));
  EXPECT_FALSE(MayRefer({.scalar = Scalar::kEnum, .labels = {"a"}}, {.scalar = Scalar::kEnum, .labels = {"b"}}));
}

TEST(KeyTypesTest, IntegersOfEverySizeAreConverted) {
  for (const Scalar from : kIntegers) {
    for (const Scalar to : kIntegers) {
      for (const int64_t value : {0, 1, -1, 32767, -32768}) {
        EXPECT_EQ(ConvertKey(Integer(from, value), {.scalar = from}, {.scalar = to}), Integer(to, value)) << value;
      }
    }
  }
  const int64_t most = std::numeric_limits<int32_t>::max();
  EXPECT_EQ(ConvertKey(Integer(Scalar::kInt32, most), {.scalar = Scalar::kInt32}, {.scalar = Scalar::kInt64}), Integer(Scalar::kInt64, most));
}

TEST(KeyTypesTest, WhatTheOtherCannotHold) {
  const auto convert = [](int64_t value, Scalar to) { return ConvertKey(Integer(Scalar::kInt64, value), {.scalar = Scalar::kInt64}, {.scalar = to}); };
  EXPECT_FALSE(convert(32768, Scalar::kInt16).has_value());
  EXPECT_FALSE(convert(-32769, Scalar::kInt16).has_value());
  EXPECT_FALSE(convert(int64_t{1} << 31, Scalar::kInt32).has_value());
  EXPECT_FALSE(convert(std::numeric_limits<int64_t>::min(), Scalar::kInt32).has_value());
}

TEST(KeyTypesTest, NullsAndTextsStayAsTheyAre) {
  EXPECT_EQ(ConvertKey({.null = true}, {.scalar = Scalar::kInt64}, {.scalar = Scalar::kInt16}), Encoded{.null = true});
  EXPECT_EQ(ConvertKey({.bytes = "abcdef"}, {.scalar = Scalar::kText}, {.scalar = Scalar::kString, .length = 5}), Encoded{.bytes = "abcdef"});
}

}  // namespace
}  // namespace rowan
