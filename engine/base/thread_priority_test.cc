#include "engine/base/thread_priority.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

namespace rowan {
namespace {

int Niceness() {
  return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
}

TEST(ThreadPriorityTest, IsOfOneThreadOnly) {
  const int before = Niceness();
  int lowered = before;
  std::thread([&] {
    LetOthersFirst();
    lowered = Niceness();
  }).join();
  EXPECT_EQ(lowered, 10);
  EXPECT_EQ(Niceness(), before);
}

}  // namespace
}  // namespace rowan
