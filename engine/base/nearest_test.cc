#include "engine/base/nearest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string_view> kFields = {"id", "name", "email", "createdAt", "updatedAt", "roleId"};

TEST(NearestNamesTest, FindsWhatWasMeant) {
  EXPECT_THAT(NearestNames("nmae", kFields), ElementsAre("name"));
  EXPECT_THAT(NearestNames("emial", kFields), ElementsAre("email"));
  EXPECT_THAT(NearestNames("NAME", kFields), ElementsAre("name"));
  EXPECT_THAT(NearestNames("created_at", kFields), testing::Contains("createdAt"));
  EXPECT_THAT(NearestNames("roleid", kFields), ElementsAre("roleId"));
}

TEST(NearestNamesTest, TheNearestFirstAndTiesInByteOrder) {
  EXPECT_THAT(NearestNames("abcdef", {"abxyef", "abcdex", "abcdef", "abcdea"}),
              ElementsAre("abcdef", "abcdea", "abcdex"));
}

TEST(NearestNamesTest, AtMostThree) {
  EXPECT_THAT(NearestNames("tags", {"tag1", "tag2", "tag3", "tag4"}), ElementsAre("tag1", "tag2", "tag3"));
}

TEST(NearestNamesTest, NothingThatIsFar) {
  EXPECT_THAT(NearestNames("completely", kFields), IsEmpty());
  EXPECT_THAT(NearestNames("xy", {"abcd"}), IsEmpty());
  EXPECT_THAT(NearestNames("name", {}), IsEmpty());
  EXPECT_THAT(NearestNames("", kFields), IsEmpty());
}

TEST(NearestNamesTest, LongNamesAreComparedByTheirStart) {
  const std::string long_name(10000, 'a');
  const std::string huge(1 << 20, 'a');
  EXPECT_THAT(NearestNames(huge, {"name", huge}), ElementsAre(huge));
  const std::string candidate = std::string(64, 'a') + "tail";
  EXPECT_THAT(NearestNames(long_name, {candidate}), ElementsAre(candidate));
  EXPECT_THAT(NearestNames(std::string(10000, 'b'), {candidate}), IsEmpty());
}

TEST(NearestNamesTest, TakesAnyBytes) {
  const std::string_view broken("\xff\xfe\0x", 4);
  EXPECT_THAT(NearestNames(broken, {"name"}), IsEmpty());
  EXPECT_THAT(NearestNames("naïve", {"naive"}), ElementsAre("naive"));
}

}  // namespace
}  // namespace rowan
