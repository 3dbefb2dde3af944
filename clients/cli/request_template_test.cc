#include "clients/cli/request_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <set>

#include "clients/cli/request_mix.h"
#include "clients/document/parse_document.h"
#include "clients/document/request.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;

document::Node Parse(const std::string& text) {
  const absl::StatusOr<document::Node> node = document::ParseDocument(text, document::SyntaxOf(text, ""));
  EXPECT_TRUE(node.ok()) << node.status();
  return node.ok() ? *node : document::Node();
}

// Encodes the first request of a mix and reads it again.
template <typename Request>
Request Encoded(const std::string& text, int times = 1) {
  const absl::StatusOr<std::vector<MixedRequest>> mix = ReadMix("blog", Parse(text));
  EXPECT_TRUE(mix.ok()) << mix.status();
  Request request;
  std::mt19937_64 random(7);
  for (int i = 0; i < times && mix.ok(); ++i) EXPECT_TRUE(request.ParseFromString(mix->front().request.Encode(random)));
  return request;
}

TEST(RequestTemplate, WithoutBlanksIsTheRequestItself) {
  const std::string read = "{select: {name: true, posts: {title: true}}, where: {name: ä, id: {in: [1, 2]}}, limit: 5}";
  const v1::GetRequest request = Encoded<v1::GetRequest>("{model: User, get: " + read + "}");
  EXPECT_EQ(request.SerializeAsString(), document::ToGetRequest("blog", "User", Parse(read))->SerializeAsString());
}

TEST(RequestTemplate, DrawsWithinTheRange) {
  std::set<int64_t> drawn;
  for (int times = 1; times < 100; ++times) {
    const auto request =
        Encoded<v1::GetRequest>("{model: User, get: {select: {id: true}, where: {id: {$random: [-2, 300]}}}}", times);
    EXPECT_EQ(request.where().field().operator_(), v1::OPERATOR_EQ);
    drawn.insert(request.where().field().value().int_value());
  }
  EXPECT_GE(*drawn.begin(), -2);
  EXPECT_LE(*drawn.rbegin(), 300);
  EXPECT_GT(drawn.size(), 50u);
}

TEST(RequestTemplate, FillsMapsListsAndNestedRecords) {
  const std::string text =
      "{model: User, insert: {id: {$next: 500}, name: {$next: 3, text: 'user {}!'}, role: {connect: {$random: [4, "
      "4]}}, "
      "posts: {create: [{title: {$next: 9223372036854775806, text: '{}'}, tags: {connect: [1, {$random: [2, 2]}]}}]}}}";
  const v1::InsertRequest request = Encoded<v1::InsertRequest>(text, 2);
  const v1::RecordInput& record = request.data(0);
  EXPECT_EQ(record.values().at("id").int_value(), 501);
  EXPECT_EQ(record.values().at("name").text_value(), "user 4!");
  EXPECT_EQ(record.relations().at("role").connect(0).primary(0).int_value(), 4);
  const v1::RecordInput& post = record.relations().at("posts").create(0);
  EXPECT_EQ(post.values().at("title").text_value(), "9223372036854775807");
  EXPECT_EQ(post.relations().at("tags").connect(1).primary(0).int_value(), 2);
}

TEST(RequestTemplate, KeepsTextsThatLookLikeItsOwnMarks) {
  const auto request = Encoded<v1::GetRequest>(
      "{\"model\": \"User\", \"get\": {\"select\": {\"id\": true}, \"where\": {\"name\": \"\\u0001$blank 7$\"}}}");
  EXPECT_EQ(request.where().field().value().text_value(), "\x01$blank 7$");
}

TEST(ReadMix, NamesMethodsAndWeights) {
  const auto mix = ReadMix(
      "blog",
      Parse("{requests: [{model: User, get: {select: {id: true}}, weight: 2.5}, {name: all, model: User, stream: "
            "{select: {id: true}}}, {batch: [{model: Role, insert: {name: a}}]}]}"));
  ASSERT_TRUE(mix.ok()) << mix.status();
  EXPECT_EQ((*mix)[0].name, "get User");
  EXPECT_EQ((*mix)[0].weight, 2.5);
  EXPECT_EQ((*mix)[0].method, "/rowan.v1.DataService/Get");
  EXPECT_EQ((*mix)[1].name, "all");
  EXPECT_TRUE((*mix)[1].streams);
  EXPECT_EQ((*mix)[2].name, "batch");
  EXPECT_EQ((*mix)[2].response->GetDescriptor(), v1::BatchResponse::descriptor());
}

struct Wrong {
  std::string text;
  std::string says;
};

void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << wrong.text;
}

class WrongMixTest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongMixTest, SaysWhatAndWhere) {
  const auto mix = ReadMix("blog", Parse(GetParam().text));
  ASSERT_FALSE(mix.ok());
  EXPECT_EQ(mix.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(mix.status().message()), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongMixTest,
    testing::Values(
        Wrong{"[]", "empty"}, Wrong{"{requests: []}", "empty"},
        Wrong{"[5]", "requests[0]: a number stands where a request"}, Wrong{"text", "a text stands"},
        Wrong{"[{model: User, get: {select: {id: true}}}, {model: User}]", "requests[1]: a request needs a verb"},
        Wrong{"{get: {select: {id: true}}}", "needs \"model\""},
        Wrong{"{model: User, batch: []}", "a batch has no model"},
        Wrong{"{model: User, get: {select: {id: true}}, insert: {}}", "one verb, not get and insert"},
        Wrong{"{model: User, gett: {}}", "did you mean \"get\""},
        Wrong{"{model: User, zzzzzzzzz: {}}", "there are name, weight"},
        Wrong{"{model: [a], get: {select: {id: true}}}", "a list stands where the model"},
        Wrong{"{model: User, name: 5, get: {select: {id: true}}}", "a number stands"},
        Wrong{"{model: User, weight: 0, get: {select: {id: true}}}", "above 0"},
        Wrong{"{model: User, weight: x, get: {select: {id: true}}}", "above 0"},
        Wrong{"{model: User, weight: 1e300, get: {select: {id: true}}}", "above 0"},
        Wrong{"{model: User, get: {selct: {}}}", "selct"},
        Wrong{"{model: User, get: {select: {id: true}, where: {id: {$random: 5}}}}", "least and the greatest"},
        Wrong{"{model: User, get: {select: {id: true}, where: {id: {$random: [5, 4]}}}}", "least and the greatest"},
        Wrong{"{model: User, get: {select: {id: true}, where: {id: {$random: [1, 1.5]}}}}", "least and the greatest"},
        Wrong{"{model: User, get: {select: {id: true}, where: {id: {$next: x}}}}", "first whole number"},
        Wrong{"{model: User, get: {select: {id: true}, where: {id: {$next: 1, text: 'user'}}}}", "a place for it"},
        Wrong{"{model: User, get: {select: {id: true}, where: {id: {$next: 1, step: 2}}}}",
              "no key \"step\" beside $next"},
        Wrong{"{model: User, get: {select: {id: true}, order_by: {$next: 1}}}", "where no field's value"},
        Wrong{"{model: User, get: {select: {id: true}, limit: {$random: [1, 5]}}}", "whole number is needed"}));

}  // namespace
}  // namespace rowan::cli
