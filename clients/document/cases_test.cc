// Runs the cases of tests/document, which all implementations of the document form share.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "clients/document/parse_document.h"
#include "clients/document/request.h"
#include "clients/document/result.h"
#include "clients/document/schema.h"
#include "clients/document/write_document.h"
#include "engine/base/errors.h"
#include "rowan/v1/data_service.pb.h"
#include "rowan/v1/schema.pb.h"

namespace rowan::document {
namespace {

struct Case {
  std::string file;
  Node node;

  const Node& operator[](std::string_view key) const { return *node.Find(key); }
  bool has(std::string_view key) const { return node.Find(key) != nullptr; }
};

void PrintTo(const Case& test, std::ostream* out) {
  *out << test.file << ": " << test["title"].text;
}

std::vector<Case> LoadCases() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(ROWAN_DOCUMENT_CASES)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    absl::StatusOr<Node> list = ParseJson(text);
    if (!list.ok()) throw std::runtime_error(entry.path().string() + ": " + std::string(list.status().message()));
    for (Node& node : list->items) cases.push_back({entry.path().filename().string(), std::move(node)});
  }
  return cases;
}

class DocumentCase : public testing::TestWithParam<Case> {
 protected:
  template <typename Message>
  Message Expected() const {
    Message message;
    const auto status = google::protobuf::util::JsonStringToMessage(ToJsonLine(GetParam()["proto"]), &message);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return message;
  }

  void ExpectError(const absl::Status& status) const {
    const Node& error = GetParam()["error"];
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ErrorReasonOf(status), "DOCUMENT_INVALID");
    EXPECT_EQ(ErrorMetadataOf(status)["path"], error.Find("path")->text);
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(error.Find("contains")->text));
  }

  // Checks a conversion from a document, and returns whether it gave a message.
  template <typename Message>
  bool ExpectMessage(const absl::StatusOr<Message>& message, const Message& expected) const {
    if (!GetParam().has("proto")) {
      ExpectError(message.status());
      return false;
    }
    EXPECT_TRUE(message.ok()) << message.status();
    if (message.ok()) {
      EXPECT_EQ(message->DebugString(), expected.DebugString());
    }
    return message.ok();
  }

  template <typename Request, typename Convert>
  void ExpectRequest(Convert convert) const {
    Request expected;
    if (GetParam().has("proto")) expected = Expected<Request>();
    expected.set_schema("blog");
    expected.set_model("User");
    ExpectMessage<Request>(convert("blog", "User", GetParam()["document"]), expected);
  }
};

TEST_P(DocumentCase, Converts) {
  const std::string& kind = GetParam()["kind"].text;
  ASSERT_NE(GetParam().has("proto"), GetParam().has("error"));
  if (kind == "get") {
    ExpectRequest<v1::GetRequest>(ToGetRequest);
  } else if (kind == "stream") {
    ExpectRequest<v1::StreamRequest>(ToStreamRequest);
  } else if (kind == "aggregate") {
    ExpectRequest<v1::AggregateRequest>(ToAggregateRequest);
  } else if (kind == "exists") {
    ExpectRequest<v1::ExistsRequest>(ToExistsRequest);
  } else if (kind == "insert") {
    ExpectRequest<v1::InsertRequest>(ToInsertRequest);
  } else if (kind == "update") {
    ExpectRequest<v1::UpdateRequest>(ToUpdateRequest);
  } else if (kind == "upsert") {
    ExpectRequest<v1::UpsertRequest>(ToUpsertRequest);
  } else if (kind == "delete") {
    ExpectRequest<v1::DeleteRequest>(ToDeleteRequest);
  } else if (kind == "batch") {
    v1::BatchRequest expected;
    if (GetParam().has("proto")) expected = Expected<v1::BatchRequest>();
    expected.set_schema("blog");
    ExpectMessage<v1::BatchRequest>(ToBatchRequest("blog", GetParam()["document"]), expected);
  } else if (kind == "schema") {
    const v1::Schema expected = GetParam().has("proto") ? Expected<v1::Schema>() : v1::Schema();
    if (ExpectMessage<v1::Schema>(ToSchema(GetParam()["document"]), expected)) {
      ExpectMessage<v1::Schema>(ToSchema(FromSchema(expected)), expected);
      const absl::StatusOr<Node> yaml = ParseYaml(SchemaYaml(expected));
      ASSERT_TRUE(yaml.ok()) << yaml.status() << "\n" << SchemaYaml(expected);
      ExpectMessage<v1::Schema>(ToSchema(*yaml), expected);
    }
  } else if (kind == "result") {
    EXPECT_EQ(ToJson(ToDocument(Expected<v1::GetResponse>())), ToJson(GetParam()["document"]));
  } else if (kind == "mutation") {
    EXPECT_EQ(ToJson(ToDocument(Expected<v1::MutationResponse>())), ToJson(GetParam()["document"]));
  } else if (kind == "batch_result") {
    EXPECT_EQ(ToJson(ToDocument(Expected<v1::BatchResponse>())), ToJson(GetParam()["document"]));
  } else {
    FAIL() << "unknown kind " << kind;
  }
}

INSTANTIATE_TEST_SUITE_P(Shared, DocumentCase, testing::ValuesIn(LoadCases()));

}  // namespace
}  // namespace rowan::document
