// Makes every change of the golden files on a real PostgreSQL, with a row in each table where the case says so: the steps
// are those of the file, what comes of them is what the schema says, no row is lost but with its table and no value but with
// its column, and there is a way back and there again. What is refused changes nothing.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/errors.h"
#include "engine/base/identifier.h"
#include "engine/store/image_of_catalog.h"
#include "engine/store/render_ddl.h"
#include "engine/store/schema_store.h"
#include "tests/golden/schema/schema_case.h"
#include "tests/support/pg_session.h"
#include "tests/support/private_postgres.h"

namespace rowan::golden {
namespace {

// A value that fits into most other types when the column's type changes, and in all foreign keys.
std::string ValueText(const store::TableImage& table, const store::ColumnImage& column) {
  for (const store::CheckImage& check : table.checks) {
    if (check.enum_column == column.name) return QuoteLiteral(check.labels.front());
  }
  switch (column.type.scalar) {
    case Scalar::kEnum:
      return QuoteLiteral(column.type.labels.front());
    case Scalar::kUuid:
      return "'00000000-0000-0000-0000-000000000001'";
    case Scalar::kDate:
    case Scalar::kTimestamp:
    case Scalar::kLocalTimestamp:
      return "'2024-02-29'";
    case Scalar::kTime:
      return "'10:00'";
    default:
      return "'1'";
  }
}

// The steps of a plan without their SQL, which is written otherwise where it holds expressions.
std::string Headlines(const std::string& steps) {
  std::string headlines;
  std::istringstream lines(steps);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("-- ", 0) == 0 || line.rfind("unused: ", 0) == 0) absl::StrAppend(&headlines, line, "\n");
  }
  return headlines;
}

class Change {
 public:
  explicit Change(const SchemaCase& golden) : golden_(golden) {}

  void Run() {
    const auto conninfo = test::PrivatePostgres::Shared().CreateDatabase("change");
    ASSERT_TRUE(conninfo.ok()) << conninfo.status();
    conninfo_ = *conninfo;
    auto store =
        store::SchemaStore::Open({.conninfo = conninfo_, .log = [this](const std::string& message) { driver_ = message; }});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    const auto before = Compile(golden_.before);
    const auto after = Compile(golden_.schema);
    ASSERT_TRUE(before.ok()) << before.status();
    if (!after.ok()) {
      EXPECT_TRUE(IsError(golden_.expected)) << after.status();
      return;
    }
    ASSERT_TRUE(store_->Apply(*before, {}).ok()) << driver_;
    if (!golden_.rows.empty()) FillTables(store::ImageOf(*before->catalog));
    const Held held = Count();

    const auto applied = store_->Apply(*after, Options(golden_));
    const std::string reason = applied.ok() ? "" : ErrorReasonOf(applied.status());
    if (IsError(golden_.expected)) {
      EXPECT_NE(golden_.expected.find(absl::StrCat(" ", reason, "\n")), std::string::npos) << applied.status();
      ExpectUnchanged(held, *before);
      return;
    }
    EXPECT_EQ(reason, golden_.refused) << applied.status() << driver_;
    if (applied.ok()) {
      EXPECT_EQ(Headlines(golden_.expected), Headlines(StepsText({applied->steps, applied->unused})));
      const Held lost = Dropped(*applied, store::ImageOf(*before->catalog));
      const Held now = Count();
      EXPECT_EQ(now.rows, held.rows == 0 ? 0 : held.rows - lost.rows);
      EXPECT_GE(now.values, held.rows == 0 ? 0 : held.values - lost.values);
      ExpectNoDrift(*after);
    } else if (golden_.expected.find("-- 2. ") == std::string::npos) {
      ExpectUnchanged(held, *before);
    }
    if (GoTo(*before, true)) GoTo(*after, false);
  }

 private:
  struct Held {
    int rows = 0;
    int values = 0;  // that are not null
  };

  static absl::StatusOr<CompiledSchema> Compile(const std::string& text) {
    const auto schema = ParseSchema(text);
    return schema.ok() ? CompileSchema(*schema) : schema.status();
  }

  static bool IsError(const std::string& expected) {
    return expected.rfind("FAILED_PRECONDITION ", 0) == 0 || expected.rfind("INVALID_ARGUMENT ", 0) == 0;
  }

  static store::ApplyOptions Options(const SchemaCase& golden) {
    store::ApplyOptions options;
    options.allow_data_loss = {golden.allowed.begin(), golden.allowed.end()};
    options.leave_out = {golden.left_out.begin(), golden.left_out.end()};
    options.online = golden.rows == ", with many rows" ? store::Online::kAlways : store::Online::kNever;
    return options;
  }

  // What the steps drop where each table has one row.
  static Held Dropped(const store::ApplyResult& applied, const store::DatabaseImage& before) {
    Held dropped;
    for (const store::SchemaStep& step : applied.steps) {
      if (step.description.rfind("drop column ", 0) == 0) ++dropped.values;
      for (const auto& [name, table] : before.tables) {
        if (step.sql != store::DropTable(table)) continue;
        ++dropped.rows;
        dropped.values += static_cast<int>(table.columns.size());
      }
    }
    return dropped;
  }

  // Applies the schema with whatever loss it takes. Returns whether that is possible.
  bool GoTo(const CompiledSchema& schema, bool earlier) {
    store::ApplyOptions options = Options(golden_);
    options.earlier = earlier;
    options.leave_out.clear();
    for (;;) {
      const auto applied = store_->Apply(schema, options);
      if (applied.ok()) {
        ExpectNoDrift(schema);
        return true;
      }
      const std::string reason = ErrorReasonOf(applied.status());
      if (reason == "DATA_LOSS" || reason == "AMBIGUOUS_RENAME") {
        const std::string step = ErrorMetadataOf(applied.status()).at("step");
        if (options.allow_data_loss.insert(step).second) continue;
      }
      // What was left out is not the schema's any more.
      const bool documented = reason == "UNSUPPORTED_CHANGE" || (reason == "DATA_CONFLICT" && !golden_.rows.empty()) ||
                              (reason == "TABLE_EXISTS" && !golden_.left_out.empty()) || (!earlier && reason == golden_.refused);
      EXPECT_TRUE(documented) << (earlier ? "back: " : "there again: ") << applied.status() << driver_;
      return false;
    }
  }

  void ExpectUnchanged(const Held& held, const CompiledSchema& before) {
    const Held now = Count();
    EXPECT_EQ(std::pair(now.rows, now.values), std::pair(held.rows, held.values));
    ExpectNoDrift(before);
  }

  void ExpectNoDrift(const CompiledSchema& schema) {
    const auto drift = store_->FindDrift(*schema.catalog);
    ASSERT_TRUE(drift.ok()) << drift.status();
    for (const store::SchemaDifference& difference : *drift) {
      if (!golden_.left_out.empty() && difference.kind == "UNKNOWN_COLUMN") continue;
      ADD_FAILURE() << "drift: " << difference.kind << " " << difference.object << ": expected " << difference.expected
                    << ", found " << difference.found;
    }
  }

  void FillTables(const store::DatabaseImage& image) {
    const auto connection = pg::Connect(conninfo_);
    // Tables are filled in any order.
    ASSERT_EQ(pg::One(*connection, "SELECT set_config('session_replication_role', 'replica', false)"), "replica");
    for (const auto& [name, table] : image.tables) {
      std::vector<std::string> columns;
      std::vector<std::string> values;
      for (const store::ColumnImage& column : table.columns) {
        if (column.source == store::ColumnSource::kGenerated) continue;
        columns.push_back(QuoteIdentifier(column.name));
        const std::string value = ValueText(table, column);
        values.push_back(column.type.array ? absl::StrCat("ARRAY[", value, "]::", SqlType(column.type)) : value);
      }
      const auto inserted =
          pg::RunSql(*connection, absl::StrCat("INSERT INTO ", store::Sql(name), " (", absl::StrJoin(columns, ", "), ") VALUES (",
                                               absl::StrJoin(values, ", "), ")"));
      ASSERT_TRUE(inserted.ok()) << table.name.name << inserted.status();
    }
  }

  // What is in all tables of the database but those of the registry.
  Held Count() {
    const auto connection = pg::Connect(conninfo_);
    const std::string tables = pg::One(
        *connection,
        "SELECT coalesce(string_agg(format('SELECT count(*) AS r, sum((SELECT count(*) FROM jsonb_each(to_jsonb(counted)) AS e "
        "WHERE e.value <> ''null'')) AS v FROM %I.%I AS counted', schemaname, tablename), ' UNION ALL '), 'SELECT 0 AS r, 0 AS v') "
        "FROM pg_tables WHERE schemaname NOT IN ('rowan', 'pg_catalog', 'information_schema')");
    const auto sum = [&](const char* what) {
      int count = -1;
      const std::string text = pg::One(*connection, absl::StrCat("SELECT coalesce(sum(", what, "), 0)::text FROM (", tables, ") AS t"));
      EXPECT_TRUE(absl::SimpleAtoi(text, &count)) << text;
      return count;
    };
    return {sum("r"), sum("v")};
  }

  const SchemaCase& golden_;
  std::string conninfo_;
  std::string driver_;  // what it said last
  std::unique_ptr<store::SchemaStore> store_;
};

class SchemaChangeTest : public testing::Test {
 public:
  explicit SchemaChangeTest(const SchemaCase* golden) : golden_(golden) {}
  void TestBody() override { Change(*golden_).Run(); }

 private:
  const SchemaCase* golden_;
};

int Main() {
  static const auto files = ReadSchemaFiles(ROWAN_SCHEMA_GOLDEN);
  if (!files.ok()) {
    fprintf(stderr, "no golden files: %s\n", files.status().ToString().c_str());
    return 1;
  }
  for (const SchemaFile& file : *files) {
    const std::string suite = "change/" + file.path.substr(file.path.rfind('/') + 1);
    for (const SchemaCase& golden : file.cases) {
      if (golden.before.empty()) continue;
      testing::RegisterTest(suite.c_str(), golden.title.c_str(), nullptr, nullptr, file.path.c_str(), 1,
                            [&golden]() -> testing::Test* { return new SchemaChangeTest(&golden); });
    }
  }
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace rowan::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return rowan::golden::Main();
}
