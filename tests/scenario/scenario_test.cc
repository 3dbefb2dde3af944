// Runs every .scenario file against an engine on a real PostgreSQL, in a database of its own. A file is a document:
//
//   schema: blog                 a file in tests/golden/schemas, or a schema document of its own
//   calls:
//   - title: what this shows     optional
//     get: User                  the verb and its model: get, stream, insert, update, delete; or apply: with a schema
//     document document: {…}              in the document form expect: […]                the result: records of a
//     read, {records, effects} of a write; left out: not compared has_more: true             of the root of a get;
//     default false statements: 3              how many statements were sent, beside those that begin and end a
//     transaction error: {code: NOT_FOUND, reason: RELATED_NOT_FOUND, path: "data.role.connect"}
//
// A get without limit and offset runs also as a Stream, and in pages of 1, 2 and 3, and all have to agree.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "clients/document/parse_document.h"
#include "clients/document/request.h"
#include "clients/document/result.h"
#include "clients/document/schema.h"
#include "clients/document/write_document.h"
#include "engine/base/errors.h"
#include "engine/engine.h"
#include "rowan/v1/data_service.pb.h"
#include "rowan/v1/schema_service.pb.h"
#include "tests/support/private_postgres.h"

namespace rowan {
namespace {

using document::Node;

std::string ReadText(const std::string& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Collects a stream as the document of its records.
class CollectingSink : public StreamSink {
 public:
  absl::Status Write(const v1::StreamResponse& message) override {
    if (message.has_shape()) shape_ = message.shape();
    for (const v1::Record& record : message.batch().records())
      records.items.push_back(document::ToDocument(shape_, record));
    if (message.has_totals()) total = message.totals().records();
    return absl::OkStatus();
  }

  Node records = document::List();
  int64_t total = -1;

 private:
  v1::Shape shape_;
};

// What a call gave.
struct Outcome {
  absl::Status status;
  Node result;
  bool has_more = false;
};

class Scenario {
 public:
  explicit Scenario(const std::string& path) : path_(path) {}

  void Run() {
    const auto parsed = document::ParseYaml(ReadText(path_));
    ASSERT_TRUE(parsed.ok()) << path_ << ": " << parsed.status();
    const Node* schema = parsed->Find("schema");
    const Node* calls = parsed->Find("calls");
    ASSERT_TRUE(schema != nullptr && calls != nullptr && !calls->items.empty()) << path_ << " needs schema and calls";
    const auto conninfo = test::PrivatePostgres::Shared().CreateDatabase("scenario_" + std::to_string(++count_));
    ASSERT_TRUE(conninfo.ok()) << conninfo.status();
    auto engine = Engine::Open({.conninfo = *conninfo}, Call());
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
    ASSERT_NO_FATAL_FAILURE(Register(*schema));
    int number = 0;
    for (const Node& call : calls->items) {
      const Node* title = call.Find("title");
      SCOPED_TRACE(path_ + ": call " + std::to_string(++number) + (title == nullptr ? "" : " (" + title->text + ")"));
      ASSERT_NO_FATAL_FAILURE(RunCall(call));
      if (testing::Test::HasFailure()) return;
    }
  }

 private:
  void Register(const Node& schema) {
    Node content = schema;
    if (schema.is_text()) {
      const auto file = document::ParseYaml(ReadText(ROWAN_GOLDEN "/schemas/" + schema.text + ".yaml"));
      ASSERT_TRUE(file.ok()) << file.status();
      content = *file;
    }
    const Outcome applied = Apply(content);
    ASSERT_TRUE(applied.status.ok()) << applied.status;
    schema_ = content.Find("schema")->text;
  }

  Outcome Apply(const Node& content) {
    auto schema = document::ToSchema(content);
    if (!schema.ok()) return {schema.status(), {}};
    v1::ApplySchemaRequest request;
    *request.mutable_schema() = *std::move(schema);
    v1::ApplySchemaResponse response;
    return {engine_->ApplySchema(request, "scenario", Call(), response), document::Bool(response.applied())};
  }

  Outcome Get(const std::string& model, const Node& document) {
    const auto request = document::ToGetRequest(schema_, model, document);
    if (!request.ok()) return {request.status(), {}};
    v1::GetResponse response;
    absl::Status status = engine_->Get(*request, Call(), response);
    return {status, document::ToDocument(response), response.has_more()};
  }

  Outcome Stream(const std::string& model, const Node& document) {
    const auto request = document::ToStreamRequest(schema_, model, document);
    if (!request.ok()) return {request.status(), {}};
    CollectingSink sink;
    absl::Status status = engine_->Stream(*request, Call(), sink);
    if (status.ok()) {
      EXPECT_EQ(sink.total, static_cast<int64_t>(sink.records.items.size()));
    }
    return {status, sink.records};
  }

  template <typename Request>
  Outcome Mutate(const absl::StatusOr<Request>& request,
                 absl::Status (Engine::*run)(const Request&, const Call&, v1::MutationResponse&)) {
    if (!request.ok()) return {request.status(), {}};
    v1::MutationResponse response;
    absl::Status status = (engine_.get()->*run)(*request, Call(), response);
    return {status, document::ToDocument(response)};
  }

  Outcome Send(const std::string& verb, const std::string& model, const Node& document) {
    if (verb == "get") return Get(model, document);
    if (verb == "stream") return Stream(model, document);
    if (verb == "insert") return Mutate(document::ToInsertRequest(schema_, model, document), &Engine::Insert);
    if (verb == "update") return Mutate(document::ToUpdateRequest(schema_, model, document), &Engine::Update);
    return Mutate(document::ToDeleteRequest(schema_, model, document), &Engine::Delete);
  }

  void RunCall(const Node& call) {
    for (const document::Member& member : call.members) {
      static const char* const kKnown[] = {"title", "get",      "stream", "insert",   "update",     "delete",
                                           "apply", "document", "expect", "has_more", "statements", "error"};
      ASSERT_TRUE(
          std::any_of(std::begin(kKnown), std::end(kKnown), [&](const char* known) { return member.key == known; }))
          << "unknown key " << member.key;
    }
    if (const Node* schema = call.Find("apply")) {
      Check(call, Apply(*schema));
      return;
    }
    for (const char* verb : {"get", "stream", "insert", "update", "delete"}) {
      const Node* model = call.Find(verb);
      if (model == nullptr) continue;
      const Node* document = call.Find("document");
      ASSERT_NE(document, nullptr) << "a call needs a document";
      const int64_t before = engine_->counters().statements;
      const Outcome outcome = Send(verb, model->text, *document);
      Check(call, outcome);
      if (const Node* statements = call.Find("statements")) {
        EXPECT_EQ(std::to_string(engine_->counters().statements - before), statements->text) << "statements";
      }
      if (std::string(verb) == "get") CheckOtherWays(model->text, *document, outcome);
      return;
    }
    FAIL() << "a call needs a verb";
  }

  // The same read as a stream, and page by page.
  void CheckOtherWays(const std::string& model, const Node& document, const Outcome& whole) {
    if (document.Find("limit") != nullptr || document.Find("offset") != nullptr || whole.has_more) return;
    const Outcome streamed = Stream(model, document);
    EXPECT_EQ(streamed.status.code(), whole.status.code()) << "as a stream: " << streamed.status;
    if (!whole.status.ok()) return;
    EXPECT_EQ(document::ToJson(streamed.result), document::ToJson(whole.result)) << "as a stream";
    for (int size = 1; size <= 3; ++size) {
      Node pages = document::List();
      bool more = true;
      for (int offset = 0; more && offset <= static_cast<int>(whole.result.items.size()); offset += size) {
        Node page = document;
        page.Add("limit", document::Number(size));
        page.Add("offset", document::Number(offset));
        const Outcome part = Get(model, page);
        ASSERT_TRUE(part.status.ok()) << part.status;
        pages.items.insert(pages.items.end(), part.result.items.begin(), part.result.items.end());
        more = part.has_more;
      }
      EXPECT_FALSE(more);
      EXPECT_EQ(document::ToJson(pages), document::ToJson(whole.result)) << "in pages of " << size;
    }
  }

  void Check(const Node& call, const Outcome& outcome) {
    if (const Node* error = call.Find("error")) {
      const auto metadata = ErrorMetadataOf(outcome.status);
      for (const document::Member& expected : error->members) {
        if (expected.key == "code") {
          EXPECT_EQ(absl::StatusCodeToString(outcome.status.code()), expected.value.text) << outcome.status;
        } else if (expected.key == "reason") {
          EXPECT_EQ(ErrorReasonOf(outcome.status), expected.value.text) << outcome.status;
        } else {
          const auto found = metadata.find(expected.key);
          EXPECT_EQ(found == metadata.end() ? "(none)" : found->second, expected.value.text)
              << expected.key << " of " << outcome.status;
        }
      }
      return;
    }
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    if (const Node* expected = call.Find("expect")) {
      Node whole = *expected;
      // Effects without relations may be written without them.
      for (document::Member& member : whole.members) {
        if (member.key == "effects" && member.value.Find("relations") == nullptr)
          member.value.Add("relations", document::Object());
      }
      EXPECT_EQ(document::ToJson(whole), document::ToJson(outcome.result));
    }
    const Node* has_more = call.Find("has_more");
    EXPECT_EQ(has_more != nullptr && has_more->is(true), outcome.has_more) << "has_more";
  }

  std::string path_;
  std::string schema_;
  std::unique_ptr<Engine> engine_;
  static inline int count_ = 0;
};

class ScenarioTest : public testing::Test {
 public:
  explicit ScenarioTest(std::string path) : path_(std::move(path)) {}
  void TestBody() override { Scenario(path_).Run(); }

 private:
  std::string path_;
};

}  // namespace
}  // namespace rowan

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(ROWAN_SCENARIOS)) {
    if (entry.path().extension() == ".scenario") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) {
    fprintf(stderr, "no scenarios in %s\n", ROWAN_SCENARIOS);
    return 1;
  }
  for (const std::string& path : paths) {
    const std::filesystem::path file(path);
    testing::RegisterTest(file.parent_path().filename().c_str(), file.stem().c_str(), nullptr, nullptr, path.c_str(), 1,
                          [path]() -> testing::Test* { return new rowan::ScenarioTest(path); });
  }
  return RUN_ALL_TESTS();
}
