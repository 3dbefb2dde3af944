#include "clients/document/locate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowan::document {
namespace {

using testing::ElementsAre;

constexpr char kYaml[] =
    "# a blog\n"
    "schema: blog\n"
    "models:\n"
    "  User:\n"
    "    unique:\n"
    "      - [name]\n"
    "      - {fields: [a, b]}\n"
    "    fields:\n"
    "      name: text\n"
    "    checks: {a.b: x, a: y, 'c[0]': z}\n";

struct Case {
  const char* path;
  Position position;
};

TEST(LocateTest, FindsTheDeepestPart) {
  for (const Case& c : {Case{"schema", {2, 1}}, Case{"models", {3, 1}}, Case{"models.User", {4, 3}},
                        Case{"models.User.unique[0]", {6, 9}}, Case{"models.User.unique[1].fields[1]", {7, 22}},
                        Case{"models.User.fields.name", {9, 7}}, Case{"models.User.checks.a.b", {10, 14}},
                        Case{"models.User.checks.a", {10, 22}}, Case{"models.User.checks.c[0]", {10, 28}}}) {
    EXPECT_THAT(Locate(kYaml, {c.path}), ElementsAre(c.position)) << c.path;
  }
}

TEST(LocateTest, StopsWhereTheDocumentEnds) {
  for (const Case& c :
       {Case{"", {2, 1}}, Case{"nothing", {2, 1}}, Case{"model", {2, 1}}, Case{"models.Usr.fields", {3, 1}},
        Case{"models.User.fields.name.type", {9, 7}}, Case{"models.User.unique[2]", {5, 5}},
        Case{"models.User.unique[99999999999999999999]", {5, 5}}, Case{"models.User.unique[", {5, 5}},
        Case{"models.User.unique[x]", {5, 5}}, Case{"models.User.fields[0]", {8, 5}}, Case{"models..User", {3, 1}}}) {
    EXPECT_THAT(Locate(kYaml, {c.path}), ElementsAre(c.position)) << c.path;
  }
}

TEST(LocateTest, ReadsJson) {
  EXPECT_THAT(Locate("{\n  \"models\": {\"User\":{\"fields\":[1, 2]}}}", {"models.User", "models.User.fields[1]", "x"}),
              ElementsAre(Position{2, 14}, Position{2, 35}, Position{1, 1}));
}

TEST(LocateTest, NothingBeginsAtTheBeginning) {
  for (const char* text : {"", "# a comment and nothing else\n", "\n\n", "null"}) {
    EXPECT_THAT(Locate(text, {"", "models"}), ElementsAre(Position{1, 1}, Position{1, 1})) << text;
  }
}

TEST(LocateTest, KnowsNothingOfWhatIsNoDocument) {
  for (const char* text : {"a: [", "{a: b", "a: b: c"}) {
    EXPECT_THAT(Locate(text, {"a", "b"}), ElementsAre(Position{}, Position{})) << text;
  }
  EXPECT_THAT(Locate("", {}), ElementsAre());
}

}  // namespace
}  // namespace rowan::document
