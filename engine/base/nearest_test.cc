#include "engine/base/nearest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NearestNames, FindsMisspellings) {
  EXPECT_THAT(NearestNames("nmae", {"name", "id", "role"}), ElementsAre("name"));
  EXPECT_THAT(NearestNames("Usr", {"User", "Role"}), ElementsAre("User"));
  EXPECT_THAT(NearestNames("NAME", {"name"}), ElementsAre("name"));
}

TEST(NearestNames, NearestFirstAndAtMostThree) {
  EXPECT_THAT(NearestNames("posts", {"post", "posts2", "posts", "pests", "ports"}), ElementsAre("posts", "pests", "ports"));
}

TEST(NearestNames, KnowsWhenNothingIsNear) {
  EXPECT_THAT(NearestNames("colour", {"id", "name"}), IsEmpty());
  EXPECT_THAT(NearestNames("x", {}), IsEmpty());
  EXPECT_THAT(NearestNames("", {"name"}), IsEmpty());
}

TEST(NearestNames, LongNamesCostLittle) {
  const std::string huge(1 << 20, 'a');
  EXPECT_THAT(NearestNames(huge, {"name", huge}), ElementsAre(huge));
}

}  // namespace
}  // namespace rowan
