#include "clients/document/format_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "clients/document/schema.h"
#include "clients/document/yaml_comments.h"
#include "rowan/v1/schema.pb.h"

namespace rowan::document {
namespace {

using testing::HasSubstr;

struct Layout {
  const char* written;
  const char* formatted;
};

class FormatTest : public testing::TestWithParam<Layout> {};

TEST_P(FormatTest, LaysOut) {
  const auto formatted = FormatSchema(GetParam().written, Syntax::kYaml);
  ASSERT_TRUE(formatted.ok()) << formatted.status();
  EXPECT_EQ(*formatted, GetParam().formatted);
  const auto again = FormatSchema(*formatted, Syntax::kYaml);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *formatted) << "it changes nothing when it is done again";
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, FormatTest,
    testing::Values(
        Layout{"{schema: s, models: {B: {fields: {id: {primary: true, type: int64}}}, A: {}}}",
               "schema: s\nmodels:\n  B:\n    fields:\n      id: {type: int64, primary: true}\n  A: {}\n"},
        Layout{"models:\n    User:\n        fields:\n            id:\n                primary: true\n                "
               "type: int64\n"
               "            name: {type: text}\n        table: users\nschema: 's'\n",
               "schema: s\nmodels:\n  User:\n    table: users\n    fields:\n      id: {type: int64, primary: true}\n   "
               "   name: text\n"},
        // Comments before keys, behind them, at both ends, and inside of what becomes one line.
        Layout{"# head\n\n\n# of the schema\nschema: s   # its name\nmodels: # all\n\n  # the users\n  User:\n    "
               "fields:\n"
               "      # a key\n      id:\n        # why\n        type: int64 # big\n        primary: true\n\n\n      "
               "name: text\n# the end\n",
               "# head\n\n# of the schema\nschema: s # its name\nmodels: # all\n\n  # the users\n  User:\n    fields:\n"
               "      # a key\n      # why\n      # big\n      id: {type: int64, primary: true}\n\n      name: text\n# "
               "the end\n"},
        // A comment goes with its key.
        Layout{"schema: s\nmodels:\n  User:\n    # theirs\n    fields: {id: int64}\n    # where\n    table: users # "
               "here\n",
               "schema: s\nmodels:\n  User:\n    # where\n    table: users # here\n    # theirs\n    fields:\n      "
               "id: int64\n"},
        // What only looks like a comment.
        Layout{"schema: s\ndescription: 'a # b'\nmodels:\n  User:\n    description: it's #1 # yes\n    checks: {\"a "
               "#\": \"x ->> '# '\"}\n",
               "schema: s\ndescription: \"a # b\"\nmodels:\n  User:\n    description: it's #1 # yes\n    checks:\n     "
               " \"a #\": x ->> '# '\n"},
        Layout{"schema: s\ndescription: | # long\n  # not a comment\n  end\nmodels: {}\n",
               "schema: s\ndescription: \"# not a comment\\nend\\n\" # long\nmodels: {}\n"},
        Layout{"schema: s\ndescription: \"two\n  # lines\"\nmodels:\n  User:\n    unique:\n      - [a,\n         b] # "
               "both\n      - fields: [c]\n        # one\n",
               "schema: s\ndescription: \"two # lines\"\nmodels:\n  User:\n    # both\n    unique: [[a, b], {fields: "
               "[c]}]\n# one\n"}));

TEST(FormatSchema, KeepsTheMeaningAndTheCommentsOfEverySchema) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ROWAN_SCHEMAS)) {
    if (entry.path().extension() != ".yaml") continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const auto formatted = FormatSchema(text.str(), Syntax::kYaml);
    ASSERT_TRUE(formatted.ok()) << entry.path() << formatted.status();
    EXPECT_EQ(ToSchema(*ParseYaml(*formatted))->DebugString(), ToSchema(*ParseYaml(text.str()))->DebugString())
        << entry.path();
    EXPECT_EQ(FindComments(*formatted).size(), FindComments(text.str()).size()) << entry.path();
    EXPECT_EQ(*FormatSchema(*formatted, Syntax::kYaml), *formatted) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 3);
}

TEST(FormatSchema, LaysOutJson) {
  EXPECT_EQ(*FormatSchema(R"({"models": {}, "schema": "s"})", Syntax::kJson),
            "{\n  \"schema\": \"s\",\n  \"models\": {}\n}\n");
}

TEST(FormatSchema, RefusesWhatIsNoSchema) {
  for (const auto& [text, says] : {std::pair{"schema: s\nmodles: {}\n", "did you mean \"models\""},
                                   {"schema: [\n", "line 2"},
                                   {"", "null stands"},
                                   {"schema: s\nschema: t\n", "twice"},
                                   {"- schema\n", "a list stands"}}) {
    const auto formatted = FormatSchema(text, Syntax::kYaml);
    EXPECT_EQ(formatted.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(formatted.status().message()), HasSubstr(says));
  }
}

}  // namespace
}  // namespace rowan::document
