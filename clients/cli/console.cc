#include "clients/cli/console.h"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <istream>
#include <mutex>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rowan::cli {

int Flush(Console& console) {
  // A stream that failed already has left its cause in errno.
  if (console.out.good()) {
    errno = 0;
    console.out.flush();
  }
  const int cause = errno;
  if (console.out.good() || cause == EPIPE) return kExitSuccess;
  console.err << "rowan: cannot write the output" << (cause == 0 ? "" : absl::StrCat(": ", std::strerror(cause)))
              << "\n";
  return kExitOutput;
}

bool Confirm(Console& console, std::string_view question) {
  console.err << question << std::flush;
  std::string answer;
  std::getline(console.in, answer);
  answer = absl::AsciiStrToLower(std::string(absl::StripAsciiWhitespace(answer)));
  return answer == "y" || answer == "yes";
}

bool Pause(Console& console, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable wake;
  bool stop = false;
  const Cancellation::Registration interrupt(console.interrupt, [&] {
    const std::lock_guard lock(mutex);
    stop = true;
    wake.notify_all();
  });
  std::unique_lock lock(mutex);
  return !wake.wait_for(lock, time, [&] { return stop; });
}

std::string Printable(std::string_view text, bool lines) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = text[i];
    if (c == '\n' && lines) {
      out += '\n';
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20 || c == 0x7F) {
      absl::StrAppendFormat(&out, "\\x%02x", c);
    } else if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      // C1 controls, which some terminals obey, take two bytes in UTF-8.
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(text[++i]));
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

std::string Bold(std::string_view text, bool wanted) {
  return wanted ? absl::StrCat("\x1b[1m", std::string(text), "\x1b[0m") : std::string(text);
}

}  // namespace rowan::cli
