#include "engine/exec/retry_pause.h"

#include <algorithm>
#include <random>
#include <thread>

namespace rowan::exec {

bool PauseBeforeRetry(int attempt, const Call& call) {
  std::minstd_rand random(std::random_device{}());
  const auto longest = std::chrono::milliseconds(5 << std::min(attempt, 6));
  const auto pause = std::chrono::microseconds(
      std::uniform_int_distribution<int64_t>(1000, std::chrono::microseconds(longest).count())(random));
  if (call.cancellation->cancelled() || Clock::now() + pause >= call.deadline) return false;
  std::this_thread::sleep_for(pause);
  return true;
}

}  // namespace rowan::exec
