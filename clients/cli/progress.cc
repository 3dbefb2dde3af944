#include "clients/cli/progress.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace rowan::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr std::string_view kWipe = "\r\x1b[K";

std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, 1, ',');
  return digits;
}

std::string SizeText(int64_t bytes) {
  if (bytes < 1000) return absl::StrCat(bytes, " B");
  double size = static_cast<double>(bytes) / 1000;
  const char* unit = "kB";
  for (const char* larger : {"MB", "GB", "TB"}) {
    if (size < 999.95) break;
    size /= 1000;
    unit = larger;
  }
  return absl::StrFormat("%.1f %s", size, unit);
}

std::chrono::milliseconds IntervalOf(const Console& console) {
  if (console.progress_interval.count() > 0) return console.progress_interval;
  return console.err_is_terminal ? std::chrono::milliseconds(200) : std::chrono::seconds(10);
}

}  // namespace

std::string ProgressText(const Advance& advance) {
  // Not in whole numbers: a thousand times the rows might not fit.
  const auto rate = static_cast<int64_t>(static_cast<double>(advance.rows) * 1000 /
                                         static_cast<double>(std::max<int64_t>(1, advance.elapsed.count())));
  const absl::Duration time = absl::Milliseconds(advance.elapsed.count());
  const absl::Duration shown = absl::Trunc(time, time < absl::Seconds(10) ? absl::Milliseconds(100) : absl::Seconds(1));
  return absl::StrCat(Grouped(advance.rows), advance.rows == 1 ? " row, " : " rows, ", Grouped(rate), " rows/s, ",
                      SizeText(advance.bytes), ", ",
                      shown == absl::ZeroDuration() ? "0s" : absl::FormatDuration(shown));
}

std::string ProgressShare(int64_t come, int64_t expected, bool bar) {
  const double share = expected <= 0 ? 1 : std::min(1.0, static_cast<double>(come) / static_cast<double>(expected));
  const std::string percent = absl::StrFormat("%3d%%", static_cast<int>(share * 100));
  if (!bar) return percent;
  const int filled = static_cast<int>(share * kBarWidth);
  std::string line(filled, '#');
  if (filled < kBarWidth) line += '>';
  line.resize(kBarWidth, ' ');
  return absl::StrCat("[", line, "] ", percent);
}

Progress::Progress(Console& console, bool shown, std::optional<int64_t> expected,
                   std::optional<int64_t> expected_bytes)
    : console_(console),
      shown_(shown),
      rewrite_(console.err_is_terminal),
      expected_(expected),
      expected_bytes_(expected_bytes),
      interval_(IntervalOf(console)) {
  // Rows on the same terminal would run into a line that is written over.
  if (shown && !(console.err_is_terminal && console.out_is_terminal)) thread_ = std::thread([this] { Run(); });
}

Progress::~Progress() {
  Stop();
}

void Progress::Note(std::string_view line) {
  if (!shown_) return;
  const std::lock_guard lock(mutex_);
  Wipe();
  console_.err << "rowan: " << line << "\n" << std::flush;
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
  const auto elapsed = std::chrono::steady_clock::now() - start_;
  return ProgressText({rows_, bytes_, std::chrono::duration_cast<std::chrono::milliseconds>(elapsed)});
}

void Progress::Wipe() {
  if (dirty_) console_.err << kWipe;
  dirty_ = false;
}

void Progress::Run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval_, [this] { return stopped_; })) {
    std::string share;
    if (expected_) share = ProgressShare(rows_, *expected_, rewrite_);
    if (!expected_ && expected_bytes_) share = ProgressShare(bytes_, *expected_bytes_, rewrite_);
    if (!share.empty()) share += rewrite_ ? "  " : ", ";
    console_.err << (rewrite_ ? kWipe : "rowan: ") << share << Text() << (rewrite_ ? "" : "\n") << std::flush;
    dirty_ = rewrite_;
  }
  Wipe();
  console_.err << std::flush;
}

}  // namespace rowan::cli
