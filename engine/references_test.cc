#include "engine/references.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

// Two users, of which the first has two posts and no boss, and the second no post and a boss.
v1::OperationResult Users() {
  v1::OperationResult result;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(get {
        shape {
          fields { name: "id" type { scalar: SCALAR_TYPE_INT64 } }
          fields { name: "role.name" type { scalar: SCALAR_TYPE_TEXT } }
          fields { name: "labels" type { scalar: SCALAR_TYPE_TEXT array: true } }
          relations { name: "posts" to_many: true shape { fields { name: "title" type { scalar: SCALAR_TYPE_STRING } } } }
          relations { name: "boss" shape { fields { name: "uid" type { scalar: SCALAR_TYPE_UUID } } } }
        }
        records {
          values { int_value: 1 } values { text_value: "admin" } values { array_value { values { text_value: "x" } } }
          related { records { values { text_value: "One" } } records { values { text_value: "Two" } } } related {}
        }
        records {
          values { int_value: 2 } values { null_value: NULL_VALUE } values { array_value {} }
          related {} related { records { values { uuid_value: "u" } } }
        }
      })",
      &result));
  return result;
}

v1::Operation Referring(const std::string& reference) {
  v1::Operation operation;
  (*operation.mutable_insert()->add_data()->mutable_values())["field"].set_reference_value(reference);
  return operation;
}

const v1::Value& FieldOf(const v1::Operation& operation) {
  return operation.insert().data(0).values().at("field");
}

struct Case {
  const char* reference;
  const char* value;   // textproto; null: broken
  const char* sample;  // as long as the operation did not run; null: broken
};

TEST(References, LeadToValuesOrSayWhy) {
  const v1::OperationResult result = Users();
  const Referent ran = ReferentOf(result);
  const Referent not_yet{.shape = &result.get().shape()};
  for (const Case& c : {
           Case{"u.id", "int_value: 1", "int_value: 1987654001"},
           Case{"u[0].id", "int_value: 1", "int_value: 1987654001"},
           Case{"u[1].id", "int_value: 2", "int_value: 1987654001"},
           Case{"u[].id", "array_value { values { int_value: 1 } values { int_value: 2 } }",
                "array_value { values { int_value: 1987654001 } }"},
           Case{"u.role.name", "text_value: \"admin\"", "text_value: \"1\""},
           Case{"u[1].role.name", "null_value: NULL_VALUE", "text_value: \"1\""},
           Case{"u.labels", "array_value { values { text_value: \"x\" } }", "array_value { values { text_value: \"1\" } }"},
           Case{"u.posts.title", "text_value: \"One\"", "text_value: \"1\""},
           Case{"u.posts[1].title", "text_value: \"Two\"", "text_value: \"1\""},
           Case{"u.posts[].title", "array_value { values { text_value: \"One\" } values { text_value: \"Two\" } }",
                "array_value { values { text_value: \"1\" } }"},
           Case{"u[].posts[].title", "array_value { values { text_value: \"One\" } values { text_value: \"Two\" } }",
                "array_value { values { text_value: \"1\" } }"},
           Case{"u[].posts[1].title", "array_value { values { text_value: \"Two\" } }",
                "array_value { values { text_value: \"1\" } }"},
           Case{"u[1].boss.uid", "uuid_value: \"u\"", "uuid_value: \"00000000-0000-4000-8000-000000000001\""},
           Case{"u[].boss.uid", "array_value { values { uuid_value: \"u\" } }",
                "array_value { values { uuid_value: \"00000000-0000-4000-8000-000000000001\" } }"},
           // Records that are not there.
           Case{"u[2].id", nullptr, "int_value: 1987654001"},
           Case{"u[1].posts.title", nullptr, "text_value: \"1\""},
           Case{"u.boss.uid", nullptr, "uuid_value: \"00000000-0000-4000-8000-000000000001\""},
           // What is not returned, and what is no reference.
           Case{"u.name", nullptr, nullptr},
           Case{"u.posts", nullptr, nullptr},
           Case{"u.posts[0]", nullptr, nullptr},
           Case{"u.posts[0].id", nullptr, nullptr},
           Case{"u[].labels", nullptr, nullptr},
           Case{"v.id", nullptr, nullptr},
           Case{"u", nullptr, nullptr},
           Case{"u.", nullptr, nullptr},
           Case{".id", nullptr, nullptr},
           Case{"", nullptr, nullptr},
           Case{"u[-1].id", nullptr, nullptr},
           Case{"u[99999999999].id", nullptr, nullptr},
           Case{"u[0.id", nullptr, nullptr},
           Case{"u[0]id", nullptr, nullptr},
       }) {
    for (const Referent& referent : {ran, not_yet}) {
      SCOPED_TRACE(std::string(c.reference) + (referent.records == nullptr ? ", not yet run" : ""));
      Referents known;
      ASSERT_TRUE(known.Add("u", referent));
      v1::Operation operation = Referring(c.reference);
      ASSERT_TRUE(HasReferences(operation));
      const auto broken = ReplaceReferences(known.find(), operation);
      const char* expected = referent.records == nullptr ? c.sample : c.value;
      ASSERT_EQ(broken.empty(), expected != nullptr);
      if (expected != nullptr) {
        v1::Value value;
        ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(expected, &value));
        EXPECT_EQ(FieldOf(operation).DebugString(), value.DebugString());
        EXPECT_FALSE(HasReferences(operation));
        continue;
      }
      EXPECT_EQ(broken[0].reference, c.reference);
      EXPECT_EQ(broken[0].empty, c.sample != nullptr);
      const absl::Status bound = errors::UnknownReference("data.field", FieldOf(operation).reference_value(), "");
      const absl::Status error = BrokenReferenceError(broken, bound);
      EXPECT_EQ(ErrorReasonOf(error), c.sample != nullptr ? "EMPTY_REFERENCE" : "UNKNOWN_REFERENCE");
      EXPECT_EQ(ErrorMetadataOf(error)["path"], "data.field");
    }
  }
}

TEST(References, AreFoundAnywhereAndReplacedOneByOne) {
  const v1::OperationResult result = Users();
  Referents known;
  known.Add("u", ReferentOf(result));
  v1::Operation operation;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(update {
        data {
          values { key: "b" value { array_value { values { reference_value: "u.id" } values { int_value: 7 } } } }
          values { key: "a" value { reference_value: "u.nothing" } }
          relations { key: "r" value { connect { primary { reference_value: "u[1].id" } } } }
        }
        where { not { all_of { filters { field { field: "x" operator: OPERATOR_EQ value { reference_value: "v.id" } } } } } }
      })",
      &operation));
  const auto broken = ReplaceReferences(known.find(), operation);
  const v1::RecordInput& data = operation.update().data();
  EXPECT_EQ(data.values().at("b").array_value().values(0).int_value(), 1);
  EXPECT_EQ(data.relations().at("r").connect(0).primary(0).int_value(), 2);
  ASSERT_EQ(broken.size(), 2u);
  // Bind tells which of them it met by the position that stands there.
  EXPECT_EQ(data.values().at("a").reference_value(), "0");
  EXPECT_EQ(broken[0].reference, "u.nothing");
  EXPECT_EQ(broken[1].reference, "v.id");
  const absl::Status second = BrokenReferenceError(broken, errors::UnknownReference("where.x.eq", "1", ""));
  EXPECT_EQ(ErrorMetadataOf(second)["reference"], "v.id");
  EXPECT_EQ(ErrorMetadataOf(second)["path"], "where.x.eq");
  // When bind stumbles over something else first, the first one has no path.
  const absl::Status other = BrokenReferenceError(broken, errors::EmptyMutation(Path("data")));
  EXPECT_EQ(ErrorMetadataOf(other)["reference"], "u.nothing");
  EXPECT_EQ(ErrorMetadataOf(other)["path"], "");
}

TEST(References, SamplesDifferSoThatTheyNameDifferentRecords) {
  const v1::OperationResult result = Users();
  Referents known;
  known.Add("u", {.shape = &result.get().shape()});
  v1::Operation operation;
  v1::RecordInput& data = *operation.mutable_insert()->add_data();
  (*data.mutable_values())["a"].set_reference_value("u.id");
  (*data.mutable_values())["b"].set_reference_value("u[1].id");
  EXPECT_TRUE(ReplaceReferences(known.find(), operation).empty());
  const auto& values = operation.insert().data(0).values();
  EXPECT_NE(values.at("a").int_value(), values.at("b").int_value());
}

TEST(References, AnOperationOfANameIsKnownOnce) {
  Referents known;
  EXPECT_TRUE(known.Add("u", {}));
  EXPECT_FALSE(known.Add("u", {}));
  EXPECT_TRUE(known.Add("", {}));
  EXPECT_TRUE(known.Add("", {}));
  EXPECT_EQ(known.find()(""), nullptr);
}

}  // namespace
}  // namespace rowan
