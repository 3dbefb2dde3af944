#include <chrono>
#include <fstream>
#include <thread>

#include "clients/cli/cli_test.h"
#include "clients/document/parse_document.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// Two users: one with a role and two posts of more, one without.
constexpr char kUsers[] = R"pb(
  shape {
    model: "User"
    fields {
      name: "id"
      type { scalar: SCALAR_TYPE_INT64 }
    }
    fields {
      name: "name"
      type { scalar: SCALAR_TYPE_TEXT }
    }
    relations {
      name: "role"
      relation: "role"
      shape {
        model: "Role"
        fields {
          name: "name"
          type { scalar: SCALAR_TYPE_TEXT }
        }
      }
    }
    relations {
      name: "posts"
      relation: "posts"
      to_many: true
      shape {
        model: "Post"
        fields {
          name: "title"
          type { scalar: SCALAR_TYPE_TEXT }
        }
        relations {
          name: "tags"
          relation: "tags"
          to_many: true
          shape {
            model: "Tag"
            fields {
              name: "name"
              type { scalar: SCALAR_TYPE_TEXT }
            }
          }
        }
      }
    }
  }
  records {
    values { int_value: 1 }
    values { text_value: "Alice" }
    related { records { values { text_value: "admin" } } }
    related {
      records {
        values { text_value: "a" }
        related {
          records { values { text_value: "x" } }
          records { values { text_value: "y" } }
        }
      }
      records {
        values { text_value: "b" }
        related { has_more: true }
      }
      has_more: true
    }
  }
  records {
    values { int_value: 22 }
    values { null_value: NULL_VALUE }
    related {}
    related {}
  }
)pb";

class GetTest : public CliTest {
 protected:
  void AnswerWith(const std::string& text) {
    server_.get = [this, text](const v1::GetRequest& request, v1::GetResponse& response) {
      request_ = request;
      response = FromText<v1::GetResponse>(text);
      return grpc::Status::OK;
    };
  }
  v1::GetRequest request_;
};

TEST_F(GetTest, PrintsTheTreeAsJson) {
  AnswerWith(kUsers);
  EXPECT_EQ(RunRowan({"get", "blog", "User", R"({"select": {"id": true}, "where": {"id": {"gt": 0}}})", "--quiet"}), 0);
  EXPECT_THAT(
      request_,
      testing::ResultOf(
          [](const v1::GetRequest& r) { return r.ShortDebugString(); },
          R"(schema: "blog" model: "User" select { fields: "id" } where { field { field: "id" operator: OPERATOR_GT value { int_value: 0 } } })"));
  const auto printed = document::ParseJson(out());
  const auto expected = document::ParseJson(
      R"([{"id": 1, "name": "Alice", "role": {"name": "admin"}, "posts": [{"title": "a", "tags": [{"name": "x"}, {"name": "y"}]}, {"title": "b", "tags": []}]},
          {"id": 22, "name": null, "role": null, "posts": []}])");
  ASSERT_TRUE(printed.ok()) << printed.status() << out();
  EXPECT_EQ(*printed, *expected);
  EXPECT_THAT(out(), HasSubstr("\n  {\n    \"id\": 1,"));
  EXPECT_THAT(err(), IsEmpty());
  EXPECT_TRUE(server_.had_deadline);
  EXPECT_EQ(server_.request_id.size(), 32u);
}

TEST_F(GetTest, PrintsNoRecordsAsAnEmptyList) {
  AnswerWith("");
  EXPECT_EQ(RunRowan({"get", "blog", "User"}), 0);
  EXPECT_EQ(out(), "[]\n");
  EXPECT_EQ(request_.select().fields(0), "*");
}

TEST_F(GetTest, PrintsOneLineForEachRecord) {
  AnswerWith(kUsers);
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--format", "jsonl"}), 0);
  EXPECT_EQ(out(),
            "{\"id\":1,\"name\":\"Alice\",\"role\":{\"name\":\"admin\"},\"posts\":[{\"title\":\"a\",\"tags\":[{"
            "\"name\":\"x\"},{\"name\":\"y\"}]},{\"title\":\"b\",\"tags\":[]}]}\n"
            "{\"id\":22,\"name\":null,\"role\":null,\"posts\":[]}\n");
}

TEST_F(GetTest, PrintsATable) {
  AnswerWith(kUsers);
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--format", "table"}), 0);
  EXPECT_EQ(out(),
            "id  name   role.name  posts\n"
            "--  -----  ---------  ---------------------------------------------------------------\n"
            " 1  Alice  admin      {title: a, tags: [{name: x}, {name: y}]} {title: b, tags: []} …\n"
            "22  null   -\n");
}

TEST_F(GetTest, SaysWhatWasCut) {
  AnswerWith(std::string(kUsers) + " has_more: true");
  EXPECT_EQ(RunRowan({"get", "blog", "User"}), 0);
  EXPECT_THAT(err(), HasSubstr("there are more records; the first 2 were printed"));
  EXPECT_THAT(err(), HasSubstr("1 list of posts;"));
  EXPECT_THAT(err(), HasSubstr("1 list of posts.tags;"));
}

TEST_F(GetTest, ReadsTheDocumentFromInputAndFile) {
  AnswerWith("");
  EXPECT_EQ(RunRowan({"get", "blog", "User", "-"}, "select:\n  name: true\n"), 0) << err();
  EXPECT_EQ(request_.select().fields(0), "name");
  const std::string path = testing::TempDir() + "rowan_read.yaml";
  std::ofstream(path) << "{select: {age: true}}";
  EXPECT_EQ(RunRowan({"get", "blog", "User", "@" + path}), 0) << err();
  EXPECT_EQ(request_.select().fields(0), "age");
  request_.Clear();
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--file", path}), 0) << err();
  EXPECT_EQ(request_.select().fields(0), "age");
  EXPECT_EQ(RunRowan({"get", "blog", "User", "{}", "--file", path}), 2);
  EXPECT_THAT(err(), HasSubstr("two documents"));
}

TEST_F(GetTest, PrintsTheSqlFirst) {
  AnswerWith("");
  server_.explain = [](const v1::ExplainRequest& request, v1::ExplainResponse& response) {
    EXPECT_TRUE(request.has_get());
    response = FromText<v1::ExplainResponse>(R"pb(statements {
                                                    description: "read User"
                                                    sql: "SELECT 1\nFROM t0"
                                                    parameter_types: "bigint"
                                                    parameter_types: "text[]"
                                                  })pb");
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--show-sql"}), 0);
  EXPECT_EQ(err(), "1. read User\n  SELECT 1\n  FROM t0\n  with $1 bigint, $2 text[]\n");
  EXPECT_EQ(out(), "[]\n");
}

TEST_F(GetTest, TellsAnErrorWithAllItsDetails) {
  server_.get = [](const v1::GetRequest&, v1::GetResponse&) {
    return ErrorStatus(grpc::StatusCode::INVALID_ARGUMENT, "User has no field \"nmae\"",
                       FromText<google::rpc::ErrorInfo>(R"pb(reason: "UNKNOWN_FIELD"
                                                             domain: "rowan"
                                                             metadata { key: "path" value: "select.nmae" }
                                                             metadata { key: "nearest" value: "name" })pb"),
                       FromText<google::rpc::BadRequest>(
                           R"pb(field_violations { field: "select.nmae" description: "User has no field \"nmae\"" }
                                field_violations { field: "where.x" description: "no \033[31mx" })pb"));
  };
  EXPECT_EQ(RunRowan({"get", "blog", "User", R"({"select": {"nmae": true}})", "--request-id", "abc"}), 67);
  EXPECT_EQ(err(),
            "rowan: INVALID_ARGUMENT UNKNOWN_FIELD: User has no field \"nmae\"\n"
            "  at select.nmae\n"
            "  at where.x: no \\x1b[31mx\n"
            "  hint: did you mean \"name\"?\n"
            "  request id: abc\n");
  EXPECT_THAT(out(), IsEmpty());
}

TEST_F(GetTest, TellsAPlainStatus) {
  EXPECT_EQ(RunRowan({"get", "blog", "User"}), 64 + 12);
  EXPECT_THAT(err(), HasSubstr("rowan: UNIMPLEMENTED: no handler\n  request id: "));
}

TEST_F(GetTest, GivesUpAtTheDeadline) {
  server_.get = [](const v1::GetRequest&, v1::GetResponse&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--timeout", "50ms"}), 64 + 4);
  EXPECT_THAT(err(), HasSubstr("--timeout"));
}

TEST_F(GetTest, TellsTheTotalAndTheCursorsOfAPage) {
  AnswerWith("records {} has_more: true start_cursor: \"first\" end_cursor: \"last\" total: 7");
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--limit", "1", "--total", "estimated"}), 0);
  EXPECT_EQ(
      err(),
      "rowan: there are more records; the first 1 was printed. Give a larger \"limit\", go on with --cursor and the "
      "end cursor, or use \"rowan stream\".\n"
      "rowan: total 7, estimated\n"
      "rowan: start cursor first\n"
      "rowan: end cursor last\n");
  AnswerWith("records {} records {} has_more: true start_cursor: \"first\"");
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--backward"}), 0);
  EXPECT_THAT(err(), HasSubstr("there are more records before these; the last 2 were printed"));
  EXPECT_THAT(err(), HasSubstr("the start cursor"));
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--backward", "--quiet"}), 0);
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(GetTest, TellsNoCursorsOfAPlainReadThatGaveAll) {
  AnswerWith("records {} start_cursor: \"first\" end_cursor: \"last\"");
  EXPECT_EQ(RunRowan({"get", "blog", "User"}), 0);
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(GetTest, TellsTotalsAndCursorsOfTheFirstNestedLists) {
  std::string answer = R"pb(shape {
                              relations {
                                name: "role"
                                shape {
                                  relations {
                                    name: "users"
                                    to_many: true
                                    shape {}
                                  }
                                }
                              }
                            })pb";
  for (int i = 0; i < 12; ++i) {
    answer += R"pb(records {
                     related {
                       records {
                         related {
                           records {}
                           has_more: true
                           total: 4
                           start_cursor: "s"
                           end_cursor: "e"
                         }
                       }
                     }
                   })pb";
  }
  AnswerWith(answer);
  EXPECT_EQ(RunRowan({"get", "blog", "User"}), 0);
  EXPECT_THAT(err(), HasSubstr("rowan: [0].role.users: 1 record, total 4, more, start cursor s, end cursor e\n"));
  EXPECT_THAT(err(), HasSubstr("rowan: [9].role.users: "));
  EXPECT_THAT(err(), testing::Not(HasSubstr("rowan: [10].role.users: ")));
  EXPECT_THAT(err(), HasSubstr("rowan: and 2 lists more with totals or cursors\n"));
  EXPECT_THAT(err(), HasSubstr("in 12 lists of role.users;"));
}

TEST_F(GetTest, FlagsStandInPlaceOfTheDocumentsKeys) {
  AnswerWith("");
  EXPECT_EQ(RunRowan({"get", "blog", "User", "{select: {id: true}, limit: 5, cursor: old, offset: 2, strategy: nested}",
                      "--limit", "0", "--cursor", "new", "--backward", "--total", "exact", "--strategy", "by_level"}),
            0)
      << err();
  EXPECT_EQ(
      request_.ShortDebugString(),
      "schema: \"blog\" model: \"User\" select { fields: \"id\" } page { limit: 0 offset: 2 cursor: \"new\" backward: "
      "true total: TOTAL_EXACT } strategy: STRATEGY_BY_LEVEL");
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--limit", "3"}), 0);
  EXPECT_EQ(request_.ShortDebugString(), "schema: \"blog\" model: \"User\" select { fields: \"*\" } page { limit: 3 }");
}

TEST_F(GetTest, PrintsCountsInTables) {
  AnswerWith(R"pb(shape {
                    fields { name: "name" }
                    relations {
                      name: "role"
                      shape { counts { name: "users" } }
                    }
                    relations {
                      name: "posts"
                      to_many: true
                      shape {
                        fields { name: "title" }
                        counts { name: "tags" }
                      }
                    }
                    counts { name: "posts" }
                  }
                  records {
                    values { text_value: "a" }
                    related { records { counts: 12 } }
                    related {
                      records {
                        values { text_value: "x" }
                        counts: 3
                      }
                    }
                    counts: 100
                  }
                  records {
                    values { text_value: "b" }
                    related {}
                    related {}
                    counts: 0
                  })pb");
  EXPECT_EQ(RunRowan({"get", "blog", "User", "--format", "table"}), 0);
  EXPECT_EQ(out(),
            "name  role._count.users  posts                          _count.posts\n"
            "----  -----------------  -----------------------------  ------------\n"
            "a                    12  {title: x, _count: {tags: 3}}           100\n"
            "b                     -                                            0\n");
}

// What is wrong before anything is sent.
struct Refused {
  std::vector<std::string> arguments;
  std::string says;
};

void PrintTo(const Refused& refused, std::ostream* out) {
  *out << testing::PrintToString(refused.arguments);
}

class RefusedTest : public CliTest, public testing::WithParamInterface<Refused> {};

TEST_P(RefusedTest, ExitsWith2AndSendsNothing) {
  EXPECT_EQ(RunRowan(GetParam().arguments), 2);
  EXPECT_THAT(out(), IsEmpty());
  EXPECT_THAT(err(), HasSubstr(GetParam().says));
  EXPECT_THAT(server_.request_id, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedTest,
    testing::Values(Refused{{"get", "blog", "User", "--total", "exakt"}, "did you mean \"exact\"?"},
                    Refused{{"get", "blog", "User", "--strategy", "levels"}, "nested, by_level, tagged"},
                    Refused{{"get", "blog", "User", "--limit", "many"}, "\"many\" is no whole number"},
                    Refused{{"get", "blog", "User", "--limit", ""}, "no whole number"},
                    Refused{{"get", "blog", "User", "--limit", "9223372036854775808"}, "no whole number"},
                    Refused{{"get", "blog", "User", "[1]", "--limit", "3"}, "list"},
                    Refused{{"get", "blog", "User", "--mode", "keyset"}, "--mode"},
                    Refused{{"get", "blog", "User", "{select: {id: true}, mode: keyset}"}, "mode"},
                    Refused{{"stream", "blog", "User", "--cursor", "x"}, "--cursor"},
                    Refused{{"stream", "blog", "User", "--mode", "snapshots"}, "did you mean \"snapshot\"?"},
                    Refused{{"aggregate", "blog", "User"}, "there is no document"},
                    Refused{{"aggregate", "blog", "User", "{select: {n: {sum: true}}}"}, "at select.n.sum"},
                    Refused{{"aggregate", "blog", "User", "{}", "--cursor", "x"}, "--cursor"},
                    Refused{{"exists", "blog", "User", "{name: x}"}, "at name"},
                    Refused{{"exists", "blog", "User", "--limit", "1"}, "--limit"},
                    Refused{{"explain", "insert", "blog", "User", "{}", "--strategy", "nested"}, "--strategy is for"},
                    Refused{{"explain", "exists", "blog", "User", "--returning", "id"}, "--returning is for"},
                    Refused{{"explain", "get", "blog", "User", "--estimate", "--analyze"}, "--estimate"}));

class AggregateTest : public CliTest {
 protected:
  void AnswerWith(const std::string& text) {
    server_.aggregate = [this, text](const v1::AggregateRequest& request, v1::AggregateResponse& response) {
      request_ = request;
      response = FromText<v1::AggregateResponse>(text);
      return grpc::Status::OK;
    };
  }
  v1::AggregateRequest request_;
};

constexpr char kGroups[] = R"pb(
  shape {
    fields { name: "role.name" }
    fields {
      name: "n"
      type { scalar: SCALAR_TYPE_INT64 }
    }
  }
  records {
    values { text_value: "admin" }
    values { int_value: 2 }
  }
  records {
    values { null_value: NULL_VALUE }
    values { int_value: 10 }
  }
)pb";

TEST_F(AggregateTest, PrintsTheGroups) {
  AnswerWith(kGroups);
  const std::string document = "{group_by: role.name, select: {n: {count: true}}, limit: 9}";
  EXPECT_EQ(RunRowan({"aggregate", "blog", "User", document, "--limit", "2", "--format", "jsonl"}), 0) << err();
  EXPECT_EQ(out(), "{\"role.name\":\"admin\",\"n\":2}\n{\"role.name\":null,\"n\":10}\n");
  EXPECT_THAT(err(), IsEmpty());
  EXPECT_EQ(request_.ShortDebugString(),
            "schema: \"blog\" model: \"User\" group_by { relations: \"role\" field: \"name\" } select { alias: \"n\" "
            "aggregate { function: AGGREGATE_FUNCTION_COUNT } } page { limit: 2 }");
  EXPECT_EQ(RunRowan({"aggregate", "blog", "User", document, "--format", "table"}), 0);
  EXPECT_EQ(out(), "role.name   n\n---------  --\nadmin       2\nnull       10\n");
}

TEST_F(AggregateTest, SaysThatThereAreMoreGroups) {
  AnswerWith(std::string(kGroups) + "has_more: true");
  EXPECT_EQ(RunRowan({"aggregate", "blog", "User", "-"}, "group_by: name"), 0);
  EXPECT_THAT(out(), testing::StartsWith("[\n  {\n    \"role.name\": \"admin\","));
  EXPECT_THAT(err(), HasSubstr("there are more groups; the first 2 were printed"));
  EXPECT_EQ(RunRowan({"aggregate", "blog", "User", "{}", "--quiet"}), 0);
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(AggregateTest, TellsAnError) {
  EXPECT_EQ(RunRowan({"aggregate", "blog", "User", "{}"}), 64 + 12);
  EXPECT_THAT(err(), HasSubstr("UNIMPLEMENTED"));
  EXPECT_THAT(out(), IsEmpty());
}

TEST_F(CliTest, ExistsAnswersOnOutputAndByItsExitCode) {
  v1::ExistsRequest asked;
  server_.exists = [&](const v1::ExistsRequest& request, v1::ExistsResponse& response) {
    asked = request;
    response.set_exists(request.has_where());
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"exists", "blog", "User", "{where: {id: 1}}"}), 0) << err();
  EXPECT_EQ(out(), "true\n");
  EXPECT_EQ(asked.where().field().field(), "id");
  EXPECT_EQ(RunRowan({"exists", "blog", "User"}), 1);
  EXPECT_EQ(out(), "false\n");
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(CliTest, AnErrorOfExistsIsNoFalse) {
  server_.exists = [](const v1::ExistsRequest&, v1::ExistsResponse&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
  };
  EXPECT_EQ(RunRowan({"exists", "blog", "User"}), 64 + 14);
  EXPECT_THAT(out(), IsEmpty());
  server_.exists = [](const v1::ExistsRequest&, v1::ExistsResponse&) { return grpc::Status::OK; };
  std::ostream broken(nullptr);
  Console console{in_, broken, err_};
  EXPECT_EQ(cli::Run({"exists", "blog", "User", "--address", server_.address()}, console), 3);
  EXPECT_THAT(err(), HasSubstr("cannot write the output"));
}

}  // namespace
}  // namespace rowan::cli
