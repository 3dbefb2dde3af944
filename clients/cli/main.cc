// The process around the `rowan` program: standard streams, terminals and signals.
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "clients/cli/run.h"

namespace {

// How long a cancelled command may take to come to its end, for example because it reads from a terminal.
constexpr timespec kGrace = {.tv_sec = 3, .tv_nsec = 0};

// Cancels on the first SIGINT or SIGTERM; a second one, or a command that does not end, ends the process. Signals are
// blocked in all threads, so that only this one sees them.
void WatchSignals(const sigset_t& signals, const std::shared_ptr<rowan::Cancellation>& interrupt) {
  int signal = 0;
  sigwait(&signals, &signal);
  interrupt->Cancel();
  sigtimedwait(&signals, nullptr, &kGrace);
  _exit(128 + signal);
}

bool WantsColor() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') && (term == nullptr || std::string(term) != "dumb");
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe shows as a failed write
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::ios::sync_with_stdio(false);

  rowan::cli::Console console{std::cin, std::cout, std::cerr};
  console.in_is_terminal = isatty(STDIN_FILENO) != 0;
  console.out_is_terminal = isatty(STDOUT_FILENO) != 0;
  console.err_is_terminal = isatty(STDERR_FILENO) != 0;
  console.color = WantsColor();
  // Waits for a signal for as long as the process lives, and ends with it.
  std::thread([signals, interrupt = console.interrupt] { WatchSignals(signals, interrupt); }).detach();

  const int code = rowan::cli::Run(std::vector<std::string>(argv + 1, argv + argc), console);
  std::cout.flush();
  std::cerr.flush();
  return code;
}
