// The priority of threads that may take seconds of processor time, as for schemas of thousands of models.
#pragma once

namespace rowan {

// Lets all other threads of the machine go before the calling one, for good: it still runs, but no request waits for it. Does
// nothing where the system does not allow it.
void LetOthersFirst();

}  // namespace rowan
