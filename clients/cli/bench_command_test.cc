#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "clients/cli/cli_test.h"

namespace rowan::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::json;

const char kRead[] = "{model: User, get: {select: {id: true}, where: {id: {$random: [1, 9]}}}}";

class BenchTest : public CliTest {
 protected:
  BenchTest() {
    server_.get = [this](const v1::GetRequest& request, v1::GetResponse& response) {
      const std::lock_guard lock(mutex_);
      ids_.insert(request.where().field().value().int_value());
      response.add_records()->add_values()->set_text_value("Alice");
      return grpc::Status::OK;
    };
  }

  // Runs a short bench and returns its report.
  Json Bench(std::vector<std::string> arguments, int code = 0) {
    arguments.insert(arguments.begin(), {"bench", "blog"});
    arguments.insert(arguments.end(), {"--duration", "200ms", "--warm-up", "20ms", "--format", "json"});
    EXPECT_EQ(RunRowan(arguments), code) << err();
    return Json::parse(out(), nullptr, false);
  }

  std::mutex mutex_;
  std::set<int64_t> ids_;
};

TEST_F(BenchTest, MeasuresWhatTheServerAnswers) {
  const Json report = Bench({kRead, "--clients", "3", "--connections", "2", "--threads", "2", "--decode"});
  EXPECT_GT(report["requests"], 10);
  EXPECT_GE(report["sent"], report["requests"]);
  EXPECT_GT(report["requests_per_second"], 10);
  EXPECT_EQ(report["records"], report["requests"]);
  EXPECT_EQ(report["failed"], 0);
  EXPECT_EQ(report["clients"], 3);
  EXPECT_EQ(report["connections"], 2);
  EXPECT_GT(report["bytes"], 0);
  EXPECT_GT(report["client_cpu_us"], 0);
  EXPECT_TRUE(server_.had_deadline);
  const Json& latency = report["latency_ms"];
  EXPECT_TRUE(0 < latency["p50"] && latency["p50"] <= latency["p95"] && latency["p95"] <= latency["p99"] &&
              latency["p99"] <= latency["max"])
      << latency;
  EXPECT_EQ(*ids_.begin(), 1);
  EXPECT_EQ(*ids_.rbegin(), 9);
}

TEST_F(BenchTest, MixesRequestsByWeight) {
  server_.exists = [](const v1::ExistsRequest&, v1::ExistsResponse&) { return grpc::Status::OK; };
  const Json report =
      Bench({"[{name: often, weight: 9, model: User, get: {select: {id: true}}}, {model: User, exists: {}}]"});
  const Json &often = report["by_request"][0], &rare = report["by_request"][1];
  EXPECT_EQ(often["name"], "often");
  EXPECT_EQ(rare["name"], "exists User");
  EXPECT_GT(often["requests"], rare["requests"]);
  EXPECT_GT(rare["requests"], 0);
  EXPECT_EQ(report["requests"], often["requests"].get<int>() + rare["requests"].get<int>());
}

TEST_F(BenchTest, ReadsStreamsToTheirEnd) {
  server_.stream = [](grpc::ServerContext&, const v1::StreamRequest&, FakeServer::StreamWriter& writer) {
    v1::StreamResponse response;
    response.mutable_batch()->add_records();
    response.mutable_batch()->add_records();
    for (int i = 0; i < 5; ++i) writer.Write(response);
    return grpc::Status::OK;
  };
  const Json report = Bench({"{model: User, stream: {select: {id: true}}}", "--clients", "1"});
  const int64_t streams = report["requests"], records = report["records"];
  EXPECT_GT(streams, 0);
  // A stream at the edge of the measured time counts with the records that came within it.
  EXPECT_NEAR(static_cast<double>(records), 10.0 * static_cast<double>(streams), 20);
}

TEST_F(BenchTest, SendsNoFasterThanTheRate) {
  const Json report = Bench({kRead, "--rate", "100"});
  EXPECT_GT(report["sent"], 0);
  EXPECT_LE(report["sent"], 23);  // in 220 ms
  EXPECT_EQ(report["rate"], 100);
}

TEST_F(BenchTest, LatenciesCountTheWaitForAFreeClient) {
  server_.get = [](const v1::GetRequest&, v1::GetResponse&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return grpc::Status::OK;
  };
  const Json report = Bench({kRead, "--rate", "1000", "--clients", "1"});
  EXPECT_GT(report["latency_ms"]["max"], 60);  // the queue grows
}

TEST_F(BenchTest, CountsFailuresByReason) {
  std::atomic<int> calls = 0;
  server_.get = [&](const v1::GetRequest&, v1::GetResponse&) {
    if (++calls % 3 == 1) return grpc::Status::OK;
    return ErrorStatus(grpc::StatusCode::RESOURCE_EXHAUSTED, "the queue is full",
                       FromText<google::rpc::ErrorInfo>("reason: 'QUEUE_FULL'"), {});
  };
  const Json report = Bench({kRead, "--clients", "1"}, 1);
  EXPECT_GT(report["requests"], 0);
  EXPECT_GT(report["failed"], report["requests"]);
  ASSERT_EQ(report["failures"].size(), 1u);
  EXPECT_EQ(report["failures"][0]["reason"], "QUEUE_FULL");
  EXPECT_EQ(report["failures"][0]["count"], report["failed"]);
  calls = 0;
  EXPECT_EQ(RunRowan({"bench", "blog", kRead, "--clients", "1", "--duration", "100ms", "--warm-up", "0"}), 1);
  EXPECT_THAT(out(), HasSubstr("calls failed with RESOURCE_EXHAUSTED QUEUE_FULL: the queue is full"));
}

TEST_F(BenchTest, EndsWhenTheFirstAnswerIsAnError) {
  server_.get = [](const v1::GetRequest&, v1::GetResponse&) {
    return ErrorStatus(grpc::StatusCode::INVALID_ARGUMENT, "User has no field \"idd\"",
                       FromText<google::rpc::ErrorInfo>("reason: 'UNKNOWN_FIELD'"), {});
  };
  EXPECT_EQ(RunRowan({"bench", "blog", kRead, "--duration", "600s"}), 67);
  EXPECT_THAT(err(), HasSubstr("UNKNOWN_FIELD: User has no field \"idd\""));
  EXPECT_EQ(out(), "");
}

TEST_F(BenchTest, EndsWhenThereIsNoServer) {
  EXPECT_EQ(cli::Run({"bench", "blog", kRead, "--address", "127.0.0.1:1", "--duration", "600s"}, console_), 78);
  EXPECT_THAT(err(), HasSubstr("no Rowan server answers at 127.0.0.1:1"));
}

TEST_F(BenchTest, TellsWhatIsMeasuredWhenInterrupted) {
  std::thread later([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    console_.interrupt->Cancel();
  });
  EXPECT_EQ(RunRowan({"bench", "blog", kRead, "--duration", "600s", "--warm-up", "0"}), 0) << err();
  later.join();
  EXPECT_THAT(out(), AllOf(HasSubstr("requests/s"), HasSubstr("get User"), HasSubstr("8 clients on 4 connections")));
}

TEST_F(BenchTest, SaysWhatIsWrongWithTheRequests) {
  EXPECT_EQ(RunRowan({"bench", "blog"}), 2);
  EXPECT_THAT(err(), HasSubstr("there is no document"));
  EXPECT_EQ(RunRowan({"bench", "blog", "@/nowhere.yaml"}), 2);
  EXPECT_THAT(err(), HasSubstr("/nowhere.yaml"));
  EXPECT_EQ(RunRowan({"bench", "blog", "[{model: User, gett: {}}]"}), 2);
  EXPECT_THAT(err(), HasSubstr("requests[0]: a request has no key \"gett\""));
}

}  // namespace
}  // namespace rowan::cli
