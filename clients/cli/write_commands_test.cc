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
    server_.upsert = [=, this](const v1::UpsertRequest& request, v1::MutationResponse& response) {
      upsert_ = request;
      answer(response);
      response.add_outcomes(v1::UPSERT_OUTCOME_INSERTED);
      return grpc::Status::OK;
    };
    server_.batch = [this](const v1::BatchRequest& request, v1::BatchResponse& response) {
      batch_ = request;
      response = FromText<v1::BatchResponse>(R"pb(
        results { exists { exists: true } }
        results {
          id: "u"
          get {
            shape {
              model: "User"
              fields { name: "id" }
            }
            records { values { int_value: 7 } }
            has_more: true
            end_cursor: "AQ"
          }
        }
        results {
          mutation {
            effects { matched: 1 changed: 1 inserted: 1 }
            outcomes: UPSERT_OUTCOME_KEPT
          }
        }
        results { aggregate { has_more: true } })pb");
      return grpc::Status::OK;
    };
    server_.remove = [=, this](const v1::DeleteRequest& request, v1::MutationResponse& response) {
      delete_ = request;
      return answer(response);
    };
  }
  v1::InsertRequest insert_;
  v1::UpdateRequest update_;
  v1::UpsertRequest upsert_;
  v1::DeleteRequest delete_;
  v1::BatchRequest batch_;
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

TEST_F(WriteTest, Upserts) {
  EXPECT_EQ(RunRowan({"upsert", "blog", "User", "{data: {name: a}, key: name, on_conflict: keep}", "--returning", "id",
                      "--format", "jsonl"}),
            0)
      << err();
  EXPECT_EQ(out(),
            "{\"records\":[{\"id\":7}],\"effects\":{\"matched\":1,\"changed\":1,\"relations\":{\"posts\":{\"created\":"
            "2}}},\"outcomes\":[\"inserted\"]}\n");
  EXPECT_EQ(upsert_.key(0), "name");
  EXPECT_TRUE(upsert_.on_conflict().keep());
  EXPECT_EQ(upsert_.returning().fields(0), "id");
}

TEST_F(WriteTest, FlagsStandForKeysOfEachForm) {
  EXPECT_EQ(RunRowan({"insert", "blog", "User", R"([{"name": "a"}, {"name": "b"}])", "--dry-run"}), 0) << err();
  EXPECT_TRUE(insert_.dry_run());
  EXPECT_EQ(insert_.data_size(), 2);
  EXPECT_EQ(err(), "rowan: a dry run: all of it was undone\n");
  EXPECT_EQ(RunRowan({"insert", "blog", "User", R"({"data": {"name": "a"}, "request_id": "x"})", "--once", "r"}),
            0);
  EXPECT_EQ(insert_.request_id(), "r");
  EXPECT_NE(server_.request_id, "r");
  EXPECT_FALSE(insert_.dry_run());
  EXPECT_EQ(RunRowan({"update", "blog", "User", "{data: {a: 1}, where: {id: 1}, expect: 2}", "--expect", "1"}), 0);
  EXPECT_EQ(update_.expect().exactly(), 1);
  EXPECT_EQ(update_.request_id(), "");
  EXPECT_EQ(
      RunRowan({"delete", "blog", "User", "{where: {id: 1}}", "--expect", "{at_most: 3}", "--quiet", "--dry-run"}), 0);
  EXPECT_EQ(delete_.expect().at_most(), 3);
  EXPECT_TRUE(delete_.dry_run());
  EXPECT_THAT(err(), IsEmpty());
  EXPECT_EQ(RunRowan({"batch", "blog", "[{model: User, exists: {}}]", "--once", "r"}), 0) << err();
  EXPECT_EQ(batch_.request_id(), "r");
  EXPECT_EQ(batch_.operations_size(), 1);
  EXPECT_EQ(RunRowan({"batch", "blog", "{operations: [], isolation: serializable}", "--dry-run"}), 0) << err();
  EXPECT_TRUE(batch_.dry_run());
  EXPECT_EQ(batch_.isolation(), v1::ISOLATION_LEVEL_SERIALIZABLE);
}

TEST_F(WriteTest, RefusesFlagsThatSayNothing) {
  for (const char* expect : {"one", "{atleast: 1}", "[1]", "{at_least: 1"}) {
    EXPECT_EQ(RunRowan({"update", "blog", "User", "{data: {a: 1}, where: {id: 1}}", "--expect", expect}), 2) << expect;
    EXPECT_THAT(err(), HasSubstr("DOCUMENT_INVALID")) << expect;
  }
  EXPECT_EQ(RunRowan({"insert", "blog", "User", "5", "--dry-run"}), 2);
  EXPECT_THAT(err(), HasSubstr("at data"));
  EXPECT_EQ(RunRowan({"batch", "blog", "5", "--dry-run"}), 2);
  EXPECT_THAT(err(), HasSubstr("at operations"));
  EXPECT_EQ(insert_.data_size(), 0);
}

TEST_F(WriteTest, SaysThatAnAnswerIsThatOfThen) {
  server_.insert = [](const v1::InsertRequest&, v1::MutationResponse& response) {
    response.set_repeated_answer(true);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"insert", "blog", "User", "{a: 1}", "--once", "r", "--format", "jsonl"}), 0);
  EXPECT_THAT(out(), HasSubstr("\"repeated_answer\":true"));
  EXPECT_EQ(err(), "rowan: the request had happened before under its id; this is the answer of then\n");
}

TEST_F(WriteTest, PrintsTheResultsOfABatch) {
  const std::string document =
      R"([{"model": "User", "exists": {}}, {"id": "u", "model": "User", "get": {"select": {"id": true}}},
    {"model": "User", "upsert": {"data": {"id": {"ref": "u.id"}}}}, {"model": "User", "aggregate": {}}])";
  EXPECT_EQ(RunRowan({"batch", "blog", document, "--format", "jsonl"}), 0) << err();
  EXPECT_EQ(
      out(),
      "true\n[{\"id\":7}]\n{\"records\":[],\"effects\":{\"matched\":1,\"changed\":1,\"inserted\":1,\"relations\":{}},"
      "\"outcomes\":[\"kept\"]}\n[]\n");
  EXPECT_EQ(err(), "rowan: operations[1]: 1 record, more, end cursor AQ\nrowan: operations[3]: 0 groups, more\n");
  EXPECT_EQ(batch_.schema(), "blog");
  EXPECT_EQ(batch_.operations(2).upsert().data(0).values().at("id").reference_value(), "u.id");
  EXPECT_EQ(RunRowan({"batch", "blog", "-", "--quiet"}, document), 0);
  EXPECT_THAT(out(), testing::StartsWith("[\n  true,\n"));
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(WriteTest, TellsWhichOperationIsWrong) {
  EXPECT_EQ(RunRowan({"batch", "blog", "[{model: User, exists: {}}, {model: User, insert: {posts: {create: [7]}}}]"}),
            2);
  EXPECT_THAT(err(), HasSubstr("at operations[1].insert.data.posts.create[0]"));
  EXPECT_EQ(batch_.operations_size(), 0);
  server_.batch = nullptr;
  EXPECT_EQ(RunRowan({"batch", "blog", "[{model: User, exists: {}}]"}), 64 + 12);
  EXPECT_THAT(out(), IsEmpty());
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
