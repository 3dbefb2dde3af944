// Runs every .scenario file against an engine on a real PostgreSQL, in a database of its own. A file is a document:
//
//   schema: blog                 a file in tests/golden/schemas, or a schema document of its own
//   calls:
//   - title: what this shows     optional
//     get: User                  the verb and its model: get, stream, aggregate, exists, insert, update, upsert, delete; or
//                                apply: with a schema document
//     document: {…}              in the document form; a cursor $start, $end or $end:posts stands for the one of the get
//                                before, at its root or of the first record's list of the name
//   - batch: […]                 a batch document, in place of verb and document
//   - transact: […]              the messages of an interactive transaction, each with what it gives:
//     - begin: {…}               isolation, read_only, idle_timeout_ms, timeout_ms
//     - operation: {…}           an operation of a batch document; expect or error
//     - savepoint: name          or rollback_to, release; error, or else done
//     - end: commit              or rollback; left out: the client ends the stream
//     error: {…}                 how the stream ends; left out: well
//     expect: […]                the result: records of a read, {records, effects} of a write; left out: not compared
//     repeated: true             of a batch: whether the answer is a kept one; default false
//     has_more: true             of the root of a get or aggregate; default false
//     total: 12                  of the root of a get
//     statements: 3              how many statements were sent, beside those that begin and end a transaction; of a get
//                                also {nested: 1, by_level: 3, tagged: 1}
//     error: {code: NOT_FOUND, reason: RELATED_NOT_FOUND, path: "data.role.connect"}
//
// A get runs with all strategies, whose answers have to be the same byte for byte. One that is complete runs also as a
// Stream in both modes, as a stream that is resumed after every batch, and in pages of 1, 2, 3, n - 1, n and n + 1 by
// offset and by cursor, forward and backward; all have to agree.
#include <future>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "clients/document/parse_document.h"
#include "clients/document/request.h"
#include "clients/document/result.h"
#include "clients/document/schema.h"
#include "clients/document/write_document.h"
#include "engine/base/errors.h"
#include "engine/engine.h"
#include "engine/pg/connection.h"
#include "rowan/v1/data_service.pb.h"
#include "rowan/v1/schema_service.pb.h"
#include "tests/scenario/collecting_sink.h"
#include "tests/scenario/played_transaction.h"
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

// Deterministic bytes, to compare answers by.
template <typename Message>
std::string Bytes(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  return bytes;
}

// What a call gave.
struct Outcome {
  absl::Status status;
  Node result;
  bool has_more = false;
  std::optional<int64_t> total;
  v1::GetResponse page;   // of a get
  bool repeated = false;  // of a batch
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
    // Batches of one record, so that streams are resumed after each.
    auto engine = Engine::Open({.conninfo = *conninfo, .limits = {.batch_bytes = 1}}, Call());
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
    conninfo_ = *conninfo;
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

  Outcome Get(const v1::GetRequest& request) {
    Outcome outcome;
    std::string response;
    outcome.status = engine_->Get(request, Call(), response);
    EXPECT_TRUE(outcome.page.ParseFromString(response));
    outcome.result = document::ToDocument(outcome.page);
    outcome.has_more = outcome.page.has_more();
    if (outcome.page.has_total()) outcome.total = outcome.page.total();
    return outcome;
  }

  // Runs with the strategy, and notes under its name how many statements that took.
  Outcome Get(v1::GetRequest request, v1::Strategy strategy, const std::string& name) {
    request.set_strategy(strategy);
    const int64_t before = engine_->counters().statements;
    Outcome outcome = Get(request);
    statements_[name] = engine_->counters().statements - before;
    return outcome;
  }

  // On a lane it is the same, or it is not answered.
  void CheckLane(v1::GetRequest request, v1::Strategy strategy, const Outcome& whole) {
    request.set_strategy(strategy);
    // Only what was quick a few times goes there, unless it is by key.
    for (int i = 0; i < 3; ++i) {
      const Call call;
      std::promise<std::optional<absl::StatusOr<std::string>>> answer;
      if (engine_->BeginGet(request, call, [&](auto response) { answer.set_value(std::move(response)); })) {
        const std::optional<absl::StatusOr<std::string>> response = answer.get_future().get();
        if (!whole.status.ok()) EXPECT_FALSE(response.has_value());
        v1::GetResponse page;
        EXPECT_TRUE(page.ParseFromString(response ? response->value_or("") : ""));
        if (response) EXPECT_EQ(Bytes(whole.page), Bytes(page)) << whole.page.DebugString() << page.DebugString();
        return;
      }
      Get(request);
    }
  }

  Outcome Get(const std::string& model, const Node& document) {
    const auto request = document::ToGetRequest(schema_, model, document);
    if (!request.ok()) return {request.status(), {}};
    const int64_t before = engine_->counters().statements;
    const Outcome whole = Get(*request);
    statements_["chosen"] = engine_->counters().statements - before;
    const Outcome nested = Get(*request, v1::STRATEGY_NESTED, "nested");
    const Outcome by_level = Get(*request, v1::STRATEGY_BY_LEVEL, "by_level");
    const Outcome tagged = Get(*request, v1::STRATEGY_TAGGED, "tagged");
    for (const Outcome* other : {&nested, &by_level, &tagged}) {
      EXPECT_EQ(whole.status.code(), other->status.code()) << other->status;
      EXPECT_EQ(whole.status.message(), other->status.message());
      EXPECT_EQ(Bytes(whole.page), Bytes(other->page)) << whole.page.DebugString() << other->page.DebugString();
    }
    if (whole.status.ok()) {
      last_page_ = whole.page;
    }
    CheckLane(*request, v1::STRATEGY_NESTED, whole);
    CheckLane(*request, v1::STRATEGY_TAGGED, whole);
    if (whole.status.ok()) {
      CheckOtherWays(*request, whole);
    }
    return whole;
  }

  Outcome Stream(const v1::StreamRequest& request) {
    CollectingSink sink;
    absl::Status status = engine_->Stream(request, Call(), sink);
    if (status.ok()) {
      EXPECT_EQ(sink.total, static_cast<int64_t>(sink.records.items.size()));
    }
    return {status, sink.records};
  }

  Outcome Stream(const std::string& model, const Node& document) {
    const auto request = document::ToStreamRequest(schema_, model, document);
    return request.ok() ? Stream(*request) : Outcome{request.status(), {}};
  }

  Outcome Aggregate(const std::string& model, const Node& document) {
    const auto request = document::ToAggregateRequest(schema_, model, document);
    if (!request.ok()) return {request.status(), {}};
    std::string bytes;
    absl::Status status = engine_->Aggregate(*request, Call(), bytes);
    v1::AggregateResponse response;
    EXPECT_TRUE(response.ParseFromString(bytes));
    return {status, document::ToDocument(response), response.has_more()};
  }

  Outcome Exists(const std::string& model, const Node& document) {
    const auto request = document::ToExistsRequest(schema_, model, document);
    if (!request.ok()) return {request.status(), {}};
    v1::ExistsResponse response;
    absl::Status status = engine_->Exists(*request, Call(), response);
    return {status, document::ToDocument(response)};
  }

  template <typename Request>
  Outcome Mutate(const absl::StatusOr<Request>& request,
                 absl::Status (Engine::*run)(const Request&, const Call&, v1::MutationResponse&)) {
    if (!request.ok()) return {request.status(), {}};
    v1::MutationResponse response;
    absl::Status status = (engine_.get()->*run)(*request, Call(), response);
    return {status, document::ToDocument(response)};
  }

  // As the service does: together with others where that is possible, and otherwise or after that by itself.
  Outcome Insert(const absl::StatusOr<v1::InsertRequest>& request) {
    if (!request.ok()) return {request.status(), {}};
    const Call call;
    v1::MutationResponse response;
    std::promise<std::optional<absl::StatusOr<std::string>>> promise;
    const bool begun = engine_->BeginInsert(*request, call, [&](auto answer) { promise.set_value(std::move(answer)); });
    if (begun) {
      const std::optional<absl::StatusOr<std::string>> answer = promise.get_future().get();
      if (answer && !answer->ok()) return {answer->status(), {}};
      if (answer) {
        EXPECT_TRUE(response.ParseFromString(**answer));
        return {absl::OkStatus(), document::ToDocument(response)};
      }
    }
    const absl::Status status = engine_->Insert(*request, call, response, /*in_steps=*/begun);
    return {status, document::ToDocument(response)};
  }

  Outcome Batch(const Node& document) {
    const auto request = document::ToBatchRequest(schema_, document);
    if (!request.ok()) return {request.status(), {}};
    v1::BatchResponse response;
    Outcome outcome;
    outcome.status = engine_->Batch(*request, Call(), response);
    outcome.result = document::ToDocument(response);
    outcome.repeated = response.repeated_answer();
    return outcome;
  }

  void Transact(const Node& call, const Node& steps) {
    PlayedTransaction played;
    for (const Node& step : steps.items) {
      if (step.Find("silence") != nullptr) {
        played.silent = true;
        break;
      }
      const auto message = ToMessage(schema_, step);
      ASSERT_TRUE(message.ok()) << message.status();
      played.messages.push_back(*message);
    }
    const absl::Status status = engine_->Transact(Call(), played);
    for (size_t i = 0; i < played.answers.size() && i < steps.items.size(); ++i) {
      SCOPED_TRACE("message " + std::to_string(i));
      const PlayedTransaction::Answer& answer = played.answers[i];
      const v1::TransactResponse& response = answer.response;
      const Node& step = steps.items[i];
      Outcome outcome{answer.status, document::ToDocument(response.result())};
      if (response.has_result() && response.result().has_get()) outcome.has_more = response.result().get().has_more();
      ASSERT_NO_FATAL_FAILURE(Check(step, outcome));
      if (!answer.status.ok()) continue;
      EXPECT_EQ(response.has_begun(), step.Find("begin") != nullptr);
      EXPECT_EQ(response.has_result(), step.Find("operation") != nullptr);
      EXPECT_EQ(response.has_committed(), step.Find("end") != nullptr);
      for (const char* mark : {"savepoint", "rollback_to", "release"}) {
        const Node* name = step.Find(mark);
        if (name != nullptr) {
          EXPECT_EQ(response.done(), name->text);
        }
      }
      const Node* end = step.Find("end");
      EXPECT_EQ(response.committed(), end != nullptr && end->text == "commit");
    }
    if (status.ok()) {
      EXPECT_EQ(played.answers.size(), steps.items.size());
    }
    Check(call, {status, {}});
    EXPECT_EQ(engine_->transaction_pool().leased, 0);
  }

  Outcome Send(const std::string& verb, const std::string& model, const Node& document) {
    if (verb == "get") return Get(model, document);
    if (verb == "stream") return Stream(model, document);
    if (verb == "aggregate") return Aggregate(model, document);
    if (verb == "exists") return Exists(model, document);
    if (verb == "insert") return Insert(document::ToInsertRequest(schema_, model, document));
    if (verb == "update") return Mutate(document::ToUpdateRequest(schema_, model, document), &Engine::Update);
    if (verb == "upsert") return Mutate(document::ToUpsertRequest(schema_, model, document), &Engine::Upsert);
    return Mutate(document::ToDeleteRequest(schema_, model, document), &Engine::Delete);
  }

  void RunCall(const Node& call) {
    for (const document::Member& member : call.members) {
      static const char* const kKnown[] = {"title",  "get",      "stream", "aggregate", "exists",   "insert",
                                           "update", "upsert",   "delete", "apply",     "batch",    "transact",
                                           "expect", "document", "error",  "has_more",  "repeated", "statements",
                                           "total",  "sql"};
      ASSERT_TRUE(
          std::any_of(std::begin(kKnown), std::end(kKnown), [&](const char* known) { return member.key == known; }))
          << "unknown key " << member.key;
    }
    if (const Node* schema = call.Find("apply")) {
      Check(call, Apply(*schema));
      return;
    }
    if (const Node* sql = call.Find("sql")) {
      auto connection = pg::Connection::Open(conninfo_, Call());
      ASSERT_TRUE(connection.ok()) << connection.status();
      const auto result = (*connection)->Execute({sql->text, {}}, {}, Call());
      ASSERT_TRUE(result.ok()) << result.status();
      return;
    }
    if (const Node* steps = call.Find("transact")) {
      Transact(call, *steps);
      return;
    }
    if (const Node* batch = call.Find("batch")) {
      const int64_t before = engine_->counters().statements;
      const Outcome outcome = Batch(*batch);
      statements_["chosen"] = engine_->counters().statements - before;
      Check(call, outcome);
      CheckStatements(call);
      return;
    }
    for (const char* verb : {"get", "stream", "aggregate", "exists", "insert", "update", "upsert", "delete"}) {
      const Node* model = call.Find(verb);
      if (model == nullptr) continue;
      const Node* document = call.Find("document");
      ASSERT_NE(document, nullptr) << "a call needs a document";
      const int64_t before = engine_->counters().statements;
      const Outcome outcome = Send(verb, model->text, WithCursors(*document));
      if (std::string(verb) != "get") statements_["chosen"] = engine_->counters().statements - before;
      Check(call, outcome);
      CheckStatements(call);
      return;
    }
    FAIL() << "a call needs a verb";
  }

  void CheckStatements(const Node& call) {
    if (const Node* statements = call.Find("statements")) {
      for (const document::Member& count : statements->members) {
        EXPECT_EQ(std::to_string(statements_[count.key]), count.value.text) << "statements, " << count.key;
      }
      if (statements->members.empty()) {
        EXPECT_EQ(std::to_string(statements_["chosen"]), statements->text) << "statements";
      }
    }
  }

  // Puts the cursors of the last page in place of $start and $end.
  Node WithCursors(const Node& document) const {
    Node filled = document;
    if (document.is_text() && document.text.starts_with("$")) {
      const std::string name = document.text.substr(0, document.text.find(':'));
      if (name != "$start" && name != "$end") return filled;
      if (name == document.text) {
        filled.text = name == "$start" ? last_page_.start_cursor() : last_page_.end_cursor();
        return filled;
      }
      for (int i = 0; i < last_page_.shape().relations_size() && !last_page_.records().empty(); ++i) {
        if (last_page_.shape().relations(i).name() != document.text.substr(name.size() + 1)) continue;
        const v1::RecordList& list = last_page_.records(0).related(i);
        filled.text = name == "$start" ? list.start_cursor() : list.end_cursor();
      }
      return filled;
    }
    for (document::Member& member : filled.members) member.value = WithCursors(member.value);
    for (Node& item : filled.items) item = WithCursors(item);
    return filled;
  }

  // The same read in every other way.
  void CheckOtherWays(const v1::GetRequest& request, const Outcome& whole) {
    if (request.has_page() || whole.has_more) return;
    const std::string expected = document::ToJson(whole.result);
    v1::StreamRequest stream;
    stream.set_schema(request.schema());
    stream.set_model(request.model());
    *stream.mutable_select() = request.select();
    if (request.has_where()) *stream.mutable_where() = request.where();
    *stream.mutable_order_by() = request.order_by();
    *stream.mutable_distinct_on() = request.distinct_on();
    for (const v1::StreamMode mode : {v1::STREAM_MODE_SNAPSHOT, v1::STREAM_MODE_KEYSET}) {
      for (const v1::Strategy strategy : {v1::STRATEGY_NESTED, v1::STRATEGY_BY_LEVEL, v1::STRATEGY_TAGGED}) {
        SCOPED_TRACE("as a stream, mode " + std::to_string(mode) + ", strategy " + std::to_string(strategy));
        stream.set_mode(mode);
        stream.set_strategy(strategy);
        const Outcome streamed = Stream(stream);
        ASSERT_TRUE(streamed.status.ok()) << streamed.status;
        EXPECT_EQ(document::ToJson(streamed.result), expected);
        CheckResumed(stream, expected);
      }
    }
    const int rows = static_cast<int>(whole.result.items.size());
    for (int size : {1, 2, 3, rows - 1, rows, rows + 1}) {
      if (size < 1) continue;
      CheckOffsets(request, size, expected);
      CheckCursors(request, size, expected);
    }
  }

  // A stream that breaks off after every batch and goes on from its token.
  void CheckResumed(v1::StreamRequest stream, const std::string& expected) {
    Node records = document::List();
    for (int breaks = 0; breaks < 1000; ++breaks) {
      CollectingSink sink(1);
      const absl::Status status = engine_->Stream(stream, Call(), sink);
      records.items.insert(records.items.end(), sink.records.items.begin(), sink.records.items.end());
      if (status.ok()) break;
      ASSERT_EQ(ErrorReasonOf(status), "CANCELLED") << status;
      stream.set_resume_token(sink.resume_token);
    }
    EXPECT_EQ(document::ToJson(records), expected) << "resumed after every batch";
  }

  void CheckOffsets(v1::GetRequest request, int size, const std::string& expected) {
    Node pages = document::List();
    bool more = true;
    for (int offset = 0; more && offset < 10000; offset += size) {
      request.mutable_page()->set_limit(size);
      request.mutable_page()->set_offset(offset);
      const Outcome part = Get(request);
      ASSERT_TRUE(part.status.ok()) << part.status;
      pages.items.insert(pages.items.end(), part.result.items.begin(), part.result.items.end());
      more = part.has_more;
    }
    EXPECT_EQ(document::ToJson(pages), expected) << "in pages of " << size;
  }

  void CheckCursors(v1::GetRequest request, int size, const std::string& expected) {
    for (const bool backward : {false, true}) {
      Node pages = document::List();
      bool more = true;
      request.mutable_page()->set_limit(size);
      request.mutable_page()->set_backward(backward);
      request.mutable_page()->clear_cursor();
      for (int page = 0; more && page < 10000; ++page) {
        const Outcome part = Get(request);
        ASSERT_TRUE(part.status.ok()) << part.status;
        pages.items.insert(backward ? pages.items.begin() : pages.items.end(), part.result.items.begin(),
                           part.result.items.end());
        more = part.has_more;
        request.mutable_page()->set_cursor(backward ? part.page.start_cursor() : part.page.end_cursor());
      }
      EXPECT_EQ(document::ToJson(pages), expected) << "by cursor in pages of " << size << (backward ? ", backward" : "");
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
    if (const Node* total = call.Find("total")) {
      EXPECT_EQ(outcome.total ? std::to_string(*outcome.total) : "(none)", total->text) << "total";
    }
    const Node* has_more = call.Find("has_more");
    EXPECT_EQ(has_more != nullptr && has_more->is(true), outcome.has_more) << "has_more";
    const Node* repeated = call.Find("repeated");
    EXPECT_EQ(repeated != nullptr && repeated->is(true), outcome.repeated) << "repeated";
  }

  std::string path_;
  std::string schema_;
  std::string conninfo_;
  std::unique_ptr<Engine> engine_;
  v1::GetResponse last_page_;
  std::map<std::string, int64_t> statements_;  // of the last call
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
