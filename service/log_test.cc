#include "service/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rowan::service {
namespace {

// Returns what one event makes of the log.
std::string Logged(LogFormat format, LogLevel least, LogLevel level, std::string_view event,
                   const std::vector<LogField>& fields) {
  testing::internal::CaptureStderr();
  StartLog(format, least);
  Log(level, event, fields);
  StartLog(LogFormat::kText, LogLevel::kError);  // which writes what the former log holds back
  return testing::internal::GetCapturedStderr();
}

TEST(Log, JsonLinesHoldTimeLevelEventAndFields) {
  const std::string line =
      Logged(LogFormat::kJson, LogLevel::kInfo, LogLevel::kWarning, "call", {{"model", "User"}, {"code", "OK"}});
  const auto json = nlohmann::json::parse(line, nullptr, false);
  ASSERT_TRUE(json.is_object()) << line;
  EXPECT_EQ(json["level"], "warning");
  EXPECT_EQ(json["event"], "call");
  EXPECT_EQ(json["model"], "User");
  EXPECT_EQ(json["code"], "OK");
  EXPECT_EQ(std::string(json["time"]).back(), 'Z');
}

TEST(Log, LessThanTheLevelIsNotWritten) {
  EXPECT_EQ(Logged(LogFormat::kText, LogLevel::kWarning, LogLevel::kInfo, "call", {}), "");
  EXPECT_NE(Logged(LogFormat::kText, LogLevel::kWarning, LogLevel::kError, "call", {}), "");
}

TEST(Log, TextIsForPeople) {
  const std::string line = Logged(LogFormat::kText, LogLevel::kInfo, LogLevel::kInfo, "the server stops",
                                  {{"model", "User"}, {"why", "two words"}, {"none", ""}});
  EXPECT_NE(line.find("the server stops model=User why=\"two words\" none=\"\""), std::string::npos) << line;
}

// Names in requests are the clients': they must not end a line, forge one, or steer a terminal.
TEST(Log, HostileValuesStayInTheirLine) {
  const std::string hostile[] = {"a\nlevel=error forged",
                                 "\x1b[2J",
                                 "\xc2\x9b"
                                 "2J",
                                 "\xff\xfe",
                                 std::string("a\0b", 3),
                                 "\",\"level\":\"error",
                                 "%s%n{}",
                                 "\x7f"};
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    for (const std::string& value : hostile) {
      const std::string line = Logged(format, LogLevel::kInfo, LogLevel::kInfo, value, {{"model", value}});
      EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
      EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
      EXPECT_EQ(line.find('\0'), std::string::npos) << line;
      if (format == LogFormat::kText) {
        EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos) << line;
      } else {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        ASSERT_TRUE(json.is_object()) << line;
        EXPECT_EQ(json["level"], "info");
      }
    }
  }
}

TEST(Log, LongValuesAreCut) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    EXPECT_LT(Logged(format, LogLevel::kInfo, LogLevel::kInfo, "call", {{"model", std::string(100000, 'x')}}).size(),
              1000u);
  }
}

}  // namespace
}  // namespace rowan::service
