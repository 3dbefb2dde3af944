// A stream's client in a scenario.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "clients/document/node.h"
#include "clients/document/result.h"
#include "engine/base/errors.h"
#include "engine/engine.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {

// Collects a stream as the document of its records. With `batches` it breaks off after so many.
class CollectingSink : public StreamSink {
 public:
  explicit CollectingSink(int batches = -1) : batches_left_(batches) {}

  absl::Status Write(std::string_view bytes) override {
    v1::StreamResponse message;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return errors::Internal("no message");
    if (message.has_shape()) shape_ = message.shape();
    if (message.has_batch()) {
      if (batches_left_ == 0) return errors::Cancelled();
      --batches_left_;
      resume_token = message.batch().resume_token();
    }
    for (const v1::Record& record : message.batch().records())
      records.items.push_back(document::ToDocument(shape_, record));
    if (message.has_totals()) total = message.totals().records();
    return absl::OkStatus();
  }

  document::Node records = document::List();
  int64_t total = -1;
  std::string resume_token;

 private:
  v1::Shape shape_;
  int batches_left_;
};

}  // namespace rowan
