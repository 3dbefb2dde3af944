#include <chrono>
#include <thread>

#include "clients/cli/cli_test.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;

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
