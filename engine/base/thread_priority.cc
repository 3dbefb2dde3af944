#include "engine/base/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace rowan {

void LetOthersFirst() {
  constexpr int kNice = 10;
  // On Linux each thread has a priority of its own.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
}

}  // namespace rowan
