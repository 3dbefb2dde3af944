// Connections that quick statements of many callers share: what waits when a lane becomes free goes to PostgreSQL together, in
// one round trip, each statement for itself.
//
//   callers   Submit(a) Submit(b) Submit(c) …        one queue
//   lane 1    [a]        -> Finish(a)  [d e f] -> …  a thread and a connection each
//   lane 2        [b c]  -> Finish(b), Finish(c)
//
// A lane only ever answers with rows. A statement that fails, that runs longer than a lane lends itself, or whose connection
// breaks finishes without an answer: its caller runs it on a connection of its own. So errors, time-outs and cancellation
// of one statement never reach another. Reads go together in one transaction, and those behind one that failed do not run.
// Writes have a transaction each, and one whose connection broke after it was sent must not be run again.
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

// One statement on its way. Owned by the lanes from Submit on.
class LaneStatement {
 public:
  enum class End {
    kAnswered,
    kFailed,  // PostgreSQL refused it or it took too long
    kNotRun,  // it is not known to be at fault: its connection broke, or another read that went with it failed
    kUnknown  // a write that was sent, and nobody knows whether it was committed
  };

  virtual ~LaneStatement() = default;
  // A statement that changes nothing unless the lanes are for writes. It and what its parameters refer to stay until Finish.
  virtual const Statement& statement() const = 0;
  virtual std::vector<Parameter> parameters() const = 0;
  // Whether nobody waits any more. From any thread.
  virtual bool abandoned() const = 0;
  // Takes the rows, or none, on the lane's thread, once. Must not block or throw.
  virtual void Finish(End end, std::optional<Result> rows) = 0;
};

struct LaneOptions {
  std::string conninfo;                    // libpq's
  int count = 2;                           // how many lanes; 0: none
  bool writes = false;                     // each statement is a transaction of its own, and may write
  int queue_limit = 1000;                  // statements that may wait at once
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

  // Queues a statement. Returns it when there are no lanes, or none that reaches PostgreSQL, or the queue is full; else null.
  std::unique_ptr<LaneStatement> Submit(std::unique_ptr<LaneStatement> statement);

  // Closes the connections when they are free, for when statements that are prepared on them no longer fit the database.
  void Renew();

  LaneCounts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowan::pg
