#include <atomic>
#include <fstream>
#include <sstream>

#include "clients/cli/cli_test.h"

namespace rowan::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LoadTest : public CliTest {
 protected:
  LoadTest() {
    server_.get_schema = [](const v1::GetSchemaRequest&, v1::Schema& schema) {
      schema = FromText<v1::Schema>(R"pb(
        name: "blog"
        models {
          name: "User"
          fields {
            name: "id"
            type { scalar: SCALAR_TYPE_INT64 }
          }
          fields {
            name: "name"
            type { scalar: SCALAR_TYPE_STRING }
          }
          fields {
            name: "seen"
            type { scalar: SCALAR_TYPE_TIMESTAMP }
            read_only: true
          }
          relations { name: "role" kind: RELATION_KIND_BELONGS_TO target: "Role" }
          relations { name: "posts" kind: RELATION_KIND_HAS_MANY target: "Post" }
        }
        models {
          name: "Role"
          fields {
            name: "rank"
            type { scalar: SCALAR_TYPE_INT32 }
          }
        })pb");
      return grpc::Status::OK;
    };
    // Takes everything, says what `answers_` hold, and ends as `status_` says.
    server_.load = [this](FakeServer::LoadStream& stream) {
      v1::LoadRequest request;
      while (stream.Read(&request)) {
        if (request.has_begin()) begin_ = request.begin();
        if (request.end()) ended_ = true;
        for (const v1::LoadRow& row : request.rows().rows()) rows_.push_back(row.ShortDebugString());
      }
      for (const v1::LoadResponse& answer : answers_) stream.Write(answer);
      return status_;
    };
  }

  void Answer(const std::string& text) { answers_.push_back(FromText<v1::LoadResponse>(text)); }

  v1::LoadBegin begin_;
  std::vector<std::string> rows_;
  std::atomic<bool> ended_ = false;
  std::vector<v1::LoadResponse> answers_;
  grpc::Status status_;
};

TEST_F(LoadTest, SendsCsv) {
  Answer("result { received: 2 inserted: 2 }");
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv"}, "id,name,role.rank\n1,Ada,7\n,\"\",\n"), 0);
  EXPECT_EQ(out(), "{\"received\":2,\"inserted\":2,\"updated\":0,\"skipped\":0,\"rejected\":0}\n");
  EXPECT_EQ(begin_.ShortDebugString(), FromText<v1::LoadBegin>(R"pb(schema: "blog"
                                                                    model: "User"
                                                                    columns { field: "id" }
                                                                    columns { field: "name" }
                                                                    columns { field: "rank" relation: "role" })pb")
                                           .ShortDebugString());
  EXPECT_THAT(
      rows_,
      ElementsAre("values { int_value: 1 } values { text_value: \"Ada\" } values { int_value: 7 }",
                  "values { null_value: NULL_VALUE } values { text_value: \"\" } values { null_value: NULL_VALUE }"));
  EXPECT_TRUE(ended_);
  EXPECT_FALSE(server_.had_deadline);
}

TEST_F(LoadTest, SendsJsonLinesOfOneShape) {
  Answer("result { received: 2 inserted: 2 }");
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "jsonl", "--quiet"},
                     "{\"name\": \"Ada\", \"id\": 1}\n\n{\"id\": 2}\n"),
            0);
  EXPECT_THAT(rows_, ElementsAre("values { text_value: \"Ada\" } values { int_value: 1 }",
                                 "values { null_value: NULL_VALUE } values { int_value: 2 }"));
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(LoadTest, SendsThousandsOfRowsInOrder) {
  std::string table = "id\n";
  for (int i = 0; i < 10'000; ++i) table += std::to_string(i) + "\n";
  Answer("result { received: 10000 inserted: 10000 }");
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv"}, table), 0);
  ASSERT_EQ(rows_.size(), 10'000u);
  EXPECT_EQ(rows_[9'999], "values { int_value: 9999 }");
}

TEST_F(LoadTest, SaysWhatHappensToTakenKeys) {
  struct Case {
    std::vector<std::string> flags;
    std::string conflict;
  };
  for (const Case& c : std::vector<Case>{
           {{"--on-conflict", "reject"}, ""},
           {{"--on-conflict", "skip"}, "on_conflict { skip: true }"},
           {{"--on-conflict", "skip", "--key", "id,name"}, "on_conflict { key: 'id' key: 'name' skip: true }"},
           {{"--on-conflict", "update"}, "on_conflict { update {} }"},
           {{"--on-conflict", "update", "--update", "name,role"},
            "on_conflict { update { columns: ['name', 'role'] } }"},
           {{"--dry-run", "--tolerate", "7"}, "dry_run: true tolerated_rejects: 7"},
           {{"--once", "nightly 7"}, "request_id: 'nightly 7'"},
       }) {
    std::vector<std::string> arguments = {"load", "blog", "User", "-", "--format", "csv"};
    arguments.insert(arguments.end(), c.flags.begin(), c.flags.end());
    EXPECT_EQ(RunRowan(arguments, "id\n1\n"), 0);
    const auto wanted = FromText<v1::LoadBegin>("schema: 'blog' model: 'User' columns { field: 'id' } " + c.conflict);
    EXPECT_EQ(begin_.ShortDebugString(), wanted.ShortDebugString());
  }
}

TEST_F(LoadTest, ShowsItsSql) {
  server_.explain = [](const v1::ExplainRequest& request, v1::ExplainResponse& response) {
    EXPECT_EQ(request.load().columns(0).field(), "id");
    response.add_statements()->set_sql("COPY rows");
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv", "--show-sql"}, "id\n1\n"), 0);
  EXPECT_THAT(err(), HasSubstr("COPY rows"));
  server_.explain = nullptr;
  ended_ = false;
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv", "--show-sql"}, "id\n1\n"), 64 + 12);
  EXPECT_FALSE(ended_);
}

TEST_F(LoadTest, TellsRejectsWithTheirLines) {
  const std::string path = testing::TempDir() + "/rejects.jsonl";
  Answer("reject { row: 1 path: 'rows[1].id' reason: 'TYPE_MISMATCH' message: 'expects int64' }");
  Answer("result { received: 2 inserted: 1 rejected: 1 }");
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv", "--rejects", path}, "id,name\n1,\"a\nb\"\nx,\n"),
            0);
  EXPECT_THAT(err(), HasSubstr("rowan: line 4: TYPE_MISMATCH: expects int64\n"));
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(
      text.str(),
      "{\"line\":4,\"row\":1,\"path\":\"rows[1].id\",\"reason\":\"TYPE_MISMATCH\",\"message\":\"expects int64\"}\n");
}

TEST_F(LoadTest, TellsSomeOfManyRejects) {
  for (int i = 0; i < 25; ++i)
    Answer("reject { row: " + std::to_string(i) + " reason: 'TYPE_MISMATCH' message: 'no' }");
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv"}, "id\n1\n"), 0);
  EXPECT_THAT(err(), HasSubstr("line 21: TYPE_MISMATCH"));
  EXPECT_THAT(err(), Not(HasSubstr("line 22")));
  EXPECT_THAT(err(), HasSubstr("and 5 more rejects; --rejects FILE keeps them all"));
}

TEST_F(LoadTest, TellsThatTheResultIsAKeptOne) {
  server_.load = [](FakeServer::LoadStream& stream) {
    stream.Write(FromText<v1::LoadResponse>("result { received: 1 inserted: 1 repeated_answer: true }"));
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv", "--once", "x"}, "id\n1\n"), 0);
  EXPECT_THAT(out(), HasSubstr("\"repeated_answer\":true"));
}

TEST_F(LoadTest, ExitsWithTheStatusOfTheLoad) {
  Answer("reject { row: 0 reason: 'RELATED_NOT_FOUND' message: 'there is no Role' }");
  status_ = ErrorStatus(grpc::StatusCode::NOT_FOUND, "there is no Role",
                        FromText<google::rpc::ErrorInfo>("reason: 'RELATED_NOT_FOUND' domain: 'rowan'"), {});
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv"}, "id\n1\n"), 64 + 5);
  EXPECT_THAT(err(), HasSubstr("line 2: RELATED_NOT_FOUND: there is no Role"));
  EXPECT_THAT(out(), IsEmpty());
}

TEST_F(LoadTest, StopsWhenTheServerWantsNoMore) {
  server_.load = [](FakeServer::LoadStream&) { return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "no"); };
  std::string table = "id\n";
  for (int i = 0; i < 1'000'000; ++i) table += "1\n";
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv"}, table), 64 + 8);
}

TEST_F(LoadTest, ABrokenFileDoesNotEndTheLoad) {
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv"}, "id\n1\n\"2\n"), kExitUsage);
  EXPECT_THAT(err(), HasSubstr("line 3: a quoted cell begins here and does not end"));
  EXPECT_FALSE(ended_);
}

TEST_F(LoadTest, AnInterruptCancels) {
  console_.interrupt->Cancel();
  EXPECT_EQ(RunRowan({"load", "blog", "User", "-", "--format", "csv"}, "id\n1\n"), 64 + 1);
  EXPECT_FALSE(ended_);
}

class ExportTest : public LoadTest {
 protected:
  ExportTest() {
    server_.stream = [this](grpc::ServerContext&, const v1::StreamRequest& request, FakeServer::StreamWriter& writer) {
      request_ = request;
      writer.Write(FromText<v1::StreamResponse>(R"pb(shape {
                                                       fields { name: "id" }
                                                       fields { name: "name" }
                                                       relations {
                                                         name: "role"
                                                         shape { fields { name: "rank" } }
                                                       }
                                                     })pb"));
      writer.Write(FromText<v1::StreamResponse>(R"pb(batch {
                                                       records {
                                                         values { int_value: 1 }
                                                         values { text_value: "a,b" }
                                                         related { records { values { int_value: 7 } } }
                                                       }
                                                       records {
                                                         values { null_value: NULL_VALUE }
                                                         values { text_value: "" }
                                                         related {}
                                                       }
                                                     })pb"));
      writer.Write(FromText<v1::StreamResponse>("totals { records: 2 }"));
      return grpc::Status::OK;
    };
  }
  v1::StreamRequest request_;
};

TEST_F(ExportTest, WritesCsvInTheOrderOfItsColumns) {
  EXPECT_EQ(RunRowan({"export", "blog", "User", "-", "--format", "csv", "--columns", "role.rank,name,id"}), 0);
  EXPECT_EQ(out(), "role.rank,name,id\n7,\"a,b\",1\n,\"\",\n");
}

TEST_F(ExportTest, WritesJsonLines) {
  EXPECT_EQ(RunRowan({"export", "blog", "User", "-", "--format", "jsonl", "--columns", "id,name,role.rank"}), 0);
  EXPECT_EQ(out(), "{\"id\":1,\"name\":\"a,b\",\"role.rank\":7}\n{\"id\":null,\"name\":\"\",\"role.rank\":null}\n");
}

TEST_F(ExportTest, AsksForWhatALoadCanWrite) {
  EXPECT_EQ(RunRowan({"export", "blog", "User", "-", "--format", "csv", "--where", "{id: 1}", "--limit", "5"}), 0);
  EXPECT_THAT(request_.select().fields(), ElementsAre("id", "name"));
  EXPECT_EQ(request_.where().field().field(), "id");
  EXPECT_EQ(request_.page().limit(), 5);
}

TEST_F(ExportTest, WritesAFile) {
  const std::string path = testing::TempDir() + "/users.csv";
  EXPECT_EQ(RunRowan({"export", "blog", "User", path}), 0);
  EXPECT_THAT(out(), IsEmpty());
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), "id,name\n1,\"a,b\"\n,\"\"\n");
}

TEST_F(ExportTest, RefusesRelationsThatTheRecordDoesNotHold) {
  EXPECT_EQ(RunRowan({"export", "blog", "User", "-", "--format", "csv", "--columns", "id,posts.title"}), kExitUsage);
  EXPECT_THAT(err(), HasSubstr("posts.title: only a belongsTo relation"));
}

}  // namespace
}  // namespace rowan::cli
