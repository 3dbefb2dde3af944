#include "clients/cli/progress.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace rowan::cli {
namespace {

std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, 1, ',');
  return digits;
}

std::chrono::milliseconds IntervalOf(const Console& console) {
  if (console.progress_interval.count() > 0) return console.progress_interval;
  return console.err_is_terminal ? std::chrono::milliseconds(200) : std::chrono::seconds(10);
}

}  // namespace

std::string ProgressText(int64_t rows, std::chrono::milliseconds elapsed) {
  const int64_t rate = rows * 1000 / std::max<int64_t>(1, elapsed.count());
  const absl::Duration time = absl::Milliseconds(elapsed.count());
  const absl::Duration shown = absl::Trunc(time, time < absl::Seconds(10) ? absl::Milliseconds(100) : absl::Seconds(1));
  return absl::StrCat(Grouped(rows), rows == 1 ? " row, " : " rows, ", Grouped(rate), " rows/s, ",
                      shown == absl::ZeroDuration() ? "0s" : absl::FormatDuration(shown));
}

Progress::Progress(Console& console, bool shown)
    // Rows on the same terminal would run into a line that is written over.
    : console_(console), rewrite_(console.err_is_terminal), interval_(IntervalOf(console)) {
  if (shown && !(console.err_is_terminal && console.out_is_terminal)) thread_ = std::thread([this] { Run(); });
}

Progress::~Progress() {
  Stop();
}

void Progress::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string Progress::Text() const {
  return ProgressText(rows_,
                      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_));
}

void Progress::Run() {
  bool dirty = false;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval_, [this] { return stopped_; })) {
    console_.err << (rewrite_ ? "\r\x1b[K" : "rowan: ") << Text() << (rewrite_ ? "" : "\n") << std::flush;
    dirty = rewrite_;
  }
  if (dirty) console_.err << "\r\x1b[K" << std::flush;
}

}  // namespace rowan::cli
