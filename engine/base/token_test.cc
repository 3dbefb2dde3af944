#include "engine/base/token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace rowan {
namespace {

const TokenKey kKey("a secret");

TEST(Token, OpensWhatItSealed) {
  for (const std::string& payload : {std::string(), std::string("x"), std::string(1000, '\0'), std::string("\xff\x00y", 3)}) {
    const std::string token = kKey.Seal("page", payload);
    EXPECT_EQ(kKey.Open("page", token), payload);
    EXPECT_TRUE(std::all_of(token.begin(), token.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '=';
    })) << token;
  }
}

TEST(Token, OneForAnotherPurposeDoesNotOpen) {
  const std::string token = kKey.Seal("page", "x");
  EXPECT_EQ(kKey.Open("pag", token), std::nullopt);
  EXPECT_EQ(kKey.Open("pages", token), std::nullopt);
  EXPECT_EQ(kKey.Open("", token), std::nullopt);
}

TEST(Token, PurposeAndPayloadDoNotRunIntoEachOther) {
  EXPECT_NE(kKey.Seal("ab", "c"), kKey.Seal("a", "bc"));
}

TEST(Token, OneOfAnotherKeyDoesNotOpen) {
  EXPECT_EQ(TokenKey("another secret").Open("page", kKey.Seal("page", "x")), std::nullopt);
}

TEST(Token, EveryChangedCharacterIsNoticed) {
  const std::string token = kKey.Seal("page", "payload");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'Q' : 'A';
    const auto opened = kKey.Open("page", changed);
    // The last character carries fewer bits than it could; only a change of those bits is a change of the token.
    if (opened) {
      EXPECT_EQ(i, token.size() - 1);
      EXPECT_EQ(*opened, "payload");
    }
  }
}

TEST(Token, GarbageDoesNotOpen) {
  for (const char* garbage : {"", "A", "not base 64!", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\xff\xfe"}) {
    EXPECT_EQ(kKey.Open("page", garbage), std::nullopt) << garbage;
  }
  const std::string token = kKey.Seal("page", "payload");
  for (size_t length = 0; length < token.size(); ++length) {
    EXPECT_EQ(kKey.Open("page", token.substr(0, length)), std::nullopt) << length;
  }
}

}  // namespace
}  // namespace rowan
