#include "engine/pg/lanes.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace rowan::pg {
namespace {

// So many reads go together at most: the first one's answer waits for the last one's.
constexpr size_t kMostTogether = 16;
// How long nothing is tried after PostgreSQL was not reached.
constexpr std::chrono::milliseconds kPause{500};

// Whether an error may be of a statement that was prepared at another time, rather than of values and of rows.
bool MayBeOutdated(std::string_view sqlstate) {
  const std::string_view of_class = sqlstate.substr(0, 2);
  return of_class != "22" && of_class != "23" && of_class != "40" && of_class != "55" && sqlstate != "57014";
}

}  // namespace

struct Lanes::Impl {
  explicit Impl(LaneOptions given) : options(std::move(given)) {}

  const LaneOptions options;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::unique_ptr<LaneStatement>> queue;
  int waiting = 0;  // lanes that have nothing to do
  bool ending = false;
  Clock::time_point closed_until;  // while PostgreSQL is not reached
  std::atomic<int64_t> epoch = 0;  // counts renewals
  std::atomic<int64_t> answered = 0;
  std::atomic<int64_t> unanswered = 0;
  std::atomic<int64_t> round_trips = 0;
  std::vector<std::thread> threads;

  // Waits for reads and takes this lane's share of them; empty at the end.
  std::vector<std::unique_ptr<LaneStatement>> Take() {
    std::vector<std::unique_ptr<LaneStatement>> reads;
    std::unique_lock lock(mutex);
    ++waiting;
    wake.wait(lock, [this] { return ending || !queue.empty(); });
    // Those that wait, too, take theirs.
    const size_t share = (queue.size() + static_cast<size_t>(waiting) - 1) / static_cast<size_t>(waiting);
    --waiting;
    const size_t count = std::min(share, kMostTogether);
    reads.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      reads.push_back(std::move(queue.front()));
      queue.pop_front();
    }
    return reads;
  }

  void Finish(LaneStatement& read, LaneStatement::End end, std::optional<Result> rows) {
    ++(end == LaneStatement::End::kAnswered ? answered : unanswered);
    read.Finish(end, std::move(rows));
  }

  // Connects when there is no connection that still fits.
  bool Connect(std::unique_ptr<Connection>& connection, int64_t& opened) {
    const int64_t now = epoch;
    if (connection != nullptr && opened == now && connection->Alive()) return true;
    connection.reset();
    opened = now;
    Call call;
    call.deadline = Clock::now() + std::chrono::seconds(2);
    auto fresh =
        Connection::Open(options.conninfo, call, {.read_only = !options.writes, .statement_timeout = options.longest});
    if (fresh.ok()) {
      connection = *std::move(fresh);
      return true;
    }
    std::lock_guard lock(mutex);
    closed_until = Clock::now() + kPause;
    return false;
  }

  void Run() {
    std::unique_ptr<Connection> connection;
    int64_t opened = 0;
    for (;;) {
      std::vector<std::unique_ptr<LaneStatement>> reads = Take();
      if (reads.empty()) return;
      std::vector<Query> queries;
      std::vector<LaneStatement*> sent;
      queries.reserve(reads.size());
      sent.reserve(reads.size());
      const bool connected = Connect(connection, opened);
      for (const std::unique_ptr<LaneStatement>& read : reads) {
        if (!connected || read->abandoned()) {
          Finish(*read, LaneStatement::End::kNotRun, std::nullopt);
          continue;
        }
        queries.push_back({&read->statement(), read->parameters()});
        sent.push_back(read.get());
      }
      if (sent.empty()) continue;
      ++round_trips;
      Call call;
      call.deadline = Clock::now() + static_cast<int>(sent.size()) * options.longest + std::chrono::seconds(2);
      std::vector<absl::StatusOr<Result>> results =
          options.writes ? connection->ExecuteApart(queries, call) : connection->ExecuteEach(queries, call);
      // Of reads, PostgreSQL names the one that failed; those behind it did not run.
      bool failed = false;
      bool outdated = false;
      for (size_t i = 0; i < sent.size(); ++i) {
        if (results[i].ok()) {
          Finish(*sent[i], LaneStatement::End::kAnswered, *std::move(results[i]));
          continue;
        }
        const auto error = DatabaseErrorOf(results[i].status());
        if (options.writes && error != nullptr && error->sqlstate.empty()) {
          Finish(*sent[i], LaneStatement::End::kUnknown, std::nullopt);
          continue;
        }
        const bool told = error != nullptr && !error->sqlstate.empty();
        // That PostgreSQL ends the connection is said to whichever read is next.
        const bool at_fault = told && (options.writes || (!failed && !error->sqlstate.starts_with("57P")));
        failed = failed || at_fault;
        if (at_fault && MayBeOutdated(error->sqlstate)) outdated = true;
        Finish(*sent[i], at_fault ? LaneStatement::End::kFailed : LaneStatement::End::kNotRun, std::nullopt);
      }
      if (outdated || connection->broken()) connection.reset();
    }
  }
};

Lanes::Lanes(LaneOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  for (int i = 0; i < impl_->options.count; ++i) impl_->threads.emplace_back([this] { impl_->Run(); });
}

Lanes::~Lanes() {
  std::deque<std::unique_ptr<LaneStatement>> left;
  {
    std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
    left.swap(impl_->queue);
  }
  impl_->wake.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
  for (const std::unique_ptr<LaneStatement>& read : left) impl_->Finish(*read, LaneStatement::End::kNotRun, std::nullopt);
}

std::unique_ptr<LaneStatement> Lanes::Submit(std::unique_ptr<LaneStatement> read) {
  {
    std::lock_guard lock(impl_->mutex);
    const bool open = impl_->options.count > 0 && !impl_->ending &&
                      static_cast<int>(impl_->queue.size()) < impl_->options.queue_limit &&
                      (impl_->closed_until == Clock::time_point() || Clock::now() >= impl_->closed_until);
    if (!open) return read;
    impl_->queue.push_back(std::move(read));
    if (impl_->waiting == 0) return nullptr;
  }
  impl_->wake.notify_one();
  return nullptr;
}

void Lanes::Renew() {
  ++impl_->epoch;
}

LaneCounts Lanes::counts() const {
  return {impl_->answered, impl_->unanswered, impl_->round_trips};
}

}  // namespace rowan::pg
