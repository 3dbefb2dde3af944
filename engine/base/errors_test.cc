// Every error of the catalogue: its code, its reason, the metadata that the proto promises, and that there is one for every reason.
#include "engine/base/errors.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "google/rpc/error_details.pb.h"
#include "rowan/v1/error.pb.h"

namespace rowan {
namespace {

using absl::StatusCode;

struct Row {
  absl::Status status;
  StatusCode code;
  std::string reason;
  std::vector<std::string> metadata;  // the keys that must be there
};

std::vector<Row> Rows() {
  const Path where("where");
  static const Path data("data");
  const Path path = data.Member("role");
  const errors::Names names = {"name", "id"};
  return {
      {errors::MissingArgument(path, "it"), StatusCode::kInvalidArgument, "MISSING_ARGUMENT", {"path"}},
      {errors::UnknownSchema("blgo", {"blog"}), StatusCode::kNotFound, "UNKNOWN_SCHEMA", {"schema", "nearest"}},
      {errors::UnknownModel(path, "Usr", {"User"}), StatusCode::kInvalidArgument, "UNKNOWN_MODEL", {"path", "name", "nearest"}},
      {errors::UnknownField(path, "User", "nmae", names), StatusCode::kInvalidArgument, "UNKNOWN_FIELD", {"path", "model", "name", "nearest"}},
      {errors::UnknownRelation(path, "User", "rol", {"role"}), StatusCode::kInvalidArgument, "UNKNOWN_RELATION", {"path", "model", "name", "nearest"}},
      {errors::EmptySelection(path, "User", names), StatusCode::kInvalidArgument, "EMPTY_SELECTION", {"path"}},
      {errors::DuplicateName(path, "posts"), StatusCode::kInvalidArgument, "DUPLICATE_NAME", {"path", "name"}},
      {errors::EmptyFilter(where), StatusCode::kInvalidArgument, "EMPTY_FILTER", {"path"}},
      {errors::MissingOperator(where, "eq"), StatusCode::kInvalidArgument, "MISSING_OPERATOR", {"path"}},
      {errors::MissingValue(where), StatusCode::kInvalidArgument, "MISSING_VALUE", {"path"}},
      {errors::OperatorNotAllowed(where, "contains", "int64", "eq"), StatusCode::kInvalidArgument, "OPERATOR_NOT_ALLOWED", {"path", "type", "allowed"}},
      {errors::QuantifierNotAllowed(where, "some", "role", "is"), StatusCode::kInvalidArgument, "QUANTIFIER_NOT_ALLOWED", {"path", "relation", "allowed"}},
      {errors::NullOperand(where, "gt"), StatusCode::kInvalidArgument, "NULL_NOT_ALLOWED", {"path"}},
      {errors::NotOrderable(where, "meta", "json"), StatusCode::kInvalidArgument, "NOT_ORDERABLE", {"path", "field", "type"}},
      {errors::PageOnToOne(path, "role"), StatusCode::kInvalidArgument, "PAGE_ON_TO_ONE", {"path", "relation"}},
      {errors::LimitOutOfRange(path, -1, 10), StatusCode::kInvalidArgument, "LIMIT_OUT_OF_RANGE", {"path", "min", "max"}},
      {errors::DepthExceeded(path, "filters", 16), StatusCode::kInvalidArgument, "DEPTH_EXCEEDED", {"path", "limit"}},
      {errors::TooManyNodes(path, 10), StatusCode::kInvalidArgument, "TOO_MANY_NODES", {"path", "limit"}},
      {errors::TypeMismatch(path, "int32", "text"), StatusCode::kInvalidArgument, "TYPE_MISMATCH", {"path", "expected", "got"}},
      {errors::ValueOutOfRange(path, "int16", "it is large"), StatusCode::kInvalidArgument, "VALUE_OUT_OF_RANGE", {"path", "type"}},
      {errors::MalformedValue(path, "date", "it is none"), StatusCode::kInvalidArgument, "MALFORMED_VALUE", {"path", "type"}},
      {errors::NullNotAllowed(path, "User", "name"), StatusCode::kInvalidArgument, "NULL_NOT_ALLOWED", {"path", "model", "field"}},
      {errors::RequiredField(path, "User", "name", "a value"), StatusCode::kInvalidArgument, "REQUIRED_FIELD", {"path", "model", "field"}},
      {errors::ReadOnlyField(path, "User", "name"), StatusCode::kInvalidArgument, "READ_ONLY_FIELD", {"path", "model", "field"}},
      {errors::ConflictingInput(path, "data.roleId", "why"), StatusCode::kInvalidArgument, "CONFLICTING_INPUT", {"path", "other"}},
      {errors::EmptyMutation(path), StatusCode::kInvalidArgument, "EMPTY_MUTATION", {"path"}},
      {errors::EmptyRelationWrite(path, "create"), StatusCode::kInvalidArgument, "EMPTY_RELATION_WRITE", {"path", "allowed"}},
      {errors::VerbNotAllowed(path, "disconnect", "posts", "create", "why"), StatusCode::kInvalidArgument, "VERB_NOT_ALLOWED", {"path", "relation", "allowed"}},
      {errors::TooManyRelated(path, "role"), StatusCode::kInvalidArgument, "TOO_MANY_RELATED", {"path", "relation"}},
      {errors::NotAKey(path, "Role", "id | name"), StatusCode::kInvalidArgument, "NOT_A_KEY", {"path", "model", "keys"}},
      {errors::RelatedNotFound({"data.role.connect"}, "Role", {"7"}), StatusCode::kNotFound, "RELATED_NOT_FOUND", {"path", "model", "keys"}},
      {errors::AlreadyOwned({"data.posts.connect[0]"}, "Post", {"7"}), StatusCode::kFailedPrecondition, "ALREADY_OWNED", {"path", "model", "keys"}},
      {errors::RelationOccupied("data.profile", "Profile", "3"), StatusCode::kFailedPrecondition, "RELATION_OCCUPIED", {"path", "model", "incumbent"}},
      {errors::DisconnectRequired(path, "User", "role"), StatusCode::kInvalidArgument, "DISCONNECT_REQUIRED", {"path", "relation"}},
      {errors::MultiParentConnect("data.posts", 3), StatusCode::kFailedPrecondition, "MULTI_PARENT_CONNECT", {"path", "matched"}},
      {errors::UnguardedMutation(where, "delete"), StatusCode::kFailedPrecondition, "UNGUARDED_MUTATION", {"path"}},
      {errors::ReplyTooLarge(1024), StatusCode::kResourceExhausted, "REPLY_TOO_LARGE", {"limit_bytes"}},
      {errors::TooManyReturned(10), StatusCode::kResourceExhausted, "REPLY_TOO_LARGE", {"limit_rows"}},
      {errors::UniqueViolation("uq", "Role", "name"), StatusCode::kAlreadyExists, "UNIQUE_VIOLATION", {"constraint", "model", "fields"}},
      {errors::ForeignKeyRestrict("fk", "User", "role"), StatusCode::kFailedPrecondition, "FOREIGN_KEY_RESTRICT", {"constraint", "model", "relation"}},
      {errors::NotNullViolation("User", "name"), StatusCode::kInvalidArgument, "NULL_NOT_ALLOWED", {"path", "model", "field"}},
      {errors::CheckViolation("ck", "User"), StatusCode::kInvalidArgument, "CHECK_VIOLATION", {"constraint", "model"}},
      {errors::InvalidValue("22003"), StatusCode::kInvalidArgument, "INVALID_VALUE", {"sqlstate"}},
      {errors::TransactionConflict(6), StatusCode::kAborted, "TRANSACTION_CONFLICT", {"attempts"}},
      {errors::Deadlock(6), StatusCode::kAborted, "DEADLOCK", {"attempts"}},
      {errors::LockTimeout(), StatusCode::kAborted, "LOCK_TIMEOUT", {}},
      {errors::DeadlineExceeded(), StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", {}},
      {errors::Cancelled(), StatusCode::kCancelled, "CANCELLED", {}},
      {errors::PoolExhausted("interactive"), StatusCode::kResourceExhausted, "POOL_EXHAUSTED", {"pool"}},
      {errors::DatabaseExhausted("53300"), StatusCode::kResourceExhausted, "DATABASE_EXHAUSTED", {"sqlstate"}},
      {errors::DatabaseUnavailable(), StatusCode::kUnavailable, "DATABASE_UNAVAILABLE", {}},
      {errors::CommitOutcomeUnknown(), StatusCode::kUnavailable, "COMMIT_OUTCOME_UNKNOWN", {}},
      {errors::DatabasePermissionDenied("User"), StatusCode::kPermissionDenied, "DATABASE_PERMISSION_DENIED", {"model"}},
      {errors::SchemaDrift("blog", "0f"), StatusCode::kFailedPrecondition, "SCHEMA_DRIFT", {"schema", "version"}},
      {errors::ShuttingDown(), StatusCode::kUnavailable, "SHUTTING_DOWN", {}},
      {errors::Internal("cause"), StatusCode::kInternal, "INTERNAL", {}},
      {errors::SchemaInvalid({{"SCHEMA_INVALID", "models.A", "is wrong", {}}}), StatusCode::kInvalidArgument, "SCHEMA_INVALID", {"path"}},
      {errors::SchemaInvalid({{"UNKNOWN_TARGET", "models.A", "is wrong", {{"name", "B"}}}}), StatusCode::kInvalidArgument, "UNKNOWN_TARGET", {"path", "name"}},
      {errors::SchemaInvalid({{"AMBIGUOUS_INVERSE", "models.A", "is wrong", {{"candidates", "B.a"}}}}), StatusCode::kInvalidArgument, "AMBIGUOUS_INVERSE", {"path", "candidates"}},
      {errors::SchemaInvalid({{"JUNCTION_MISMATCH", "models.A", "is wrong", {}}}), StatusCode::kInvalidArgument, "JUNCTION_MISMATCH", {"path"}},
      {errors::SchemaInvalid({{"SET_NULL_ON_REQUIRED", "models.A", "is wrong", {}}}), StatusCode::kInvalidArgument, "SET_NULL_ON_REQUIRED", {"path"}},
      {errors::SchemaInvalid({{"NAME_COLLISION", "models.A", "is wrong", {}}}), StatusCode::kInvalidArgument, "NAME_COLLISION", {"path"}},
      {errors::SchemaInvalid({{"UNSATISFIABLE_CYCLE", "models.A", "is wrong", {}}}), StatusCode::kInvalidArgument, "UNSATISFIABLE_CYCLE", {"path"}},
      {errors::UnsupportedChange({{"UNSUPPORTED_CHANGE", "models.A", "drop", {{"change", "drop column"}}}}), StatusCode::kFailedPrecondition, "UNSUPPORTED_CHANGE", {"path", "change"}},
      {errors::VersionMismatch("blog", "a", "b"), StatusCode::kAborted, "VERSION_MISMATCH", {"expected", "current"}},
      {errors::TableExists("models.A.table", "a"), StatusCode::kFailedPrecondition, "TABLE_EXISTS", {"path", "table"}},
      {errors::DataConflict("models.A", "23502", "a column has nulls"), StatusCode::kFailedPrecondition, "DATA_CONFLICT", {"path", "sqlstate"}},
  };
}

TEST(Errors, EachCarriesItsReasonAndMetadata) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.reason);
    EXPECT_EQ(row.status.code(), row.code);
    EXPECT_EQ(ErrorReasonOf(row.status), row.reason);
    EXPECT_GT(row.status.message().size(), 15u);
    const auto metadata = ErrorMetadataOf(row.status);
    for (const std::string& key : row.metadata) EXPECT_TRUE(metadata.contains(key)) << key;
  }
}

TEST(Errors, EveryReasonHasAFunctionAndEveryFunctionAReason) {
  std::set<std::string> made;
  for (const Row& row : Rows()) made.insert(row.reason);
  std::set<std::string> declared;
  const auto* reasons = v1::ErrorReason_descriptor();
  for (int i = 0; i < reasons->value_count(); ++i) {
    if (reasons->value(i)->number() != 0) declared.insert(reasons->value(i)->name().substr(std::string("ERROR_REASON_").size()));
  }
  EXPECT_EQ(made, declared);
}

TEST(Errors, RequestErrorsListTheirViolations) {
  const absl::Status status = errors::RelatedNotFound({"data[0].role.connect", "data[1].role.connect"}, "Role", {"7", "8"});
  google::rpc::BadRequest bad;
  ASSERT_TRUE(bad.ParseFromString(std::string(*status.GetPayload("type.googleapis.com/google.rpc.BadRequest"))));
  ASSERT_EQ(bad.field_violations_size(), 2);
  EXPECT_EQ(bad.field_violations(1).field(), "data[1].role.connect");
}

TEST(Errors, RetryableOnesSayWhen) {
  for (const absl::Status& status : {errors::Deadlock(1), errors::PoolExhausted("x"), errors::DatabaseUnavailable()}) {
    google::rpc::RetryInfo retry;
    const auto payload = status.GetPayload("type.googleapis.com/google.rpc.RetryInfo");
    ASSERT_TRUE(payload.has_value()) << status;
    ASSERT_TRUE(retry.ParseFromString(std::string(*payload)));
    EXPECT_GT(retry.retry_delay().nanos() + retry.retry_delay().seconds() * 1000000000, 0);
  }
  EXPECT_FALSE(errors::CommitOutcomeUnknown().GetPayload("type.googleapis.com/google.rpc.RetryInfo").has_value());
}

TEST(Errors, NamesOfClientsAreCutAndCleaned) {
  const std::string hostile = std::string(200, 'x') + "\xff\n";
  for (std::string_view name : {std::string_view("a\nb\x01"), std::string_view("\xff\xfe"), std::string_view(hostile)}) {
    const std::string message(errors::UnknownModel(Path("model"), name, {"User"}).message());
    EXPECT_LT(message.size(), 200u);
    for (unsigned char c : message) EXPECT_GE(c, 0x20) << message;
    EXPECT_FALSE(absl::StrContains(message, "\xff")) << message;
  }
}

TEST(Errors, ManyNamesAreNotAllListed) {
  std::vector<std::string> owned;
  for (int i = 0; i < 500; ++i) owned.push_back("field_number_" + std::to_string(i));
  const std::string message(errors::UnknownField(Path("x"), "M", "zzz", {owned.begin(), owned.end()}).message());
  EXPECT_TRUE(absl::StrContains(message, "and 480 more")) << message;
}

TEST(Errors, TheCauseOfAnInternalErrorIsNotInItsMessage) {
  const absl::Status status = errors::Internal("SECRET DRIVER TEXT");
  EXPECT_FALSE(absl::StrContains(status.message(), "SECRET"));
  EXPECT_EQ(errors::InternalCause(status), "SECRET DRIVER TEXT");
  EXPECT_EQ(errors::InternalCause(errors::Cancelled()), "");
  EXPECT_EQ(ErrorReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(ErrorReasonOf(absl::UnknownError("x")), "");
}

}  // namespace
}  // namespace rowan
