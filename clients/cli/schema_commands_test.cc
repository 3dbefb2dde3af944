#include <chrono>
#include <fstream>
#include <thread>

#include "clients/cli/cli_test.h"
#include "clients/document/parse_document.h"
#include "clients/document/schema.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kBlog[] =
    "schema: blog\nmodels:\n  User:\n    fields:\n      id: {type: auto_increment, primary: true}\n";

class SchemaTest : public CliTest {
 protected:
  void SetUp() override {
    server_.apply = [this](const v1::ApplySchemaRequest& request, v1::ApplySchemaResponse& response) {
      request_ = request;
      response = FromText<v1::ApplySchemaResponse>(R"pb(
        schema { name: "blog" version: "0f3a" }
        diagnostics {
          severity: SEVERITY_NOTICE
          reason: "IMPLIED_NULLABLE"
          path: "models.Post.relations.user"
          message: "set null implies nullable"
        }
        steps { description: "create table users" sql: "CREATE TABLE users (\n  id bigint\n)" })pb");
      response.set_applied(!request.validate_only());
      return grpc::Status::OK;
    };
  }
  v1::ApplySchemaRequest request_;
};

TEST_F(SchemaTest, AppliesAndPrintsSteps) {
  EXPECT_EQ(RunRowan({"schema", "apply", "-"}, kBlog), 0);
  EXPECT_EQ(out(), "create table users\nblog is now at version 0f3a\n");
  EXPECT_EQ(err(), "rowan: notice IMPLIED_NULLABLE at models.Post.relations.user: set null implies nullable\n");
  EXPECT_EQ(request_.schema().models(0).fields(0).type().scalar(), v1::SCALAR_TYPE_AUTO_INCREMENT);
  EXPECT_FALSE(request_.validate_only());
  EXPECT_FALSE(request_.has_expected_version());
}

TEST_F(SchemaTest, ValidatesOnly) {
  EXPECT_EQ(RunRowan({"schema", "apply", "-", "--validate-only", "--show-sql", "--expected-version", ""}, kBlog), 0);
  EXPECT_EQ(out(),
            "create table users\n  CREATE TABLE users (\n    id bigint\n  )\nblog is valid; nothing was changed "
            "(version 0f3a)\n");
  EXPECT_TRUE(request_.validate_only());
  EXPECT_TRUE(request_.has_expected_version());
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--quiet"}, kBlog), 0);
  EXPECT_TRUE(request_.validate_only());
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(SchemaTest, PrintsJson) {
  EXPECT_EQ(RunRowan({"schema", "apply", "-", "--format", "json"}, kBlog), 0);
  const auto printed = document::ParseJson(out());
  ASSERT_TRUE(printed.ok()) << out();
  EXPECT_TRUE(printed->Find("applied")->truth);
  EXPECT_EQ(printed->Find("steps")->items[0].Find("description")->text, "create table users");
  EXPECT_EQ(printed->Find("diagnostics")->items[0].Find("severity")->text, "notice");
}

TEST_F(SchemaTest, ReadsJsonAndYamlFiles) {
  const std::string path = testing::TempDir() + "rowan_schema.json";
  std::ofstream(path) << R"({"schema": "blog", "models": {}})";
  EXPECT_EQ(RunRowan({"schema", "apply", path}), 0) << err();
  EXPECT_EQ(request_.schema().name(), "blog");
  std::ofstream(path) << "schema: blog\n";
  EXPECT_EQ(RunRowan({"schema", "apply", path}), 2);
  EXPECT_THAT(err(), HasSubstr(path + ": line 1, column 1"));
}

TEST_F(SchemaTest, ChecksTheFormWithoutAServer) {
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--offline"}, kBlog), 0) << err();
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--offline"}, "schema: blog\nmodles: {}\n"), 1);
  EXPECT_THAT(err(), HasSubstr("did you mean \"models\"?"));
  EXPECT_EQ(request_.schema().name(), "");
}

TEST_F(SchemaTest, TellsAllMistakesAndFailsTheCheck) {
  server_.apply = [](const v1::ApplySchemaRequest&, v1::ApplySchemaResponse&) {
    return ErrorStatus(
        grpc::StatusCode::INVALID_ARGUMENT, "the schema has 2 mistakes",
        FromText<google::rpc::ErrorInfo>(R"pb(reason: "UNKNOWN_TARGET")pb"),
        FromText<google::rpc::BadRequest>(
            R"pb(field_violations { field: "models.User.relations.role" description: "there is no model Rol" }
                 field_violations { field: "models.User.table" description: "too long" })pb"));
  };
  EXPECT_EQ(RunRowan({"schema", "validate", "-"}, kBlog), 1);
  EXPECT_THAT(err(),
              HasSubstr("  at models.User.relations.role: there is no model Rol\n  at models.User.table: too long\n"));
  EXPECT_EQ(RunRowan({"schema", "apply", "-"}, kBlog), 67);
}

TEST_F(SchemaTest, ValidateTellsAMissingServerApart) {
  server_.apply = [](const v1::ApplySchemaRequest&, v1::ApplySchemaResponse&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
  };
  EXPECT_EQ(RunRowan({"schema", "validate", "-"}, kBlog), 78);
}

TEST_F(SchemaTest, PrintsASchemaThatCanBeAppliedAgain) {
  const auto original = document::ToSchema(*document::ParseYaml(kBlog));
  server_.get_schema = [&](const v1::GetSchemaRequest& request, v1::Schema& response) {
    EXPECT_EQ(request.name(), "blog");
    response = *original;
    response.set_version("0f3a");
    response.mutable_apply_time()->set_seconds(1714564800);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"schema", "get", "blog"}), 0);
  EXPECT_EQ(out(), std::string("# version 0f3a, applied 2024-05-01T12:00:00Z\n") + kBlog);
  EXPECT_EQ(RunRowan({"schema", "get", "blog", "--format", "json"}), 0);
  const auto again = document::ToSchema(*document::ParseJson(out()));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->DebugString(), original->DebugString());
}

TEST_F(SchemaTest, ListsSchemas) {
  server_.list_schemas = [](const v1::ListSchemasRequest&, v1::ListSchemasResponse& response) {
    response = FromText<v1::ListSchemasResponse>(R"pb(schemas {
                                                        name: "blog"
                                                        version: "0f3a"
                                                        apply_time { seconds: 1714564800 }
                                                        model_count: 5
                                                        description: "A blog"
                                                      }
                                                      schemas { name: "world" version: "77b0" model_count: 12 })pb");
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"schema", "list"}), 0);
  EXPECT_EQ(out(),
            "name   version  applied               models  description\n"
            "-----  -------  --------------------  ------  -----------\n"
            "blog   0f3a     2024-05-01T12:00:00Z       5  A blog\n"
            "world  77b0     1970-01-01T00:00:00Z      12\n");
  EXPECT_EQ(RunRowan({"schema", "list", "--format", "jsonl"}), 0);
  EXPECT_THAT(out(), HasSubstr("{\"name\":\"blog\",\"version\":\"0f3a\",\"apply_time\":\"2024-05-01T12:00:00Z\","
                               "\"models\":5,\"description\":\"A blog\"}\n"));
}

TEST_F(SchemaTest, SuggestsTheNearestSchema) {
  server_.get_schema = [](const v1::GetSchemaRequest&, v1::Schema&) {
    return ErrorStatus(grpc::StatusCode::NOT_FOUND, "no schema is registered as blgo",
                       FromText<google::rpc::ErrorInfo>(R"pb(reason: "UNKNOWN_SCHEMA"
                                                             metadata { key: "schema" value: "blgo" }
                                                             metadata { key: "nearest" value: "blog" })pb"),
                       {});
  };
  EXPECT_EQ(RunRowan({"schema", "get", "blgo"}), 69);
  EXPECT_THAT(err(), HasSubstr("NOT_FOUND UNKNOWN_SCHEMA"));
  EXPECT_THAT(err(), HasSubstr("did you mean \"blog\"?"));
}

class HealthTest : public CliTest {};

TEST_F(HealthTest, TellsThatTheServerServes) {
  EXPECT_EQ(RunRowan({"health"}), 0) << err();
  EXPECT_EQ(out(), "SERVING\n");
}

TEST_F(HealthTest, FailsWhenItDoesNot) {
  server_.SetServing(false);
  EXPECT_EQ(RunRowan({"health"}), 1);
  EXPECT_EQ(out(), "NOT_SERVING\n");
  EXPECT_EQ(RunRowan({"health", "--wait", "300ms"}), 1);
}

TEST_F(HealthTest, Waits) {
  server_.SetServing(false);
  std::thread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    server_.SetServing(true);
  });
  EXPECT_EQ(RunRowan({"health", "--wait", "30s"}), 0) << err();
  later.join();
}

TEST_F(HealthTest, SaysThatThereIsNoServer) {
  EXPECT_EQ(cli::Run({"health", "--address", "127.0.0.1:1"}, console_), 1);
  EXPECT_THAT(err(), HasSubstr("no Rowan server answers at 127.0.0.1:1"));
}

TEST_F(HealthTest, StopsWaitingWhenInterrupted) {
  console_.interrupt->Cancel();
  EXPECT_EQ(cli::Run({"health", "--wait", "600s", "--address", "127.0.0.1:1"}, console_), 1);
}

}  // namespace
}  // namespace rowan::cli
