// Streams records from the server to whoever takes them, across lost connections, and tells how it goes.
#pragma once

#include <google/protobuf/repeated_field.h>

#include "clients/cli/commands.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {

// Takes the records of a stream: Begin once, then Print any number of times, then End.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void Begin(const v1::Shape& shape) = 0;
  virtual void Print(const google::protobuf::RepeatedPtrField<v1::Record>& records) = 0;
  virtual void End() = 0;
};

// Makes the call, and again from the last record on while it is lost, until the time of the options is up. `sink`
// writes to the console's `out`, which is flushed after each batch; when that fails, no more is read. Returns the exit
// code.
int StreamRecords(const Options& options, const Channel& channel, Console& console, const v1::StreamRequest& request,
                  RecordSink& sink);

}  // namespace rowan::cli
