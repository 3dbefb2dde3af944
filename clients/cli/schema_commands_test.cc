#include "clients/cli/cli_test.h"
#include "clients/document/parse_document.h"
#include "clients/document/schema.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;

constexpr char kBlog[] =
    "schema: blog\nmodels:\n  User:\n    fields:\n      id: {type: auto_increment, primary: true}\n";

class SchemaTest : public CliTest {};

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

TEST_F(SchemaTest, PrintsAnEarlierVersion) {
  std::string asked;
  server_.get_schema = [&](const v1::GetSchemaRequest& request, v1::Schema& response) {
    asked = request.version();
    if (asked != "77b0") {
      return ErrorStatus(grpc::StatusCode::NOT_FOUND, "schema blog was never at version",
                         FromText<google::rpc::ErrorInfo>(R"pb(reason: "UNKNOWN_VERSION")pb"), {});
    }
    response.set_name("blog");
    response.set_version(asked);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"schema", "get", "blog", "--version", "77b0"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("# version 77b0"));
  EXPECT_EQ(RunRowan({"schema", "get", "blog", "--version", "0000"}), 69);
  EXPECT_THAT(err(), HasSubstr("UNKNOWN_VERSION"));
}

class HistoryTest : public CliTest {
 protected:
  void SetUp() override {
    server_.list_versions = [this](const v1::ListSchemaVersionsRequest& request,
                                   v1::ListSchemaVersionsResponse& response) {
      pages_.push_back(request.page_size());
      const int first = request.page_token().empty() ? 0 : std::stoi(request.page_token());
      for (int i = first; i < std::min(first + request.page_size(), 60); ++i) {
        v1::SchemaVersion& version = *response.add_versions();
        version.set_version(std::to_string(1000 + i));
        version.set_applied_by("ada");
        version.set_checksum(std::string(64, 'c'));
        version.set_adopted(i == 59);
        version.add_steps()->set_description("create table users");
      }
      if (first + request.page_size() < 60) response.set_next_page_token(std::to_string(first + request.page_size()));
      return grpc::Status::OK;
    };
  }
  std::vector<int> pages_;
};

TEST_F(HistoryTest, ReadsAllPages) {
  EXPECT_EQ(RunRowan({"schema", "history", "blog"}), 0) << err();
  EXPECT_THAT(pages_, testing::ElementsAre(50, 50));
  EXPECT_THAT(out(), testing::StartsWith("version  applied               by   steps  adopted  checksum\n"));
  EXPECT_THAT(out(), HasSubstr("1000     1970-01-01T00:00:00Z  ada      1  no       cccccccccccc\n"));
  EXPECT_THAT(out(), HasSubstr("1059     1970-01-01T00:00:00Z  ada      1  yes      cccccccccccc\n"));
}

TEST_F(HistoryTest, ReadsNoMoreThanIsWanted) {
  EXPECT_EQ(RunRowan({"schema", "history", "blog", "--limit", "2", "--format", "json"}), 0) << err();
  EXPECT_THAT(pages_, testing::ElementsAre(2));
  const auto printed = document::ParseJson(out());
  ASSERT_TRUE(printed.ok()) << out();
  ASSERT_EQ(printed->items.size(), 2u);
  EXPECT_EQ(printed->items[0].Find("checksum")->text, std::string(64, 'c'));
  EXPECT_EQ(printed->items[0].Find("steps")->items[0].Find("description")->text, "create table users");
  EXPECT_EQ(RunRowan({"schema", "history", "blog", "--limit", "few"}), 2);
}

TEST_F(HistoryTest, FailsAsTheServerDoes) {
  server_.list_versions = nullptr;
  EXPECT_EQ(RunRowan({"schema", "history", "blog"}), 76);
  EXPECT_EQ(out(), "");
}

TEST_F(SchemaTest, TellsDrift) {
  const char* severity = "SEVERITY_ERROR";
  server_.check_drift = [&](const v1::CheckDriftRequest& request, v1::CheckDriftResponse& response) {
    EXPECT_EQ(request.name(), "blog");
    response.set_version("0f3a");
    if (severity == nullptr) return grpc::Status::OK;
    response = FromText<v1::CheckDriftResponse>(
        std::string("version: '0f3a' differences { kind: 'TYPE' path: 'models.User.fields.name' object: "
                    "'public.users.name' expected: 'text' found: 'integer' severity: ") +
        severity +
        "} differences { kind: 'UNKNOWN_COLUMN' object: 'public.users.age' found: 'integer' severity: "
        "SEVERITY_NOTICE}");
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"schema", "drift", "blog"}), 1);
  EXPECT_EQ(out(),
            "severity  kind            object             expected  found\n"
            "--------  --------------  -----------------  --------  -------\n"
            "error     TYPE            public.users.name  text      integer\n"
            "notice    UNKNOWN_COLUMN  public.users.age   -         integer\n");
  severity = "SEVERITY_WARNING";
  EXPECT_EQ(RunRowan({"schema", "drift", "blog", "--format", "jsonl"}), 1);
  EXPECT_THAT(out(), HasSubstr("{\"severity\":\"warning\",\"kind\":\"TYPE\",\"path\":\"models.User.fields.name\","
                               "\"object\":\"public.users.name\",\"expected\":\"text\",\"found\":\"integer\"}\n"));
  severity = "SEVERITY_NOTICE";
  EXPECT_EQ(RunRowan({"schema", "drift", "blog"}), 0);
  severity = nullptr;
  EXPECT_EQ(RunRowan({"schema", "drift", "blog"}), 0);
  EXPECT_EQ(out(), "the database is as version 0f3a of blog says\n");
  EXPECT_EQ(RunRowan({"schema", "drift", "blog", "--format", "json"}), 0);
  EXPECT_EQ(out(), "[]\n");
  EXPECT_EQ(RunRowan({"schema", "drift"}), 2);
}

}  // namespace
}  // namespace rowan::cli
