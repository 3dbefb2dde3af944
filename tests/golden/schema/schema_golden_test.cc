// Compiles the schema of every case and compares with what the file expects; UPDATE_GOLDEN=1 rewrites the files
// instead. For each schema that compiles, the canonical form must compile to itself, whatever the order in which models
// and relations were written.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "engine/store/compare_images.h"
#include "engine/store/image_of_catalog.h"
#include "tests/golden/schema/schema_case.h"

namespace rowan::golden {
namespace {

void ExpectStable(const SchemaCase& golden) {
  const absl::StatusOr<v1::Schema> schema = ParseSchema(golden.schema);
  ASSERT_TRUE(schema.ok()) << schema.status();
  const absl::StatusOr<CompiledSchema> first = CompileSchema(*schema);
  if (!first.ok()) return;
  EXPECT_EQ(first->canonical.version().size(), 16u);
  EXPECT_EQ(first->canonical.version(), first->catalog->version);
  const absl::StatusOr<CompiledSchema> again = CompileSchema(first->canonical);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(first->canonical.DebugString(), again->canonical.DebugString());
  EXPECT_TRUE(store::CompareImages(store::ImageOf(*first->catalog), store::ImageOf(*again->catalog)).empty());

  v1::Schema reversed = *schema;
  std::reverse(reversed.mutable_models()->begin(), reversed.mutable_models()->end());
  for (v1::Model& model : *reversed.mutable_models()) {
    std::reverse(model.mutable_relations()->begin(), model.mutable_relations()->end());
  }
  const absl::StatusOr<CompiledSchema> other = CompileSchema(reversed);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(first->canonical.version(), other->canonical.version());
}

class SchemaGoldenTest : public testing::Test {
 public:
  explicit SchemaGoldenTest(const SchemaCase* golden) : golden_(golden) {}
  void TestBody() override {
    EXPECT_EQ(golden_->expected, Outcome(*golden_)) << golden_->schema;
    ExpectStable(*golden_);
  }

 private:
  const SchemaCase* golden_;
};

int Main() {
  static auto files = ReadSchemaFiles(ROWAN_SCHEMA_GOLDEN);
  if (!files.ok() || files->empty()) {
    fprintf(stderr, "no golden files: %s\n", files.status().ToString().c_str());
    return 1;
  }
  for (SchemaFile& file : *files) {
    const std::string suite = "schema/" + file.path.substr(file.path.rfind('/') + 1);
    for (SchemaCase& golden : file.cases) {
      if (std::getenv("UPDATE_GOLDEN") != nullptr) golden.expected = Outcome(golden);
      testing::RegisterTest(suite.c_str(), golden.title.c_str(), nullptr, nullptr, file.path.c_str(), 1,
                            [&golden]() -> testing::Test* { return new SchemaGoldenTest(&golden); });
    }
    if (std::getenv("UPDATE_GOLDEN") != nullptr) WriteSchemaFile(file);
  }
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace rowan::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return rowan::golden::Main();
}
