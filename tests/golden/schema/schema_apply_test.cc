// Runs the DDL of every golden case on a real PostgreSQL: what compiles can be created.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/store/schema_store.h"
#include "tests/golden/schema/schema_case.h"
#include "tests/support/private_postgres.h"

namespace rowan::golden {
namespace {

TEST(SchemaApplyTest, WhatCompilesCanBeCreated) {
  const auto files = ReadSchemaFiles(ROWAN_SCHEMA_GOLDEN);
  ASSERT_TRUE(files.ok()) << files.status();
  const auto conninfo = test::PrivatePostgres::Shared().CreateDatabase("schemas");
  ASSERT_TRUE(conninfo.ok()) << conninfo.status();
  std::string driver;
  const auto store =
      store::SchemaStore::Open({.conninfo = *conninfo, .log = [&](const std::string& message) { driver = message; }});
  ASSERT_TRUE(store.ok()) << store.status();
  int created = 0;
  for (const SchemaFile& file : *files) {
    for (const SchemaCase& golden : file.cases) {
      const auto schema = ParseSchema(golden.schema);
      ASSERT_TRUE(schema.ok()) << golden.title << schema.status();
      const auto compiled = CompileSchema(*schema);
      if (!compiled.ok() || !golden.refused.empty()) continue;
      // Tables of read-only models are others' to create.
      const auto& models = compiled->catalog->models;
      if (std::any_of(models.begin(), models.end(), [](const auto& model) { return model->read_only; })) continue;
      const auto applied = (*store)->Apply(*compiled, {.validate_only = true});
      EXPECT_TRUE(applied.ok()) << file.path << ": " << golden.title << ": " << applied.status() << "\n" << driver;
      ++created;
    }
  }
  EXPECT_GT(created, 30);
}

}  // namespace
}  // namespace rowan::golden
