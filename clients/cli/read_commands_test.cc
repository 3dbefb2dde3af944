#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <streambuf>
#include <thread>

#include "clients/cli/cli_test.h"
#include "clients/document/parse_document.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

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

class StreamTest : public CliTest {
 protected:
  // Sends the shape, `batches` of `size` records, and totals that claim `claimed` records unless that is negative.
  void Serve(int batches, int size, int64_t claimed) {
    server_.stream = [=, this](grpc::ServerContext& context, const v1::StreamRequest&,
                               FakeServer::StreamWriter& writer) {
      writer.Write(FromText<v1::StreamResponse>(R"pb(shape {
                                                       model: "User"
                                                       fields {
                                                         name: "id"
                                                         type { scalar: SCALAR_TYPE_INT64 }
                                                       }
                                                     })pb"));
      for (int batch = 0; batch < batches; ++batch) {
        v1::StreamResponse message;
        for (int i = 0; i < size; ++i)
          message.mutable_batch()->add_records()->add_values()->set_int_value(batch * size + i);
        if (!writer.Write(message)) break;
        ++sent_;
      }
      cancelled_ = context.IsCancelled();
      v1::StreamResponse totals;
      totals.mutable_totals()->set_records(claimed);
      if (claimed >= 0) writer.Write(totals);
      return grpc::Status::OK;
    };
  }
  std::atomic<int> sent_ = 0;
  std::atomic<bool> cancelled_ = false;
};

TEST_F(StreamTest, PrintsLinesAndASummary) {
  Serve(3, 2, 6);
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 0);
  EXPECT_EQ(out(), "{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n{\"id\":5}\n");
  EXPECT_THAT(err(), HasSubstr("rowan: 6 rows, "));
  EXPECT_FALSE(server_.had_deadline);
}

TEST_F(StreamTest, PrintsOneJsonList) {
  Serve(2, 1, 2);
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "--format", "json", "--quiet"}), 0);
  EXPECT_EQ(out(), "[\n  {\n    \"id\": 0\n  },\n  {\n    \"id\": 1\n  }\n]\n");
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(StreamTest, PrintsATableWithTheWidthsOfTheFirstBatch) {
  Serve(12, 1, 12);
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "--format", "table"}), 0);
  EXPECT_THAT(out(), testing::StartsWith("id\n--\n 0\n"));
  EXPECT_THAT(out(), testing::EndsWith(" 9\n10\n11\n"));
}

TEST_F(StreamTest, NoticesMissingTotals) {
  Serve(1, 1, -1);
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 64 + 15);
  EXPECT_THAT(err(), HasSubstr("without its totals"));
}

TEST_F(StreamTest, NoticesMissingRecords) {
  Serve(1, 1, 2);
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 64 + 15);
  EXPECT_THAT(err(), HasSubstr("sent 2 records, and 1 arrived"));
}

TEST_F(StreamTest, TellsAnErrorAfterRows) {
  server_.stream = [](grpc::ServerContext&, const v1::StreamRequest&, FakeServer::StreamWriter& writer) {
    writer.Write(FromText<v1::StreamResponse>(R"pb(shape { model: "User" })pb"));
    writer.Write(FromText<v1::StreamResponse>("batch { records {} }"));
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "PostgreSQL cannot be reached");
  };
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 64 + 14);
  EXPECT_EQ(out(), "{}\n");
  EXPECT_THAT(err(), HasSubstr("1 row, "));
  EXPECT_THAT(err(), HasSubstr("UNAVAILABLE: PostgreSQL cannot be reached"));
}

// A pipe whose reader has gone, or a disk that is full, after `room` bytes.
class BrokenBuffer : public std::streambuf {
 public:
  BrokenBuffer(size_t room, int error) : room_(room), error_(error) {}

 private:
  int_type overflow(int_type) override { return Fail(); }
  std::streamsize xsputn(const char*, std::streamsize size) override {
    if (static_cast<size_t>(size) > room_) return Fail(), 0;
    room_ -= size;
    return size;
  }
  int sync() override { return room_ == 0 ? Fail() : 0; }
  int Fail() {
    room_ = 0;
    errno = error_;
    return traits_type::eof();
  }
  size_t room_;
  int error_;
};

TEST_F(StreamTest, StopsQuietlyWhenTheReaderIsGone) {
  Serve(1'000'000, 100, -1);
  BrokenBuffer buffer(2000, EPIPE);
  std::ostream broken(&buffer);
  Console console{in_, broken, err_};
  EXPECT_EQ(cli::Run({"stream", "blog", "User", "--address", server_.address()}, console), 0);
  EXPECT_THAT(err(), IsEmpty());
  while (!cancelled_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_LT(sent_, 1'000'000);
}

TEST_F(StreamTest, TellsThatTheDiskIsFull) {
  Serve(1'000'000, 100, -1);
  BrokenBuffer buffer(2000, ENOSPC);
  std::ostream broken(&buffer);
  Console console{in_, broken, err_};
  EXPECT_EQ(cli::Run({"stream", "blog", "User", "--address", server_.address()}, console), 1);
  EXPECT_THAT(err(), HasSubstr("cannot write the output: No space left on device"));
}

TEST_F(StreamTest, StopsWhenInterrupted) {
  server_.stream = [&](grpc::ServerContext& context, const v1::StreamRequest&, FakeServer::StreamWriter& writer) {
    writer.Write(FromText<v1::StreamResponse>(R"pb(shape {
                                                     model: "User"
                                                     fields { name: "id" }
                                                   })pb"));
    console_.interrupt->Cancel();
    for (int i = 0; i < 1000 && !context.IsCancelled(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    cancelled_ = context.IsCancelled();
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 64 + 1);
  EXPECT_THAT(err(), HasSubstr("CANCELLED: the call was stopped"));
  while (!cancelled_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST_F(StreamTest, TellsItsProgressLineByLine) {
  server_.stream = [](grpc::ServerContext&, const v1::StreamRequest&, FakeServer::StreamWriter& writer) {
    writer.Write(FromText<v1::StreamResponse>(R"pb(shape { model: "User" })pb"));
    writer.Write(FromText<v1::StreamResponse>("batch { records {} }"));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    writer.Write(FromText<v1::StreamResponse>("totals { records: 1 batches: 1 }"));
    return grpc::Status::OK;
  };
  console_.progress_interval = std::chrono::milliseconds(20);
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 0);
  const std::string lines = err();
  EXPECT_GT(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_THAT(err(), HasSubstr("rowan: 1 row, "));
  EXPECT_THAT(err(), Not(HasSubstr("\r")));
  console_.err_is_terminal = true;
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 0);
  EXPECT_THAT(err(), HasSubstr("\r\x1b[K1 row, "));
}

}  // namespace
}  // namespace rowan::cli
