#include "clients/cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ostream>
#include <sstream>

#include "clients/cli/progress.h"
#include "clients/cli/server.h"
#include "clients/cli/table.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class OptionsTest : public testing::Test {
 protected:
  Options Parse(const std::vector<std::string>& arguments) {
    const std::variant<Options, int> parsed = ParseOptions(arguments, console_);
    EXPECT_TRUE(std::holds_alternative<Options>(parsed)) << err_.str();
    return std::holds_alternative<Options>(parsed) ? std::get<Options>(parsed) : Options();
  }
  std::istringstream in_;
  std::ostringstream out_, err_;
  Console console_{in_, out_, err_};
};

TEST_F(OptionsTest, HasDefaults) {
  const Options options = Parse({"get", "blog", "User", "{}"});
  EXPECT_EQ(options.command, Command::kGet);
  EXPECT_EQ(options.address, "127.0.0.1:50051");
  EXPECT_EQ(options.timeout, absl::Seconds(30));
  EXPECT_EQ(options.format, Format::kJson);
  EXPECT_EQ(options.document, "{}");
  EXPECT_NE(options.request_id, Parse({"get", "blog", "User"}).request_id);
  EXPECT_EQ(Parse({"stream", "blog", "User"}).timeout, absl::ZeroDuration());
}

TEST_F(OptionsTest, TakesServerOptionsAnywhere) {
  EXPECT_EQ(Parse({"--address", "a:1", "get", "blog", "User"}).address, "a:1");
  EXPECT_EQ(Parse({"get", "blog", "--address=a:1", "User"}).address, "a:1");
  EXPECT_EQ(Parse({"schema", "list", "--timeout", "1500ms"}).timeout, absl::Milliseconds(1500));
  EXPECT_EQ(Parse({"schema", "list", "--timeout", "0"}).timeout, absl::ZeroDuration());
}

TEST_F(OptionsTest, TakesTheEnvironmentAfterFlags) {
  setenv("ROWAN_ADDRESS", "env:1", 1);
  EXPECT_EQ(Parse({"get", "blog", "User"}).address, "env:1");
  EXPECT_EQ(Parse({"get", "blog", "User", "--address", "flag:1"}).address, "flag:1");
  unsetenv("ROWAN_ADDRESS");
}

TEST_F(OptionsTest, TakesNamesThatAreCommands) {
  const Options options = Parse({"get", "stream", "schema", "-"});
  EXPECT_EQ(options.command, Command::kGet);
  EXPECT_EQ(options.schema, "stream");
  EXPECT_EQ(options.model, "schema");
  EXPECT_EQ(options.document, "-");
}

struct Wrong {
  std::vector<std::string> arguments;
  std::string says;
};

void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << testing::PrintToString(wrong.arguments);
}

class UsageTest : public testing::TestWithParam<Wrong> {};

TEST_P(UsageTest, ExitsWith2AndSaysWhy) {
  std::istringstream in;
  std::ostringstream out, err;
  Console console{in, out, err};
  const std::variant<Options, int> parsed = ParseOptions(GetParam().arguments, console);
  ASSERT_TRUE(std::holds_alternative<int>(parsed));
  EXPECT_EQ(std::get<int>(parsed), 2);
  EXPECT_THAT(out.str(), IsEmpty());
  EXPECT_THAT(err.str(), testing::StartsWith("rowan: "));
  EXPECT_THAT(err.str(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, UsageTest,
    testing::Values(Wrong{{}, "rowan --help"}, Wrong{{"gett", "blog", "User"}, "did you mean \"rowan get\""},
                    Wrong{{"schema"}, "rowan schema --help"},
                    Wrong{{"schema", "aply", "x.yaml"}, "did you mean \"rowan schema apply\""},
                    Wrong{{"get", "blog"}, "model is required"}, Wrong{{"get", "blog", "User", "{}", "extra"}, "extra"},
                    Wrong{{"get", "blog", "User", "--format", "xml"}, "xml"},
                    Wrong{{"get", "blog", "User", "--frmat", "json"}, "--frmat"},
                    Wrong{{"schema", "get", "blog", "--format", "table"}, "table"},
                    Wrong{{"get", "blog", "User", "--timeout", "5"}, "500ms"},
                    Wrong{{"get", "blog", "User", "--timeout", "-5s"}, "no duration"},
                    Wrong{{"get", "blog", "User", "--timeout", "inf"}, "no duration"},
                    Wrong{{"health", "--wait", "soon"}, "--wait"},
                    Wrong{{"health", "--tls", "--plaintext"}, "--plaintext"},
                    Wrong{{"explain", "look", "blog", "User"}, "look"},
                    Wrong{{"upset", "blog", "User", "{}"}, "did you mean \"rowan upsert\""},
                    Wrong{{"batch", "blog", "User", "[]"}, "[]"}, Wrong{{"transact"}, "schema is required"},
                    Wrong{{"insert", "blog", "User", "{}", "--expect", "1"}, "--expect"},
                    Wrong{{"batch", "blog", "[]", "--format", "table"}, "table"},
                    Wrong{{"bench", "blog", "{}", "--clients", "0"}, "--clients"},
                    Wrong{{"bench", "blog", "{}", "--rate", "-1"}, "--rate"},
                    Wrong{{"bench", "blog", "{}", "--duration", "10"}, "--duration"},
                    Wrong{{"bench", "blog", "{}", "--warm-up", "x"}, "--warm-up"},
                    Wrong{{"bench", "blog", "{}", "--format", "table"}, "table"},
                    Wrong{{"bench"}, "schema is required"}, Wrong{{"get", "blog", "User", "--address"}, "--address"},
                    Wrong{{"get\x1b[31m"}, "rowan: "}));

TEST_F(OptionsTest, HelpAndVersionAreNoErrors) {
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{{"--help"},
                                                                                    {"get", "--help"},
                                                                                    {"stream", "--help"},
                                                                                    {"aggregate", "--help"},
                                                                                    {"exists", "--help"},
                                                                                    {"insert", "--help"},
                                                                                    {"update", "--help"},
                                                                                    {"upsert", "--help"},
                                                                                    {"delete", "--help"},
                                                                                    {"batch", "--help"},
                                                                                    {"transact", "--help"},
                                                                                    {"explain", "--help"},
                                                                                    {"bench", "--help"},
                                                                                    {"health", "--help"},
                                                                                    {"schema", "--help"},
                                                                                    {"schema", "validate", "--help"},
                                                                                    {"schema", "apply", "--help"},
                                                                                    {"schema", "get", "--help"},
                                                                                    {"schema", "list", "--help"}}) {
    out_.str("");
    const std::variant<Options, int> parsed = ParseOptions(line, console_);
    ASSERT_TRUE(std::holds_alternative<int>(parsed));
    EXPECT_EQ(std::get<int>(parsed), 0);
    EXPECT_THAT(out_.str(), HasSubstr("Examples:\n  rowan ")) << testing::PrintToString(line);
  }
  out_.str("");
  EXPECT_EQ(std::get<int>(ParseOptions({"--version"}, console_)), 0);
  EXPECT_THAT(out_.str(), testing::MatchesRegex("rowan [0-9.]+\n"));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST(IsLocal, KnowsThisMachine) {
  for (const char* address : {"127.0.0.1:1", "localhost:1", "localhost", "[::1]:1", "unix:/run/rowan.sock"})
    EXPECT_TRUE(IsLocal(address)) << address;
  for (const char* address : {"example.com:1", "10.0.0.1:1", "localhost.example.com:1", "", "[::2]:1"})
    EXPECT_FALSE(IsLocal(address)) << address;
}

TEST(WidthOf, CountsWhatATerminalShows) {
  EXPECT_EQ(WidthOf("abc"), 3);
  EXPECT_EQ(WidthOf("é漢😀"), 5);
  EXPECT_EQ(WidthOf("e\u0301"), 1);
  EXPECT_EQ(WidthOf(""), 0);
}

TEST(Cells, CutsWhatIsTooLongAndEscapesControls) {
  v1::Shape shape;
  shape.add_fields()->set_name("a");
  shape.add_fields()->set_name("b");
  v1::Record record;
  std::string text;
  for (int i = 0; i < 200; ++i) text += "é";
  record.add_values()->set_text_value(text);
  record.add_values()->set_text_value("two\nlines\x1b[0m");
  const std::vector<std::string> cells = CellsOf(shape, record);
  EXPECT_EQ(WidthOf(cells[0]), 100);
  EXPECT_THAT(cells[0], testing::EndsWith("é…"));
  EXPECT_EQ(cells[1], "two\\nlines\\x1b[0m");
}

TEST(ProgressText, GroupsDigitsAndScalesBytes) {
  using std::chrono::milliseconds;
  EXPECT_EQ(ProgressText({1, 17, milliseconds(0)}), "1 row, 1,000 rows/s, 17 B, 0s");
  EXPECT_EQ(ProgressText({1234567, 12345678, milliseconds(10000)}), "1,234,567 rows, 123,456 rows/s, 12.3 MB, 10s");
  EXPECT_EQ(ProgressText({0, 1000, milliseconds(61250)}), "0 rows, 0 rows/s, 1.0 kB, 1m1s");
  EXPECT_EQ(ProgressText({0, 999'960'000, milliseconds(0)}), "0 rows, 0 rows/s, 1.0 GB, 0s");
  EXPECT_EQ(ProgressText({0, INT64_MAX, milliseconds(0)}), "0 rows, 0 rows/s, 9223372.0 TB, 0s");
}

TEST(ProgressShare, StaysBetweenNothingAndAll) {
  EXPECT_EQ(ProgressShare(0, 200, false), "  0%");
  EXPECT_EQ(ProgressShare(199, 200, false), " 99%");
  EXPECT_EQ(ProgressShare(200, 200, true), "[########################] 100%");
  EXPECT_EQ(ProgressShare(0, 200, true), "[>                       ]   0%");
  EXPECT_EQ(ProgressShare(300, 200, false), "100%");
  EXPECT_EQ(ProgressShare(0, 0, false), "100%");
}

}  // namespace
}  // namespace rowan::cli
