#include "engine/catalog/naming.h"

#include <gtest/gtest.h>

namespace rowan {
namespace {

struct Pair {
  const char* from;
  const char* to;
};

TEST(NamingTest, SnakeCase) {
  for (const auto& [from, to] : {Pair{"createdAt", "created_at"},
                                 {"HTTPServer", "http_server"},
                                 {"userID", "user_id"},
                                 {"id", "id"},
                                 {"already_snake", "already_snake"},
                                 {"A", "a"},
                                 {"x2Y", "x2_y"},
                                 {"_Private", "_private"},
                                 {"", ""}}) {
    EXPECT_EQ(SnakeCase(from), to) << from;
  }
}

TEST(NamingTest, CamelCase) {
  for (const auto& [from, to] : {Pair{"order_item", "orderItem"},
                                 {"User", "user"},
                                 {"a b-c", "aBC"},
                                 {"9lives", "lives"},
                                 {"\"'", ""},
                                 {"é_x", "x"}}) {
    EXPECT_EQ(CamelCase(from), to) << from;
  }
}

TEST(NamingTest, Singular) {
  for (const auto& [from, to] : {Pair{"users", "user"},
                                 {"categories", "category"},
                                 {"statuses", "status"},
                                 {"boxes", "box"},
                                 {"people", "people"},
                                 {"ties", "tie"},
                                 {"movies", "movie"},
                                 {"classes", "class"},
                                 {"addresses", "address"},
                                 {"address", "address"},
                                 {"status", "status"},
                                 {"basis", "basis"},
                                 {"houses", "house"},
                                 {"batches", "batch"},
                                 {"caches", "cache"},
                                 {"dishes", "dish"},
                                 {"heroes", "hero"},
                                 {"order_lines", "order_line"},
                                 {"my_people", "my_people"},
                                 {"series", "series"},
                                 {"databases", "database"},
                                 {"sizes", "size"},
                                 {"USERS", "USER"},
                                 {"data", "data"},
                                 {"s", "s"},
                                 {"", ""},
                                 {"children", "child"},
                                 {"quizzes", "quiz"}}) {
    EXPECT_EQ(Singular(from), to) << from;
  }
}

TEST(NamingTest, NamesThatAreTooLongAreCutAtACharacterAndStayDifferent) {
  const std::string fits(63, 'a');
  EXPECT_EQ(Shortened(fits), fits);
  const std::string cut = Shortened(fits + "a");
  EXPECT_EQ(cut.size(), 63u);
  EXPECT_NE(cut, Shortened(fits + "b"));
  std::string umlauts;
  for (int i = 0; i < 40; ++i) umlauts += "ü";
  const std::string cut_umlauts = Shortened("x" + umlauts);
  EXPECT_LE(cut_umlauts.size(), 63u);
  EXPECT_TRUE(IsPlainText(cut_umlauts));
}

TEST(NamingTest, Identifiers) {
  for (const char* good : {"a", "_", "A9_z", "createdAt"}) EXPECT_TRUE(IsIdentifier(good)) << good;
  for (const char* bad : {"", "9a", "a-b", "a b", "é", "a\"", "a."}) EXPECT_FALSE(IsIdentifier(bad)) << bad;
}

TEST(NamingTest, PlainText) {
  EXPECT_TRUE(IsPlainText("naïve 🙂"));
  EXPECT_FALSE(IsPlainText(std::string_view("a\0b", 3)));
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf4\x90\x80\x80"})
    EXPECT_FALSE(IsPlainText(bad));
}

TEST(NamingTest, PrintableIsAlwaysShortAndPlain) {
  EXPECT_EQ(Printable("a\nb"), "a?b");
  EXPECT_EQ(Printable("a\xff"), "a?");
  EXPECT_TRUE(IsPlainText(Printable(std::string(63, 'x') + "üü")));
  EXPECT_LE(Printable(std::string(100000, 'x')).size(), 70u);
}

}  // namespace
}  // namespace rowan
