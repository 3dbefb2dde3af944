#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <sstream>
#include <streambuf>
#include <thread>

#include "clients/cli/cli_test.h"

namespace rowan::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

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
  EXPECT_EQ(cli::Run({"stream", "blog", "User", "--address", server_.address()}, console), 3);
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

// A call as a server plays it that loses its clients: batches of single records with the ids and tokens from `begin` to
// `end`, and then a status; an OK status comes after totals.
struct PlayedCall {
  std::string expects_token;
  int begin = 0;
  int end = 0;
  grpc::Status status = grpc::Status::OK;
  bool shape = true;
};

grpc::Status Lost() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection reset");
}

grpc::Status Stalled() {
  return ErrorStatus(grpc::StatusCode::ABORTED, "the client did not read",
                     FromText<google::rpc::ErrorInfo>(R"pb(reason: "STREAM_STALLED")pb"), {});
}

class ResumeTest : public CliTest {
 protected:
  ResumeTest() { console_.resume_wait = std::chrono::milliseconds(2); }

  void Play(std::vector<PlayedCall> calls) {
    server_.stream = [this, calls](grpc::ServerContext&, const v1::StreamRequest& request,
                                   FakeServer::StreamWriter& writer) {
      const PlayedCall& call = calls[std::min<size_t>(calls_, calls.size() - 1)];
      ++calls_;
      request_ = request;
      EXPECT_EQ(request.resume_token(), call.expects_token) << "in call " << calls_;
      if (!call.shape) return call.status;
      writer.Write(FromText<v1::StreamResponse>(R"pb(shape {
                                                       fields {
                                                         name: "id"
                                                         type { scalar: SCALAR_TYPE_INT64 }
                                                       }
                                                     })pb"));
      v1::StreamResponse message;
      for (int id = call.begin; id < call.end; ++id) {
        message.mutable_batch()->Clear();
        message.mutable_batch()->add_records()->add_values()->set_int_value(id);
        message.mutable_batch()->set_resume_token("t" + std::to_string(id));
        writer.Write(message);
      }
      if (!call.status.ok()) return call.status;
      message.mutable_totals()->set_records(call.end - call.begin);
      writer.Write(message);
      return call.status;
    };
  }
  std::atomic<size_t> calls_ = 0;
  v1::StreamRequest request_;
};

TEST_F(ResumeTest, GoesOnAfterTheLastRecord) {
  Play({{"", 0, 2, Lost()}, {"t1", 2, 3, Stalled()}, {"t2", 3, 5}});
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "{select: {id: true}, limit: 5}", "--mode", "keyset"}), 0) << err();
  EXPECT_EQ(out(), "{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n");
  EXPECT_EQ(calls_, 3u);
  EXPECT_THAT(err(), HasSubstr("rowan: the stream was lost (UNAVAILABLE); it goes on where it was\n"));
  EXPECT_THAT(err(), HasSubstr("rowan: the stream was lost (ABORTED STREAM_STALLED); it goes on where it was\n"));
  EXPECT_THAT(err(), HasSubstr("rowan: 5 rows, "));
  EXPECT_THAT(err(), HasSubstr(", resumed 2 times\n"));
  EXPECT_THAT(err(), testing::EndsWith("rowan: resume token t4\n"));
  EXPECT_EQ(request_.mode(), v1::STREAM_MODE_KEYSET);
  EXPECT_EQ(request_.page().limit(), 5);
}

TEST_F(ResumeTest, PrintsOneListWhateverTheCalls) {
  Play({{"", 0, 1, Lost()}, {"t0", 1, 1, Lost()}, {"t0", 1, 2}});
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "--format", "json", "--quiet"}), 0);
  EXPECT_EQ(out(), "[\n  {\n    \"id\": 0\n  },\n  {\n    \"id\": 1\n  }\n]\n");
  EXPECT_THAT(err(), IsEmpty());
}

TEST_F(ResumeTest, BeginsAgainWhenItWasLostBeforeTheFirstRecord) {
  Play({{"", 0, 0, Lost()}, {"", 0, 1}});
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 0);
  EXPECT_EQ(out(), "{\"id\":0}\n");
}

TEST_F(ResumeTest, GivesUpAfterAFewFailuresInARowAndPrintsTheToken) {
  Play({{"", 0, 2, Lost()}, {"t1", 2, 2, Lost()}, {"t1", 2, 3, Lost()}, {"t2", 3, 3, Lost(), false}});
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "--quiet"}), 64 + 14);
  EXPECT_EQ(out(), "{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n");
  EXPECT_EQ(calls_, 3u + 5u);  // the third call had a record, and five more did not
  EXPECT_THAT(err(), HasSubstr("rowan: UNAVAILABLE: connection reset\n"));
  EXPECT_THAT(err(), testing::EndsWith("rowan: go on after the last record with --resume t2\n"));
}

TEST_F(ResumeTest, BeginsAtTheTokenOfAFlag) {
  Play({{"t6", 7, 8, Lost()}, {"t7", 8, 9}});
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "{select: {id: true}, resume_token: old}", "--resume", "t6"}), 0);
  EXPECT_EQ(out(), "{\"id\":7}\n{\"id\":8}\n");
}

TEST_F(ResumeTest, DoesNotResumeWhatNeverBegan) {
  Play({{"", 0, 0, Lost(), false}});
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 64 + 14);
  EXPECT_EQ(calls_, 1u);
  EXPECT_THAT(err(), Not(HasSubstr("--resume")));
}

TEST_F(ResumeTest, DoesNotResumeOtherErrorsButPrintsTheToken) {
  Play({{"", 0, 1, grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "too late")}});
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 64 + 4);
  EXPECT_EQ(calls_, 1u);
  EXPECT_THAT(err(), testing::EndsWith("with --resume t0\n"));
}

TEST_F(ResumeTest, DoesNotWaitBeyondTheTimeout) {
  console_.resume_wait = std::chrono::hours(1);  // cut to between 2.5 and 5 seconds
  Play({{"", 0, 1, Lost()}});
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "--timeout", "2s"}), 64 + 14);
  EXPECT_EQ(calls_, 1u);
}

// A person who presses Ctrl-C when told that the stream was lost.
class ImpatientPerson : public std::stringbuf {
 public:
  explicit ImpatientPerson(Cancellation& interrupt) : interrupt_(interrupt) {}

 private:
  int sync() override {
    if (str().find("the stream was lost") != std::string::npos) interrupt_.Cancel();
    return 0;
  }
  Cancellation& interrupt_;
};

TEST_F(ResumeTest, StopsWaitingWhenInterrupted) {
  Play({{"", 0, 1, Lost()}});
  ImpatientPerson person(*console_.interrupt);
  std::ostream told(&person);
  Console console{in_, out_, told};
  console.interrupt = console_.interrupt;
  console.resume_wait = std::chrono::hours(1);
  EXPECT_EQ(cli::Run({"stream", "blog", "User", "--address", server_.address()}, console), 64 + 14);
  EXPECT_EQ(calls_, 1u);
  EXPECT_THAT(person.str(), testing::EndsWith("with --resume t0\n"));
}

TEST_F(ResumeTest, ComparesTheTotalsOfTheLastCall) {
  server_.stream = [this](grpc::ServerContext&, const v1::StreamRequest&, FakeServer::StreamWriter& writer) {
    writer.Write(FromText<v1::StreamResponse>("shape {}"));
    writer.Write(FromText<v1::StreamResponse>("batch { records {} resume_token: \"a\" }"));
    if (++calls_ == 1) return Lost();
    writer.Write(FromText<v1::StreamResponse>("totals { records: 2 }"));
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunRowan({"stream", "blog", "User"}), 64 + 15);
  EXPECT_THAT(err(), HasSubstr("sent 2 records, and 1 arrived"));
}

TEST_F(StreamTest, ShowsABarWhenTheLimitIsKnown) {
  server_.stream = [](grpc::ServerContext&, const v1::StreamRequest&, FakeServer::StreamWriter& writer) {
    writer.Write(FromText<v1::StreamResponse>("shape {}"));
    writer.Write(FromText<v1::StreamResponse>("batch { records {} }"));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    writer.Write(FromText<v1::StreamResponse>("totals { records: 1 }"));
    return grpc::Status::OK;
  };
  console_.progress_interval = std::chrono::milliseconds(20);
  console_.err_is_terminal = true;
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "--limit", "4"}), 0);
  EXPECT_THAT(err(), HasSubstr("\r\x1b[K[######>                 ]  25%  1 row, "));
  console_.err_is_terminal = false;
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "--limit", "4"}), 0);
  EXPECT_THAT(err(), HasSubstr("rowan:  25%, 1 row, "));
  EXPECT_EQ(RunRowan({"stream", "blog", "User", "--limit", "4", "--resume", "x"}), 0);
  EXPECT_THAT(err(), Not(HasSubstr("%")));
}

}  // namespace
}  // namespace rowan::cli
