#include "engine/store/schema_store.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <thread>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "tests/support/private_postgres.h"

namespace rowan::store {
namespace {

CompiledSchema Compile(const std::string& models, const std::string& name = "t") {
  v1::Schema schema;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(absl::StrCat("name: '", name, "' ", models), &schema))
      << models;
  auto compiled = CompileSchema(schema);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *std::move(compiled);
}

// A model A with an id, and what is given.
std::string ModelA(const std::string& more = "") {
  return absl::StrCat(
      "models { name: 'A' table: 'a' fields { name: 'id' type { scalar: SCALAR_TYPE_INT64 } primary: true } ", more,
      " }");
}

std::string TextField(const std::string& more) {
  return absl::StrCat("fields { name: 'n' type { scalar: SCALAR_TYPE_TEXT } ", more, " }");
}

class SchemaStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    auto conninfo = test::PrivatePostgres::Shared().CreateDatabase(info->name());
    ASSERT_TRUE(conninfo.ok()) << conninfo.status();
    conninfo_ = *conninfo;
    store_ = OpenStore();
  }

  std::unique_ptr<SchemaStore> OpenStore(int lock_timeout_ms = 5000) {
    auto store = SchemaStore::Open({.conninfo = conninfo_, .lock_timeout = std::chrono::milliseconds(lock_timeout_ms)});
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  ApplyResult Apply(const CompiledSchema& schema, const ApplyOptions& options = {}) {
    auto applied = store_->Apply(schema, options);
    EXPECT_TRUE(applied.ok()) << applied.status();
    return applied.ok() ? *std::move(applied) : ApplyResult();
  }

  std::string ReasonOfApply(const CompiledSchema& schema, const ApplyOptions& options = {}) {
    const auto applied = store_->Apply(schema, options);
    return applied.ok() ? "OK" : ErrorReasonOf(applied.status());
  }

  void Sql(const std::string& sql) {
    pqxx::connection connection(conninfo_);
    pqxx::work transaction(connection);
    transaction.exec(sql);
    transaction.commit();
  }

  int Count(const std::string& from) {
    pqxx::connection connection(conninfo_);
    pqxx::work transaction(connection);
    return transaction.exec("SELECT count(*) FROM " + from)[0][0].as<int>();
  }

  std::string conninfo_;
  std::unique_ptr<SchemaStore> store_;
};

TEST_F(SchemaStoreTest, AppliesOnceAndKeepsHistory) {
  const CompiledSchema schema = Compile(ModelA());
  const ApplyResult first = Apply(schema, {.actor = "ann"});
  EXPECT_TRUE(first.applied);
  EXPECT_EQ(first.steps.size(), 1u);
  const ApplyResult again = Apply(schema);
  EXPECT_FALSE(again.applied);
  EXPECT_TRUE(again.steps.empty());
  EXPECT_EQ(again.apply_time, first.apply_time);
  EXPECT_TRUE(Apply(Compile(ModelA(TextField("optional: true")))).applied);
  EXPECT_EQ(Count("rowan.schemas"), 1);
  EXPECT_EQ(Count("rowan.schema_history WHERE name = 't' AND (applied_by = 'ann') = (jsonb_array_length(steps) = 1 AND "
                  "id = 1)"),
            2);
}

TEST_F(SchemaStoreTest, ReadsSchemasBackAfterARestart) {
  const CompiledSchema schema = Compile(ModelA(TextField("default { literal { text_value: 'x' } }")));
  const ApplyResult applied = Apply(schema);
  Apply(Compile("", "empty"));
  const auto stored = OpenStore()->Load([](const auto&, const auto&) { return true; });
  ASSERT_TRUE(stored.ok()) << stored.status();
  ASSERT_EQ(stored->size(), 2u);
  EXPECT_EQ((*stored)[0].name, "empty");
  const StoredSchema& t = (*stored)[1];
  ASSERT_TRUE(t.compiled.ok()) << t.compiled.status();
  EXPECT_EQ(t.apply_time, applied.apply_time);
  EXPECT_EQ(t.version, schema.canonical.version());
  EXPECT_EQ(t.compiled->canonical.DebugString(), applied.canonical.DebugString());
  EXPECT_EQ(t.compiled->canonical.models(0).fields(1).number(), 2);
}

TEST_F(SchemaStoreTest, ReportsDamageWithoutGivingUpTheRest) {
  Apply(Compile(ModelA()));
  Apply(Compile("", "other"));
  Apply(Compile("", "third"));
  Sql("UPDATE rowan.schemas SET content = 'junk' WHERE name = 't'");
  // Content that is whole, but that this version does not compile: the bytes of a schema without a name.
  Sql("UPDATE rowan.schemas SET content = '', checksum = encode(sha256(''), 'hex') WHERE name = 'third'");
  const auto stored = store_->Load([](const auto&, const auto&) { return true; });
  ASSERT_TRUE(stored.ok()) << stored.status();
  ASSERT_EQ(stored->size(), 3u);
  EXPECT_TRUE((*stored)[0].compiled.ok());
  EXPECT_THAT(errors::InternalCause((*stored)[1].compiled.status()), testing::HasSubstr("damaged"));
  EXPECT_EQ(ErrorReasonOf((*stored)[2].compiled.status()), "SCHEMA_INVALID");
}

TEST_F(SchemaStoreTest, ValidateOnlyChangesNothing) {
  const ApplyResult tried = Apply(Compile(ModelA()), {.validate_only = true});
  EXPECT_FALSE(tried.applied);
  EXPECT_EQ(tried.steps.size(), 1u);
  EXPECT_EQ(Count("rowan.schemas"), 0);
  EXPECT_EQ(Count("pg_class WHERE relname = 'a'"), 0);
}

TEST_F(SchemaStoreTest, ExpectedVersion) {
  const CompiledSchema first = Compile(ModelA());
  const CompiledSchema second = Compile(ModelA(TextField("optional: true")));
  EXPECT_EQ(ReasonOfApply(first, {.expected_version = first.canonical.version()}), "VERSION_MISMATCH");
  EXPECT_EQ(ReasonOfApply(first, {.expected_version = ""}), "OK");
  EXPECT_EQ(ReasonOfApply(second, {.expected_version = ""}), "VERSION_MISMATCH");
  EXPECT_EQ(ReasonOfApply(second, {.expected_version = first.canonical.version()}), "OK");
}

TEST_F(SchemaStoreTest, AddsToTablesWithRows) {
  Apply(Compile(ModelA()));
  Sql("INSERT INTO a DEFAULT VALUES");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(TextField("")))), "DATA_CONFLICT");
  EXPECT_EQ(Count("rowan.schema_history"), 1);
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(TextField("default { literal { text_value: \"it's\" } }")))), "OK");
  EXPECT_EQ(Count("a WHERE n = 'it''s'"), 1);
}

TEST_F(SchemaStoreTest, RowsThatBreakWhatIsAdded) {
  Apply(Compile(ModelA(TextField(""))));
  Sql("INSERT INTO a (n) VALUES ('x'), ('x')");
  const auto unique = store_->Apply(Compile(ModelA(TextField("unique: true"))), {});
  EXPECT_EQ(ErrorReasonOf(unique.status()), "DATA_CONFLICT");
  EXPECT_EQ(ErrorMetadataOf(unique.status())["path"], "models.A.fields.n");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(TextField("") + "checks { name: 'c' expression: \"n <> 'x'\" }"))),
            "DATA_CONFLICT");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(TextField("") + "checks { name: 'c' expression: \"m <> 'x'\" }"))),
            "SCHEMA_INVALID");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(TextField("") + "checks { name: 'c' expression: \"n <>\" }"))),
            "SCHEMA_INVALID");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(TextField("") + "checks { name: 'c' expression: \"n::int > 0\" }"))),
            "DATA_CONFLICT");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(TextField("index: true")))), "OK");
  // No row is to blame where there are none.
  EXPECT_EQ(ReasonOfApply(Compile(ModelA("checks { name: 'c' expression: \"id > 'x'\" }") + "database_schema: 'other'", "other")),
            "SCHEMA_INVALID");
}

TEST_F(SchemaStoreTest, TakesOverNothing) {
  Sql("CREATE TABLE a (id int)");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA())), "TABLE_EXISTS");
  Sql("DROP TABLE a; CREATE TABLE x (id int); CREATE INDEX pk_a ON x (id)");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA())), "TABLE_EXISTS");
  Sql("DROP TABLE x");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA())), "OK");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(), "another")), "TABLE_EXISTS");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA() + "database_schema: 'own'", "another")), "OK");
  Sql("CREATE TYPE mood AS ENUM ('x')");
  const std::string mood =
      "fields { name: 'm' type { scalar: SCALAR_TYPE_ENUM labels: 'x' native_type: 'mood' } optional: true }";
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(mood))), "TABLE_EXISTS");
}

TEST_F(SchemaStoreTest, LosesNothingThatIsNotAllowedByName) {
  Apply(Compile(ModelA(TextField("optional: true"))));
  EXPECT_EQ(ReasonOfApply(Compile(ModelA())), "DATA_LOSS");
  EXPECT_EQ(ReasonOfApply(Compile(ModelA()), {.allow_data_loss = {"drop column a.m"}}), "DATA_LOSS");
  EXPECT_EQ(Count("rowan.schema_history"), 1);
  const ApplyResult applied = Apply(Compile(ModelA()), {.allow_data_loss = {"drop column a.n", "drop column a.m"}});
  EXPECT_EQ(applied.unused, std::vector<std::string>{"drop column a.m"});
  EXPECT_EQ(Count("pg_attribute WHERE attrelid = 'a'::regclass AND attnum > 0 AND NOT attisdropped"), 1);
}

TEST_F(SchemaStoreTest, WhatIsInheritedIsNotChanged) {
  Sql("CREATE TABLE root (id bigint NOT NULL, n text); CREATE TABLE a (PRIMARY KEY (id)) INHERITS (root)");
  Apply(Compile(ModelA(TextField("nullable: true"))), {.adopt = Adopt::kOff});
  const std::string renamed = "fields { name: 'm' type { scalar: SCALAR_TYPE_TEXT } nullable: true renamed_from: 'n' }";
  EXPECT_EQ(ReasonOfApply(Compile(ModelA(renamed))), "UNSUPPORTED_CHANGE");
  ApplyOptions dropping;
  dropping.allow_data_loss = {"drop column a.n"};
  EXPECT_EQ(ReasonOfApply(Compile(ModelA()), dropping), "UNSUPPORTED_CHANGE");
}

TEST_F(SchemaStoreTest, ExpressionsAreOneStatement) {
  // What the compiler lets through is still run as one statement each.
  CompiledSchema schema = Compile(ModelA());
  auto catalog = std::make_shared<Catalog>();
  catalog->database_schema = "public; DROP SCHEMA rowan CASCADE";
  schema.catalog = catalog;
  EXPECT_EQ(ReasonOfApply(schema), "OK");
  EXPECT_EQ(Count("pg_namespace WHERE nspname = 'public; DROP SCHEMA rowan CASCADE'"), 1);
  EXPECT_EQ(Count("rowan.schemas"), 1);
}

TEST_F(SchemaStoreTest, WaitsForLocksNoLongerThanAllowed) {
  store_ = OpenStore(200);
  pqxx::connection connection(conninfo_);
  pqxx::work transaction(connection);
  transaction.exec("SELECT pg_advisory_xact_lock(491496366446)");  // as any applier does
  EXPECT_EQ(ReasonOfApply(Compile(ModelA())), "LOCK_TIMEOUT");
}

TEST_F(SchemaStoreTest, ManyAtOnceApplyOnce) {
  const CompiledSchema schema = Compile(ModelA());
  std::atomic<int> applied = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto result = store_->Apply(schema, {});
      EXPECT_TRUE(result.ok()) << result.status();
      if (result.ok() && result->applied) ++applied;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(applied, 1);
  EXPECT_EQ(Count("rowan.schema_history"), 1);
}

TEST_F(SchemaStoreTest, DatabasesThatCannotBeUsed) {
  EXPECT_EQ(ErrorReasonOf(SchemaStore::Open({.conninfo = "host=/nonexistent"}).status()), "DATABASE_UNAVAILABLE");
  Sql("UPDATE rowan.registry SET format = 99");
  EXPECT_EQ(ErrorReasonOf(SchemaStore::Open({.conninfo = conninfo_}).status()), "INTERNAL");
  Sql("CREATE ROLE nobody LOGIN; UPDATE rowan.registry SET format = 1");
  std::string logged;
  const auto refused = SchemaStore::Open(
      {.conninfo = conninfo_ + " user=nobody", .log = [&](const std::string& text) { logged = text; }});
  EXPECT_EQ(ErrorReasonOf(refused.status()), "DATABASE_PERMISSION_DENIED") << logged;
  EXPECT_THAT(logged, testing::HasSubstr("permission denied"));
}

}  // namespace
}  // namespace rowan::store
