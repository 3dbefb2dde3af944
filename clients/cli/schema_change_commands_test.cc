#include <fstream>

#include "clients/cli/cli_test.h"
#include "clients/document/parse_document.h"

namespace rowan::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kBlog[] =
    "schema: blog\nmodels:\n  User:\n    fields:\n      id: {type: auto_increment, primary: true}\n";

// Answers with a plan of two stages, and remembers what it was asked.
class SchemaChangeTest : public CliTest {
 protected:
  void SetUp() override {
    server_.list_schemas = [this](const v1::ListSchemasRequest&, v1::ListSchemasResponse& response) {
      for (const char* name : {"archive", "blog"}) {
        if (std::string(name) == "blog" && current_.empty()) continue;
        v1::SchemaSummary& summary = *response.add_schemas();
        summary.set_name(name);
        summary.set_version(current_);
      }
      return grpc::Status::OK;
    };
    server_.apply = [this](const v1::ApplySchemaRequest& request, v1::ApplySchemaResponse& response) {
      requests_.push_back(request);
      response = plan_;
      response.set_applied(!request.validate_only());
      return grpc::Status::OK;
    };
  }

  // Runs a command on kBlog in a file.
  int RunOnFile(std::vector<std::string> arguments, const std::string& input = "") {
    const std::string path = testing::TempDir() + "rowan_change.yaml";
    std::ofstream(path) << kBlog;
    arguments.insert(arguments.begin() + 2, path);
    requests_.clear();
    return RunRowan(arguments, input);
  }

  std::string current_ = "0001";
  std::vector<v1::ApplySchemaRequest> requests_;
  v1::ApplySchemaResponse plan_ = FromText<v1::ApplySchemaResponse>(R"pb(
    schema { name: "blog" version: "0f3a" }
    diagnostics {
      severity: SEVERITY_NOTICE
      reason: "IMPLIED_NULLABLE"
      path: "models.Post.relations.user"
      message: "set null implies nullable"
    }
    steps {
      description: "create table users"
      sql: "CREATE TABLE users (\n  id bigint\n)"
      lock: TABLE_LOCK_NONE
      risk: STEP_RISK_SAFE
      stage: 1
    }
    steps {
      description: "drop column posts.body"
      lock: TABLE_LOCK_ACCESS_EXCLUSIVE
      risk: STEP_RISK_LOSSY
      explanation: "its values are gone"
      stage: 1
    }
    steps {
      description: "create index idx_posts_title"
      lock: TABLE_LOCK_SHARE_UPDATE_EXCLUSIVE
      risk: STEP_RISK_SAFE
      stage: 2
      alone: true
    })pb");
};

constexpr char kPlan[] =
    "stage 1, one transaction:\n"
    "  create table users (safe, no lock)\n"
    "  drop column posts.body (lossy, ACCESS EXCLUSIVE lock: reads and writes wait)\n"
    "    its values are gone\n"
    "stage 2, outside of a transaction:\n"
    "  create index idx_posts_title (safe, SHARE UPDATE EXCLUSIVE lock: reads and writes go on)\n";
constexpr char kNotice[] = "rowan_change.yaml:2:1: notice IMPLIED_NULLABLE: set null implies nullable\n";

TEST_F(SchemaChangeTest, PrintsThePlanAndApplies) {
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes"}), 0) << err();
  EXPECT_EQ(out(), std::string(kPlan) + "blog is now at version 0f3a\n");
  EXPECT_EQ(err(), testing::TempDir() + kNotice);
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_TRUE(requests_[0].validate_only());
  EXPECT_FALSE(requests_[1].validate_only());
  EXPECT_EQ(requests_[1].schema().models(0).fields(0).type().scalar(), v1::SCALAR_TYPE_AUTO_INCREMENT);
  for (const v1::ApplySchemaRequest& request : requests_) EXPECT_EQ(request.expected_version(), "0001");
}

TEST_F(SchemaChangeTest, ExpectsWhatWasCurrentOrSaid) {
  current_ = "";
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes"}), 0);
  EXPECT_TRUE(requests_[1].has_expected_version());
  EXPECT_EQ(requests_[1].expected_version(), "");
  current_ = "0002";
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes", "--expected-version", "0001"}), 0);
  EXPECT_EQ(requests_[1].expected_version(), "0001");
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes", "--expected-version", ""}), 0);
  EXPECT_TRUE(requests_[1].has_expected_version());
  EXPECT_EQ(requests_[1].expected_version(), "");
}

TEST_F(SchemaChangeTest, NeverAsksWithoutATerminal) {
  EXPECT_EQ(RunOnFile({"schema", "apply"}, "y\n"), 2);
  EXPECT_THAT(err(), HasSubstr("the plan has 3 steps, and there is nobody to ask; nothing was applied"));
  EXPECT_THAT(err(), HasSubstr("--yes"));
  EXPECT_EQ(requests_.size(), 1u);
  plan_.clear_steps();
  EXPECT_EQ(RunOnFile({"schema", "apply"}), 0) << "a plan without steps needs no consent";
  EXPECT_EQ(requests_.size(), 2u);
}

TEST_F(SchemaChangeTest, AsksOnATerminal) {
  console_.in_is_terminal = console_.err_is_terminal = true;
  for (const char* yes : {"y\n", "Yes\n", " YES \n", "y"}) {
    EXPECT_EQ(RunOnFile({"schema", "apply"}, yes), 0) << yes;
    EXPECT_THAT(err(), HasSubstr("apply? [y/N] "));
    EXPECT_EQ(requests_.size(), 2u) << yes;
  }
  for (const char* no : {"", "\n", "n\n", "yess\n", "no\ny\n"}) {
    EXPECT_EQ(RunOnFile({"schema", "apply"}, no), 1) << no;
    EXPECT_THAT(err(), HasSubstr("nothing was applied"));
    EXPECT_EQ(requests_.size(), 1u) << no;
  }
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes"}), 0);
  EXPECT_THAT(err(), Not(HasSubstr("apply?")));
  EXPECT_EQ(RunRowan({"schema", "apply", "-"}, kBlog), 2) << "standard input is the schema, so it has no answer";
}

TEST_F(SchemaChangeTest, EndsWhenAnotherVersionCameBetween) {
  server_.apply = [this](const v1::ApplySchemaRequest& request, v1::ApplySchemaResponse& response) {
    response = plan_;
    if (request.validate_only()) return grpc::Status::OK;
    return ErrorStatus(grpc::StatusCode::ABORTED, "another change came first",
                       FromText<google::rpc::ErrorInfo>(R"pb(reason: "VERSION_MISMATCH")pb"), {});
  };
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes"}), 74);
  EXPECT_THAT(err(), HasSubstr("ABORTED VERSION_MISMATCH"));
  EXPECT_THAT(out(), Not(HasSubstr("is now at version")));
}

TEST_F(SchemaChangeTest, PassesWhatIsAllowed) {
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes", "--allow", "drop column posts.body", "--allow", "drop table a",
                       "--leave-out", "drop table drafts", "--online", "always"}),
            0)
      << err();
  for (const v1::ApplySchemaRequest& request : requests_) {
    EXPECT_THAT(request.allow_data_loss(), ElementsAre("drop column posts.body", "drop table a"));
    EXPECT_THAT(request.leave_out(), ElementsAre("drop table drafts"));
    EXPECT_EQ(request.online(), v1::ONLINE_POLICY_ALWAYS);
    EXPECT_EQ(request.adopt(), v1::ADOPT_LEVEL_UNSPECIFIED);
  }
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes", "--adopt", "enforce", "--online", "never"}), 0);
  EXPECT_EQ(requests_[1].adopt(), v1::ADOPT_LEVEL_ENFORCE);
  EXPECT_EQ(requests_[1].online(), v1::ONLINE_POLICY_NEVER);
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes", "--adopt", "perhaps"}), 2);
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes", "--online", "soon"}), 2);
}

TEST_F(SchemaChangeTest, GoesBack) {
  EXPECT_EQ(RunRowan({"schema", "apply", "blog", "--to-version", "77b0", "--yes"}), 0) << err();
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_EQ(requests_[1].earlier().name(), "blog");
  EXPECT_EQ(requests_[1].earlier().version(), "77b0");
  EXPECT_EQ(requests_[1].expected_version(), "0001");
}

TEST_F(SchemaChangeTest, ShowsADiff) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"schema", "diff"}, {"schema", "apply", "--validate-only"}}) {
    EXPECT_EQ(RunOnFile(command), 0) << err();
    EXPECT_EQ(out(), std::string(kPlan) + "blog is valid; nothing was changed (version 0f3a)\n");
    ASSERT_EQ(requests_.size(), 1u);
    EXPECT_TRUE(requests_[0].validate_only());
    EXPECT_FALSE(requests_[0].has_expected_version());
  }
  EXPECT_EQ(RunOnFile({"schema", "diff", "--exit-code", "--sql", "--quiet"}), 2);
  EXPECT_THAT(out(), HasSubstr("      CREATE TABLE users (\n        id bigint\n      )\n"));
  EXPECT_THAT(err(), IsEmpty());
  plan_.clear_steps();
  EXPECT_EQ(RunOnFile({"schema", "diff", "--exit-code"}), 0);
  EXPECT_EQ(out(), "blog is valid; the database needs no change (version 0f3a)\n");
}

TEST_F(SchemaChangeTest, PrintsJson) {
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes", "--format", "json"}), 0);
  const auto printed = document::ParseJson(out());
  ASSERT_TRUE(printed.ok()) << out();
  EXPECT_TRUE(printed->Find("applied")->truth);
  const document::Node& step = printed->Find("steps")->items[1];
  EXPECT_EQ(step.Find("description")->text, "drop column posts.body");
  EXPECT_EQ(step.Find("risk")->text, "lossy");
  EXPECT_EQ(step.Find("lock")->text, "ACCESS EXCLUSIVE");
  EXPECT_EQ(printed->Find("diagnostics")->items[0].Find("severity")->text, "notice");
  EXPECT_EQ(RunOnFile({"schema", "apply", "--format", "json"}), 2);
  EXPECT_THAT(out(), IsEmpty());
}

TEST_F(SchemaChangeTest, KeepsTheTerminalSafe) {
  plan_.mutable_steps(0)->set_description("create table \x1b[2J");
  EXPECT_EQ(RunOnFile({"schema", "diff"}), 0);
  EXPECT_THAT(out(), Not(HasSubstr("\x1b")));
}

TEST_F(SchemaChangeTest, TellsHowToAllowDataLoss) {
  server_.apply = [](const v1::ApplySchemaRequest&, v1::ApplySchemaResponse&) {
    return ErrorStatus(grpc::StatusCode::FAILED_PRECONDITION, "this change is refused",
                       FromText<google::rpc::ErrorInfo>(R"pb(reason: "DATA_LOSS")pb"), {});
  };
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes"}), 73);
  EXPECT_THAT(err(), HasSubstr("--allow"));
}

TEST_F(SchemaChangeTest, Validates) {
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--server", "--quiet"}, kBlog), 0);
  EXPECT_TRUE(requests_[0].validate_only());
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(SchemaChangeTest, ReadsJsonAndYamlFiles) {
  const std::string path = testing::TempDir() + "rowan_schema.json";
  std::ofstream(path) << R"({"schema": "blog", "models": {}})";
  EXPECT_EQ(RunRowan({"schema", "apply", path, "--yes"}), 0) << err();
  EXPECT_EQ(requests_[0].schema().name(), "blog");
  std::ofstream(path) << "schema: blog\n";
  EXPECT_EQ(RunRowan({"schema", "apply", path}), 2);
  EXPECT_THAT(err(), HasSubstr(path + ":1:1: error DOCUMENT_INVALID: "));
}

TEST_F(SchemaChangeTest, TellsAllMistakesAndFailsTheCheck) {
  server_.apply = [](const v1::ApplySchemaRequest&, v1::ApplySchemaResponse&) {
    return ErrorStatus(
        grpc::StatusCode::INVALID_ARGUMENT,
        "the schema is invalid: models.User.relations.role: there is no model Rol; models.User.table: too long",
        FromText<google::rpc::ErrorInfo>(R"pb(reason: "UNKNOWN_TARGET")pb"),
        FromText<google::rpc::BadRequest>(
            R"pb(field_violations {
                   field: "models.User.relations.role"
                   description: "[UNKNOWN_TARGET] there is no model Rol"
                 }
                 field_violations { field: "models.User.fields.id" description: "[SCHEMA_INVALID] too long" }
                 field_violations { field: "" description: "no reason" })pb"));
  };
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--server"}, kBlog), 1);
  EXPECT_THAT(err(), testing::StartsWith("<stdin>:3:3: error UNKNOWN_TARGET: there is no model Rol\n"
                                         "<stdin>:5:7: error SCHEMA_INVALID: too long\n"
                                         "<stdin>:1:1: error UNKNOWN_TARGET: no reason\n"
                                         "rowan: INVALID_ARGUMENT UNKNOWN_TARGET: the schema is invalid\n"));
  EXPECT_EQ(RunRowan({"schema", "apply", "-"}, kBlog), 67);
  EXPECT_EQ(RunRowan({"schema", "diff", "blog", "--to-version", "77b0"}), 67);
  EXPECT_THAT(err(), HasSubstr("  at models.User.relations.role: [UNKNOWN_TARGET] there is no model Rol\n"));
}

TEST_F(SchemaChangeTest, TellsAMissingServerApart) {
  server_.apply = [](const v1::ApplySchemaRequest&, v1::ApplySchemaResponse&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
  };
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--server"}, kBlog), 78);
  server_.list_schemas = nullptr;
  EXPECT_EQ(RunOnFile({"schema", "apply", "--yes"}), 76);
}

}  // namespace
}  // namespace rowan::cli
