#include <fstream>
#include <ostream>

#include "clients/cli/cli_test.h"

namespace rowan::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A server that answers as PostgreSQL would: an insert gives a record of the next id, an insert of null fails.
class TransactTest : public CliTest {
 protected:
  void SetUp() override {
    server_.transact = [this](FakeServer::TransactStream& stream) {
      v1::TransactRequest request;
      while (stream.Read(&request)) {
        messages_.push_back(request.ShortDebugString());
        v1::TransactResponse response;
        switch (request.kind_case()) {
          case v1::TransactRequest::kBegin:
            if (request.begin().schema() != "blog") return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such schema");
            response.mutable_begun()->set_schema_version("v1");
            break;
          case v1::TransactRequest::kOperation:
            Run(request.operation(), response);
            break;
          case v1::TransactRequest::kSavepoint:
            response.set_done(request.savepoint());
            break;
          case v1::TransactRequest::kRollbackTo:
            response.set_done(request.rollback_to());
            break;
          case v1::TransactRequest::kRelease:
            response.set_done(request.release());
            break;
          case v1::TransactRequest::kEnd:
            if (!commit_.ok()) return commit_;
            response.set_committed(request.end().commit());
            stream.Write(response);
            committed_ = request.end().commit();
            return grpc::Status::OK;
          case v1::TransactRequest::KIND_NOT_SET:
            break;
        }
        if (!stream.Write(response)) return grpc::Status::CANCELLED;
      }
      return grpc::Status::OK;
    };
  }

  void Run(const v1::Operation& operation, v1::TransactResponse& response) {
    v1::OperationResult& result = *response.mutable_result();
    result.set_id(operation.id());
    if (operation.has_get()) {
      result.mutable_get()->set_has_more(true);
    } else if (operation.insert().data(0).values().contains("bad")) {
      v1::RequestFailed& failed = *response.mutable_failed();
      const grpc::Status status =
          ErrorStatus(grpc::StatusCode::ALREADY_EXISTS, "the name is taken",
                      FromText<google::rpc::ErrorInfo>(R"pb(reason: "UNIQUE_VIOLATION"
                                                            metadata { key: "path" value: "insert.data" })pb"),
                      {});
      failed.set_code(status.error_code());
      failed.set_message(status.error_message());
      failed.set_details(status.error_details());
    } else {
      result.mutable_mutation()->mutable_effects()->set_matched(1);
    }
  }

  std::vector<std::string> messages_;
  bool committed_ = false;
  grpc::Status commit_;
};

constexpr char kInsert[] = R"({"model": "User", "insert": {"name": "a"}})";
constexpr char kBad[] = R"({"model": "User", "insert": {"bad": 1}})";
constexpr char kCommit[] = R"({"commit": true})";
constexpr char kInserted[] = R"({"result":{"records":[],"effects":{"matched":1,"changed":0,"relations":{}}}})";
constexpr char kFailed[] =
    R"({"failed":{"code":"ALREADY_EXISTS","reason":"UNIQUE_VIOLATION","message":"the name is taken","paths":["insert.data"]}})";

std::string Lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST_F(TransactTest, AnswersEachMessageOnALine) {
  EXPECT_EQ(RunRowan({"transact", "blog"},
                     Lines({R"({"begin": {"isolation": "serializable", "timeout_ms": 1000}})",
                            R"({"id": "u", "model": "User", "insert": {"name": "a", "roleId": {"ref": "r.id"}}})", "",
                            R"({"savepoint": "a"})", R"({"rollback_to": "a"})", R"({"release": "a"})", kCommit})),
            0)
      << err();
  EXPECT_EQ(out(), Lines({R"({"begun":{"schema_version":"v1"}})",
                          R"({"id":"u","result":{"records":[],"effects":{"matched":1,"changed":0,"relations":{}}}})",
                          R"({"done":"a"})", R"({"done":"a"})", R"({"done":"a"})", R"({"committed":true})"}));
  EXPECT_THAT(err(), IsEmpty());
  EXPECT_TRUE(committed_);
  EXPECT_FALSE(server_.had_deadline);
  EXPECT_THAT(messages_,
              ElementsAre("begin { schema: \"blog\" isolation: ISOLATION_LEVEL_SERIALIZABLE timeout_ms: 1000 }",
                          testing::AllOf(HasSubstr("operation { id: \"u\" insert { model: \"User\""),
                                         HasSubstr("reference_value: \"r.id\"")),
                          "savepoint: \"a\"", "rollback_to: \"a\"", "release: \"a\"", "end { commit: true }"));
}

TEST_F(TransactTest, BeginsByItself) {
  EXPECT_EQ(RunRowan({"transact", "blog", "-"}, Lines({kInsert, kCommit, "what follows is not read"})), 0) << err();
  EXPECT_EQ(out(), Lines({kInserted, R"({"committed":true})"}));
  EXPECT_EQ(messages_.size(), 3);
  EXPECT_EQ(messages_[0], "begin { schema: \"blog\" }");
}

TEST_F(TransactTest, RollsBackWhenToldTo) {
  EXPECT_EQ(RunRowan({"transact", "blog"}, Lines({kInsert, R"({"rollback": true})"})), 0);
  EXPECT_EQ(out(), Lines({kInserted, R"({"committed":false})"}));
  EXPECT_FALSE(committed_);
}

TEST_F(TransactTest, ReadsAFile) {
  const std::string path = testing::TempDir() + "/messages.jsonl";
  std::ofstream(path) << Lines({kInsert, kCommit});
  EXPECT_EQ(RunRowan({"transact", "blog", path}), 0) << err();
  EXPECT_TRUE(committed_);
  EXPECT_EQ(RunRowan({"transact", "blog", path + ".none"}), 2);
  EXPECT_THAT(err(), HasSubstr("cannot read"));
}

TEST_F(TransactTest, ExitsWith1WhenTheInputEndsFirst) {
  for (const std::string& input : {Lines({kInsert}), std::string(), std::string("\n \n")}) {
    EXPECT_EQ(RunRowan({"transact", "blog"}, input), 1);
    EXPECT_EQ(err(), "rowan: the input ended without {\"commit\": true}; nothing was written\n");
  }
  EXPECT_FALSE(committed_);
}

TEST_F(TransactTest, StopsAtARequestThatFails) {
  EXPECT_EQ(RunRowan({"transact", "blog"}, Lines({kInsert, kBad, kInsert, kCommit})), 70);
  EXPECT_EQ(out(), Lines({kInserted, kFailed}));
  EXPECT_EQ(err(),
            "rowan: ALREADY_EXISTS UNIQUE_VIOLATION: line 2: the name is taken\n  at insert.data\n"
            "rowan: the transaction was rolled back; nothing was written\n");
  EXPECT_EQ(messages_.size(), 3);
  EXPECT_FALSE(committed_);
}

TEST_F(TransactTest, GoesOnAfterFailuresWhenTold) {
  EXPECT_EQ(RunRowan({"transact", "blog", "--keep-going"},
                     Lines({kBad, R"({"model": "User", "inser": {}})", kInsert, kCommit})),
            0)
      << err();
  EXPECT_THAT(out(), testing::StartsWith(std::string(kFailed) +
                                         "\n{\"failed\":{\"reason\":\"DOCUMENT_INVALID\",\"message\":\"line 2: "));
  EXPECT_THAT(out(), HasSubstr("did you mean \\\"insert\\\"?"));
  EXPECT_THAT(out(), testing::EndsWith(Lines({kInserted, R"({"committed":true})"})));
  EXPECT_TRUE(committed_);
}

TEST_F(TransactTest, TellsThatThereAreMoreRecords) {
  EXPECT_EQ(RunRowan({"transact", "blog"}, Lines({R"({"model": "User", "get": {"select": {"id": true}}})", kCommit})),
            0);
  EXPECT_EQ(out(), Lines({R"({"result":[]})", R"({"committed":true})"}));
  EXPECT_EQ(err(), "rowan: line 1: 0 records, more\n");
}

TEST_F(TransactTest, TellsWhyTheServerEndedIt) {
  EXPECT_EQ(RunRowan({"transact", "shop", "--request-id", "r1"}, Lines({kInsert, kCommit})), 69);
  EXPECT_THAT(out(), IsEmpty());
  EXPECT_EQ(err(), "rowan: NOT_FOUND: no such schema\n  request id: r1\n");
}

TEST_F(TransactTest, SaysWhenTheOutcomeIsNotKnown) {
  commit_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "lost");
  EXPECT_EQ(RunRowan({"transact", "blog"}, Lines({kInsert, kCommit})), 78);
  EXPECT_EQ(out(), Lines({kInserted}));
  EXPECT_THAT(err(), HasSubstr("whether the transaction was committed is not known"));
  EXPECT_EQ(RunRowan({"transact", "blog"}, Lines({kInsert, R"({"rollback": true})"})), 78);
  EXPECT_THAT(err(), testing::Not(HasSubstr("is not known")));
}

struct Wrong {
  std::string line;
  std::string says;
};

void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << wrong.line;
}

class WrongMessageTest : public TransactTest, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongMessageTest, ExitsWith2AndWritesNothing) {
  EXPECT_EQ(RunRowan({"transact", "blog"}, Lines({kInsert, GetParam().line, kCommit})), 2);
  EXPECT_EQ(out(), Lines({kInserted}));
  EXPECT_THAT(err(), HasSubstr("line 2"));
  EXPECT_THAT(err(), HasSubstr(GetParam().says));
  EXPECT_THAT(err(), HasSubstr("nothing was written"));
  EXPECT_FALSE(committed_);
}

INSTANTIATE_TEST_SUITE_P(Lines, WrongMessageTest,
                         testing::Values(Wrong{R"({"commit": )", "line 2, column"},
                                         Wrong{R"({"commit": false})", "true is needed"},
                                         Wrong{R"({"comit": true})", "did you mean \"commit\"?"},
                                         Wrong{"[]", "a list stands where"},
                                         Wrong{R"({"savepoint": 1})", "the mark's name"},
                                         Wrong{R"({"savepoint": "a", "model": "User"})", "says one thing"},
                                         Wrong{R"({"commit": true, "rollback": true})", "says one thing"},
                                         Wrong{R"({"begin": {"isolation": "chaos"}})", "there is no isolation"},
                                         Wrong{R"({"begin": {"readonly": true}})", "did you mean \"read_only\"?"},
                                         Wrong{R"({"begin": {"timeout_ms": "1s"}})", "begin.timeout_ms"},
                                         Wrong{R"({"begin": null})", "the beginning"},
                                         Wrong{R"({"insert": {}})", "an operation needs \"model\""},
                                         Wrong{R"({"model": "User"})", "an operation needs one of"},
                                         Wrong{R"({"model": "User", "update": {"where": {}}})", "at update.data"}));

}  // namespace
}  // namespace rowan::cli
