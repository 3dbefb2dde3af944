// The client's end of an interactive transaction in a scenario.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/document/node.h"
#include "engine/engine.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {

// Plays the messages of a transaction, and keeps what was answered to each.
class PlayedTransaction : public TransactPeer {
 public:
  struct Answer {
    absl::Status status;  // of a request that failed
    v1::TransactResponse response;
  };

  absl::StatusOr<Arrival> Read(Clock::time_point until, v1::TransactRequest& message) override;
  absl::Status Write(const v1::TransactResponse& message) override;
  absl::Status Fail(const absl::Status& why) override;

  std::vector<v1::TransactRequest> messages;
  bool silent = false;  // instead of ending the stream
  std::vector<Answer> answers;

 private:
  size_t next_ = 0;
};

// Returns the message that a step of a scenario stands for. A begin without a schema is for `schema`.
absl::StatusOr<v1::TransactRequest> ToMessage(const std::string& schema, const document::Node& step);

}  // namespace rowan
