// The server's log: one line per event on stderr, JSON when nobody watches. Never a parameter's value, never a secret.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/types/span.h"

namespace rowan::service {

enum class LogFormat { kText, kJson };
enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Sets the process's log up; call before threads start. A later call replaces the earlier one.
void StartLog(LogFormat format, LogLevel least);

// A named part of a line. Values are made valid UTF-8, cut to 512 bytes and quoted where they hold more than printable
// ASCII.
using LogField = std::pair<std::string_view, std::string_view>;

// Writes a line. Thread-safe. JSON lines that are no warnings reach stderr within a fiftieth of a second, and at the end of the
// process, so that busy servers write many at a time.
void Log(LogLevel level, std::string_view event, absl::Span<const LogField> fields = {});

}  // namespace rowan::service
