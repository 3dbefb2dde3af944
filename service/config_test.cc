#include "service/config.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/match.h"

namespace rowan::service {
namespace {

using Environment = std::map<std::string, std::string>;

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + name;
  std::ofstream(path) << text;
  return path;
}

std::string Origin(const LoadedConfig& loaded, const std::string& name) {
  for (const Setting& setting : loaded.settings) {
    if (setting.name == name) return setting.origin;
  }
  return "(none)";
}

TEST(Config, DefaultsAreThoseOfTheDocumentation) {
  const auto loaded = LoadConfig({}, {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.grpc_address, "127.0.0.1:50051");
  EXPECT_EQ(loaded->config.db_pool_size, 10);
  EXPECT_EQ(loaded->config.query_timeout, std::chrono::seconds(30));
  EXPECT_EQ(Origin(*loaded, "db.pool_size"), "default");
}

TEST(Config, FlagBeatsEnvironmentBeatsFile) {
  const std::string file =
      WriteFile("rowand.yaml", "db: {pool_size: 1, stream_pool_size: 2, queue_limit: 3}\nquery: {timeout: 1s}\n");
  const Environment environment = {
      {"ROWAN_DB_POOL_SIZE", "11"}, {"ROWAN_DB_STREAM_POOL_SIZE", "12"}, {"HOME", "/x"}, {"ROWAN_ADDRESS", "a:1"}};
  const auto loaded = LoadConfig({"--config", file, "--db-pool-size=21"}, environment);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.db_pool_size, 21);
  EXPECT_EQ(loaded->config.db_stream_pool_size, 12);
  EXPECT_EQ(loaded->config.db_queue_limit, 3);
  EXPECT_EQ(Origin(*loaded, "db.pool_size"), "flag");
  EXPECT_EQ(Origin(*loaded, "db.stream_pool_size"), "environment");
  EXPECT_EQ(Origin(*loaded, "db.queue_limit"), "file");
}

TEST(Config, SecretsComeFromFilesAndAreNotShown) {
  const std::string secret = WriteFile("secret", "postgresql://u:hunter2@h/d\n");
  for (const auto& [flags, environment] :
       {std::pair<std::vector<std::string>, Environment>{{"--db-url-file", secret}, {}},
        std::pair<std::vector<std::string>, Environment>{{}, {{"ROWAN_DB_URL_FILE", secret}}}}) {
    const auto loaded = LoadConfig(flags, environment);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(loaded->config.db_url, "postgresql://u:hunter2@h/d");
    for (const Setting& setting : loaded->settings) EXPECT_FALSE(absl::StrContains(setting.value, "hunter2"));
  }
}

TEST(Config, BoolFlagsStandAlone) {
  const auto loaded = LoadConfig({"--insecure-listen", "--db-pool-size", "5"}, {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->config.insecure_listen);
  EXPECT_EQ(loaded->config.db_pool_size, 5);
}

struct BadCase {
  std::vector<std::string> flags;
  Environment environment;
  std::string file;
  std::string says;
};

TEST(Config, MistakesAreNamed) {
  const std::vector<BadCase> cases = {
      {{"--db-pool-sise", "1"}, {}, "", "did you mean --db-pool-size"},
      {{"--db-pool-size"}, {}, "", "needs a value"},
      {{"--db-pool-size", "many"}, {}, "", "db.pool_size (flag): must be a whole number from 1 to 1000"},
      {{"--db-pool-size", "1001"}, {}, "", "must be a whole number"},
      {{"--db-pool-size", "-1"}, {}, "", "must be a whole number"},
      {{"--query-timeout", "30"}, {}, "", "with a unit"},
      {{"--message-in", "4MB"}, {}, "", "must be a number of bytes"},
      {{"--message-in", "1"}, {}, "", "must be from 1KiB"},
      {{"--log-format", "xml"}, {}, "", "must be one of auto, text, json"},
      {{"--insecure-listen=yes"}, {}, "", "must be true or false"},
      {{"--tls-cert-file", "x"}, {}, "", "go together"},
      {{"--db-url-file", "/nowhere/at/all"}, {}, "", "cannot be read"},
      {{"--db-url-file", WriteFile("empty", "\n")}, {}, "", "db.url (flag): is empty"},
      {{}, {{"ROWAN_DB_URL", ""}}, "", "db.url (environment): is empty"},
      {{"--query-timeout", "0s"}, {}, "", "must be at least 1ms"},
      {{"--stream-timeout", "999999999999h"}, {}, "", "must be at most 480h"},
      {{"--grpc-address", "localhost"}, {}, "", "must be host:port"},
      {{"--grpc-address", "off"}, {}, "", "must be host:port"},
      {{"--admin-address", ""}, {}, "", "must be host:port"},
      {{"serve"}, {}, "", "unexpected argument serve"},
      {{}, {{"ROWAN_DB_POL_SIZE", "1"}}, "", "did you mean ROWAN_DB_POOL_SIZE"},
      {{}, {{"ROWAN_DB_POOL_SIZE", ""}}, "", "(environment)"},
      {{}, {}, "db: {pool_sise: 1}", "did you mean db.pool_size"},
      {{}, {}, "db: {pool_size: [1]}", "must be a single value"},
      {{}, {}, "- 1", "must hold settings by name"},
      {{}, {}, "db: {", "rowand-bad.yaml"},
      {{"--config", "/nowhere/at/all"}, {}, "", "/nowhere/at/all"},
  };
  for (const BadCase& bad : cases) {
    SCOPED_TRACE(bad.says);
    std::vector<std::string> flags = bad.flags;
    if (!bad.file.empty()) flags.insert(flags.end(), {"--config", WriteFile("rowand-bad.yaml", bad.file)});
    const auto loaded = LoadConfig(flags, bad.environment);
    ASSERT_FALSE(loaded.ok());
    EXPECT_TRUE(absl::StrContains(loaded.status().message(), bad.says)) << loaded.status();
  }
}

TEST(Config, OthersVariablesArePassedOver) {
  const Environment environment = {{"ROWAN_SERVICE_HOST", "10.0.0.1"},
                                   {"ROWAN_SERVICE_PORT_GRPC", "50051"},
                                   {"ROWAN_PORT", "tcp://10.0.0.1:50051"},
                                   {"ROWAN_PORT_50051_TCP_PROTO", "tcp"},
                                   {"ROWAN_ADDRESS", "a:1"},
                                   {"ROWANOAK", "x"},
                                   {"PGHOST", "x"}};
  const auto loaded = LoadConfig({}, environment);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (const Setting& setting : loaded->settings) EXPECT_EQ(setting.origin, "default") << setting.name;
}

TEST(Config, HelpNamesEverySetting) {
  const auto loaded = LoadConfig({}, {});
  ASSERT_TRUE(loaded.ok());
  const std::string help = ConfigHelp();
  EXPECT_GT(loaded->settings.size(), 20u);
  for (const Setting& setting : loaded->settings) EXPECT_TRUE(absl::StrContains(help, setting.help)) << setting.name;
}

TEST(ParseDuration, TakesUnits) {
  EXPECT_EQ(*ParseDuration("500ms"), std::chrono::milliseconds(500));
  EXPECT_EQ(*ParseDuration("0s"), std::chrono::milliseconds(0));
  EXPECT_EQ(*ParseDuration("5m"), std::chrono::minutes(5));
  EXPECT_EQ(*ParseDuration("2h"), std::chrono::hours(2));
  for (const char* bad : {"", "5", "s", "-1s", "1.5s", "1 s", "1d", "99999999999999999999s", "481h", "1099511627776h"})
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
}

TEST(ParseAddress, SplitsHostAndPort) {
  EXPECT_EQ(ParseAddress("127.0.0.1:0")->port, 0);
  EXPECT_EQ(ParseAddress("db.example.com:65535")->host, "db.example.com");
  EXPECT_EQ(ParseAddress("[::1]:50051")->host, "::1");
  for (const char* bad : {"", ":", "host", "host:", ":1", "host:65536", "host:-1", "host:+1", "host: 1", "host:1x",
                          "::1:50051", "[]:1", "unix:/x"}) {
    EXPECT_FALSE(ParseAddress(bad).ok()) << bad;
  }
}

TEST(ParseSize, TakesUnits) {
  EXPECT_EQ(*ParseSize("512"), 512);
  EXPECT_EQ(*ParseSize("64KiB"), 65536);
  EXPECT_EQ(*ParseSize("1GiB"), 1 << 30);
  for (const char* bad : {"", "KiB", "1KB", "-1", "1.5MiB", "99999999999999999999"})
    EXPECT_FALSE(ParseSize(bad).ok()) << bad;
}

}  // namespace
}  // namespace rowan::service
