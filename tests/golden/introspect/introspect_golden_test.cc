// Runs the DDL of every case in a database of its own, introspects it, and compares the schema and the diagnostics with
// what the file expects; UPDATE_GOLDEN=1 rewrites the files instead. Whatever the case, the schema compiles, and
// introspecting again gives the same.
//
//   ==== a title
//   in: sales hr                 (the PostgreSQL schemas to look at; may be left out)
//   only: posts public.tags      (the tables to look at; may be left out)
//   CREATE TABLE …
//   ----
//   schema: database
//   …
//   notice REASON public.posts: …
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/document/schema.h"
#include "engine/store/schema_store.h"
#include "tests/golden/schema/schema_case.h"
#include "tests/support/pg_session.h"
#include "tests/support/private_postgres.h"

namespace rowan::golden {
namespace {

struct Request {
  std::vector<std::string> schemas;
  store::IntrospectOptions options;
  std::string ddl;
};

Request ParseRequest(const std::string& text) {
  Request request;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "in: ")) {
      request.schemas = absl::StrSplit(line, ' ');
    } else if (absl::ConsumePrefix(&line, "only: ")) {
      request.options.tables = absl::StrSplit(line, ' ');
    } else {
      absl::StrAppend(&request.ddl, line, "\n");
    }
  }
  return request;
}

std::string Text(const store::Introspection& result) {
  std::string text = document::SchemaYaml(result.schema);
  for (const v1::Diagnostic& diagnostic : result.diagnostics) {
    const std::string severity = v1::Severity_Name(diagnostic.severity()).substr(std::string_view("SEVERITY_").size());
    absl::StrAppend(&text, absl::AsciiStrToLower(severity), " ", diagnostic.reason(), " ", diagnostic.path(), ": ",
                    diagnostic.message(), "\n");
  }
  return text;
}

void RunDdl(const std::string& conninfo, const std::string& ddl) {
  const auto connection = pg::Connect(conninfo);
  ASSERT_NE(connection, nullptr);
  ASSERT_TRUE(pg::RunSql(*connection, "SET search_path = public").ok());
  for (const absl::string_view statement : absl::StrSplit(ddl, ";\n", absl::SkipWhitespace())) {
    const auto done = pg::RunSql(*connection, std::string(statement));
    EXPECT_TRUE(done.ok()) << done.status() << "\n" << statement;
  }
}

// The database differs in nothing from what it was read off, but for rows that may break what is not validated.
void ExpectNoDrift(const store::SchemaStore& store, const CompiledSchema& compiled) {
  const auto differences = store.FindDrift(*compiled.catalog);
  ASSERT_TRUE(differences.ok()) << differences.status();
  for (const store::SchemaDifference& difference : *differences) {
    const bool validation = difference.found == "not validated";
    EXPECT_TRUE(difference.gravity == store::Gravity::kNotice || validation)
        << difference.kind << " " << difference.path << ": " << difference.expected << " is " << difference.found;
  }
}

// A schema that holds all there is gives itself when an empty database is brought up to it.
void ExpectFixedPoint(const CompiledSchema& compiled, const Request& request, const std::string& database,
                      const std::string& expected) {
  const auto conninfo = test::PrivatePostgres::Shared().CreateDatabase(database);
  ASSERT_TRUE(conninfo.ok()) << conninfo.status();
  const auto store = store::SchemaStore::Open({.conninfo = *conninfo});
  ASSERT_TRUE(store.ok()) << store.status();
  const auto applied = (*store)->Apply(compiled, {});
  ASSERT_TRUE(applied.ok()) << applied.status();
  const auto again = (*store)->Introspect(request.schemas, request.options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Text(*again), expected);
}

// Returns what introspecting gives, and checks what holds for every database.
std::string Outcome(const SchemaCase& golden, const std::string& database) {
  const auto conninfo = test::PrivatePostgres::Shared().CreateDatabase(database);
  if (!conninfo.ok()) return absl::StrCat(conninfo.status().message(), "\n");
  Request request = ParseRequest(golden.schema);
  request.options.name = "database";
  RunDdl(*conninfo, request.ddl);
  const auto store = store::SchemaStore::Open({.conninfo = *conninfo});
  if (!store.ok()) return absl::StrCat(store.status().message(), "\n");
  const auto result = (*store)->Introspect(request.schemas, request.options);
  if (!result.ok()) return absl::StrCat(result.status().message(), "\n");
  const auto again = (*store)->Introspect(request.schemas, request.options);
  EXPECT_TRUE(again.ok()) << again.status();
  if (again.ok()) {
    EXPECT_EQ(Text(*result), Text(*again));
  }
  const auto compiled = CompileSchema(result->schema);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  if (compiled.ok()) {
    ExpectNoDrift(**store, *compiled);
    const auto& models = result->schema.models();
    const bool whole = result->diagnostics.empty() &&
                       std::none_of(models.begin(), models.end(), [](const auto& model) { return model.read_only(); });
    if (whole) ExpectFixedPoint(*compiled, request, database + "_again", Text(*result));
  }
  return Text(*result);
}

class IntrospectGoldenTest : public testing::Test {
 public:
  IntrospectGoldenTest(SchemaCase* golden, std::string database) : golden_(golden), database_(std::move(database)) {}
  void TestBody() override {
    const std::string outcome = Outcome(*golden_, database_);
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
      golden_->expected = outcome;
    } else {
      EXPECT_EQ(golden_->expected, outcome) << golden_->schema;
    }
  }

 private:
  SchemaCase* const golden_;
  const std::string database_;
};

int Main() {
  static auto files = ReadSchemaFiles(ROWAN_INTROSPECT_GOLDEN);
  if (!files.ok() || files->empty()) {
    fprintf(stderr, "no golden files: %s\n", files.status().ToString().c_str());
    return 1;
  }
  int number = 0;
  for (SchemaFile& file : *files) {
    const std::string suite = "introspect/" + file.path.substr(file.path.rfind('/') + 1);
    for (SchemaCase& golden : file.cases) {
      const std::string database = absl::StrCat("introspect_", ++number);
      testing::RegisterTest(
          suite.c_str(), golden.title.c_str(), nullptr, nullptr, file.path.c_str(), 1,
          [&golden, database]() -> testing::Test* { return new IntrospectGoldenTest(&golden, database); });
    }
  }
  const int outcome = RUN_ALL_TESTS();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    for (const SchemaFile& file : *files) WriteSchemaFile(file);
  }
  return outcome;
}

}  // namespace
}  // namespace rowan::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return rowan::golden::Main();
}
