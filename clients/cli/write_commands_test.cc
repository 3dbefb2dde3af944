#include "clients/cli/cli_test.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class WriteTest : public CliTest {
 protected:
  void SetUp() override {
    const auto answer = [](v1::MutationResponse& response) {
      response = FromText<v1::MutationResponse>(R"pb(
        shape {
          model: "User"
          fields {
            name: "id"
            type { scalar: SCALAR_TYPE_INT64 }
          }
        }
        records { values { int_value: 7 } }
        effects {
          matched: 1
          changed: 1
          relations { path: "posts" created: 2 }
        })pb");
      return grpc::Status::OK;
    };
    server_.insert = [=, this](const v1::InsertRequest& request, v1::MutationResponse& response) {
      insert_ = request;
      return answer(response);
    };
    server_.update = [=, this](const v1::UpdateRequest& request, v1::MutationResponse& response) {
      update_ = request;
      return answer(response);
    };
    server_.remove = [=, this](const v1::DeleteRequest& request, v1::MutationResponse& response) {
      delete_ = request;
      return answer(response);
    };
  }
  v1::InsertRequest insert_;
  v1::UpdateRequest update_;
  v1::DeleteRequest delete_;
};

TEST_F(WriteTest, InsertsAndPrintsEffects) {
  EXPECT_EQ(RunRowan({"insert", "blog", "User", R"({"name": "Alice", "role": {"connect": 1}})", "--format", "jsonl"}),
            0);
  EXPECT_EQ(out(),
            "{\"records\":[{\"id\":7}],\"effects\":{\"matched\":1,\"changed\":1,\"relations\":{\"posts\":{\"created\":"
            "2}}}}\n");
  EXPECT_THAT(err(), IsEmpty());
  EXPECT_EQ(insert_.data(0).values().at("name").text_value(), "Alice");
  EXPECT_EQ(insert_.data(0).relations().at("role").connect(0).primary(0).int_value(), 1);
  EXPECT_FALSE(insert_.has_returning());
}

TEST_F(WriteTest, PrintsATable) {
  EXPECT_EQ(RunRowan({"update", "blog", "User", R"({"data": {"name": "b"}, "where": {"id": 7}})", "--format", "table",
                      "--returning", "id"}),
            0);
  EXPECT_EQ(out(), "id\n--\n 7\n");
  EXPECT_THAT(err(), HasSubstr("\"matched\":1"));
  EXPECT_EQ(update_.returning().fields(0), "id");
}

TEST_F(WriteTest, AddsReturningToEachForm) {
  EXPECT_EQ(RunRowan({"insert", "blog", "User", R"([{"name": "a"}, {"name": "b"}])", "--returning", "id, name"}), 0)
      << err();
  EXPECT_EQ(insert_.data_size(), 2);
  EXPECT_EQ(insert_.returning().fields_size(), 2);
  EXPECT_EQ(RunRowan({"insert", "blog", "User", R"({"data": {"name": "a"}})", "--returning",
                      "{id: true, role: {name: true}}"}),
            0)
      << err();
  EXPECT_EQ(insert_.data_size(), 1);
  EXPECT_EQ(insert_.returning().relations(0).relation(), "role");
  EXPECT_EQ(RunRowan({"delete", "blog", "User", "{where: {id: 7}}", "--returning", "*"}), 0) << err();
  EXPECT_EQ(delete_.returning().fields(0), "*");
}

TEST_F(WriteTest, RefusesTwoReturnings) {
  EXPECT_EQ(
      RunRowan({"insert", "blog", "User", R"({"data": {"a": 1}, "returning": {"id": true}})", "--returning", "id"}), 2);
  EXPECT_THAT(err(), HasSubstr("say it once"));
  EXPECT_EQ(RunRowan({"delete", "blog", "User", "{where: {id: 7}}", "--returning", "id,,name"}), 2);
  EXPECT_THAT(err(), HasSubstr("empty name"));
}

TEST_F(WriteTest, NeedsADocument) {
  EXPECT_EQ(RunRowan({"delete", "blog", "User"}), 2);
  EXPECT_THAT(err(), HasSubstr("there is no document"));
}

TEST_F(WriteTest, SendsNothingWhenTheDocumentIsWrong) {
  EXPECT_EQ(RunRowan({"insert", "blog", "User", R"({"posts": {"create": [{"title": "a"}, 7]}})"}), 2);
  EXPECT_EQ(
      err(),
      "rowan: DOCUMENT_INVALID: a number stands where a record, an object, is needed\n  at data.posts.create[1]\n");
  EXPECT_EQ(insert_.data_size(), 0);
}

TEST_F(WriteTest, TellsMissingKeys) {
  server_.insert = [](const v1::InsertRequest&, v1::MutationResponse&) {
    return ErrorStatus(grpc::StatusCode::NOT_FOUND, "there is no such Tag",
                       FromText<google::rpc::ErrorInfo>(R"pb(reason: "RELATED_NOT_FOUND"
                                                             metadata { key: "path" value: "data.tags.connect[1]" }
                                                             metadata { key: "model" value: "Tag" }
                                                             metadata { key: "keys" value: "7" })pb"),
                       {});
  };
  EXPECT_EQ(RunRowan({"insert", "blog", "Post", R"({"tags": {"connect": [1, 7]}})", "--request-id", "r1"}), 69);
  EXPECT_EQ(err(),
            "rowan: NOT_FOUND RELATED_NOT_FOUND: there is no such Tag\n  at data.tags.connect[1]\n  "
            "request id: r1\n");
}

}  // namespace
}  // namespace rowan::cli
