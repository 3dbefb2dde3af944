// What golden cases cannot show: sizes, versions, and that any input gives an answer.
#include "engine/catalog/compile_catalog.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"

namespace rowan {
namespace {

v1::Model* AddModel(v1::Schema& schema, const std::string& name) {
  v1::Model* model = schema.add_models();
  model->set_name(name);
  v1::Field* id = model->add_fields();
  id->set_name("id");
  id->mutable_type()->set_scalar(v1::SCALAR_TYPE_INT64);
  id->set_primary(true);
  return model;
}

v1::Relation* AddRelation(v1::Model& model, const std::string& name, v1::RelationKind kind, const std::string& target) {
  v1::Relation* relation = model.add_relations();
  relation->set_name(name);
  relation->set_kind(kind);
  relation->set_target(target);
  return relation;
}

v1::Schema Chain(int models) {
  v1::Schema schema;
  schema.set_name("t");
  for (int i = 0; i < models; ++i) {
    v1::Model* model = AddModel(schema, absl::StrCat("M", i));
    if (i > 0) AddRelation(*model, "before", v1::RELATION_KIND_BELONGS_TO, absl::StrCat("M", i - 1));
  }
  return schema;
}

TEST(CompileCatalogTest, TwoThousandModelsAndNoMore) {
  const auto compiled = CompileSchema(Chain(2000));
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_EQ(compiled->catalog->models.size(), 2000u);
  EXPECT_EQ(ErrorReasonOf(CompileSchema(Chain(2001)).status()), "SCHEMA_INVALID");
}

TEST(CompileCatalogTest, AKeyThatIsAChainOfRelations) {
  v1::Schema schema = Chain(2000);
  for (int i = 1; i < schema.models_size(); ++i) {
    schema.mutable_models(i)->clear_fields();
    schema.mutable_models(i)->add_primary_key("before");
  }
  const auto compiled = CompileSchema(schema);
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_EQ(compiled->catalog->FindModel("M1999")->primary_key().fields[0]->type.scalar, Scalar::kInt64);
}

TEST(CompileCatalogTest, FiveHundredFieldsAndNoMoreWithForeignKeys) {
  v1::Schema schema;
  schema.set_name("t");
  v1::Model* model = AddModel(schema, "A");
  for (int i = 1; i < 500; ++i) {
    v1::Field* field = model->add_fields();
    field->set_name(absl::StrCat("f", i));
    field->mutable_type()->set_scalar(v1::SCALAR_TYPE_TEXT);
  }
  EXPECT_TRUE(CompileSchema(schema).ok());
  AddRelation(*model, "a", v1::RELATION_KIND_BELONGS_TO, "A")->set_nullable(true);
  EXPECT_EQ(ErrorMetadataOf(CompileSchema(schema).status())["path"], "models.A.fields");
}

TEST(CompileCatalogTest, FiveHundredRelationsAndNoMore) {
  v1::Schema schema = Chain(2);
  for (int i = 1; i < 500; ++i) {
    AddRelation(*schema.mutable_models(1), absl::StrCat("r", i), v1::RELATION_KIND_BELONGS_TO, "M0")
        ->add_fields("beforeId");
    schema.mutable_models(1)->mutable_relations(i)->set_constraint_name(absl::StrCat("fk", i));
  }
  EXPECT_TRUE(CompileSchema(schema).ok());
  AddRelation(*schema.mutable_models(1), "last", v1::RELATION_KIND_HAS_MANY, "M0");
  EXPECT_EQ(ErrorMetadataOf(CompileSchema(schema).status())["path"], "models.M1.relations");
}

TEST(CompileCatalogTest, TheVersionIsThatOfTheContent) {
  v1::Schema schema = Chain(2);
  const std::string version = CompileSchema(schema)->canonical.version();
  schema.set_version("something");
  schema.mutable_apply_time()->set_seconds(1);
  schema.mutable_models(0)->mutable_fields(0)->set_column("id");
  EXPECT_EQ(CompileSchema(schema)->canonical.version(), version);
  schema.mutable_models(0)->set_description("changed");
  EXPECT_NE(CompileSchema(schema)->canonical.version(), version);
  EXPECT_FALSE(CompileSchema(schema)->canonical.has_apply_time());
}

TEST(CompileCatalogTest, EveryProblemAtOnce) {
  v1::Schema schema = Chain(3);
  schema.set_name("");
  schema.mutable_models(0)->mutable_fields(0)->mutable_type()->set_length(3);
  schema.mutable_models(1)->mutable_relations(0)->set_target("M9");
  schema.mutable_models(2)->mutable_relations(0)->set_constraint_name(std::string(64, 'x'));
  const std::string message(CompileSchema(schema).status().message());
  for (const char* path : {"schema:", "models.M0.fields.id.type:", "models.M1.relations.before.target:",
                           "models.M2.relations.before.constraint_name:"}) {
    EXPECT_NE(message.find(path), std::string::npos) << path << " in " << message;
  }
}

// Post and Tag, and between them a model whose foreign keys make a unique key in the order of the tags.
v1::Schema Labelled() {
  v1::Schema schema;
  schema.set_name("t");
  AddRelation(*AddModel(schema, "Post"), "tags", v1::RELATION_KIND_MANY_TO_MANY, "Tag")
      ->mutable_junction()
      ->set_model("Label");
  AddRelation(*AddModel(schema, "Tag"), "posts", v1::RELATION_KIND_MANY_TO_MANY, "Post");
  v1::Model* label = AddModel(schema, "Label");
  AddRelation(*label, "post", v1::RELATION_KIND_BELONGS_TO, "Post")->set_constraint_name("of_post");
  AddRelation(*label, "tag", v1::RELATION_KIND_BELONGS_TO, "Tag")->set_constraint_name("of_tag");
  v1::UniqueKey* key = label->add_unique_keys();
  key->set_name("once");
  key->add_fields("tagId");
  key->add_fields("postId");
  return schema;
}

TEST(CompileCatalogTest, AJunctionModelIsSeenFromBothEnds) {
  const auto compiled = CompileSchema(Labelled());
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  const Model* label = compiled->catalog->FindModel("Label");
  const Relation* tags = compiled->catalog->FindModel("Post")->FindRelation("tags");
  const Relation* posts = compiled->catalog->FindModel("Tag")->FindRelation("posts");
  const Junction& there = *tags->junction;
  const Junction& back = *posts->junction;
  for (const Junction* junction : {&there, &back}) {
    EXPECT_EQ(junction->model, label);
    EXPECT_EQ(junction->table, label->table);
    EXPECT_EQ(junction->primary_key, "once");
    EXPECT_EQ(junction->reverse_index, "");
    EXPECT_FALSE(junction->owner);
  }
  EXPECT_EQ(there.source_relation, label->FindRelation("post"));
  EXPECT_EQ(there.target_relation, label->FindRelation("tag"));
  EXPECT_EQ(back.source_relation, there.target_relation);
  EXPECT_EQ(back.target_relation, there.source_relation);
  EXPECT_EQ(there.source_foreign_key, "of_post");
  EXPECT_EQ(back.source_foreign_key, "of_tag");
  EXPECT_EQ(there.source[0].column, "post_id");
  EXPECT_EQ(there.source[0].field, compiled->catalog->FindModel("Post")->FindField("id"));
  EXPECT_EQ(tags->inverse, posts);
  EXPECT_EQ(posts->inverse, tags);
}

TEST(CompileCatalogTest, TheCanonicalFormSpellsOutAJunctionModelAtBothEnds) {
  const v1::Schema canonical = CompileSchema(Labelled())->canonical;
  for (const v1::Model& model : canonical.models()) {
    if (model.name() == "Label") continue;
    const bool post = model.name() == "Post";
    const v1::Junction& junction = model.relations(0).junction();
    EXPECT_EQ(junction.model(), "Label");
    EXPECT_EQ(junction.source_relation(), post ? "post" : "tag");
    EXPECT_EQ(junction.target_relation(), post ? "tag" : "post");
    EXPECT_EQ(junction.table(), "");
    EXPECT_TRUE(junction.source_columns().empty());
  }
}

TEST(CompileCatalogTest, APlainTableIsNoModel) {
  v1::Schema schema = Labelled();
  const std::string version = CompileSchema(schema)->canonical.version();
  schema.mutable_models(0)->mutable_relations(0)->mutable_junction()->set_source_relation("post");
  EXPECT_EQ(CompileSchema(schema)->canonical.version(), version);
  schema.mutable_models(0)->mutable_relations(0)->clear_junction();
  EXPECT_NE(CompileSchema(schema)->canonical.version(), version);
  schema.mutable_models(1)->mutable_relations(0)->mutable_junction()->set_table(
      std::string(CompileSchema(Labelled())->catalog->FindModel("Label")->table));
  EXPECT_EQ(ErrorReasonOf(CompileSchema(schema).status()), "NAME_COLLISION");
}

TEST(CompileCatalogTest, VersionAndDisplacementAreContent) {
  v1::Schema schema = Chain(2);
  v1::Field* revision = schema.mutable_models(0)->add_fields();
  revision->set_name("revision");
  revision->mutable_type()->set_scalar(v1::SCALAR_TYPE_INT32);
  revision->mutable_default_()->mutable_literal()->set_int_value(1);
  v1::Relation* one = AddRelation(*schema.mutable_models(0), "after", v1::RELATION_KIND_HAS_ONE, "M1");
  const std::string plain = CompileSchema(schema)->canonical.version();
  one->set_on_displaced(v1::DISPLACEMENT_POLICY_DETACH);
  EXPECT_EQ(CompileSchema(schema)->canonical.version(), plain);
  one->set_on_displaced(v1::DISPLACEMENT_POLICY_DELETE);
  const auto deleting = CompileSchema(schema);
  EXPECT_NE(deleting->canonical.version(), plain);
  EXPECT_TRUE(deleting->catalog->FindModel("M1")->FindRelation("before")->delete_displaced);
  revision->set_version(true);
  const auto counting = CompileSchema(schema);
  EXPECT_NE(counting->canonical.version(), deleting->canonical.version());
  EXPECT_TRUE(counting->catalog->FindModel("M0")->FindField("revision")->version);
  revision->clear_default_();
  EXPECT_EQ(CompileSchema(schema)->canonical.version(), counting->canonical.version());
}

TEST(CompileCatalogTest, EnumValuesFromLaterVersionsAreRefused) {
  v1::Schema schema = Chain(2);
  v1::Relation* relation = schema.mutable_models(1)->mutable_relations(0);
  relation->set_on_delete(static_cast<v1::ReferentialAction>(77));
  EXPECT_EQ(ErrorMetadataOf(CompileSchema(schema).status())["path"], "models.M1.relations.before.on_delete");
  relation->clear_on_delete();
  relation->set_kind(static_cast<v1::RelationKind>(77));
  EXPECT_EQ(ErrorReasonOf(CompileSchema(schema).status()), "SCHEMA_INVALID");
  relation->set_kind(v1::RELATION_KIND_BELONGS_TO);
  schema.mutable_models(0)->mutable_fields(0)->mutable_type()->set_scalar(static_cast<v1::ScalarType>(77));
  EXPECT_EQ(ErrorMetadataOf(CompileSchema(schema).status())["path"], "models.M0.fields.id.type");
}

}  // namespace
}  // namespace rowan
