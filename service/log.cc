#include "service/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rowan::service {
namespace {

constexpr size_t kLongestValue = 512;

spdlog::level::level_enum Level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

LogFormat& Format() {
  static LogFormat format = LogFormat::kText;
  return format;
}

// JSON's own escaping keeps line breaks and controls out of the line, whichever the format. For a terminal all but
// ASCII is escaped, since names are the clients' and some characters beyond it steer terminals too.
std::string Quoted(std::string_view text) {
  return nlohmann::json(text.substr(0, kLongestValue))
      .dump(-1, ' ', Format() == LogFormat::kText, nlohmann::json::error_handler_t::replace);
}

// Whether a value needs no quotes in a text line.
bool IsBare(std::string_view text) {
  return !text.empty() && text.size() <= kLongestValue &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

}  // namespace

void StartLog(LogFormat format, LogLevel least) {
  Format() = format;
  auto logger = std::make_shared<spdlog::logger>("rowand", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_level(Level(least));
  // A JSON line begins with its own time and level.
  logger->set_pattern(
      format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})" : "%H:%M:%S.%e %^%-7l%$ %v",
      format == LogFormat::kJson ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void Log(LogLevel level, std::string_view event, const std::vector<LogField>& fields) {
  std::string line;
  if (Format() == LogFormat::kJson) {
    line = "\"event\":" + Quoted(event);
    for (const auto& [name, value] : fields) line += "," + Quoted(name) + ":" + Quoted(value);
  } else {
    // An event is a sentence, and shown as one unless a driver put line breaks or worse into it.
    const bool plain = event.size() <= kLongestValue &&
                       std::all_of(event.begin(), event.end(), [](char c) { return c >= ' ' && c < 0x7f; });
    line = plain ? std::string(event) : Quoted(event);
    for (const auto& [name, value] : fields)
      line += " " + std::string(name) + "=" + (IsBare(value) ? value : Quoted(value));
  }
  spdlog::default_logger_raw()->log(Level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace rowan::service
