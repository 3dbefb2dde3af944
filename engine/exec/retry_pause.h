// The wait before what collided with other transactions is tried again. Private to engine/exec.
#pragma once

#include "engine/base/call.h"

namespace rowan::exec {

// Waits a little, longer after each attempt (from 1) and never the same for two, so that those who collided do not
// collide again. Returns false at once when the call is over, or would be by then.
bool PauseBeforeRetry(int attempt, const Call& call);

}  // namespace rowan::exec
