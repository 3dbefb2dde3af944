// Connections that quick reads of many callers share: what waits when a lane becomes free goes to PostgreSQL together, in
// one round trip, each statement for itself.
//
//   callers   Submit(a) Submit(b) Submit(c) …        one queue
//   lane 1    [a]        -> Finish(a)  [d e f] -> …  a thread and a connection each
//   lane 2        [b c]  -> Finish(b), Finish(c)
//
// A lane only ever answers with rows. A read that fails, that runs longer than a lane lends itself, whose connection breaks,
// or that went together with one that failed, finishes without an answer: its caller runs it on a connection of its own,
// as reads may be run again. So errors, time-outs and cancellation of one read never reach another.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/call.h"
#include "engine/pg/connection.h"
#include "engine/pg/result.h"
#include "engine/pg/statement.h"

namespace rowan::pg {

// One read on its way. Owned by the lanes from Submit on.
class LaneRead {
 public:
  enum class End {
    kAnswered,
    kFailed,  // PostgreSQL refused it or it took too long
    kNotRun   // it is not known to be at fault: its connection broke, or another read that went with it failed
  };

  virtual ~LaneRead() = default;
  // A statement that changes nothing, and its parameters: they stay what they are until Finish.
  virtual const Statement& statement() const = 0;
  virtual const std::vector<Parameter>& parameters() const = 0;
  // Whether nobody waits any more. From any thread.
  virtual bool abandoned() const = 0;
  // Takes the rows, or none, on the lane's thread, once. Must not block or throw.
  virtual void Finish(End end, std::optional<Result> rows) = 0;
};

struct LaneOptions {
  std::string conninfo;                    // libpq's
  int count = 2;                           // how many lanes; 0: none
  int queue_limit = 1000;                  // reads that may wait at once
  std::chrono::milliseconds longest{100};  // a statement that runs longer is ended by PostgreSQL
};

// Counts since the start.
struct LaneCounts {
  int64_t answered = 0;
  int64_t unanswered = 0;
  int64_t round_trips = 0;
};

// Thread-safe.
class Lanes {
 public:
  // Starts the threads; they connect when there is something to do.
  explicit Lanes(LaneOptions options);
  // Finishes what waits without an answer, and joins the threads.
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  // Queues a read. Returns it when there are no lanes, or none that reaches PostgreSQL, or the queue is full; else null.
  std::unique_ptr<LaneRead> Submit(std::unique_ptr<LaneRead> read);

  // Closes the connections when they are free, for when statements that are prepared on them no longer fit the database.
  void Renew();

  LaneCounts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowan::pg
