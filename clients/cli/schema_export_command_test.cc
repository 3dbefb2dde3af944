#include <cstdio>
#include <fstream>

#include "clients/cli/cli_test.h"
#include "clients/cli/declarations.h"
#include "clients/document/parse_document.h"

namespace rowan::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kFile[] = R"(schema: blog
models:
  Role:
    fields:
      id: {type: auto_increment, primary: true}
      mood: {type: enum, labels: [sad, "o\"k"], nullable: true}
    relations:
      users: {has_many: User}
  User:
    description: "A person */ \n# of the blog"
    fields:
      id: {type: auto_increment, primary: true}
      scores: decimal[]
      born: {type: date, description: when}
    relations:
      role: {belongs_to: Role}
)";

constexpr char kRegistered[] = R"pb(
  name: "my-blog"
  version: "0f3a"
  description: "two\nlines"
  models {
    name: "option"
    fields {
      name: "id"
      type { scalar: SCALAR_TYPE_INT16 }
      number: 1
      primary: true
    }
    fields {
      name: "createdAt"
      type { scalar: SCALAR_TYPE_TIMESTAMP }
      number: 4
      nullable: true
    }
    fields {
      name: "created_at"
      type { scalar: SCALAR_TYPE_DECIMAL }
      number: 6
    }
    fields {
      name: "HTTPServer"
      type { scalar: SCALAR_TYPE_BYTES array: true }
      number: 5
    }
    fields {
      name: "_"
      type { scalar: SCALAR_TYPE_ENUM labels: "a" labels: "b\nc" }
      number: 9
    }
    relations { name: "parts" kind: RELATION_KIND_HAS_MANY target: "message" number: 3 }
    relations { name: "part" kind: RELATION_KIND_HAS_ONE target: "message" number: 2 }
    retired_numbers: [ 12, 7, 11, 10 ]
  }
  models {
    name: "message"
    fields {
      name: "id"
      type { scalar: SCALAR_TYPE_AUTO_INCREMENT }
      number: 1
      primary: true
    }
  })pb";

class SchemaExportTest : public CliTest {
 protected:
  void SetUp() override {
    server_.get_schema = [](const v1::GetSchemaRequest& request, v1::Schema& response) {
      if (request.name() != "my-blog") return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such schema");
      response = FromText<v1::Schema>(kRegistered);
      return grpc::Status::OK;
    };
    std::ofstream(path_) << kFile;
  }
  const std::string path_ = testing::TempDir() + "rowan_export.yaml";
};

TEST_F(SchemaExportTest, WritesAProto) {
  EXPECT_EQ(RunRowan({"schema", "export", "my-blog", "--proto"}), 0) << err();
  EXPECT_EQ(out(), R"(// Version 0f3a of the schema my-blog.
// two
// lines
syntax = "proto3";

package rowan.my_blog;

import "google/protobuf/timestamp.proto";

message option {
  reserved 7, 10 to 12;
  int32 id = 1;
  optional .rowan.my_blog.message part = 2;
  repeated .rowan.my_blog.message parts = 3;
  optional .google.protobuf.Timestamp created_at = 4;
  repeated bytes http_server = 5 [json_name = "HTTPServer"];
  string created_at_6 = 6 [json_name = "created_at"];
  // One of a, b
  // c.
  string __9 = 9 [json_name = "_"];
}

message message {
  int64 id = 1;
}
)");
}

TEST_F(SchemaExportTest, NeedsNumbersForAProto) {
  EXPECT_EQ(RunRowan({"schema", "export", path_, "--proto"}), 2);
  EXPECT_THAT(err(), AllOf(HasSubstr("has no field numbers"), HasSubstr("export it by its name")));
  v1::Schema schema = FromText<v1::Schema>(kRegistered);
  schema.mutable_models(0)->mutable_fields(1)->set_number(0);
  EXPECT_FALSE(ProtoOf(schema).ok());
  schema = FromText<v1::Schema>(kRegistered);
  schema.set_name("v12");
  EXPECT_THAT(*ProtoOf(schema), HasSubstr("package rowan.v12_;")) << "not one of Rowan's own";
}

TEST_F(SchemaExportTest, WritesTypes) {
  EXPECT_EQ(RunRowan({"schema", "export", path_, "--typescript"}), 0) << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("export interface User {\n  id?: number;\n  scores?: (string | null)[];\n  // "
                                     "when\n  born?: string;\n  roleId?: number;\n  role?: Role | null;\n}\n"),
                           HasSubstr("  mood?: \"sad\" | \"o\\\"k\" | null;\n"),
                           HasSubstr("  users?: User[];\n  _count?: { users?: number; };\n"),
                           HasSubstr("// A person */\n// # of the blog\n")));
  EXPECT_EQ(RunRowan({"schema", "export", path_, "--python"}), 0) << err();
  EXPECT_THAT(
      out(),
      AllOf(HasSubstr("        \"scores\": typing.List[typing.Optional[decimal.Decimal]],\n"),
            HasSubstr("        \"mood\": typing.Optional[typing.Literal[\"sad\", \"o\\\"k\"]],\n"),
            HasSubstr("        \"users\": typing.List[\"User\"],\n        \"_count\": typing.Dict[str, int],\n")));
  EXPECT_EQ(RunRowan({"schema", "export", path_, "--json-schema"}), 0) << err();
  const auto printed = document::ParseJson(out());
  ASSERT_TRUE(printed.ok()) << out();
  const document::Node& user = *printed->Find("$defs")->Find("User")->Find("properties");
  EXPECT_EQ(user.Find("born")->Find("format")->text, "date");
  EXPECT_EQ(user.Find("role")->Find("anyOf")->items[0].Find("$ref")->text, "#/$defs/Role");
}

TEST_F(SchemaExportTest, GivesModelsNamesThatLanguagesTake) {
  v1::Schema schema = FromText<v1::Schema>(R"pb(
    models {
      name: "class"
      relations { name: "self" kind: RELATION_KIND_BELONGS_TO target: "class" }
    }
    models { name: "class_" }
    models { name: "typing" })pb");
  EXPECT_THAT(TypeScriptOf(schema), AllOf(HasSubstr("interface class__ {\n  self?: class__ | null;"),
                                          HasSubstr("interface class_ {"), HasSubstr("interface typing {")));
  EXPECT_THAT(PythonOf(schema), AllOf(HasSubstr("\nclass__ = typing."), HasSubstr("\nclass_ = typing."),
                                      HasSubstr("\ntyping_ = typing.")));
}

TEST_F(SchemaExportTest, WritesTheFormOfSchemas) {
  EXPECT_EQ(RunRowan({"schema", "export", "--schema-form"}), 0) << err();
  ASSERT_TRUE(document::ParseJson(out()).ok());
  const std::string target = testing::TempDir() + "rowan_form.json";
  std::remove(target.c_str());
  EXPECT_EQ(RunRowan({"schema", "export", "--schema-form", "-o", target}), 0);
  EXPECT_EQ(RunRowan({"schema", "export", "--schema-form", "-o", target}), 2);
}

TEST_F(SchemaExportTest, TellsWhatIsWrong) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"schema", "export", "my-blog"},
                                                    {"schema", "export", "my-blog", "--proto", "--python"},
                                                    {"schema", "export", "--python"},
                                                    {"schema", "export", "my-blog", "--schema-form"},
                                                    {"schema", "export", path_ + "x", "--python"}}) {
    EXPECT_EQ(RunRowan(arguments), 2) << arguments.back();
    EXPECT_THAT(err(), Not(IsEmpty()));
    EXPECT_THAT(out(), IsEmpty());
  }
  EXPECT_EQ(RunRowan({"schema", "export", "nothing", "--proto"}), 69);
  std::ofstream(path_) << "schema: blog\nmodels: {User: {fields: {id: strng}}}\n";
  EXPECT_EQ(RunRowan({"schema", "export", path_, "--typescript"}), 2);
  EXPECT_THAT(err(), HasSubstr(path_ + ":2:"));
}

}  // namespace
}  // namespace rowan::cli
