// Holds the catalogue against rowan/v1/error.proto: its values, and the code and the literal example in each value's
// comment.
#include "engine/base/errors.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <optional>
#include <regex>
#include <set>
#include <utility>

#include "absl/strings/cord.h"
#include "engine/base/errors_transaction.h"
#include "google/rpc/error_details.pb.h"
#include "rowan/v1/error.pb.h"

namespace rowan {
namespace {

using testing::HasSubstr;
using testing::Not;

const Path kPath("where");
const errors::Names kNames = {"id", "name", "email"};

std::vector<errors::SchemaProblem> Problem(const std::string& reason,
                                           const std::map<std::string, std::string>& metadata = {{"name", "age"}}) {
  return {{reason, "models.User.fields.age", "is wrong", metadata}};
}

// One error that a client can see.
struct Row {
  std::string reason;
  absl::Status status;
  std::set<std::string> keys;      // of its metadata
  std::vector<std::string> holds;  // parts of its message
};

std::vector<Row> Catalogue() {
  using namespace errors;  // NOLINT: the catalogue is what this is about
  std::vector<Row> rows = {
      {"MISSING_ARGUMENT",
       MissingArgument(kPath, "the name of a schema"),
       {"path"},
       {"where: ", "the name of a schema"}},
      {"UNKNOWN_SCHEMA", UnknownSchema("blgo", {"blog"}), {"path", "schema", "nearest"}, {"\"blgo\"", "blog"}},
      {"UNKNOWN_MODEL", UnknownModel(kPath, "Usr", {"User"}), {"path", "name", "nearest"}, {"\"Usr\"", "mean User?"}},
      {"UNKNOWN_FIELD",
       UnknownField(kPath, "User", "nmae", kNames),
       {"path", "model", "name", "nearest"},
       {"User", "\"nmae\"", "mean name?", "id, name, email"}},
      {"UNKNOWN_RELATION",
       UnknownRelation(kPath, "User", "rol", {"role"}),
       {"path", "model", "name", "nearest"},
       {"\"rol\"", "mean role?"}},
      {"EMPTY_SELECTION", EmptySelection(kPath, "User", kNames), {"path", "model"}, {"User", "id, name, email"}},
      {"DUPLICATE_NAME", DuplicateName(kPath, "posts"), {"path", "name"}, {"\"posts\"", "alias"}},
      {"EMPTY_FILTER", EmptyFilter(kPath), {"path"}, {"all_of", "any_of", "not", "field", "relation"}},
      {"MISSING_OPERATOR", MissingOperator(kPath, "eq, ne"), {"path", "allowed"}, {"eq, ne"}},
      {"MISSING_VALUE", MissingValue(kPath), {"path"}, {"null_value"}},
      {"OPERATOR_NOT_ALLOWED",
       OperatorNotAllowed(kPath, "contains", "int64", "eq, ne"),
       {"path", "operator", "type", "allowed"},
       {"contains", "int64", "eq, ne"}},
      {"QUANTIFIER_NOT_ALLOWED",
       QuantifierNotAllowed(kPath, "some", "role", "is"),
       {"path", "relation", "quantifier", "allowed"},
       {"role", "some", "is"}},
      {"NULL_NOT_ALLOWED", NullOperand(kPath, "gt"), {"path", "operator"}, {"gt", "isNull"}},
      {"NULL_NOT_ALLOWED", NullNotAllowed(kPath, "User", "name"), {"path", "model", "field"}, {"User.name"}},
      {"NULL_NOT_ALLOWED", NotNullViolation("data", "User", "name"), {"path", "model", "field"}, {"data.name", "User.name"}},
      {"NULL_NOT_ALLOWED", NotNullViolation("rows[7]", "", ""), {"path", "model", "field"}, {"a column"}},
      {"NOT_ORDERABLE", NotOrderable(kPath, "meta", "json"), {"path", "field", "type"}, {"meta", "json"}},
      {"PAGE_ON_TO_ONE", PageOnToOne(kPath, "role"), {"path", "relation"}, {"role"}},
      {"LIMIT_OUT_OF_RANGE", LimitOutOfRange(kPath, -1, 10000), {"path", "min", "max"}, {"-1", "0 and 10000"}},
      {"DEPTH_EXCEEDED", DepthExceeded(kPath, "selections", 10), {"path", "limit"}, {"selections", "10"}},
      {"TOO_MANY_NODES", TooManyNodes(kPath, 10000, "records and keys"), {"path", "limit"}, {"10000 records and keys"}},
      {"CURSOR_MISMATCH", CursorMismatch(kPath), {"path"}, {"Begin again"}},
      {"INVALID_REGEX", InvalidRegex(kPath, "missing )"), {"path"}, {"missing )", "RE2"}},
      {"AGGREGATE_NOT_ALLOWED",
       AggregateNotAllowed(kPath, "sum", "text", "count, min, max"),
       {"path", "function", "type", "allowed"},
       {"text has no sum", "count, min, max"}},
      {"DUPLICATE_NAME", DuplicateOrder(kPath, "role.name"), {"path", "name"}, {"\"role.name\"", "twice"}},
      {"NOT_ORDERABLE",
       NotOrderableRelation(kPath, "posts", "leads to a list"),
       {"path", "relation"},
       {"posts leads to a list"}},
      {"TYPE_MISMATCH", TypeMismatch(kPath, "int32", "text"), {"path", "expected", "got"}, {"int32", "text"}},
      {"VALUE_OUT_OF_RANGE",
       ValueOutOfRange(kPath, "int16", "it is too large"),
       {"path", "type"},
       {"int16", "too large"}},
      {"MALFORMED_VALUE", MalformedValue(kPath, "date", "send YYYY-MM-DD"), {"path", "type"}, {"date", "YYYY-MM-DD"}},
      {"REQUIRED_FIELD",
       RequiredField(kPath, "Post", "title", "a value"),
       {"path", "model", "field"},
       {"Post.title", "a value"}},
      {"READ_ONLY_FIELD", ReadOnlyField(kPath, "User", "createdAt"), {"path", "model", "field"}, {"User.createdAt"}},
      {"CONFLICTING_INPUT",
       ConflictingInput(kPath, "data.roleId", "both set role_id"),
       {"path", "other"},
       {"data.roleId", "both set role_id"}},
      {"CONFLICTING_INPUT", ConflictingInput(kPath, "", "it names itself"), {"path", "other"}, {"it names itself"}},
      {"EMPTY_MUTATION", EmptyMutation(kPath), {"path"}, {"nothing to write"}},
      {"EMPTY_RELATION_WRITE", EmptyRelationWrite(kPath, "create, connect"), {"path", "allowed"}, {"create, connect"}},
      {"VERB_NOT_ALLOWED",
       VerbNotAllowed(kPath, "disconnect", "posts", "create, connect", "nothing is there yet"),
       {"path", "relation", "verb", "allowed"},
       {"disconnect", "create, connect", "nothing is there yet"}},
      {"TOO_MANY_RELATED", TooManyRelated(kPath, "role"), {"path", "relation"}, {"role", "one record"}},
      {"NOT_A_KEY", NotAKey(kPath, "Role", "id | name"), {"path", "model", "keys"}, {"Role", "id | name"}},
      {"RELATED_NOT_FOUND",
       RelatedNotFound({"data.tags.connect[0]", "data.tags.connect[1]"}, "Tag", {"7", "9"}),
       {"path", "model", "keys"},
       {"data.tags.connect[0]", "Tag", "7, 9"}},
      {"RELATED_NOT_FOUND", RelatedNotFound({}, "Tag", {}), {"path", "model", "keys"}, {"Tag"}},
      {"ALREADY_OWNED",
       AlreadyOwned({"data.posts.connect[0]"}, "Post", {"7"}),
       {"path", "model", "keys"},
       {"Post", "7"}},
      {"RELATION_OCCUPIED",
       RelationOccupied("data.profile", "Profile", "3"),
       {"path", "model", "incumbent"},
       {"Profile 3"}},
      {"DISCONNECT_REQUIRED", DisconnectRequired(kPath, "User", "role"), {"path", "model", "relation"}, {"User.role"}},
      {"MULTI_PARENT_CONNECT", MultiParentConnect("data.posts", 3, ", or wait"), {"path", "matched"}, {"3 rows", "or wait"}},
      {"NOT_CONNECTED", NotConnected({"data.posts.update[0]"}, "Post", {"7"}), {"path", "model", "keys"}, {"7"}},
      {"EXPECTATION_FAILED", ExpectationFailed("expect", "exactly 1", 0), {"path", "expected", "matched"}, {"exactly 1"}},
      {"STALE_VERSION", StaleVersion("data.version", "Post", "3", "4"), {"path", "model", "given", "current"}, {"3", "4"}},
      {"CHANGE_NOT_ALLOWED", ChangeNotAllowed(kPath, "text", "none"), {"path", "type", "allowed"}, {"text", "none"}},
      {"UNKNOWN_RECORD", UnknownRecord(kPath, "first", {"furst"}), {"path", "name", "nearest"}, {"furst"}},
      {"UNGUARDED_MUTATION", UnguardedMutation(kPath, "update"), {"path"}, {"update", "all_rows: true"}},
      {"UNORDERABLE_WRITE", UnorderableWrite(kPath), {"path"}, {"circle"}},
      {"UNIQUE_VIOLATION",
       UniqueViolation("uq_roles_name", "Role", "name"),
       {"constraint", "model", "fields"},
       {"Role", "name"}},
      {"UNIQUE_VIOLATION", UniqueViolation("", "", ""), {"constraint", "model", "fields"}, {"row", "a unique key"}},
      {"FOREIGN_KEY_RESTRICT",
       ForeignKeyRestrict("fk", "User", "role"),
       {"constraint", "model", "relation"},
       {"User", "role"}},
      {"FOREIGN_KEY_RESTRICT", ForeignKeyRestrict("fk", "", ""), {"constraint", "model", "relation"}, {"other rows"}},
      {"CHECK_VIOLATION",
       CheckViolation("data", "users_age_check", "User"),
       {"constraint", "model", "path"},
       {"users_age_check", "User"}},
      {"CHECK_VIOLATION",
       CheckViolation("data", "", "Event"),
       {"constraint", "model", "path"},
       {"no partition of Event"}},
      {"INVALID_VALUE", InvalidValue("22003"), {"sqlstate"}, {"22003"}},
      {"OPERATOR_NOT_ALLOWED", OperatorMissing(), {}, {"native type", "contains"}},
      {"TRANSACTION_CONFLICT", TransactionConflict(6), {"attempts"}, {"6 times", "Nothing was written"}},
      {"DEADLOCK", Deadlock(6), {"attempts"}, {"6 times", "Nothing was written"}},
      {"LOCK_TIMEOUT", LockTimeout(), {}, {"Nothing was written"}},
      {"LOCK_TIMEOUT", InStage(LockTimeout(), 2, 3, {"add column a.n"}), {}, {"in time. This was stage 2 of 3", "add column a.n", "again"}},
      {"DEADLINE_EXCEEDED", DeadlineExceeded(), {}, {"Nothing was committed"}},
      {"CANCELLED", Cancelled(), {}, {"Nothing was committed"}},
      {"POOL_EXHAUSTED", PoolExhausted("interactive"), {"pool"}, {"interactive", "again"}},
      {"DATABASE_EXHAUSTED", DatabaseExhausted("53300"), {"sqlstate"}, {"again"}},
      {"DATABASE_UNAVAILABLE", DatabaseUnavailable(), {}, {"Nothing was committed"}},
      {"COMMIT_OUTCOME_UNKNOWN", CommitOutcomeUnknown(), {}, {"Read before"}},
      {"DATABASE_PERMISSION_DENIED", DatabasePermissionDenied("User"), {"model"}, {"User"}},
      {"SCHEMA_DRIFT", SchemaDrift("blog", "0f3a5c7e9b1d2f40"), {"schema", "version"}, {"blog"}},
      {"SHUTTING_DOWN", ShuttingDown(), {}, {"shutting down"}},
      {"TRANSACTION_TIMEOUT", TransactionTimeout("idle", absl::Seconds(30)), {"limit", "seconds"}, {"30 seconds"}},
      {"TRANSACTION_TIMEOUT", TransactionTimeout("total", absl::Seconds(300)), {"limit", "seconds"}, {"longer than 300 seconds"}},
      {"TRANSACTION_TIMEOUT", TransactionTimeout("idle", absl::Milliseconds(500)), {"limit", "seconds"}, {"0.5 seconds"}},
      {"UNKNOWN_REFERENCE",
       UnknownReference("data.userId", "u1.id", "names no earlier operation"),
       {"path", "reference"},
       {"data.userId: ", "\"u1.id\" names no earlier operation."}},
      {"EMPTY_REFERENCE",
       EmptyReference("data.userId", "u1[2].id"),
       {"path", "reference"},
       {"data.userId: ", "\"u1[2].id\"", "expect"}},
      {"TRANSACTION_MISUSE", TransactionMisuse("lock", "a lock needs a transaction"), {"path"}, {"lock: a lock needs"}},
      {"EXPECTATION_FAILED", UnexpectedExistence("expect", true), {"path", "expected", "matched"}, {"expects one"}},
      {"EXPECTATION_FAILED", UnexpectedExistence("expect", false), {"path", "expected", "matched"}, {"expects none"}},
      {"KEY_REUSED", KeyReused(), {"path"}, {"request_id: ", "new id"}},
      {"COMMIT_OUTCOME_UNKNOWN", CommitOutcomeUnknown("abc"), {}, {"same request_id"}},
      {"COMMIT_OUTCOME_UNKNOWN", CommitOutcomeUnknown(""), {}, {"Read before"}},
      {"STREAM_STALLED", StreamStalled(absl::Seconds(60)), {"seconds"}, {"60 seconds", "resume token"}},
      {"REPLY_TOO_LARGE", ReplyTooLarge(16777216), {"limit_bytes"}, {"16777216", "Stream"}},
      {"REPLY_TOO_LARGE", TooManyReturned(10000), {"limit_rows"}, {"10000", "returning"}},
      {"INTERNAL", Internal("slot 3 is empty"), {}, {"log"}},
      {"VERSION_MISMATCH",
       VersionMismatch("blog", "0f3a", "77b0"),
       {"schema", "expected", "current"},
       {"0f3a", "77b0"}},
      {"TABLE_EXISTS", TableExists("models.User.table", "users"), {"path", "table"}, {"\"users\""}},
      {"DATA_CONFLICT",
       DataConflict("models.User.fields.age", "23502", "age is null in 3 rows"),
       {"path", "sqlstate"},
       {"age is null in 3 rows"}},
      {"ADOPTION_MISMATCH", 
       AdoptionMismatch(Problem("ADOPTION_MISMATCH", {{"kind", "TYPE"}, {"object", "a.b.c"}, {"expected", "x"}, {"found", "y"}})),
       {"path", "kind", "object", "expected", "found"},
       {"is wrong"}},
      {"VERSION_INCOMPATIBLE",
       VersionIncompatible("blog", "0f3a", "77b0", "models.Post.fields.body", "public.posts.body"),
       {"schema", "version", "current", "part"},
       {"0f3a", "77b0", "public.posts.body", "models.Post.fields.body"}},
      {"READ_ONLY_MODEL", ReadOnlyModel(Path("model"), "ArtistSales"), {"path", "model"}, {"ArtistSales", "only be read"}},
      {"UNKNOWN_DATABASE_SCHEMA",
       UnknownDatabaseSchema(Path("database_schemas").Index(0), "sale", {"public", "sales"}),
       {"path", "name", "nearest"},
       {"\"sale\"", "sales"}},
      {"UNKNOWN_VERSION",
       UnknownVersion("version", "blog", "77b0"),
       {"path", "schema", "version"},
       {"\"77b0\"", "ListSchemaVersions"}},
  };
  // The planner of changes chooses among these, and the compiler of schemas among those below; each has one function.
  for (const char* reason : {"UNSUPPORTED_CHANGE", "AMBIGUOUS_RENAME", "DATA_LOSS"}) {
    rows.push_back({reason,
                    ChangeRefused(Problem(reason, {{"step", "drop column users.age"}})),
                    {"path", "step"},
                    {"models.User.fields.age", "nothing was applied"}});
  }
  for (const char* reason : {"SCHEMA_INVALID", "UNKNOWN_TARGET", "AMBIGUOUS_INVERSE", "JUNCTION_MISMATCH",
                             "SET_NULL_ON_REQUIRED", "NAME_COLLISION", "UNSATISFIABLE_CYCLE"}) {
    rows.push_back({reason, SchemaInvalid(Problem(reason)), {"path", "name"}, {"models.User.fields.age", "is wrong"}});
  }
  return rows;
}

template <typename Message>
std::optional<Message> Payload(const absl::Status& status) {
  const std::string& name = Message::descriptor()->full_name();
  const auto payload = status.GetPayload("type.googleapis.com/" + name);
  Message message;
  if (!payload || !message.ParseFromString(std::string(*payload))) return std::nullopt;
  return message;
}

// What the comment of a reason promises.
struct Promise {
  std::string code;  // "INVALID_ARGUMENT"
  bool retryable = false;
  std::string example;  // JSON of an ErrorInfo
};

std::map<std::string, Promise> Promises() {
  std::ifstream file(ROWAN_ERROR_PROTO);
  std::map<std::string, Promise> promises;
  Promise next;
  const std::regex code(R"(^  // ([A-Z_]+): )");
  const std::regex example(R"(^  // (\{.*\})$)");
  const std::regex value(R"(^  ERROR_REASON_([A-Z_]+) = \d+;)");
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_search(line, match, code)) next.code = match[1];
    if (std::regex_search(line, match, example)) next.example = match[1];
    if (line.find("Retryable") != std::string::npos) next.retryable = true;
    if (std::regex_search(line, match, value)) promises[match[1]] = std::exchange(next, {});
  }
  promises.erase("UNSPECIFIED");
  return promises;
}

TEST(ErrorCatalogueTest, EveryReasonHasAFunctionAndEveryFunctionAReason) {
  std::set<std::string> declared;
  const google::protobuf::EnumDescriptor& reasons = *v1::ErrorReason_descriptor();
  for (int i = 0; i < reasons.value_count(); ++i) {
    if (reasons.value(i)->number() != 0) declared.insert(reasons.value(i)->name().substr(strlen("ERROR_REASON_")));
  }
  std::set<std::string> produced;
  for (const Row& row : Catalogue()) produced.insert(ErrorReasonOf(row.status));
  EXPECT_EQ(produced, declared);
}

TEST(ErrorCatalogueTest, EachFunctionGivesItsReasonKeysAndMessage) {
  for (const Row& row : Catalogue()) {
    SCOPED_TRACE(row.status.ToString());
    EXPECT_EQ(ErrorReasonOf(row.status), row.reason);
    std::set<std::string> keys;
    for (const auto& [key, value] : ErrorMetadataOf(row.status)) keys.insert(key);
    EXPECT_EQ(keys, row.keys);
    for (const std::string& part : row.holds) EXPECT_THAT(std::string(row.status.message()), HasSubstr(part));
    const auto info = Payload<google::rpc::ErrorInfo>(row.status);
    ASSERT_TRUE(info.has_value());
    EXPECT_EQ(info->domain(), "rowan");
  }
}

TEST(ErrorCatalogueTest, ErrorsOfLaterStagesSayWhatIsLeft) {
  using namespace errors;
  const std::vector<absl::Status> statuses = {
      LockTimeout(),
      Deadlock(2),
      TransactionConflict(3),
      DeadlineExceeded(),
      Cancelled(),
      DatabaseUnavailable(),
      DatabaseExhausted("53100"),
      DatabasePermissionDenied(""),
      DataConflict("models.A", "23505", "create index i"),
      TableExists("models.A", "a"),
      SchemaInvalid(Problem("SCHEMA_INVALID")),
      ChangeRefused(Problem("UNSUPPORTED_CHANGE")),
      Internal("oops"),
  };
  for (const absl::Status& status : statuses) {
    const absl::Status staged = InStage(status, 2, 3, {"create table a", "add column b.c"});
    SCOPED_TRACE(staged.ToString());
    EXPECT_EQ(staged.code(), status.code());
    EXPECT_EQ(ErrorReasonOf(staged), ErrorReasonOf(status));
    EXPECT_EQ(ErrorMetadataOf(staged), ErrorMetadataOf(status));
    EXPECT_EQ(Payload<google::rpc::RetryInfo>(staged).has_value(), Payload<google::rpc::RetryInfo>(status).has_value());
    EXPECT_EQ(Payload<google::rpc::BadRequest>(staged).has_value(), Payload<google::rpc::BadRequest>(status).has_value());
    const std::string message(staged.message());
    EXPECT_THAT(message, testing::Not(testing::ContainsRegex("[Nn]othing was")));
    EXPECT_THAT(message, HasSubstr(". This was stage 2 of 3: what came before is done (create table a, add column b.c), and"));
  }
  const std::vector<std::string> many(12, "step");
  EXPECT_THAT(std::string(InStage(LockTimeout(), 13, 13, many).message()), HasSubstr("step and 2 more)"));
}

TEST(ErrorCatalogueTest, EachErrorIsAsTheProtoDocumentsIt) {
  const std::map<std::string, Promise> promises = Promises();
  ASSERT_GT(promises.size(), 50u);
  // The transport adds the request's id.
  const std::set<std::pair<std::string, std::string>> elsewhere = {{"INTERNAL", "request_id"}};
  std::map<std::string, std::set<std::string>> keys;
  for (const Row& row : Catalogue()) {
    SCOPED_TRACE(row.reason);
    ASSERT_EQ(promises.count(row.reason), 1u);
    const Promise& promise = promises.at(row.reason);
    EXPECT_EQ(absl::StatusCodeToString(row.status.code()), promise.code);
    EXPECT_EQ(Payload<google::rpc::RetryInfo>(row.status).has_value(), promise.retryable);
    keys[row.reason].insert(row.keys.begin(), row.keys.end());
  }
  for (const auto& [reason, promise] : promises) {
    SCOPED_TRACE(reason);
    google::rpc::ErrorInfo example;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(promise.example, &example).ok()) << promise.example;
    EXPECT_EQ(example.reason(), reason);
    // The keys of a schema's problem are the compiler's.
    if (v1::ErrorReason value; v1::ErrorReason_Parse("ERROR_REASON_" + reason, &value) && value >= 90 && value <= 97)
      continue;
    for (const auto& [key, text] : example.metadata()) {
      EXPECT_TRUE(keys[reason].count(key) == 1 || elsewhere.count({reason, key}) == 1) << key;
    }
  }
}

TEST(ErrorCatalogueTest, RequestErrorsNameTheirPlaceThrice) {
  for (const Row& row : Catalogue()) {
    const auto metadata = ErrorMetadataOf(row.status);
    const auto path = metadata.find("path");
    if (path == metadata.end() || path->second.empty()) continue;
    SCOPED_TRACE(row.status.ToString());
    EXPECT_THAT(std::string(row.status.message()), HasSubstr(path->second + ": "));
    const auto bad = Payload<google::rpc::BadRequest>(row.status);
    ASSERT_TRUE(bad.has_value());
    EXPECT_EQ(bad->field_violations(0).field(), path->second);
    EXPECT_NE(bad->field_violations(0).description(), "");
  }
}

TEST(ErrorCatalogueTest, RetryDelaysArePositiveAndShort) {
  int retryable = 0;
  for (const Row& row : Catalogue()) {
    const auto retry = Payload<google::rpc::RetryInfo>(row.status);
    if (!retry) continue;
    ++retryable;
    const double seconds = retry->retry_delay().seconds() + retry->retry_delay().nanos() * 1e-9;
    EXPECT_GT(seconds, 0) << row.reason;
    EXPECT_LE(seconds, 1) << row.reason;
  }
  EXPECT_GT(retryable, 3);
}

// Names come from clients: whatever they hold, the message stays short, printable and valid UTF-8.
TEST(ErrorMessagesTest, HostileNames) {
  struct Case {
    std::string name;
    std::string shown;
  };
  const std::string long_name(5000, 'x');
  std::string cut_inside(63, 'x');
  cut_inside += "é tail";
  for (const Case& c : {
           Case{"", "\"\""},
           Case{"with \"quotes\" and ; --", "\"with \"quotes\" and ; --\""},
           Case{"naïve 名前 😀", "\"naïve 名前 😀\""},
           Case{std::string("a\0b", 3), "\"a?b\""},
           Case{"tab\tline\nend\x7f", "\"tab?line?end?\""},
           Case{"lone \xff byte", "\"lone ? byte\""},
           Case{"cut \xc3", "\"cut ?\""},
           Case{"overlong \xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf", "\"overlong ?? ??? ????\""},
           Case{"surrogate \xed\xa0\x80", "\"surrogate ???\""},
           Case{"beyond \xf4\x90\x80\x80", "\"beyond ????\""},
           Case{long_name, "\"" + std::string(64, 'x') + "…\""},
           Case{cut_inside, "\"" + std::string(63, 'x') + "…\""},
       }) {
    for (const absl::Status& status :
         {errors::UnknownField(kPath, "User", c.name, kNames), errors::UnknownModel(kPath, c.name, kNames),
          errors::UnknownSchema(c.name, kNames), errors::DuplicateName(kPath, c.name)}) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(c.shown));
      // Serializing invalid UTF-8 would fail on the other side.
      const auto info = Payload<google::rpc::ErrorInfo>(status);
      EXPECT_TRUE(info.has_value());
      EXPECT_LT(status.message().size(), 300u);
    }
  }
}

TEST(ErrorMessagesTest, LongListsAreCut) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("column" + std::to_string(i));
  const errors::Names views(names.begin(), names.end());
  const std::string message(errors::UnknownField(kPath, "Wide", "zzz", views).message());
  EXPECT_THAT(message, HasSubstr("column19 and 980 more"));
  EXPECT_THAT(message, Not(HasSubstr("column20")));
  EXPECT_THAT(std::string(errors::UnknownModel(kPath, "User", {}).message()), HasSubstr("There are: none"));

  const absl::Status two =
      errors::RelatedNotFound({"data[0].role.connect", "data[1].role.connect"}, "Role", {"7", "8"});
  EXPECT_EQ(Payload<google::rpc::BadRequest>(two)->field_violations(1).field(), "data[1].role.connect");

  std::vector<std::string> keys(1000, "7");
  const absl::Status missing = errors::RelatedNotFound(std::vector<std::string>(1000, "data.tags"), "Tag", keys);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("and 980 more"));
  EXPECT_EQ(Payload<google::rpc::BadRequest>(missing)->field_violations_size(), 100);
  EXPECT_THAT(ErrorMetadataOf(missing)["keys"], HasSubstr("and 900 more"));
}

TEST(ErrorMessagesTest, ErrorsMoveIntoLargerRequests) {
  struct Case {
    absl::Status status;
    std::string path;     // afterwards; "-": it stays as it is
    std::string message;  // how it begins
  };
  for (const Case& c : {
           Case{errors::MissingValue(kPath), "operations[1].where", "operations[1].where: a value"},
           Case{errors::RelatedNotFound({"data.a", "data.b"}, "Tag", {"7", "8"}), "operations[1].data.a",
                "operations[1].data.a: there is no Tag"},
           Case{errors::UniqueViolation("uq", "Role", "name"), "operations[1]", "operations[1]: another Role"},
           Case{errors::RelatedNotFound({}, "Tag", {}), "operations[1]", "operations[1]: there is no Tag"},
           Case{errors::DeadlineExceeded(), "-", ""},
           Case{errors::TransactionConflict(3), "-", ""},
           Case{errors::Internal("cause"), "-", ""},
           Case{absl::InvalidArgumentError("elsewhere"), "-", ""},
           Case{absl::OkStatus(), "-", ""},
       }) {
    const absl::Status moved = WithPathPrefix(c.status, "operations[1]");
    if (c.path == "-") {
      EXPECT_EQ(moved, c.status);
      continue;
    }
    EXPECT_EQ(moved.code(), c.status.code());
    EXPECT_EQ(ErrorReasonOf(moved), ErrorReasonOf(c.status));
    EXPECT_EQ(ErrorMetadataOf(moved)["path"], c.path);
    EXPECT_TRUE(std::string(moved.message()).starts_with(c.message)) << moved;
  }
  const absl::Status two =
      WithPathPrefix(errors::RelatedNotFound({"data.a", "data.b"}, "Tag", {"7", "8"}), "operations[1]");
  EXPECT_EQ(Payload<google::rpc::BadRequest>(two)->field_violations(1).field(), "operations[1].data.b");
}

TEST(ErrorMessagesTest, ASchemasProblemsAreAllListed) {
  std::vector<errors::SchemaProblem> problems;
  for (int i = 0; i < 8; ++i) {
    problems.push_back({i == 0 ? "NAME_COLLISION" : "UNKNOWN_TARGET", "models.M" + std::to_string(i), "is wrong", {}});
  }
  const absl::Status status = errors::SchemaInvalid(problems);
  EXPECT_EQ(ErrorReasonOf(status), "NAME_COLLISION");
  const auto bad = Payload<google::rpc::BadRequest>(status);
  ASSERT_TRUE(bad.has_value());
  ASSERT_EQ(bad->field_violations_size(), 8);
  EXPECT_EQ(bad->field_violations(7).field(), "models.M7");
  EXPECT_EQ(bad->field_violations(7).description(), "[UNKNOWN_TARGET] is wrong");
  EXPECT_THAT(std::string(status.message()), HasSubstr("and 3 more"));
}

TEST(ErrorMessagesTest, TheCauseOfAnInternalErrorIsForTheLogOnly) {
  const absl::Status status = errors::Internal("password=secret");
  EXPECT_EQ(errors::InternalCause(status), "password=secret");
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  EXPECT_THAT(Payload<google::rpc::ErrorInfo>(status)->ShortDebugString(), Not(HasSubstr("secret")));
  EXPECT_EQ(errors::InternalCause(errors::Cancelled()), "");
}

TEST(ErrorMessagesTest, OtherStatusesHaveNoReason) {
  EXPECT_EQ(ErrorReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(ErrorReasonOf(absl::InternalError("elsewhere")), "");
  EXPECT_TRUE(ErrorMetadataOf(absl::InternalError("elsewhere")).empty());
}

}  // namespace
}  // namespace rowan
