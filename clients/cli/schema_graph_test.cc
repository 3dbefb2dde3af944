#include "clients/cli/schema_graph.h"

#include <fstream>

#include "clients/cli/cli_test.h"
#include "clients/document/parse_document.h"
#include "clients/document/schema.h"
#include "engine/catalog/compile_catalog.h"

namespace rowan::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kBlog[] = R"(schema: blog
models:
  User:
    table: "us\"e[r]s <&>"
    fields: {id: {type: auto_increment, primary: true}, name: text}
    relations: {profile: {has_one: Profile}, posts: {has_many: Post}, boss: {belongs_to: User, nullable: true}}
  Profile:
    fields: {id: {type: auto_increment, primary: true}}
    relations: {user: {belongs_to: User}}
  Post:
    fields: {id: {type: auto_increment, primary: true}}
    relations: {user: {belongs_to: User}, tags: {many_to_many: Tag}}
  Tag:
    fields: {id: {type: auto_increment, primary: true}}
    relations: {posts: {many_to_many: Post}}
)";

class GraphTest : public CliTest {
 protected:
  Graph Drawn() { return GraphOf(CompileSchema(*document::ToSchema(*document::ParseYaml(kBlog)))->canonical); }
};

TEST_F(GraphTest, DrawsEachRelationOnce) {
  const std::string mermaid = MermaidOf(Drawn());
  EXPECT_THAT(mermaid,
              AllOf(HasSubstr("  Profile |o--|| User : \"user\"\n"), HasSubstr("  Post }o--|| User : \"user\"\n"),
                    HasSubstr("  User }o--o| User : \"boss\"\n"), HasSubstr("  Post }o--o{ Tag : \"tags\"\n")));
  EXPECT_THAT(mermaid, AllOf(Not(HasSubstr("\"profile\"")), Not(HasSubstr(": \"posts\""))));
  EXPECT_THAT(mermaid, HasSubstr("  User[\"User (public.us'e(r)s <&>)\"] {\n"));
  EXPECT_THAT(mermaid, HasSubstr(" id PK\n"));
  EXPECT_THAT(mermaid, HasSubstr(" userId FK\n"));
  EXPECT_THAT(mermaid, Not(HasSubstr(" name"))) << "only what keys are made of";
}

TEST_F(GraphTest, EscapesNamesInSvg) {
  const std::string svg = SvgOf(Drawn());
  EXPECT_THAT(svg, AllOf(HasSubstr("public.us&quot;e[r]s &lt;&amp;&gt;"), HasSubstr("user 0..1:1"),
                         HasSubstr("tags *:*"), testing::EndsWith("</svg>\n")));
}

TEST_F(GraphTest, DrawsCirclesChainsAndNothing) {
  v1::Schema schema;
  EXPECT_THAT(SvgOf(GraphOf(schema)), HasSubstr("</svg>"));
  EXPECT_EQ(MermaidOf(GraphOf(schema)), "erDiagram\n");
  constexpr int kModels = 2000;
  for (int i = 0; i < kModels; ++i) {
    v1::Model& model = *schema.add_models();
    model.set_name("M" + std::to_string(i));
    v1::Relation& relation = *model.add_relations();
    relation.set_name("next");
    relation.set_kind(v1::RELATION_KIND_BELONGS_TO);
    relation.set_target("M" + std::to_string((i + 1) % kModels));
  }
  EXPECT_EQ(GraphOf(schema).edges.size(), size_t{kModels});
  EXPECT_THAT(SvgOf(GraphOf(schema)), HasSubstr(">M1999<"));
}

TEST_F(GraphTest, ReadsFilesAndNames) {
  const std::string path = testing::TempDir() + "rowan_graph.yaml";
  std::ofstream(path) << kBlog;
  EXPECT_EQ(RunRowan({"schema", "graph", path}), 0) << err();
  EXPECT_EQ(out(), MermaidOf(Drawn()));
  EXPECT_EQ(RunRowan({"schema", "graph", path, "--svg"}), 0) << err();
  EXPECT_EQ(out(), SvgOf(Drawn()));
  EXPECT_EQ(RunRowan({"schema", "graph", "blog"}), 76) << "a name is asked of the server";
  EXPECT_EQ(RunRowan({"schema", "graph", path, "--svg", "--mermaid"}), 2);
  EXPECT_EQ(RunRowan({"schema", "graph", "./nothing"}), 2);
}

}  // namespace
}  // namespace rowan::cli
