#include "service/admin.h"

#include <gtest/gtest.h>
#include <httplib.h>

namespace rowan::service {
namespace {

class AdminServerTest : public testing::Test {
 protected:
  void SetUp() override {
    admin_ = AdminServer::Start(state_, "127.0.0.1", 0);
    ASSERT_NE(admin_, nullptr);
  }

  // Returns the status and the body of a page.
  std::pair<int, std::string> Get(const std::string& path) const {
    httplib::Client client("127.0.0.1", admin_->port());
    const httplib::Result result = client.Get(path.c_str());
    return result ? std::pair(result->status, result->body) : std::pair(0, std::string());
  }

  ServerState state_;
  std::unique_ptr<AdminServer> admin_;
};

TEST_F(AdminServerTest, AProcessWithoutItsDatabaseLivesAndIsNotReady) {
  EXPECT_EQ(Get("/livez"), std::pair(200, std::string("ok\n")));
  EXPECT_EQ(Get("/readyz"), std::pair(503, std::string("the database cannot be reached\n")));
  EXPECT_EQ(Get("/nothing").first, 404);
}

TEST_F(AdminServerTest, ADrainingServerIsNotReady) {
  state_.draining = true;
  EXPECT_EQ(Get("/readyz"), std::pair(503, std::string("draining\n")));
  EXPECT_EQ(Get("/livez").first, 200);
}

TEST_F(AdminServerTest, MetricsCountCallsByMethodAndCode) {
  state_.metrics.CountCall("Get", "OK", 0.001);
  state_.metrics.CountCall("Get", "OK", 100);
  state_.metrics.CountCall("Insert", "NOT_FOUND", 0);
  state_.in_flight = 3;
  const auto [status, text] = Get("/metrics");
  EXPECT_EQ(status, 200);
  for (const char* line : {"rowan_rpc_duration_seconds_count{code=\"OK\",method=\"Get\"} 2",
                           "rowan_rpc_duration_seconds_bucket{code=\"OK\",method=\"Get\",le=\"0.001\"} 1",
                           "rowan_rpc_duration_seconds_count{code=\"NOT_FOUND\",method=\"Insert\"} 1",
                           "rowan_rpc_in_flight 3", "rowan_build_info{version=\"" ROWAN_VERSION "\"} 1"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
  // Without a database there is nothing to say about it.
  EXPECT_EQ(text.find("rowan_db_pool_connections{"), std::string::npos) << text;
}

TEST_F(AdminServerTest, ATakenPortIsRefused) {
  EXPECT_EQ(AdminServer::Start(state_, "127.0.0.1", admin_->port()), nullptr);
}

TEST(AdminServer, StopsAsSoonAsItStarted) {
  ServerState state;
  for (int i = 0; i < 20; ++i) ASSERT_NE(AdminServer::Start(state, "127.0.0.1", 0), nullptr);
}

}  // namespace
}  // namespace rowan::service
