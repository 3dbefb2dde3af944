// Prints records as they come, as JSON, as JSON lines or as a table.
#pragma once

#include <iosfwd>
#include <vector>

#include "clients/cli/options.h"
#include "clients/cli/stream_records.h"
#include "rowan/v1/result.pb.h"

namespace rowan::cli {

// Call Begin once, then Print any number of times, then End. Holds no records, whatever their number. Not thread-safe.
class RecordPrinter final : public RecordSink {
 public:
  // `bold`: whether a table's head may be in bold.
  RecordPrinter(Format format, bool bold, std::ostream& out);

  void Begin(const v1::Shape& shape) override;
  // A table takes the widths of its columns from the first call; later cells that are wider push the rest of their row.
  void Print(const google::protobuf::RepeatedPtrField<v1::Record>& records) override;
  void End() override;

 private:
  void PrintTable(const google::protobuf::RepeatedPtrField<v1::Record>& records);

  const Format format_;
  const bool bold_;
  std::ostream& out_;
  v1::Shape shape_;
  bool first_ = true;
  std::vector<int> widths_;
};

}  // namespace rowan::cli
