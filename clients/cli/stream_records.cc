#include "clients/cli/stream_records.h"

#include <grpcpp/support/sync_stream.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "clients/cli/progress.h"
#include "clients/cli/server.h"
#include "rowan/v1/data_service.grpc.pb.h"

namespace rowan::cli {
namespace {

using std::chrono::milliseconds;

// How often in a row a lost stream is resumed without a new record.
constexpr int kMostFailures = 5;
constexpr milliseconds kLongestWait{5000};

// What has come of a stream so far, over all its calls.
struct Received {
  bool begun = false;     // the shape has come
  std::string token;      // of the last record that was printed
  int64_t call_rows = 0;  // of the running call
  bool totals = false;
  int64_t expected = 0;  // rows of the last call, by its totals
  bool closed = false;   // the reader of the output went away, or the output cannot be written
};

// Prints the messages of a call until its end, or until nothing more can be written.
void PrintCall(grpc::ClientReader<v1::StreamResponse>& reader, RecordSink& printer, Progress& progress,
               Console& console, Received& received) {
  received.call_rows = 0;
  v1::StreamResponse message;
  while (!received.closed && reader.Read(&message)) {
    switch (message.kind_case()) {
      case v1::StreamResponse::kShape:
        if (!received.begun) printer.Begin(message.shape());
        received.begun = true;
        break;
      case v1::StreamResponse::kBatch:
        printer.Print(message.batch().records());
        received.call_rows += message.batch().records_size();
        received.token = message.batch().resume_token();
        break;
      case v1::StreamResponse::kTotals:
        printer.End();
        received.totals = true;
        received.expected = message.totals().records();
        if (!message.totals().resume_token().empty()) received.token = message.totals().resume_token();
        break;
      case v1::StreamResponse::KIND_NOT_SET:
        break;
    }
    if (!console.out.good() || !console.out.flush()) received.closed = true;
    progress.Add(message.batch().records_size(), static_cast<int64_t>(message.ByteSizeLong()));
  }
}

// Whether a stream that ended so can go on. One that never began is no lost connection, and one whose records have no
// tokens would repeat them.
bool CanResume(const Failure& failure, const Received& received, const Progress& progress) {
  const bool lost =
      failure.exit_code == kExitStatus + grpc::StatusCode::UNAVAILABLE || failure.reason == "STREAM_STALLED";
  return lost && received.begun && (!received.token.empty() || progress.rows() == 0);
}

// How long to wait before the next of several tries in a row: longer each time, and not the same for all who lost the
// same server.
milliseconds WaitFor(const Console& console, const Failure& failure, int failures) {
  std::minstd_rand random(std::random_device{}());
  const milliseconds longest = std::min(kLongestWait, console.resume_wait * (1 << (failures - 1)));
  const milliseconds wait(std::uniform_int_distribution<int64_t>(longest.count() / 2, longest.count())(random));
  return std::max(wait, failure.retry_delay);
}

Failure Incomplete(const Options& options, std::string message) {
  return {.code = "DATA_LOSS",
          .message = std::move(message),
          .hint = "what was printed is not all",
          .request_id = options.request_id,
          .exit_code = kExitStatus + grpc::StatusCode::DATA_LOSS};
}

// What a stream came to that is not to be resumed.
struct StreamEnd {
  std::optional<Failure> failure;
  int resumptions = 0;
};

// Makes the call, and again from the last record on while it is lost, until the time of the options is up.
StreamEnd ReadAll(const Options& options, const Channel& channel, v1::StreamRequest request, RecordSink& printer,
                  Progress& progress, Console& console, Received& received) {
  const absl::Time deadline = absl::Now() + options.timeout;
  v1::DataService::Stub stub(channel);
  Options attempt = options;
  StreamEnd end;
  for (int failures = 0;;) {
    CallContext context(attempt, console);
    const auto reader = stub.Stream(&context.grpc, request);
    PrintCall(*reader, printer, progress, console, received);
    // A reader that went away wants no more: the server must hear it, or it would wait for this side for ever.
    if (received.closed) context.grpc.TryCancel();
    const grpc::Status status = reader->Finish();
    if (received.closed || status.ok()) return end;

    end.failure = FailureOf(status, context.grpc, options.request_id, options.address);
    failures = received.call_rows > 0 ? 1 : failures + 1;
    if (!CanResume(*end.failure, received, progress) || failures > kMostFailures) return end;
    const milliseconds wait = WaitFor(console, *end.failure, failures);
    if (options.timeout > absl::ZeroDuration()) {
      attempt.timeout = deadline - absl::Now() - absl::FromChrono(wait);
      if (attempt.timeout <= absl::ZeroDuration()) return end;
    }
    progress.Note(absl::StrCat("the stream was lost (", end.failure->code, end.failure->reason.empty() ? "" : " ",
                               Printable(end.failure->reason), "); it goes on where it was"));
    if (!Pause(console, wait)) return end;
    end.failure.reset();
    ++end.resumptions;
    request.set_resume_token(received.token);
  }
}

void Summarize(const Progress& progress, const StreamEnd& end, Console& console) {
  console.err << "rowan: " << progress.Text();
  if (end.resumptions > 0)
    console.err << ", resumed " << end.resumptions << (end.resumptions == 1 ? " time" : " times");
  console.err << (end.failure ? ", then the stream ended early" : "") << "\n";
}

}  // namespace

int StreamRecords(const Options& options, const Channel& channel, Console& console, const v1::StreamRequest& stream,
                  RecordSink& printer) {
  // Of a stream that goes on, the token alone knows how much of the limit is left.
  std::optional<int64_t> expected;
  if (stream.page().has_limit() && stream.resume_token().empty()) expected = stream.page().limit();
  Progress progress(console, !options.quiet, expected);
  Received received{.token = stream.resume_token()};
  const StreamEnd end = ReadAll(options, channel, stream, printer, progress, console, received);
  progress.Stop();
  if (const int flushed = Flush(console); received.closed || flushed != kExitSuccess) return flushed;
  if (!options.quiet) Summarize(progress, end, console);
  if (end.failure) {
    const int code = Tell(console, *end.failure);
    if (!received.token.empty())
      console.err << "rowan: go on after the last record with --resume " << Printable(received.token) << "\n";
    return code;
  }
  if (!received.totals) return Tell(console, Incomplete(options, "the stream ended without its totals"));
  if (received.expected != received.call_rows) {
    return Tell(console, Incomplete(options, absl::StrCat("the server sent ", received.expected, " records, and ",
                                                          received.call_rows, " arrived")));
  }
  if (!options.quiet && !received.token.empty())
    console.err << "rowan: resume token " << Printable(received.token) << "\n";
  return kExitSuccess;
}

}  // namespace rowan::cli
