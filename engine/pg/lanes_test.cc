#include "engine/pg/lanes.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/errors.h"
#include "tests/support/pg_session.h"

namespace rowan::pg {
namespace {

using namespace std::chrono_literals;
using End = LaneStatement::End;

// What became of reads, by their numbers.
class Outcomes {
 public:
  struct Outcome {
    End end = End::kNotRun;
    std::string text;
  };

  void Add(int number, Outcome outcome) {
    std::lock_guard lock(mutex_);
    EXPECT_TRUE(found_.emplace(number, std::move(outcome)).second) << number << " finished twice";
    wake_.notify_all();
  }
  std::map<int, Outcome> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, 30s, [&] { return found_.size() >= count; });
    return found_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<int, Outcome> found_;
};

// Reads one text.
class TextRead : public LaneStatement {
 public:
  TextRead(Outcomes& outcomes, int number, std::string sql, bool abandoned = false)
      : outcomes_(outcomes), number_(number), statement_{std::move(sql), {}}, abandoned_(abandoned) {}

  const Statement& statement() const override { return statement_; }
  std::vector<Parameter> parameters() const override { return parameters_; }
  bool abandoned() const override { return abandoned_; }
  void Finish(End end, std::optional<Result> rows) override {
    EXPECT_EQ(rows.has_value(), end == End::kAnswered);
    outcomes_.Add(number_, {end, rows ? std::string(rows->bytes(0, 0)) : ""});
  }

 private:
  Outcomes& outcomes_;
  const int number_;
  const Statement statement_;
  const std::vector<Parameter> parameters_;
  const bool abandoned_;
};

LaneOptions Options(int count) {
  return {.conninfo = TestDatabase(), .count = count};
}

TEST(LanesTest, AnswersAllAndGathersThem) {
  Lanes lanes(Options(2));
  Outcomes outcomes;
  constexpr int kReads = 400;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = caller; i < kReads; i += 4) {
        EXPECT_EQ(lanes.Submit(std::make_unique<TextRead>(outcomes, i, "SELECT 'n" + std::to_string(i % 7) + "'")), nullptr);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  const auto found = outcomes.Wait(kReads);
  ASSERT_EQ(found.size(), static_cast<size_t>(kReads));
  for (const auto& [number, outcome] : found) {
    EXPECT_EQ(outcome.end, End::kAnswered) << number;
    EXPECT_EQ(outcome.text, "n" + std::to_string(number % 7));
  }
  EXPECT_EQ(lanes.counts().answered, kReads);
  EXPECT_EQ(lanes.counts().unanswered, 0);
  EXPECT_LT(lanes.counts().round_trips, kReads);
}

// Each write is a transaction of its own, whatever becomes of those that go with it.
TEST(LanesTest, WritesAreApart) {
  const auto connection = Connect();
  ASSERT_TRUE(RunSql(*connection, "CREATE TABLE public.lane_writes (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)").ok());
  LaneOptions options = Options(1);
  options.writes = true;
  options.longest = 50ms;
  Lanes lanes(options);
  struct Case {
    std::string sql;
    End end;
  };
  const auto insert = [](int id) {
    return "INSERT INTO public.lane_writes VALUES (" + std::to_string(id) + ") RETURNING 'written'";
  };
  const std::vector<Case> cases = {
      {insert(1), End::kFailed},  // is there already, which is found at its end
      {"SELECT (1 / (SELECT 0))::text", End::kFailed},
      {"SELECT pg_sleep(20)::text", End::kFailed},
      {insert(1000), End::kAnswered},
  };
  ASSERT_TRUE(RunSql(*connection, "INSERT INTO public.lane_writes VALUES (1)").ok());
  int next = 10;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sql);
    Outcomes outcomes;
    constexpr int kNeighbours = 20;
    for (int i = 0; i <= kNeighbours; ++i) {
      const std::string sql = i == kNeighbours / 2 ? c.sql : insert(next++);
      ASSERT_EQ(lanes.Submit(std::make_unique<TextRead>(outcomes, i, sql)), nullptr);
    }
    auto found = outcomes.Wait(kNeighbours + 1);
    ASSERT_EQ(found.size(), static_cast<size_t>(kNeighbours + 1));
    EXPECT_EQ(found[kNeighbours / 2].end, c.end);
    found.erase(kNeighbours / 2);
    for (const auto& [number, outcome] : found) EXPECT_EQ(outcome.end, End::kAnswered) << number;
  }
  EXPECT_EQ(One(*connection, "SELECT count(*)::text FROM public.lane_writes"), std::to_string(next - 10 + 2));
}

// Those behind a connection that broke were sent, and nobody knows what became of them.
TEST(LanesTest, WritesOfABrokenConnectionAreUnknown) {
  const auto connection = Connect();
  ASSERT_TRUE(RunSql(*connection, "CREATE TABLE public.broken_writes (id int PRIMARY KEY)").ok());
  LaneOptions options = Options(1);
  options.writes = true;
  constexpr int kWrites = 10;
  for (const int terminating : {4, kWrites - 1}) {
    ASSERT_TRUE(RunSql(*connection, "TRUNCATE public.broken_writes").ok());
    Lanes lanes(options);
    Outcomes outcomes;
    for (int i = 0; i < kWrites; ++i) {
      const std::string sql = i == terminating
                                  ? "SELECT pg_terminate_backend(pg_backend_pid())::text"
                                  : "INSERT INTO public.broken_writes VALUES (" + std::to_string(i) + ") RETURNING 'written'";
      ASSERT_EQ(lanes.Submit(std::make_unique<TextRead>(outcomes, i, sql)), nullptr);
    }
    const auto found = outcomes.Wait(kWrites);
    ASSERT_EQ(found.size(), static_cast<size_t>(kWrites));
    for (const auto& [number, outcome] : found) {
      const std::string there = One(*connection, "SELECT count(*)::text FROM public.broken_writes WHERE id = " + std::to_string(number));
      const bool refused = outcome.end == End::kFailed || outcome.end == End::kNotRun;
      if (outcome.end != End::kUnknown) {
        EXPECT_EQ(there, refused ? "0" : "1") << number;
      }
    }
    // What PostgreSQL said is not told when the connection breaks while others are still being sent.
    const End terminated = found.at(terminating).end;
    const bool others_behind = terminating < kWrites - 1;
    EXPECT_TRUE(terminated == End::kFailed || (others_behind && terminated == End::kUnknown)) << static_cast<int>(terminated);
  }
}

// What one read does to itself, and that the others are answered when they are run again.
TEST(LanesTest, FailuresStayWithTheirRead) {
  struct Case {
    std::string sql;
    End end;
  };
  const std::vector<Case> cases = {
      {"SELECT nothing", End::kFailed},                          // does not parse
      {"SELECT (1 / (SELECT 0))::text", End::kFailed},           // fails while it runs
      {"SELECT pg_sleep(20)::text", End::kFailed},               // takes too long
      {"CREATE TABLE lanes_write (id int)", End::kFailed},       // is no read
      {"SELECT pg_terminate_backend(pg_backend_pid())::text", End::kNotRun},  // ends its connection: nobody knows who did
      {"SELECT 'fine'", End::kAnswered},
  };
  LaneOptions options = Options(1);
  options.longest = 50ms;
  Lanes lanes(options);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sql);
    Outcomes outcomes;
    constexpr int kNeighbours = 40;
    for (int i = 0; i <= kNeighbours; ++i) {
      const std::string sql = i == kNeighbours / 2 ? c.sql : "SELECT 'neighbour'";
      ASSERT_EQ(lanes.Submit(std::make_unique<TextRead>(outcomes, i, sql)), nullptr);
    }
    auto found = outcomes.Wait(kNeighbours + 1);
    ASSERT_EQ(found.size(), static_cast<size_t>(kNeighbours + 1));
    EXPECT_EQ(found[kNeighbours / 2].end, c.end);
    found.erase(kNeighbours / 2);
    for (const auto& [number, outcome] : found) {
      if (outcome.end == End::kAnswered) {
        EXPECT_EQ(outcome.text, "neighbour") << number;
      } else {
        EXPECT_EQ(outcome.end, End::kNotRun) << number;
      }
    }
  }
}

TEST(LanesTest, ReadsThatNobodyWaitsForAreNotSent) {
  Lanes lanes(Options(1));
  Outcomes outcomes;
  ASSERT_EQ(lanes.Submit(std::make_unique<TextRead>(outcomes, 1, "SELECT 'fine'", true)), nullptr);
  EXPECT_EQ(outcomes.Wait(1)[1].end, End::kNotRun);
  EXPECT_EQ(lanes.counts().round_trips, 0);
}

TEST(LanesTest, GivesBackWhatItDoesNotTake) {
  Outcomes outcomes;
  Lanes none(Options(0));
  EXPECT_NE(none.Submit(std::make_unique<TextRead>(outcomes, 1, "SELECT 'fine'")), nullptr);
  LaneOptions full = Options(1);
  full.queue_limit = 0;
  Lanes refusing(full);
  EXPECT_NE(refusing.Submit(std::make_unique<TextRead>(outcomes, 2, "SELECT 'fine'")), nullptr);
  EXPECT_TRUE(outcomes.Wait(0).empty());
}

TEST(LanesTest, WithoutAServerNothingIsAnsweredAndNobodyWaits) {
  Lanes lanes({.conninfo = "host=/nowhere port=1", .count = 1});
  Outcomes outcomes;
  ASSERT_EQ(lanes.Submit(std::make_unique<TextRead>(outcomes, 1, "SELECT 'fine'")), nullptr);
  EXPECT_EQ(outcomes.Wait(1)[1].end, End::kNotRun);
  // For a while it is not even tried.
  EXPECT_NE(lanes.Submit(std::make_unique<TextRead>(outcomes, 2, "SELECT 'fine'")), nullptr);
}

TEST(LanesTest, RenewalConnectsAnew) {
  Lanes lanes(Options(1));
  Outcomes outcomes;
  const auto pid = [&](int number) {
    EXPECT_EQ(lanes.Submit(std::make_unique<TextRead>(outcomes, number, "SELECT pg_backend_pid()::text")), nullptr);
    return outcomes.Wait(static_cast<size_t>(number))[number].text;
  };
  const std::string first = pid(1);
  EXPECT_EQ(pid(2), first);
  lanes.Renew();
  EXPECT_NE(pid(3), first);
}

TEST(LanesTest, TheEndFinishesWhatWaits) {
  Outcomes outcomes;
  {
    LaneOptions options = Options(1);
    options.longest = 300ms;
    Lanes lanes(options);
    for (int i = 0; i < 60; ++i) {
      ASSERT_EQ(lanes.Submit(std::make_unique<TextRead>(outcomes, i, "SELECT pg_sleep(0.1)::text")), nullptr);
    }
  }
  EXPECT_EQ(outcomes.Wait(60).size(), 60u);
}

}  // namespace
}  // namespace rowan::pg
