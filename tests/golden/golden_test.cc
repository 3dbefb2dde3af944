// Explains the request of every golden case without a database and compares with what the file expects. UPDATE_GOLDEN=1
// rewrites the files instead.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/engine_explain.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/golden_request.h"

namespace rowan::golden {
namespace {

const char* StrategyName(v1::Strategy strategy) {
  switch (strategy) {
    case v1::STRATEGY_NESTED:
      return "nested";
    case v1::STRATEGY_BY_LEVEL:
      return "by level";
    case v1::STRATEGY_TAGGED:
      return "tagged";
    default:
      return "";
  }
}

std::string Print(const v1::ExplainResponse& response) {
  std::string text = response.plan();
  if (!response.strategy_reason().empty()) {
    absl::StrAppend(&text, StrategyName(response.strategy()), ": ", response.strategy_reason(), "\n");
  }
  for (const v1::ExplainStatement& statement : response.statements()) {
    absl::StrAppend(&text, "\n-- ", statement.description(), "\n", statement.sql(), "\n");
    if (statement.parameter_types().empty()) continue;
    text += "--";
    for (int i = 0; i < statement.parameter_types_size(); ++i) {
      absl::StrAppend(&text, " $", i + 1, " ", statement.parameter_types(i));
    }
    text += "\n";
  }
  return text;
}

std::string Print(const absl::Status& status) {
  const auto metadata = ErrorMetadataOf(status);
  const auto path = metadata.find("path");
  return absl::StrCat(absl::StatusCodeToString(status.code()), " ", ErrorReasonOf(status),
                      path == metadata.end() ? "" : " at " + path->second, "\n", std::string(status.message()), "\n");
}

std::string Explain(const Catalog& catalog, const std::string& schema, const Case& golden) {
  const Limits limits;
  const TokenKey tokens("golden");
  const BindContext context{catalog, limits, tokens};
  const auto request = ReadRequest(schema, golden, context);
  if (!request.ok()) return Print(request.status());
  v1::ExplainResponse response;
  const absl::Status status = ExplainRequest(*request, context, nullptr, response);
  return status.ok() ? Print(response) : Print(status);
}

class GoldenTest : public testing::Test {
 public:
  GoldenTest(std::shared_ptr<const Catalog> catalog, std::string schema, const Case* golden)
      : catalog_(std::move(catalog)), schema_(std::move(schema)), golden_(golden) {}
  void TestBody() override { EXPECT_EQ(golden_->expected, Explain(*catalog_, schema_, *golden_)) << golden_->request; }

 private:
  std::shared_ptr<const Catalog> catalog_;
  std::string schema_;
  const Case* golden_;
};

int Main() {
  static auto files = ReadFiles(ROWAN_GOLDEN);
  if (!files.ok() || files->empty()) {
    ADD_FAILURE() << "no golden files: " << files.status();
    return 1;
  }
  std::map<std::string, std::shared_ptr<const Catalog>> catalogs;
  for (File& file : *files) {
    std::shared_ptr<const Catalog>& catalog = catalogs[file.schema];
    if (catalog == nullptr) {
      const auto schema = ReadSchema(ROWAN_GOLDEN "/schemas", file.schema);
      const auto compiled = schema.ok() ? CompileSchema(*schema) : absl::StatusOr<CompiledSchema>(schema.status());
      if (!compiled.ok()) {
        fprintf(stderr, "%s: %s\n", file.path.c_str(), std::string(compiled.status().message()).c_str());
        return 1;
      }
      catalog = compiled->catalog;
    }
    const std::string suite = file.path.substr(std::string(ROWAN_GOLDEN).size() + 1);
    for (Case& golden : file.cases) {
      if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        golden.expected = Explain(*catalog, file.schema, golden);
        continue;
      }
      testing::RegisterTest(suite.c_str(), golden.title.c_str(), nullptr, nullptr, file.path.c_str(), 1,
                            [catalog, schema = file.schema, &golden]() -> testing::Test* {
                              return new GoldenTest(catalog, schema, &golden);
                            });
    }
    if (std::getenv("UPDATE_GOLDEN") != nullptr) WriteFile(file);
  }
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace rowan::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return rowan::golden::Main();
}
