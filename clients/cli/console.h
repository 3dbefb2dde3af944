// What a command talks to: its input, its output, the person or program on the other side, and the wish to stop.
#pragma once

#include <chrono>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/call.h"

namespace rowan::cli {

// The exit codes of all commands. A call that ended with a gRPC status other than OK gives kExitStatus plus its number.
inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailedCheck = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDiffers = 2;  // of schema diff --exit-code
inline constexpr int kExitOutput = 3;
inline constexpr int kExitStatus = 64;

// Data goes to `out`, progress and errors to `err`. The streams outlive the console. Used by one thread, but for
// `interrupt`.
struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color = false;  // may be used where a stream is a terminal
  // How often a stream tells its progress; unset: 10 s, and five times a second on a terminal.
  std::chrono::milliseconds progress_interval{0};
  // How long a lost stream waits before it goes on; twice as long after each failure in a row.
  std::chrono::milliseconds resume_wait{200};
  // Cancelled when the person presses Ctrl-C: the running call is cancelled.
  std::shared_ptr<Cancellation> interrupt = std::make_shared<Cancellation>();
};

// Flushes `out`. Returns kExitSuccess when all was written, or when the reader has closed the pipe, which is its right;
// otherwise says what went wrong and returns kExitOutput.
int Flush(Console& console);

// Asks a question on `err`, and reads a line of `in`. True for "y" and "yes", in any case of letters.
bool Confirm(Console& console, std::string_view question);

// Waits. False when an interrupt came meanwhile, or before.
bool Pause(Console& console, std::chrono::milliseconds time);

// Returns a text with control characters escaped, so that it cannot take over a terminal. Line breaks are
// kept when `lines` is set.
std::string Printable(std::string_view text, bool lines = false);

// Returns a text in bold, or as it is where colour is unwelcome.
std::string Bold(std::string_view text, bool wanted);

}  // namespace rowan::cli
