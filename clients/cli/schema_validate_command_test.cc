#include <fstream>

#include "clients/cli/cli_test.h"
#include "clients/document/parse_document.h"

namespace rowan::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kBlog[] = R"(# the blog
schema: blog
models:
  Role:
    fields:
      id: {type: auto_increment, primary: true}
  User:
    fields:
      id: {type: auto_increment, primary: true}
    relations:
      role: {belongs_to: Role, on_delete: set null}
)";

// Nothing answers at the fake server, so that whoever asks it fails.
class ValidateTest : public CliTest {};

TEST_F(ValidateTest, NeedsNoServer) {
  EXPECT_EQ(RunRowan({"schema", "validate", "-"}, kBlog), 0) << err();
  EXPECT_THAT(out(), StartsWith("blog is valid (version "));
  EXPECT_THAT(err(), StartsWith("<stdin>:11:7: notice IMPLIED_NULLABLE: "));
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--quiet"}, kBlog), 0);
  EXPECT_THAT(err(), IsEmpty());
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--server"}, kBlog), 76);
}

TEST_F(ValidateTest, TellsEveryMistakeOfASchema) {
  std::string text = kBlog;
  text.replace(text.find("belongs_to: Role"), 16, "belongs_to: Roll");
  text += "    unique: [[id], [nmae]]\n";
  EXPECT_EQ(RunRowan({"schema", "validate", "-"}, text), 1);
  EXPECT_THAT(out(), IsEmpty());
  EXPECT_THAT(err(), AllOf(HasSubstr("<stdin>:11:7: error UNKNOWN_TARGET: "), HasSubstr("<stdin>:12:"),
                           HasSubstr("rowan: "), HasSubstr("the schema is invalid\n")));
}

struct Mistake {
  const char* text;
  const char* says;
};

class MistakeTest : public CliTest, public testing::WithParamInterface<Mistake> {};

TEST_P(MistakeTest, IsToldWithItsPlace) {
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--quiet"}, GetParam().text), 1);
  EXPECT_THAT(err(), StartsWith(std::string("<stdin>:") + GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, MistakeTest,
    testing::Values(
        Mistake{"schema: blog\nmodles: {}\n",
                "2:1: error DOCUMENT_INVALID: \"modles\" is no key of a schema (did you mean \"models\"?)"},
        Mistake{"schema: blog\nmodels:\n  User:\n    feilds: {}\n",
                "4:5: error DOCUMENT_INVALID: \"feilds\" is no key of a model (did you mean \"fields\"?)"},
        Mistake{"schema: blog\nmodels:\n  User:\n    fields:\n      name: strng\n",
                "5:7: error DOCUMENT_INVALID: there is no type \"strng\" (did you mean \"string\"?)"},
        Mistake{"schema: blog\nmodels:\n  User:\n    fields:\n      price: {type: decimal(10,2)}\n",
                "5:32: error DOCUMENT_INVALID: \"2)\" is no key of a field; within braces, what has a comma is written in "
                "quotes, like \"decimal(10,2)\"; there are "},
        Mistake{"schema: blog\nmodels: [\n", "3:1: error DOCUMENT_INVALID: "},
        Mistake{"schema: blog\nschema: log\n", "2:1: error DOCUMENT_INVALID: the key \"schema\" appears twice"},
        Mistake{"{\"schema\": \"blog\",\n \"models\": {]}", "2:13: error DOCUMENT_INVALID: "},
        Mistake{"{\"schema\": \"blog\",\n \"models\": {\"User\": 5}}", "2:13: error DOCUMENT_INVALID: a number stands"},
        Mistake{"models: {}\n", "1:1: error DOCUMENT_INVALID: a schema needs"},
        Mistake{"", "1:1: error DOCUMENT_INVALID: null stands"},
        Mistake{"schema: blog\x01", "1:13: error DOCUMENT_INVALID: "}));

TEST_F(ValidateTest, PrintsJson) {
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--format", "json"}, kBlog), 0);
  auto printed = document::ParseJson(out());
  ASSERT_TRUE(printed.ok()) << out();
  EXPECT_TRUE(printed->Find("valid")->truth);
  EXPECT_EQ(printed->Find("diagnostics")->items[0].Find("line")->text, "11");
  EXPECT_EQ(RunRowan({"schema", "validate", "-", "--format", "json"}, "schema: blog\nmodles: {}\n"), 1);
  EXPECT_THAT(err(), IsEmpty());
  printed = document::ParseJson(out());
  ASSERT_TRUE(printed.ok()) << out();
  EXPECT_FALSE(printed->Find("valid")->truth);
  const document::Node& problem = printed->Find("diagnostics")->items[0];
  EXPECT_EQ(problem.Find("severity")->text, "error");
  EXPECT_EQ(problem.Find("path")->text, "modles");
  EXPECT_EQ(problem.Find("column")->text, "1");
}

TEST_F(ValidateTest, ReadsFiles) {
  const std::string path = testing::TempDir() + "rowan_valid.yaml";
  std::ofstream(path) << kBlog;
  EXPECT_EQ(RunRowan({"schema", "validate", path}), 0);
  EXPECT_THAT(err(), StartsWith(path + ":11:7: notice "));
  EXPECT_EQ(RunRowan({"schema", "validate", testing::TempDir() + "nothing.yaml"}), 2);
  EXPECT_THAT(err(), HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace rowan::cli
