#include "service/grpc_status.h"

#include <gtest/gtest.h>

#include "engine/base/errors.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace rowan::service {
namespace {

google::rpc::Status Details(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

google::rpc::ErrorInfo Info(const grpc::Status& status) {
  google::rpc::ErrorInfo info;
  const google::rpc::Status details = Details(status);
  for (const auto& detail : details.details()) {
    if (detail.Is<google::rpc::ErrorInfo>()) detail.UnpackTo(&info);
  }
  return info;
}

TEST(ToGrpcStatus, OkHasNothingToSay) {
  const grpc::Status status = ToGrpcStatus(absl::OkStatus(), "id");
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.error_details(), "");
}

TEST(ToGrpcStatus, DetailsTravel) {
  const grpc::Status status = ToGrpcStatus(errors::PoolExhausted("stream"), "id");
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  const google::rpc::Status details = Details(status);
  EXPECT_EQ(details.code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(details.message(), status.error_message());
  ASSERT_EQ(details.details_size(), 2);
  EXPECT_TRUE(details.details(0).Is<google::rpc::ErrorInfo>());
  EXPECT_TRUE(details.details(1).Is<google::rpc::RetryInfo>());
  EXPECT_EQ(Info(status).reason(), "POOL_EXHAUSTED");
  EXPECT_EQ(Info(status).metadata().at("pool"), "stream");
}

TEST(ToGrpcStatus, InternalErrorsNameTheRequestAndNotTheCause) {
  const grpc::Status status = ToGrpcStatus(errors::Internal("SECRET"), "the-id");
  EXPECT_EQ(status.error_code(), grpc::INTERNAL);
  EXPECT_EQ(Info(status).metadata().at("request_id"), "the-id");
  EXPECT_EQ(status.error_message().find("SECRET"), std::string::npos);
  EXPECT_EQ(status.error_details().find("SECRET"), std::string::npos);
}

TEST(ToGrpcStatus, ManyViolationsAreCutToWhatATrailerHolds) {
  std::vector<std::string> paths;
  for (int i = 0; i < 100; ++i) paths.push_back("data[" + std::to_string(i) + "]." + std::string(200, 'x'));
  const grpc::Status status = ToGrpcStatus(errors::RelatedNotFound(paths, "Role", paths), "id");
  EXPECT_LE(status.error_details().size() + status.error_message().size(), 8192u);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
}

TEST(ToGrpcStatus, ViolationsThereIsNoRoomForAreCounted) {
  std::vector<errors::SchemaProblem> problems;
  for (int i = 0; i < 100; ++i) problems.push_back({"DATA_LOSS", "models.M" + std::to_string(i), std::string(200, 'x'), {}});
  const grpc::Status status = ToGrpcStatus(errors::ChangeRefused(problems), "id");
  EXPECT_LE(status.error_details().size() + status.error_message().size(), 8192u);
  google::rpc::BadRequest bad;
  ASSERT_TRUE(Details(status).details(0).UnpackTo(&bad));
  const int told = bad.field_violations_size() - 1;
  ASSERT_GT(told, 10);
  EXPECT_EQ(bad.field_violations(told - 1).field(), problems[told - 1].path);
  EXPECT_EQ(bad.field_violations(told).field(), "");
  EXPECT_EQ(bad.field_violations(told).description(), "and " + std::to_string(100 - told) + " more, for which there is no room here");
}

TEST(ToGrpcStatus, FewViolationsAreAllTold) {
  const grpc::Status status = ToGrpcStatus(errors::RelatedNotFound({"data[0]", "data[1]"}, "Role", {"1", "2"}), "id");
  google::rpc::BadRequest bad;
  ASSERT_TRUE(Details(status).details(0).UnpackTo(&bad));
  ASSERT_EQ(bad.field_violations_size(), 2);
  EXPECT_EQ(bad.field_violations(1).field(), "data[1]");
}

TEST(ToGrpcStatus, ForeignPayloadsStayHere) {
  absl::Status status = absl::UnknownError("x");
  status.SetPayload("rowan/database_error", absl::Cord("SECRET"));
  EXPECT_EQ(ToGrpcStatus(status, "id").error_details().find("SECRET"), std::string::npos);
}

}  // namespace
}  // namespace rowan::service
