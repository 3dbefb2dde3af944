#include <cstdio>
#include <fstream>
#include <sstream>

#include "clients/cli/cli_test.h"

namespace rowan::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kShop[] = "schema: shop\nmodels:\n  Order:\n    fields:\n      id: {type: int64, primary: true}\n";

class PullTest : public CliTest {
 protected:
  void SetUp() override {
    std::remove(path_.c_str());
    server_.introspect = [this](const v1::IntrospectRequest& request, v1::IntrospectResponse& response) {
      request_ = request;
      response = FromText<v1::IntrospectResponse>(R"pb(
        schema {
          name: "shop"
          models {
            name: "Order"
            fields {
              name: "id"
              type { scalar: SCALAR_TYPE_INT64 }
              primary: true
            }
          }
        }
        diagnostics {
          severity: SEVERITY_WARNING
          reason: "UNSUPPORTED_TYPE"
          path: "public.orders.shape"
          message: "no schema can hold a point"
        })pb");
      return grpc::Status::OK;
    };
    server_.apply = [this](const v1::ApplySchemaRequest& request, v1::ApplySchemaResponse& response) {
      applied_.push_back(request);
      *response.mutable_schema() = request.schema();
      response.mutable_schema()->set_version("0f3a");
      response.set_applied(true);
      return grpc::Status::OK;
    };
  }

  std::string Written() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  const std::string path_ = testing::TempDir() + "rowan_pulled.yaml";
  v1::IntrospectRequest request_;
  std::vector<v1::ApplySchemaRequest> applied_;
};

TEST_F(PullTest, PrintsTheSchema) {
  EXPECT_EQ(RunRowan({"schema", "pull", "--name", "shop", "--database-schema", "a", "--database-schema", "b", "--table",
                      "a.orders"}),
            0);
  EXPECT_EQ(out(), kShop);
  EXPECT_EQ(err(), "rowan: warning UNSUPPORTED_TYPE at public.orders.shape: no schema can hold a point\n");
  EXPECT_EQ(request_.name(), "shop");
  EXPECT_THAT(request_.database_schemas(), ElementsAre("a", "b"));
  EXPECT_THAT(request_.tables(), ElementsAre("a.orders"));
  EXPECT_THAT(applied_, IsEmpty());
  EXPECT_EQ(RunRowan({"schema", "pull", "--quiet", "--format", "json"}), 0);
  EXPECT_THAT(out(), HasSubstr("\"schema\": \"shop\""));
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(PullTest, NeverWritesOverAFileUnasked) {
  EXPECT_EQ(RunRowan({"schema", "pull", "-o", path_}), 0) << err();
  EXPECT_THAT(out(), IsEmpty());
  EXPECT_EQ(Written(), kShop);
  std::ofstream(path_) << "mine";
  EXPECT_EQ(RunRowan({"schema", "pull", "-o", path_, "--adopt", "warn"}), 2);
  EXPECT_THAT(err(), HasSubstr("is there already"));
  EXPECT_EQ(Written(), "mine");
  EXPECT_THAT(applied_, IsEmpty()) << "what could not be written is not registered either";
  EXPECT_EQ(RunRowan({"schema", "pull", "-o", path_, "--yes"}), 0) << err();
  EXPECT_EQ(Written(), kShop);
}

TEST_F(PullTest, SaysWhyAFileCannotBeWritten) {
  for (const char* yes : {"--yes", "--quiet"}) {
    EXPECT_EQ(RunRowan({"schema", "pull", "-o", testing::TempDir() + "nowhere/shop.yaml", yes}), 3);
    EXPECT_THAT(err(), HasSubstr("No such file or directory"));
  }
}

TEST_F(PullTest, Adopts) {
  EXPECT_EQ(RunRowan({"schema", "pull", "--adopt", "enforce"}), 0) << err();
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(applied_[0].adopt(), v1::ADOPT_LEVEL_ENFORCE);
  EXPECT_EQ(applied_[0].schema().models(0).name(), "Order");
  EXPECT_EQ(applied_[0].expected_version(), "");
  EXPECT_TRUE(applied_[0].has_expected_version());
  EXPECT_THAT(err(), HasSubstr("rowan: shop is now at version 0f3a\n"));
  EXPECT_EQ(RunRowan({"schema", "pull", "--adopt", "off", "--yes"}), 0);
  EXPECT_FALSE(applied_[1].has_expected_version());
  EXPECT_EQ(RunRowan({"schema", "pull", "--adopt", "maybe"}), 2);
}

TEST_F(PullTest, ReplacesNoRegisteredSchemaUnasked) {
  server_.apply = [](const v1::ApplySchemaRequest&, v1::ApplySchemaResponse&) {
    return ErrorStatus(grpc::StatusCode::ABORTED, "schema shop is at version \"77b0\"",
                       FromText<google::rpc::ErrorInfo>(R"pb(reason: "VERSION_MISMATCH")pb"), {});
  };
  EXPECT_EQ(RunRowan({"schema", "pull", "--adopt", "warn"}), 74);
  EXPECT_THAT(err(), HasSubstr("give --yes to register it anew"));
}

TEST_F(PullTest, FailsAsTheServerDoes) {
  server_.introspect = [](const v1::IntrospectRequest&, v1::IntrospectResponse&) {
    return ErrorStatus(grpc::StatusCode::NOT_FOUND, "the database has no PostgreSQL schema \"shopp\"",
                       FromText<google::rpc::ErrorInfo>(R"pb(reason: "UNKNOWN_DATABASE_SCHEMA"
                                                             metadata { key: "nearest" value: "shop" })pb"),
                       {});
  };
  EXPECT_EQ(RunRowan({"schema", "pull", "--database-schema", "shopp", "-o", path_}), 69);
  EXPECT_THAT(err(), HasSubstr("did you mean \"shop\"?"));
  EXPECT_FALSE(std::ifstream(path_).is_open());
}

}  // namespace
}  // namespace rowan::cli
