#include "engine/base/path.h"

#include <gtest/gtest.h>

#include "engine/base/identifier.h"

namespace rowan {
namespace {

TEST(PathTest, MembersAndIndexes) {
  const Path data("data");
  const Path posts = data.Member("posts");
  const Path first = posts.Index(0);
  const Path tags = first.Member("tags");
  const Path connect = tags.Member("connect");
  EXPECT_EQ(data.Text(), "data");
  EXPECT_EQ(first.Text(), "data.posts[0]");
  EXPECT_EQ(connect.Index(12).Text(), "data.posts[0].tags.connect[12]");
  EXPECT_EQ(first.Index(3).Text(), "data.posts[0][3]");
}

TEST(PathTest, EmptyNamesAddNothing) {
  const Path root("");
  EXPECT_EQ(root.Text(), "");
  EXPECT_EQ(root.Member("where").Text(), "where");
  const Path where("where");
  EXPECT_EQ(where.Member("").Text(), "where");
}

TEST(PathTest, OneParentHasManyChildren) {
  const Path where("where");
  const Path a = where.Member("a");
  const Path b = where.Member("b");
  EXPECT_EQ(a.Text(), "where.a");
  EXPECT_EQ(b.Text(), "where.b");
}

TEST(IdentifierTest, AlwaysQuotedAndQuotesDoubled) {
  EXPECT_EQ(QuoteIdentifier("users"), R"("users")");
  EXPECT_EQ(QuoteIdentifier("User Names"), R"("User Names")");
  EXPECT_EQ(QuoteIdentifier(R"(a"; DROP TABLE x; --)"), R"("a""; DROP TABLE x; --")");
  EXPECT_EQ(QuoteIdentifier(R"("")"), R"("""""")");
  EXPECT_EQ(QuoteIdentifier("back\\slash $$ 名前"), "\"back\\slash $$ 名前\"");
  EXPECT_EQ(QuoteIdentifier(""), R"("")");
  EXPECT_EQ(QuoteQualified("s.", "t"), R"("s."."t")");
  EXPECT_EQ(QuoteQualified("public", R"(a".b)"), R"("public"."a"".b")");
}

}  // namespace
}  // namespace rowan
