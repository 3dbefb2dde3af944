#include "clients/cli/output_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"

namespace rowan::cli {
namespace {

int TellUnwritable(const std::string& path, int error, Console& console) {
  return Tell(console,
              {.message = absl::StrCat("cannot write ", path, ": ", std::strerror(error)), .exit_code = kExitOutput});
}

// Returns 0, or the system's number of the error. `mode` is that of fopen.
int Write(const std::string& path, const char* mode, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), mode);
  if (file == nullptr) return errno;
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int error = errno;
  const bool closed = std::fclose(file) == 0;
  if (written && closed) return 0;
  return !written && error != 0 ? error : EIO;
}

}  // namespace

int WriteOutput(const Options& options, const std::string& text, Console& console) {
  if (options.output.empty()) {
    console.out << text;
    return Flush(console);
  }
  if (options.schemas.yes) return ReplaceFile(options.output, text, console);
  const int error = Write(options.output, "wx", text);
  if (error == 0) return kExitSuccess;
  if (error != EEXIST) return TellUnwritable(options.output, error, console);
  return Tell(console, {.message = absl::StrCat(options.output, " is there already, and was not written over"),
                        .hint = "give --yes to write over it"});
}

int ReplaceFile(const std::string& path, const std::string& text, Console& console) {
  const std::string beside = path + ".new";
  int error = Write(beside, "w", text);
  if (error == 0 && std::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return kExitSuccess;
  std::remove(beside.c_str());
  return TellUnwritable(path, error, console);
}

}  // namespace rowan::cli
