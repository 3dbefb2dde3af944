#include <gtest/gtest.h>

#include <string>

#include "clients/document/parse_document.h"
#include "clients/document/schema.h"
#include "clients/document/write_document.h"
#include "rowan/v1/schema.pb.h"

namespace rowan::document {
namespace {

constexpr char kBlog[] = R"yaml(schema: blog
models:
  Role:
    table: roles
    fields:
      id: {type: auto_increment, primary: true}
      name: {type: string, unique: true}
  User:
    table: users
    unique: [[name, roleId]]
    indexes: [{fields: [name], predicate: name > ''}]
    checks:
      positive_id: id > 0
    fields:
      id: {type: auto_increment, primary: true}
      name: string(200)
      mood: {type: enum, labels: [sad, "true", "1"], default: "1"}
      price: {type: "decimal(12,2)", default: 1.50}
    relations:
      role: {belongs_to: Role, constraint_name: fk_users_role_id, on_update: cascade, on_delete: set null, index: true}
)yaml";

TEST(SchemaYaml, IsStableOverARoundTrip) {
  const absl::StatusOr<Node> node = ParseYaml(kBlog);
  ASSERT_TRUE(node.ok()) << node.status();
  const absl::StatusOr<v1::Schema> schema = ToSchema(*node);
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(SchemaYaml(*schema), kBlog);
}

TEST(SchemaYaml, QuotesWhatWouldMeanSomethingElse) {
  Node node = Object();
  for (const char* text :
       {"null", "~",  "",  "true",     "1.5", "-",   "a: b", "#c", "two\nlines", "'q'", "\"", "{",   "[x]",
        "a, b", " x", "é", "\x7F\x01", "\r",  "x\r", "@at",  "*a", "&b",         "!t",  "%",  "- x", "?"}) {
    node.Add(std::string("k") + text, Text(text));
    node.Add(text, List()).items.push_back(Text(text));
  }
  for (const int block_depth : {0, 1, 2}) {
    const std::string yaml = ToYaml(node, block_depth);
    const absl::StatusOr<Node> back = ParseYaml(yaml);
    ASSERT_TRUE(back.ok()) << back.status() << "\n" << yaml;
    EXPECT_EQ(ToJson(*back), ToJson(node)) << yaml;
  }
}

// Words that are booleans to readers of YAML 1.1.
TEST(SchemaYaml, QuotesWhatWouldMeanSomethingElseToOthers) {
  Node node = Object();
  for (const char* text : {"no", "Yes", "ON", "off", "none", "note"}) node.Add(text, Text(text));
  EXPECT_EQ(ToYaml(node, 1),
            "\"no\": \"no\"\n\"Yes\": \"Yes\"\n\"ON\": \"ON\"\n\"off\": \"off\"\nnone: none\nnote: note\n");
}

TEST(ToSchema, FollowsKeysThroughSeveralModels) {
  const absl::StatusOr<Node> node = ParseYaml(R"(
schema: s
models:
  A: {primary_key: [x, y], fields: {x: int64, y: int64}}
  B: {primary_key: [a, z], fields: {z: int64}, relations: {a: {belongs_to: A}}}
  C: {primary_key: [b], relations: {b: {belongs_to: B}}}
  Loop: {primary_key: [self, other], relations: {self: {belongs_to: Loop}, other: {belongs_to: Loop}}}
)");
  ASSERT_TRUE(node.ok()) << node.status();
  const absl::StatusOr<v1::Schema> schema = ToSchema(*node);
  ASSERT_TRUE(schema.ok()) << schema.status();
  const auto key = [&](int model) {
    return std::vector<std::string>(schema->models(model).primary_key().begin(),
                                    schema->models(model).primary_key().end());
  };
  EXPECT_EQ(key(1), (std::vector<std::string>{"aX", "aY", "z"}));
  EXPECT_EQ(key(2), (std::vector<std::string>{"bAX", "bAY", "bZ"}));
  EXPECT_FALSE(key(3).empty());
}

}  // namespace
}  // namespace rowan::document
