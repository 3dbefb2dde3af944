#include "service/embedded_postgres.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/pg/connection.h"
#include "service/log.h"

namespace rowan::service {
namespace {

// A folder that the server's user can reach.
class EmbeddedPostgresTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { StartLog(LogFormat::kText, LogLevel::kError); }
  void SetUp() override {
    char folder[] = "/tmp/rowan-embedded-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    chmod(folder, 0755);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static absl::StatusOr<std::string> Ask(const std::string& conninfo, const std::string& sql) {
    auto connection = pg::Connection::Open(conninfo, Call());
    if (!connection.ok()) return connection.status();
    auto result = (*connection)->Execute({sql, {}}, {}, Call());
    if (!result.ok()) return result.status();
    return result->rows() == 0 ? "" : std::string(result->bytes(0, 0));
  }

  std::string folder_;
};

TEST_F(EmbeddedPostgresTest, KeepsItsDataFromStartToStart) {
  {
    auto server = EmbeddedPostgres::Start(folder_ + "/rowan");
    ASSERT_TRUE(server.ok()) << server.status();
    const auto created = Ask((*server)->conninfo(), "CREATE TABLE public.kept AS SELECT 'here'::text AS t");
    ASSERT_TRUE(created.ok()) << created.status() << pg::DatabaseErrorOf(created.status())->message;
  }
  auto again = EmbeddedPostgres::Start(folder_ + "/rowan");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*Ask((*again)->conninfo(), "SELECT t FROM public.kept"), "here");
}

TEST_F(EmbeddedPostgresTest, AFolderServesOne) {
  auto first = EmbeddedPostgres::Start(folder_ + "/rowan");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = EmbeddedPostgres::Start(folder_ + "/rowan");
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find("used by another rowand"), absl::string_view::npos) << second.status();
}

TEST_F(EmbeddedPostgresTest, AFolderThatCannotBeMadeIsRefused) {
  std::ofstream(folder_ + "/file") << "x";
  const auto server = EmbeddedPostgres::Start(folder_ + "/file/rowan");
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.status().message().find("cannot make the folder"), absl::string_view::npos) << server.status();
}

TEST_F(EmbeddedPostgresTest, SomeoneElsesDataAreLeftAlone) {
  std::filesystem::create_directories(folder_ + "/rowan/data");
  std::ofstream(folder_ + "/rowan/data/thesis.txt") << "years of work";
  const auto server = EmbeddedPostgres::Start(folder_ + "/rowan");
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.status().message().find("is left alone"), absl::string_view::npos) << server.status();
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/rowan/data/thesis.txt"));
}

TEST_F(EmbeddedPostgresTest, AFirstStartThatWasCutShortIsBegunAnew) {
  std::filesystem::create_directories(folder_ + "/rowan/rowand-initdb");
  std::ofstream(folder_ + "/rowan/rowand-initdb/PG_VERSION") << "15";
  const auto server = EmbeddedPostgres::Start(folder_ + "/rowan");
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(*Ask((*server)->conninfo(), "SELECT 'new'::text"), "new");
}

TEST_F(EmbeddedPostgresTest, TheServerRunsWithoutOurRights) {
  auto server = EmbeddedPostgres::Start(folder_ + "/rowan");
  ASSERT_TRUE(server.ok()) << server.status();
  std::ifstream pid_file(folder_ + "/rowan/data/postmaster.pid");
  std::string pid;
  ASSERT_TRUE(pid_file >> pid);
  std::ifstream status("/proc/" + pid + "/status");
  std::string groups = "(none read)";
  std::string user;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Uid:")) user = line.substr(4);
    if (line.starts_with("Groups:")) groups = line.substr(7);
  }
  // Root has rights to give up; anyone else's server runs as that user.
  if (geteuid() == 0) {
    EXPECT_EQ(groups.find_first_not_of(" \t"), std::string::npos) << groups;
  }
  EXPECT_NE(std::atoi(user.c_str()), 0) << user;
}

TEST_F(EmbeddedPostgresTest, StartsAgainWhenItDies) {
  auto server = EmbeddedPostgres::Start(folder_ + "/rowan");
  ASSERT_TRUE(server.ok()) << server.status();
  std::ifstream pid_file(folder_ + "/rowan/data/postmaster.pid");
  pid_t pid = 0;
  ASSERT_TRUE(pid_file >> pid);
  ASSERT_EQ(kill(pid, SIGQUIT), 0);
  bool back = false;
  for (int i = 0; i < 200 && !back; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    pid_t now = 0;
    std::ifstream file(folder_ + "/rowan/data/postmaster.pid");
    back = file >> now && now != pid && Ask((*server)->conninfo(), "SELECT 'back'::text").ok();
  }
  EXPECT_TRUE(back);
}

}  // namespace
}  // namespace rowan::service
