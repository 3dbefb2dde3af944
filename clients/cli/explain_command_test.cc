#include "clients/cli/cli_test.h"
#include "clients/document/parse_document.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kExplained[] = R"pb(
  plan: "select User\n  select Post\n"
  schema_version: "v1"
  strategy: STRATEGY_BY_LEVEL
  strategy_reason: "many records are to be expected"
  statements {
    description: "read User"
    sql: "SELECT 1\nFROM t0"
    parameter_types: "bigint"
    postgres_plan {
      type: "Nested Loop"
      total_cost: 8.3
      estimated_rows: 10
      actual_rows: 3
      loops: 1
      milliseconds: 0.204
      children {
        type: "Index Scan"
        table: "users"
        alias: "t0"
        index: "pk_users"
        role: "Outer"
        conditions: "(id > 5)"
        conditions: "(name ~ 'x')"
        total_cost: 4.15
        estimated_rows: 1
        actual_rows: 0.3
        loops: 10
        milliseconds: 1.5
        removed_rows: 2.5
      }
      children {
        type: "Seq Scan"
        table: "posts"
        alias: "posts"
        role: "SubPlan 1"
        total_cost: 1000
        estimated_rows: 1000000
        loops: 0
        actual_rows: 0
        milliseconds: 0
      }
    }
  }
  statements { description: "read Post at posts" sql: "SELECT 2" }
)pb";

class ExplainTest : public CliTest {
 protected:
  ExplainTest() {
    server_.explain = [this](const v1::ExplainRequest& request, v1::ExplainResponse& response) {
      request_ = request;
      response = FromText<v1::ExplainResponse>(kExplained);
      if (request.mode() != v1::EXPLAIN_MODE_UNSPECIFIED) return grpc::Status::OK;
      for (v1::ExplainStatement& statement : *response.mutable_statements()) statement.clear_postgres_plan();
      return grpc::Status::OK;
    };
  }
  v1::ExplainRequest request_;
};

TEST_F(ExplainTest, PrintsThePlanTheStrategyAndTheStatements) {
  EXPECT_EQ(RunRowan({"explain", "get", "blog", "User", "--strategy", "by_level"}), 0) << err();
  EXPECT_EQ(out(),
            "plan\n"
            "  select User\n"
            "    select Post\n"
            "strategy by_level: many records are to be expected\n"
            "1. read User\n"
            "  SELECT 1\n"
            "  FROM t0\n"
            "  with $1 bigint\n"
            "2. read Post at posts\n"
            "  SELECT 2\n");
  EXPECT_EQ(request_.mode(), v1::EXPLAIN_MODE_UNSPECIFIED);
  EXPECT_EQ(request_.get().strategy(), v1::STRATEGY_BY_LEVEL);
  EXPECT_EQ(request_.get().select().fields(0), "*");
}

TEST_F(ExplainTest, PrintsWhatHappenedAsATree) {
  EXPECT_EQ(RunRowan({"explain", "get", "blog", "User", "--analyze"}), 0);
  EXPECT_EQ(request_.mode(), v1::EXPLAIN_MODE_ANALYZE);
  EXPECT_THAT(out(), HasSubstr("  with $1 bigint\n"
                               "  PostgreSQL's plan, estimated and as it ran\n"
                               "  Nested Loop: 10 rows expected, 3 found, 0.2 ms, cost 8.3\n"
                               "    Index Scan of users as t0 by pk_users (Outer): 1 row expected, 0.3 found × 10 "
                               "loops, 1.5 ms, cost 4.15\n"
                               "      where (id > 5) and (name ~ 'x'), 2.5 rows removed\n"
                               "    Seq Scan of posts (SubPlan 1): 1000000 rows expected, never executed, cost 1000\n"
                               "2. read Post at posts\n"
                               "  SELECT 2\n"
                               "  was not sent: there were no rows for it\n"));
}

TEST_F(ExplainTest, TellsEstimatesApart) {
  EXPECT_EQ(RunRowan({"explain", "stream", "blog", "User", "--estimate"}), 0);
  EXPECT_EQ(request_.mode(), v1::EXPLAIN_MODE_ESTIMATE);
  EXPECT_TRUE(request_.has_stream());
  EXPECT_THAT(out(), HasSubstr("  PostgreSQL's plan, estimated\n"));
  EXPECT_THAT(out(), Not(HasSubstr("was not sent")));
}

TEST_F(ExplainTest, PrintsAllOfItAsJson) {
  EXPECT_EQ(RunRowan({"explain", "exists", "blog", "User", "--analyze", "--format", "json"}), 0) << err();
  EXPECT_TRUE(request_.has_exists());
  const auto printed = document::ParseJson(out());
  const auto expected = document::ParseJson(R"json({
    "schema_version": "v1", "plan": "select User\n  select Post\n",
    "strategy": "by_level", "strategy_reason": "many records are to be expected",
    "statements": [
      {"description": "read User", "sql": "SELECT 1\nFROM t0", "parameter_types": ["bigint"], "postgres_plan":
        {"type": "Nested Loop", "total_cost": 8.3, "estimated_rows": 10, "actual_rows": 3, "loops": 1, "milliseconds": 0.204, "children": [
          {"type": "Index Scan", "table": "users", "alias": "t0", "index": "pk_users", "role": "Outer", "conditions": ["(id > 5)", "(name ~ 'x')"],
           "total_cost": 4.15, "estimated_rows": 1, "actual_rows": 0.3, "loops": 10, "milliseconds": 1.5, "removed_rows": 2.5},
          {"type": "Seq Scan", "table": "posts", "alias": "posts", "role": "SubPlan 1", "total_cost": 1000, "estimated_rows": 1000000,
           "actual_rows": 0, "loops": 0, "milliseconds": 0}]}},
      {"description": "read Post at posts", "sql": "SELECT 2", "parameter_types": []}]})json");
  ASSERT_TRUE(printed.ok()) << printed.status() << out();
  EXPECT_EQ(*printed, *expected) << out();
}

TEST_F(ExplainTest, TakesEveryVerb) {
  EXPECT_EQ(RunRowan({"explain", "stream", "blog", "get"}), 0) << err();
  EXPECT_EQ(request_.stream().model(), "get");
  EXPECT_EQ(RunRowan({"explain", "exists", "blog", "User"}), 0) << err();
  EXPECT_TRUE(request_.has_exists());
  EXPECT_EQ(RunRowan({"explain", "aggregate", "blog", "User", "-"}, "group_by: name"), 0) << err();
  EXPECT_EQ(request_.aggregate().group_by(0).field(), "name");
  EXPECT_EQ(RunRowan({"explain", "update", "blog", "User", "{data: {a: 1}}"}), 0) << err();
  EXPECT_TRUE(request_.has_update());
  EXPECT_EQ(RunRowan({"explain", "delete", "blog", "User", "{where: {id: 1}}"}), 0) << err();
  EXPECT_TRUE(request_.has_delete_());
  EXPECT_EQ(RunRowan({"explain", "upsert", "blog", "User", "{data: {a: 1}, key: a}", "--returning", "id"}), 0) << err();
  EXPECT_EQ(request_.upsert().key(0), "a");
  EXPECT_EQ(request_.upsert().returning().fields(0), "id");
  EXPECT_EQ(RunRowan({"explain", "upsert", "blog", "User", "{}"}), 2);
  EXPECT_THAT(err(), HasSubstr("\"data\""));
  EXPECT_EQ(RunRowan({"explain", "get", "blog", "User", "--returning", "id"}), 2);
  EXPECT_THAT(err(), HasSubstr("\"select\""));
}

TEST_F(ExplainTest, ABatchHasNoModel) {
  EXPECT_EQ(RunRowan({"explain", "batch", "blog", "[{model: User, delete: {where: {id: 1}}}]", "--analyze"}), 0)
      << err();
  EXPECT_EQ(request_.batch().operations(0).delete_().model(), "User");
  EXPECT_EQ(request_.mode(), v1::EXPLAIN_MODE_ANALYZE);
  EXPECT_EQ(RunRowan({"explain", "batch", "blog", "-"}, "- {model: User, exists: {}}"), 0) << err();
  EXPECT_TRUE(request_.batch().operations(0).has_exists());
  EXPECT_EQ(RunRowan({"explain", "batch", "blog", "User", "[]"}), 2);
  EXPECT_THAT(err(), HasSubstr("explain batch SCHEMA DOCUMENT"));
  EXPECT_EQ(RunRowan({"explain", "batch", "blog"}), 2);
  EXPECT_THAT(err(), HasSubstr("there is no document"));
  EXPECT_EQ(RunRowan({"explain", "batch", "blog", "[]", "--returning", "id"}), 2);
  EXPECT_THAT(err(), HasSubstr("not for batch"));
  EXPECT_EQ(RunRowan({"explain", "get", "blog"}), 2);
  EXPECT_THAT(err(), HasSubstr("model is required"));
}

TEST_F(ExplainTest, AWriteHasNoStrategy) {
  server_.explain = [this](const v1::ExplainRequest& request, v1::ExplainResponse& response) {
    request_ = request;
    response = FromText<v1::ExplainResponse>(R"pb(plan: "Insert User\n  role\n")pb");
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"explain", "insert", "blog", "User", R"({"name": "a"})", "--returning", "id"}), 0) << err();
  EXPECT_EQ(out(), "plan\n  Insert User\n    role\n");
  EXPECT_EQ(request_.insert().returning().fields(0), "id");
  EXPECT_EQ(RunRowan({"explain", "insert", "blog", "User", "{}", "--format", "json"}), 0);
  EXPECT_THAT(out(), Not(HasSubstr("strategy")));
}

TEST_F(ExplainTest, EscapesWhatCouldTakeOverATerminal) {
  server_.explain = [](const v1::ExplainRequest&, v1::ExplainResponse& response) {
    response.set_strategy(v1::STRATEGY_NESTED);
    response.set_strategy_reason("\x1b[31mred");
    v1::PlanNode& node = *response.add_statements()->mutable_postgres_plan();
    node.set_type("Seq\rScan");
    node.add_conditions("(a = '\x1b[2J\n')");
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"explain", "get", "blog", "User", "--estimate"}), 0);
  EXPECT_THAT(out(), HasSubstr("strategy nested: \\x1b[31mred\n"));
  EXPECT_THAT(out(), HasSubstr("Seq\\rScan: 0 rows expected, cost 0\n    where (a = '\\x1b[2J\\n')\n"));
}

TEST_F(ExplainTest, TellsAnError) {
  server_.explain = [](const v1::ExplainRequest&, v1::ExplainResponse&) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no such field");
  };
  EXPECT_EQ(RunRowan({"explain", "get", "blog", "User", "--analyze"}), 64 + 3);
  EXPECT_THAT(out(), testing::IsEmpty());
}

}  // namespace
}  // namespace rowan::cli
