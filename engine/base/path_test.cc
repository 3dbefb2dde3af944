#include "engine/base/path.h"

#include <gtest/gtest.h>

#include "engine/base/identifier.h"

namespace rowan {
namespace {

TEST(Path, WritesMembersAndIndexes) {
  const Path data("data");
  const Path posts = data.Member("posts");
  const Path first = posts.Index(0);
  const Path tags = first.Member("tags");
  EXPECT_EQ(data.Text(), "data");
  const Path connect = tags.Member("connect");
  EXPECT_EQ(connect.Index(1).Text(), "data.posts[0].tags.connect[1]");
}

TEST(Path, AnEmptyRootLeavesNoDot) {
  const Path root("");
  EXPECT_EQ(root.Text(), "");
  EXPECT_EQ(root.Member("limit").Text(), "limit");
}

TEST(QuoteIdentifier, DoublesQuotesWhateverTheNameHolds) {
  EXPECT_EQ(QuoteIdentifier("name"), "\"name\"");
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteIdentifier("\"; DROP TABLE x; --"), "\"\"\"; DROP TABLE x; --\"");
  EXPECT_EQ(QuoteIdentifier(""), "\"\"");
  EXPECT_EQ(QuoteQualified("s.", "t"), "\"s.\".\"t\"");
}

}  // namespace
}  // namespace rowan
