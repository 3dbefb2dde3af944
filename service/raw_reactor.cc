#include "service/raw_reactor.h"

#include <google/protobuf/arena.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"
#include "service/call_record.h"

namespace rowan::service {
namespace {

void PutBytes(std::string_view bytes, grpc::ByteBuffer& buffer) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  grpc::ByteBuffer filled(&slice, 1);
  buffer.Swap(&filled);  // assigning would copy
}

// A request on an arena of its own.
template <typename Request>
class ParsedRequest {
 public:
  explicit ParsedRequest(const grpc::ByteBuffer& bytes)
      : arena_(block_, sizeof(block_)), request_(google::protobuf::Arena::CreateMessage<Request>(&arena_)) {
    grpc::Slice slice;
    if (!bytes.TrySingleSlice(&slice).ok() && !bytes.DumpToSingleSlice(&slice).ok()) return;
    parsed_ = request_->ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
  }
  ParsedRequest(const ParsedRequest&) = delete;
  ParsedRequest& operator=(const ParsedRequest&) = delete;

  absl::Status status() const {
    return parsed_ ? absl::OkStatus()
                   : errors::MalformedValue(Path("request"), Request::descriptor()->full_name(),
                                            "its bytes are not that message. Check that client and server have the same protos");
  }
  const Request& operator*() const { return *request_; }
  CallSubject subject() const { return {request_->schema(), request_->model()}; }

 private:
  char block_[4096];
  google::protobuf::Arena arena_;
  Request* request_;
  bool parsed_ = false;
};

// What a request is once it is on a worker. `begun`: it was begun together with others before, which gave nothing.
absl::Status Answer(Engine& engine, const v1::GetRequest& request, bool, const Call& call, std::string& answer) {
  return engine.Get(request, call, answer);
}
absl::Status Answer(Engine& engine, const v1::AggregateRequest& request, bool, const Call& call, std::string& answer) {
  return engine.Aggregate(request, call, answer);
}
absl::Status Answer(Engine& engine, const v1::InsertRequest& request, bool begun, const Call& call, std::string& answer) {
  v1::MutationResponse response;
  ROWAN_RETURN_IF_ERROR(engine.Insert(request, call, response, /*in_steps=*/begun));
  answer = response.SerializeAsString();
  return absl::OkStatus();
}

// Begin a request that may go together with others. False: it is none.
bool Begin(Engine& engine, const v1::GetRequest& request, const Call& call, SharedDone done) {
  return engine.BeginGet(request, call, std::move(done));
}
bool Begin(Engine&, const v1::AggregateRequest&, const Call&, const SharedDone&) {
  return false;
}
bool Begin(Engine& engine, const v1::InsertRequest& request, const Call& call, SharedDone done) {
  return engine.BeginInsert(request, call, std::move(done));
}

// A larger request, in bytes, is left to a worker: to begin it takes gRPC's thread a while, which others wait for.
constexpr size_t kMostBegun = 32 << 10;

// Begins a request at once where that is possible, or else runs it on a worker.
template <typename Request>
class UnaryReactor : public grpc::ServerUnaryReactor {
 public:
  UnaryReactor(ServerState& state, grpc::CallbackServerContext& context, const char* method,
              const grpc::ByteBuffer& request, grpc::ByteBuffer& response)
      : state_(state),
        request_(request),
        record_(state, context, method, request_.subject(), state.query_timeout),
        response_(response) {
    if (request.Length() > kMostBegun || !BeginShared()) Queue();
  }

  void OnCancel() override { record_.Cancel(); }
  void OnDone() override { delete this; }
  // Nothing that these reactions do takes long, so gRPC need not hand them to another thread.
  bool InternalInlineable() override { return true; }

 private:
  bool BeginShared() {
    // Finishing the call ends the last reference to the engine when the server stops.
    std::shared_ptr<Engine> engine = state_.engine.load();
    return engine != nullptr && request_.status().ok() &&
           Begin(*engine, *request_, record_.call(), [this](std::optional<absl::StatusOr<std::string>> answer) {
             if (!answer) {
               begun_ = true;
               return Queue();
             }
             if (answer->ok()) PutBytes(**answer, response_);
             Finish(record_.Finish(answer->status()));
           });
  }

  void Queue() {
    if (!state_.unary_workers->Submit([this] { Run(); })) Finish(record_.Finish(record_.Refusal("queue")));
  }

  void Run() {
    std::string answer;
    const absl::Status status = record_.Run([&](Engine& engine) -> absl::Status {
      ROWAN_RETURN_IF_ERROR(request_.status());
      return Answer(engine, *request_, begun_, record_.call(), answer);
    });
    if (status.ok()) PutBytes(answer, response_);
    Finish(record_.Finish(status));
  }

  ServerState& state_;
  const ParsedRequest<Request> request_;
  CallRecord record_;
  grpc::ByteBuffer& response_;
  bool begun_ = false;
};

// Writes one message at a time: the worker waits in Write until gRPC took the message, and that is the backpressure.
class StreamReactor : public grpc::ServerWriteReactor<grpc::ByteBuffer>, private StreamSink {
 public:
  StreamReactor(ServerState& state, grpc::CallbackServerContext& context, const grpc::ByteBuffer& bytes)
      : request_(bytes),
        record_(state, context, "Stream", request_.subject(), state.stream_timeout),
        context_(context),
        stall_timeout_(state.stall_timeout) {
    const bool queued = state.stream_workers->Submit([this] {
      Finish(record_.Finish(record_.Run([&](Engine& engine) -> absl::Status {
        ROWAN_RETURN_IF_ERROR(request_.status());
        return engine.Stream(*request_, record_.call(), *this);
      })));
    });
    if (!queued) Finish(record_.Finish(record_.Refusal("stream queue")));
  }

  void OnWriteDone(bool ok) override {
    std::lock_guard lock(mutex_);
    accepted_ = true;
    lost_ = lost_ || !ok;
    wake_.notify_one();
  }
  void OnCancel() override {
    record_.Cancel();
    std::lock_guard lock(mutex_);
    lost_ = true;
    wake_.notify_one();
  }
  void OnDone() override { delete this; }

 private:
  absl::Status Write(std::string_view message) override {
    {
      std::lock_guard lock(mutex_);
      if (lost_) return errors::Cancelled();
      accepted_ = false;
    }
    PutBytes(message, written_);
    StartWrite(&written_);
    std::unique_lock lock(mutex_);
    // A reader that does not read must not keep a connection to the database for long. gRPC sends what it has, and then why
    // there is no more.
    const Clock::time_point patience = Clock::now() + stall_timeout_;
    if (patience < record_.call().deadline) {
      if (!wake_.wait_until(lock, patience, [this] { return accepted_; })) {
        return errors::StreamStalled(absl::FromChrono(stall_timeout_));
      }
    } else if (!wake_.wait_until(lock, record_.call().deadline, [this] { return accepted_; })) {
      // gRPC knows the client's deadline, not ours.
      lock.unlock();
      context_.TryCancel();
      lock.lock();
    }
    // A cancelled call ends its write at once.
    wake_.wait(lock, [this] { return accepted_; });
    if (lost_ && Clock::now() < record_.call().deadline) return errors::Cancelled();
    return Clock::now() >= record_.call().deadline ? errors::DeadlineExceeded() : absl::OkStatus();
  }

  const ParsedRequest<v1::StreamRequest> request_;
  CallRecord record_;
  grpc::ByteBuffer written_;
  grpc::CallbackServerContext& context_;
  const std::chrono::milliseconds stall_timeout_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool accepted_ = false;
  bool lost_ = false;
};

}  // namespace

grpc::ServerUnaryReactor* RunGet(ServerState& state, grpc::CallbackServerContext& context,
                                 const grpc::ByteBuffer& request, grpc::ByteBuffer& response) {
  return new UnaryReactor<v1::GetRequest>(state, context, "Get", request, response);
}

grpc::ServerUnaryReactor* RunAggregate(ServerState& state, grpc::CallbackServerContext& context,
                                       const grpc::ByteBuffer& request, grpc::ByteBuffer& response) {
  return new UnaryReactor<v1::AggregateRequest>(state, context, "Aggregate", request, response);
}

grpc::ServerUnaryReactor* RunInsert(ServerState& state, grpc::CallbackServerContext& context,
                                    const grpc::ByteBuffer& request, grpc::ByteBuffer& response) {
  return new UnaryReactor<v1::InsertRequest>(state, context, "Insert", request, response);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* RunStream(ServerState& state, grpc::CallbackServerContext& context,
                                                      const grpc::ByteBuffer& request) {
  return new StreamReactor(state, context, request);
}

}  // namespace rowan::service
