// Appliers beside each other, and beside sessions that hold locks.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "engine/base/errors.h"
#include "engine/store/registry.h"
#include "engine/store/schema_store.h"
#include "tests/support/private_postgres.h"

namespace rowan::store {
namespace {

// A schema of a model A with an id and the fields.
CompiledSchema Compile(const std::string& fields) {
  v1::Schema schema;
  const std::string text = absl::StrCat(
      "name: 't' models { name: 'A' table: 'a' fields { name: 'id' type { scalar: SCALAR_TYPE_INT64 } primary: true } ", fields, " }");
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &schema)) << text;
  auto compiled = CompileSchema(schema);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *std::move(compiled);
}

std::string Field(const std::string& name, const std::string& type, const std::string& more = "optional: true") {
  return absl::StrCat("fields { name: '", name, "' type { scalar: SCALAR_TYPE_", type, " } ", more, " } ");
}

std::string ReasonOf(const absl::StatusOr<ApplyResult>& applied) {
  return applied.ok() ? (applied->applied ? "applied" : "nothing to do") : ErrorReasonOf(applied.status());
}

class ConcurrentApplyTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    auto conninfo = test::PrivatePostgres::Shared().CreateDatabase(absl::StrReplaceAll(info->name(), {{"/", "_"}}));
    ASSERT_TRUE(conninfo.ok()) << conninfo.status();
    conninfo_ = *conninfo;
    Open(30000, 5);
    ASSERT_EQ(ReasonOf(store_->Apply(Compile(""), {})), "applied");
    Sql("INSERT INTO a SELECT FROM generate_series(1, 100)");
  }

  void Open(int lock_timeout_ms, int attempts) {
    auto store = SchemaStore::Open(
        {.conninfo = conninfo_, .lock_timeout = std::chrono::milliseconds(lock_timeout_ms), .lock_attempts = attempts});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  // Applies all of them at once. Returns how often there was which outcome.
  std::map<std::string, int> ApplyAtOnce(const std::vector<CompiledSchema>& schemas, const ApplyOptions& options) {
    std::vector<std::string> outcomes(schemas.size());
    std::vector<std::thread> threads;
    std::atomic<size_t> ready = 0;
    for (size_t i = 0; i < schemas.size(); ++i) {
      threads.emplace_back([&, i] {
        for (++ready; ready < schemas.size();) std::this_thread::yield();
        outcomes[i] = ReasonOf(store_->Apply(schemas[i], options));
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::map<std::string, int> counts;
    for (const std::string& outcome : outcomes) ++counts[outcome];
    return counts;
  }

  // Whether the database is as the registered version says, and it is one of the schemas'.
  void ExpectOneOf(const std::vector<CompiledSchema>& schemas) {
    const auto versions = store_->Versions();
    ASSERT_TRUE(versions.ok()) << versions.status();
    int found = 0;
    for (const CompiledSchema& schema : schemas) {
      if (versions->at("t") != schema.canonical.version()) continue;
      ++found;
      const auto drift = store_->FindDrift(*schema.catalog);
      ASSERT_TRUE(drift.ok()) << drift.status();
      for (const SchemaDifference& difference : *drift) {
        ADD_FAILURE() << difference.kind << " " << difference.object << ": expected " << difference.expected << ", found " << difference.found;
      }
    }
    EXPECT_GE(found, 1) << versions->at("t");
    EXPECT_EQ(Count("a"), 100);
    EXPECT_EQ(Count("rowan.schema_attempts"), 0) << "somebody stopped half-way";
  }

  void Sql(const std::string& sql) {
    pqxx::connection connection(conninfo_);
    pqxx::nontransaction session(connection);
    session.exec(sql);
  }

  int Count(const std::string& from) {
    pqxx::connection connection(conninfo_);
    pqxx::nontransaction session(connection);
    return session.exec("SELECT count(*) FROM " + from)[0][0].as<int>();
  }

  bool Eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  // Whether somebody waits for a lock on the table.
  bool IsAwaited() { return Count("pg_locks WHERE relation = 'a'::regclass AND NOT granted") > 0; }

  std::string conninfo_;
  std::unique_ptr<SchemaStore> store_;
};

// A session in a transaction that reads the table until it is let go.
class Holder {
 public:
  explicit Holder(const std::string& conninfo) : connection_(conninfo), transaction_(connection_) {
    transaction_.exec("LOCK TABLE a IN ACCESS SHARE MODE");
  }
  void LetGo() { transaction_.abort(); }

 private:
  pqxx::connection connection_;
  pqxx::work transaction_;
};

TEST_F(ConcurrentApplyTest, OfTheSameInStagesConverge) {
  const CompiledSchema schema =
      Compile(Field("n", "INT32", "optional: true index: true unique: true") + "checks { name: 'c' expression: 'n > 0' }");
  const std::vector<CompiledSchema> schemas(4, schema);
  const auto outcomes = ApplyAtOnce(schemas, {.online = Online::kAlways});
  EXPECT_EQ(outcomes, (std::map<std::string, int>{{"applied", 1}, {"nothing to do", 3}}));
  ExpectOneOf({schema});
  EXPECT_EQ(Count("rowan.schema_history"), 2);
}

TEST_F(ConcurrentApplyTest, OfDifferentOnesAreRefusedWhatTheyWouldLose) {
  for (const Online online : {Online::kNever, Online::kAlways}) {
    const std::string round = online == Online::kNever ? "x" : "y";
    const std::vector<CompiledSchema> schemas = {Compile(Field("n" + round, "INT32", "optional: true index: true")),
                                                 Compile(Field("m" + round, "DATE", "optional: true index: true"))};
    ApplyOptions options;
    options.online = online;
    // What the round before left.
    options.allow_data_loss = {"drop column a.nx", "drop column a.mx"};
    const auto outcomes = ApplyAtOnce(schemas, options);
    if (online == Online::kNever) {
      // Each may drop what the other one made.
      EXPECT_EQ(outcomes, (std::map<std::string, int>{{"applied", 2}}));
    } else {
      EXPECT_EQ(outcomes, (std::map<std::string, int>{{"DATA_LOSS", 1}, {"applied", 1}}));
    }
    ExpectOneOf(schemas);
  }
}

TEST_F(ConcurrentApplyTest, OfDifferentOnesThatExpectAVersion) {
  for (int round = 0; round < 5; ++round) {
    std::vector<CompiledSchema> schemas;
    for (const char* name : {"n", "m", "o"}) schemas.push_back(Compile(Field(absl::StrCat(name, round), "INT32")));
    const auto versions = store_->Versions();
    ASSERT_TRUE(versions.ok()) << versions.status();
    ApplyOptions options;
    options.expected_version = versions->at("t");
    for (const char* name : {"n", "m", "o"}) options.allow_data_loss.insert(absl::StrCat("drop column a.", name, round - 1));
    const auto outcomes = ApplyAtOnce(schemas, options);
    EXPECT_EQ(outcomes, (std::map<std::string, int>{{"VERSION_MISMATCH", 2}, {"applied", 1}}));
    ExpectOneOf(schemas);
  }
}

TEST_F(ConcurrentApplyTest, OneThatStopsHalfWayLeavesTheNextOneAWay) {
  const CompiledSchema failing = Compile(Field("n", "INT32", "optional: true index: true") + "checks { name: 'c' expression: 'id > 50' }");
  const CompiledSchema other = Compile(Field("m", "DATE", "optional: true index: true"));
  const auto outcomes = ApplyAtOnce({failing, other}, {.online = Online::kAlways});
  // Whichever is first; the failing one may also be told that it would lose what the other one made.
  EXPECT_EQ(outcomes.count("applied"), 1u);
  EXPECT_EQ(outcomes.count("DATA_CONFLICT") + outcomes.count("DATA_LOSS"), 1u);
  ExpectOneOf({other});
  EXPECT_EQ(Count("pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'n'"), 0);
}

// An index that is built concurrently waits for the end of every transaction that it met in a statement.
TEST_F(ConcurrentApplyTest, WhoWaitsForATurnKeepsNoTransactionOpen) {
  pqxx::connection connection(conninfo_);
  pqxx::work holder(connection);
  holder.exec("SELECT pg_advisory_xact_lock(" + std::to_string(kApplyLock) + ")");
  std::string outcome;
  std::thread applier([&] { outcome = ReasonOf(store_->Apply(Compile(Field("n", "INT32")), {})); });
  EXPECT_TRUE(Eventually([&] {
    return Count("pg_stat_activity WHERE datname = current_database() AND state = 'idle' AND query = 'ROLLBACK'") == 1;
  }));
  holder.abort();
  applier.join();
  EXPECT_EQ(outcome, "applied");
}

TEST_F(ConcurrentApplyTest, TheRegistryIsMadeInTurn) {
  Sql("DROP SCHEMA rowan CASCADE");
  pqxx::connection connection(conninfo_);
  std::optional<pqxx::work> holder(std::in_place, connection);
  holder->exec("SELECT pg_advisory_xact_lock(" + std::to_string(kApplyLock) + ")");
  const auto refused = SchemaStore::Open({.conninfo = conninfo_, .lock_timeout = std::chrono::milliseconds(50)});
  EXPECT_EQ(ErrorReasonOf(refused.status()), "LOCK_TIMEOUT");
  EXPECT_EQ(Count("pg_namespace WHERE nspname = 'rowan'"), 0);
  holder.reset();
  Open(50, 1);
  EXPECT_EQ(Count("rowan.registry"), 1);
}

TEST_F(ConcurrentApplyTest, ALockThatIsLetGoInTime) {
  Open(200, 100);
  std::string fields;
  for (const Online online : {Online::kNever, Online::kAlways}) {
    fields += online == Online::kNever ? Field("n", "INT32") : Field("m", "INT32", "optional: true index: true");
    const CompiledSchema schema = Compile(fields);
    Holder holder(conninfo_);
    std::string outcome;
    std::thread applier([&] { outcome = ReasonOf(store_->Apply(schema, {.online = online})); });
    // One attempt is given up, and another one waits.
    EXPECT_TRUE(Eventually([&] { return IsAwaited(); }));
    EXPECT_TRUE(Eventually([&] { return !IsAwaited(); }));
    EXPECT_TRUE(Eventually([&] { return IsAwaited(); }));
    // Those who come behind have their turn.
    EXPECT_EQ(Count("a"), 100);
    holder.LetGo();
    applier.join();
    EXPECT_EQ(outcome, "applied");
    ExpectOneOf({schema});
  }
}

TEST_F(ConcurrentApplyTest, ALockThatIsNotLetGo) {
  Open(50, 3);
  const CompiledSchema schema = Compile(Field("n", "INT32"));
  Holder holder(conninfo_);
  const auto applied = store_->Apply(schema, {});
  EXPECT_EQ(ReasonOf(applied), "LOCK_TIMEOUT");
  EXPECT_EQ(applied.status().code(), absl::StatusCode::kAborted);
  holder.LetGo();
  ExpectOneOf({Compile("")});
  EXPECT_EQ(ReasonOf(store_->Apply(schema, {})), "applied");
  ExpectOneOf({schema});
}

TEST_F(ConcurrentApplyTest, ALockThatIsNotLetGoInTheLastStage) {
  ASSERT_EQ(ReasonOf(store_->Apply(Compile(Field("n", "INT32")), {})), "applied");
  Sql("UPDATE a SET n = id");
  const CompiledSchema schema = Compile(Field("m", "INT32", "optional: true renamed_from: 'n'") + "indexes { fields: 'id' name: 'i' }");
  Open(50, 3);
  Holder holder(conninfo_);
  const auto applied = store_->Apply(schema, {.online = Online::kAlways});
  EXPECT_EQ(ReasonOf(applied), "LOCK_TIMEOUT");
  EXPECT_THAT(applied.status().message(), testing::HasSubstr("stage 2 of 2"));
  holder.LetGo();
  EXPECT_EQ(store_->Versions()->at("t"), Compile(Field("n", "INT32")).canonical.version());
  // The index is built beside readers; only the rename had to wait.
  EXPECT_EQ(Count("pg_indexes WHERE indexname = 'i'"), 1);
  EXPECT_EQ(Count("a WHERE n = id"), 100);
  EXPECT_EQ(ReasonOf(store_->Apply(schema, {.online = Online::kAlways})), "applied");
  ExpectOneOf({schema});
  EXPECT_EQ(Count("a WHERE m = id"), 100);
}

struct Obstacle {
  std::string title;
  std::string fields;  // that the model gets, in several stages
  std::string made;    // SQL that gets in the way of a later one
  std::string reason;
  std::vector<std::string> told;
  std::string done;    // what the stages before have made, as FROM says it
  std::string removed; // SQL that clears the way
};

class LaterStageTest : public ConcurrentApplyTest, public testing::WithParamInterface<Obstacle> {};

TEST_P(LaterStageTest, SaysWhatIsDoneAndGoesOnFromThere) {
  const Obstacle& obstacle = GetParam();
  Sql(obstacle.made);
  const CompiledSchema schema = Compile(obstacle.fields);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const auto applied = store_->Apply(schema, {.online = Online::kAlways});
    ASSERT_EQ(ReasonOf(applied), obstacle.reason) << applied.status();
    const std::string message(applied.status().message());
    EXPECT_THAT(message, testing::Not(testing::ContainsRegex("[Nn]othing was"))) << attempt;
    if (attempt == 1) {
      for (const std::string& told : obstacle.told) EXPECT_THAT(message, testing::HasSubstr(told));
    }
    EXPECT_EQ(Count(obstacle.done), 1) << message;
    EXPECT_EQ(store_->Versions()->at("t"), Compile("").canonical.version());
  }
  Sql(obstacle.removed);
  const auto resumed = store_->Apply(schema, {.online = Online::kAlways});
  EXPECT_EQ(ReasonOf(resumed), "applied") << resumed.status();
  ExpectOneOf({schema});
}

const Obstacle kObstacles[] = {
    {"ARowThatDoesNotPass",
     Field("n", "INT32", "optional: true index: true") + "checks { name: 'c' expression: 'id > 50' }",
     "SELECT 1",
     "DATA_CONFLICT",
     {"add column a.n", "stage ", "sent again"},
     "pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'n'",
     "UPDATE a SET id = id + 100 WHERE id <= 50"},
    {"ANameThatIsTaken",
     Field("n", "INT32") + "indexes { fields: 'n' name: 'taken' }",
     "CREATE SEQUENCE taken",
     "TABLE_EXISTS",
     {"exists already", "add column a.n", "stage 2 of 3", "sent again"},
     "pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'n'",
     "DROP SEQUENCE taken"},
    {"AnExpressionThatFails",
     Field("n", "INT32", "optional: true index: true") + "checks { name: 'c' expression: '1 / (id - 7) < 2' }",
     "SELECT 1",
     "DATA_CONFLICT",
     {"add column a.n", "stage ", "sent again"},
     "pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'n'",
     "UPDATE a SET id = 1000 WHERE id = 7"},
};

INSTANTIATE_TEST_SUITE_P(Stages, LaterStageTest, testing::ValuesIn(kObstacles),
                         [](const auto& info) { return info.param.title; });

}  // namespace
}  // namespace rowan::store
