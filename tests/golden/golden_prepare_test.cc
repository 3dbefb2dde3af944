// Prepares the SQL of every golden case on a real PostgreSQL that has its schema, with the parameter types that the
// plan declares, and parses it with PostgreSQL's own parser. So no golden can hold a statement that PostgreSQL would
// refuse.
#include <gtest/gtest.h>
#include <pg_query.h>

#include <map>
#include <memory>

#include "engine/catalog/compile_catalog.h"
#include "engine/engine.h"
#include "engine/engine_explain.h"
#include "engine/pg/connection.h"
#include "rowan/v1/schema_service.pb.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/golden_request.h"
#include "tests/support/private_postgres.h"

namespace rowan::golden {
namespace {

// A database with a golden schema, and a connection to it.
struct Prepared {
  std::shared_ptr<const Catalog> catalog;
  std::string conninfo;
};

absl::StatusOr<Prepared> Prepare(const std::string& name) {
  auto schema = ReadSchema(ROWAN_GOLDEN "/schemas", name);
  if (!schema.ok()) return schema.status();
  auto compiled = CompileSchema(*schema);
  if (!compiled.ok()) return compiled.status();
  auto conninfo = test::PrivatePostgres::Shared().CreateDatabase("golden_" + name);
  if (!conninfo.ok()) return conninfo.status();
  auto engine = Engine::Open({.conninfo = *conninfo}, Call());
  if (!engine.ok()) return engine.status();
  v1::ApplySchemaRequest request;
  *request.mutable_schema() = *schema;
  v1::ApplySchemaResponse response;
  if (absl::Status applied = (*engine)->ApplySchema(request, "test", Call(), response); !applied.ok()) return applied;
  return Prepared{compiled->catalog, *conninfo};
}

class PrepareTest : public testing::Test {
 public:
  PrepareTest(std::shared_ptr<absl::StatusOr<Prepared>> prepared, std::string schema, const Case* golden)
      : prepared_(std::move(prepared)), schema_(std::move(schema)), golden_(golden) {}

  void TestBody() override {
    ASSERT_TRUE(prepared_->ok()) << prepared_->status();
    const Limits limits;
    const TokenKey tokens("golden");
    const BindContext context{*(*prepared_)->catalog, limits, tokens};
    const auto request = ReadRequest(schema_, *golden_, context);
    ASSERT_TRUE(request.ok()) << request.status();
    v1::ExplainResponse response;
    ASSERT_TRUE(ExplainRequest(*request, context, nullptr, response).ok());
    auto connection = pg::Connection::Open((*prepared_)->conninfo, Call());
    ASSERT_TRUE(connection.ok()) << connection.status();
    // The tables that a load makes for itself go with their transaction.
    ASSERT_TRUE((*connection)->Begin({}, Call()).ok());
    for (const v1::ExplainStatement& statement : response.statements()) {
      PgQueryParseResult parsed = pg_query_parse(statement.sql().c_str());
      EXPECT_EQ(parsed.error, nullptr) << statement.sql() << "\n" << (parsed.error ? parsed.error->message : "");
      pg_query_free_parse_result(parsed);
      std::string types;
      for (const std::string& type : statement.parameter_types()) types += (types.empty() ? "" : ", ") + type;
      // COPY would wait for rows, and what makes a table is no plan.
      if (statement.sql().starts_with("COPY ")) continue;
      const std::string prepare =
          statement.sql().starts_with("CREATE ")
              ? ""
              : "PREPARE p" + std::to_string(++count_) + (types.empty() ? "" : "(" + types + ")") + " AS ";
      const auto result = (*connection)->Execute({prepare + statement.sql(), {}}, {}, Call());
      const auto error = pg::DatabaseErrorOf(result.status());
      EXPECT_TRUE(result.ok()) << statement.sql() << "\n"
                               << (error ? error->message : std::string(result.status().message()));
    }
  }

 private:
  std::shared_ptr<absl::StatusOr<Prepared>> prepared_;
  std::string schema_;
  const Case* golden_;
  int count_ = 0;
};

int Main() {
  static const auto files = ReadFiles(ROWAN_GOLDEN);
  if (!files.ok() || files->empty()) return 1;
  std::map<std::string, std::shared_ptr<absl::StatusOr<Prepared>>> prepared;
  for (const File& file : *files) {
    auto& database = prepared[file.schema];
    if (database == nullptr) database = std::make_shared<absl::StatusOr<Prepared>>(Prepare(file.schema));
    for (const Case& golden : file.cases) {
      // Only plans have SQL; the others are errors, whose first line is in capitals.
      if (golden.expected.find("\n-- ") == std::string::npos) continue;
      testing::RegisterTest(file.path.substr(std::string(ROWAN_GOLDEN).size() + 1).c_str(), golden.title.c_str(),
                            nullptr, nullptr, file.path.c_str(), 1,
                            [database, schema = file.schema, &golden]() -> testing::Test* {
                              return new PrepareTest(database, schema, &golden);
                            });
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
