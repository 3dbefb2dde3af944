#include <fstream>
#include <sstream>

#include "clients/cli/cli_test.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kWild[] = "models: {User: {fields: {id: {primary: true, type: int64}}}}  # all\nschema: blog\n";
constexpr char kTidy[] = "schema: blog\nmodels:\n  User:\n    fields:\n      id: {type: int64, primary: true} # all\n";

class SchemaFormatTest : public CliTest {
 protected:
  void SetUp() override { std::ofstream(path_) << kWild; }

  std::string Written() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  const std::string path_ = testing::TempDir() + "rowan_format.yaml";
};

TEST_F(SchemaFormatTest, PrintsAndChecks) {
  EXPECT_EQ(RunRowan({"schema", "format", path_}), 0) << err();
  EXPECT_EQ(out(), kTidy);
  EXPECT_EQ(Written(), kWild);
  EXPECT_EQ(RunRowan({"schema", "format", path_, "--check"}), 1);
  EXPECT_THAT(err(), HasSubstr(path_ + " is laid out otherwise"));
  EXPECT_THAT(out(), IsEmpty());
  EXPECT_EQ(RunRowan({"schema", "format", "-", "--check"}, kTidy), 0);
}

TEST_F(SchemaFormatTest, WritesInPlaceOrElsewhere) {
  EXPECT_EQ(RunRowan({"schema", "format", path_, "-o", path_}), 2) << "the file is there";
  EXPECT_EQ(Written(), kWild);
  EXPECT_EQ(RunRowan({"schema", "format", path_, "--in-place"}), 0) << err();
  EXPECT_EQ(Written(), kTidy);
  EXPECT_EQ(RunRowan({"schema", "format", path_, "--check"}), 0);
}

TEST_F(SchemaFormatTest, RefusesWhatItCannotDo) {
  EXPECT_EQ(RunRowan({"schema", "format", "-"}, "schema: blog\nmodles: {}\n"), 2);
  EXPECT_THAT(err(), StartsWith("<stdin>:2:1: error DOCUMENT_INVALID: \"modles\""));
  EXPECT_EQ(RunRowan({"schema", "format", "-", "--in-place"}, kWild), 2);
  EXPECT_EQ(RunRowan({"schema", "format", path_, "--in-place", "--check"}), 2);
  EXPECT_EQ(RunRowan({"schema", "format", testing::TempDir() + "nothing.yaml"}), 2);
  EXPECT_EQ(Written(), kWild);
}

}  // namespace
}  // namespace rowan::cli
