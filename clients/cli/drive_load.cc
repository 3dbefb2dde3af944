#include "clients/cli/drive_load.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {
namespace {

using google::protobuf::io::CodedInputStream;
using WireFormat = google::protobuf::internal::WireFormatLite;

constexpr auto kFarFuture = std::chrono::hours(24);
// How long a thread sleeps at most, so that it sees an interrupt.
constexpr auto kLongestSleep = std::chrono::milliseconds(200);

// What all threads share.
struct Run {
  const Options& options;
  const std::vector<MixedRequest>& mix;
  const Cancellation& interrupt;
  Clock::time_point measured_from, end;
  std::vector<std::atomic<bool>> answered;  // by request: whether one has succeeded
  std::atomic<bool> refused = false;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Counts the fields of a number among the next `bytes` of a message, all of them without reading what they hold.
int64_t CountFields(CodedInputStream& in, int bytes, int number) {
  int64_t count = 0;
  const CodedInputStream::Limit limit = in.PushLimit(bytes);
  while (const uint32_t tag = in.ReadTag()) {
    if (WireFormat::GetTagFieldNumber(tag) == number) ++count;
    if (!WireFormat::SkipField(&in, tag)) break;
  }
  in.PopLimit(limit);
  return count;
}

// Counts the records at the root of a read's answer.
int64_t RootRecords(const google::protobuf::Message& type, grpc::ByteBuffer& message) {
  const auto bytes = static_cast<int>(message.Length());
  grpc::ProtoBufferReader reader(&message);
  CodedInputStream in(&reader);
  if (type.GetDescriptor() == v1::GetResponse::descriptor())
    return CountFields(in, bytes, v1::GetResponse::kRecordsFieldNumber);
  if (type.GetDescriptor() != v1::StreamResponse::descriptor()) return 0;
  const uint32_t tag = in.ReadTag();
  uint32_t size = 0;
  if (WireFormat::GetTagFieldNumber(tag) != v1::StreamResponse::kBatchFieldNumber || !in.ReadVarint32(&size)) return 0;
  return CountFields(in, static_cast<int>(size), v1::RecordBatch::kRecordsFieldNumber);
}

// One client: a call that runs, or none.
struct Client {
  enum class Stage { kUnary, kStarting, kWriting, kReading, kFinishing };

  grpc::GenericStub* stub = nullptr;
  size_t request = 0;
  Clock::time_point due;
  Stage stage = Stage::kUnary;
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> unary;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  grpc::ByteBuffer message;
  grpc::Status status;
};

// A thread with its clients.
class Worker {
 public:
  Worker(Run& run, unsigned seed, double rate) : run_(run), random_(seed), measured_(run.mix.size()), rate_(rate) {
    std::vector<double> weights;
    for (const MixedRequest& request : run.mix) weights.push_back(request.weight);
    choice_ = std::discrete_distribution<size_t>(weights.begin(), weights.end());
  }

  void AddClient(const std::shared_ptr<grpc::Channel>& channel) {
    stubs_.push_back(std::make_unique<grpc::GenericStub>(channel));
    clients_.push_back(std::make_unique<Client>());
    clients_.back()->stub = stubs_.back().get();
    idle_.push_back(clients_.back().get());
  }

  // Sends until the run ends and all its calls have.
  void Work() {
    begin_ = Clock::now();
    while (true) {
      const Clock::time_point now = Clock::now();
      const bool over = now >= run_.end || run_.refused || run_.interrupt.cancelled();
      while (!over && !idle_.empty() && DueTime() <= now) Begin(now);
      if (over && idle_.size() == clients_.size()) return;
      all_were_busy_ = idle_.empty();
      const Clock::time_point until =
          over ? now + kFarFuture
               : std::min({idle_.empty() ? now + kFarFuture : DueTime(), now + kLongestSleep, run_.end});
      void* tag = nullptr;
      bool ok = false;
      const auto sleep = std::chrono::duration_cast<std::chrono::microseconds>(until - now);
      if (queue_.AsyncNext(&tag, &ok, std::chrono::system_clock::now() + sleep) == grpc::CompletionQueue::GOT_EVENT)
        Go(*static_cast<Client*>(tag), ok);
    }
  }

  // Of the work that is done.
  const std::vector<Measured>& measured() const { return measured_; }
  int64_t sent() const { return sent_; }
  std::optional<Failure>& refused() { return refused_; }

 private:
  // When the next request is to be sent; the past without a rate.
  Clock::time_point DueTime() const {
    if (rate_ <= 0) return begin_;
    return begin_ + std::chrono::nanoseconds(static_cast<int64_t>(1e9 * static_cast<double>(sent_) / rate_));
  }

  void Begin(Clock::time_point now) {
    Client& client = *idle_.back();
    idle_.pop_back();
    // Where a client was free, a late start is this process's, not the server's.
    client.due = rate_ > 0 && all_were_busy_ ? DueTime() : now;
    ++sent_;
    client.request = run_.mix.size() == 1 ? 0 : choice_(random_);
    const MixedRequest& mixed = run_.mix[client.request];
    client.context.emplace();
    if (run_.options.timeout > absl::ZeroDuration())
      client.context->set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(run_.options.timeout));
    if (mixed.streams) {
      client.stage = Client::Stage::kStarting;
      client.stream = client.stub->PrepareCall(&*client.context, mixed.method, &queue_);
      client.stream->StartCall(&client);
    } else {
      client.stage = Client::Stage::kUnary;
      client.unary = client.stub->PrepareUnaryCall(&*client.context, mixed.method, Encode(mixed), &queue_);
      client.unary->StartCall();
      client.unary->Finish(&client.message, &client.status, &client);
    }
  }

  grpc::ByteBuffer Encode(const MixedRequest& mixed) {
    const grpc::Slice slice(mixed.request.Encode(random_));
    return grpc::ByteBuffer(&slice, 1);
  }

  // Takes a call to its next stage.
  void Go(Client& client, bool ok) {
    using Stage = Client::Stage;
    switch (client.stage) {
      case Stage::kUnary:
        if (client.status.ok()) Receive(client);
        return End(client);
      case Stage::kFinishing:
        return End(client);
      case Stage::kStarting:
        if (!ok) break;
        client.stage = Stage::kWriting;
        return client.stream->WriteLast(Encode(run_.mix[client.request]), {}, &client);
      case Stage::kReading:
        if (!ok) break;
        Receive(client);
        return client.stream->Read(&client.message, &client);
      case Stage::kWriting:
        if (!ok) break;
        client.stage = Stage::kReading;
        return client.stream->Read(&client.message, &client);
    }
    client.stage = Stage::kFinishing;
    client.stream->Finish(&client.status, &client);
  }

  bool Counts(Clock::time_point now) const { return now >= run_.measured_from && now <= run_.end; }

  void Receive(Client& client) {
    Measured& measured = measured_[client.request];
    const bool counts = Counts(Clock::now());
    const google::protobuf::Message& type = *run_.mix[client.request].response;
    if (counts) {
      measured.bytes += static_cast<int64_t>(client.message.Length());
      measured.records += RootRecords(type, client.message);
    }
    if (run_.options.bench.decode) {
      arena_.Reset();
      grpc::ProtoBufferReader reader(&client.message);
      type.New(&arena_)->ParseFromZeroCopyStream(&reader);
    }
    client.message.Clear();
  }

  void End(Client& client) {
    const Clock::time_point now = Clock::now();
    Measured& measured = measured_[client.request];
    if (client.status.ok()) {
      run_.answered[client.request].store(true, std::memory_order_relaxed);
      if (Counts(now)) measured.latencies.Add(now - client.due);
    } else {
      Fail(client, measured, Counts(now));
    }
    client.stream.reset();
    client.unary.reset();
    idle_.push_back(&client);
  }

  void Fail(Client& client, Measured& measured, bool counts) {
    Failure failure = FailureOf(client.status, *client.context, "", run_.options.address);
    if (!run_.answered[client.request].load(std::memory_order_relaxed)) {
      run_.refused = true;
      if (!refused_) refused_ = failure;
    }
    if (!counts) return;
    FailedCalls& failed =
        measured.failures[absl::StrCat(failure.code, failure.reason.empty() ? "" : " ", failure.reason)];
    if (failed.count++ == 0) failed.first = std::move(failure);
  }

  Run& run_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Client*> idle_;
  google::protobuf::Arena arena_;
  std::mt19937_64 random_;
  std::discrete_distribution<size_t> choice_;
  std::vector<Measured> measured_;
  const double rate_;  // requests per second; 0: as they can
  Clock::time_point begin_;
  bool all_were_busy_ = true;
  int64_t sent_ = 0;
  std::optional<Failure> refused_;
};

// Waits until a time comes or the run is over. Returns when it came.
Clock::time_point WaitUntil(Clock::time_point time, const Run& run) {
  while (Clock::now() < time && !run.refused && !run.interrupt.cancelled())
    std::this_thread::sleep_for(std::min<Clock::duration>(kLongestSleep, time - Clock::now()));
  return Clock::now();
}

}  // namespace

int64_t Measured::failed() const {
  int64_t count = 0;
  for (const auto& [reason, failed] : failures) count += failed.count;
  return count;
}

void Measured::Add(const Measured& other) {
  latencies.Add(other.latencies);
  bytes += other.bytes;
  records += other.records;
  for (const auto& [reason, failed] : other.failures) {
    FailedCalls& all = failures[reason];
    if (all.count == 0) all.first = failed.first;
    all.count += failed.count;
  }
}

LoadReport DriveLoad(const Options& options, const std::vector<MixedRequest>& mix,
                     const std::vector<std::shared_ptr<grpc::Channel>>& channels, const Cancellation& interrupt) {
  const BenchFlags& flags = options.bench;
  const Clock::time_point measured_from = Clock::now() + absl::ToChronoNanoseconds(flags.warm_up);
  Run run{.options = options,
          .mix = mix,
          .interrupt = interrupt,
          .measured_from = measured_from,
          .end = measured_from + absl::ToChronoNanoseconds(flags.duration),
          .answered = std::vector<std::atomic<bool>>(mix.size())};
  const int threads = std::min(flags.threads, flags.clients);
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < threads; ++i)
    workers.push_back(std::make_unique<Worker>(run, static_cast<unsigned>(i + 1), flags.rate / threads));
  for (int i = 0; i < flags.clients; ++i) {
    workers[static_cast<size_t>(i % threads)]->AddClient(channels[static_cast<size_t>(i) % channels.size()]);
  }
  std::vector<std::thread> running;
  for (const auto& worker : workers) running.emplace_back([&worker] { worker->Work(); });
  WaitUntil(run.measured_from, run);
  const double cpu = CpuSeconds();
  const Clock::time_point ended = WaitUntil(run.end, run);
  LoadReport report;
  report.client_cpu_seconds = CpuSeconds() - cpu;
  for (std::thread& thread : running) thread.join();
  report.seconds = std::max(1e-9, std::chrono::duration<double>(std::min(ended, run.end) - run.measured_from).count());
  report.requests.resize(mix.size());
  for (const auto& worker : workers) {
    for (size_t i = 0; i < mix.size(); ++i) report.requests[i].Add(worker->measured()[i]);
    report.sent += worker->sent();
    if (worker->refused() && !report.refused) report.refused = std::move(worker->refused());
  }
  return report;
}

}  // namespace rowan::cli
