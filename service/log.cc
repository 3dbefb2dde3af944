#include "service/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

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

// JSON's own escaping keeps line breaks and controls out of the line, whichever the format.
std::string Quoted(std::string_view text) {
  return nlohmann::json(text.substr(0, kLongestValue)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void StartLog(LogFormat format, LogLevel least) {
  Format() = format;
  auto logger = spdlog::stderr_color_mt("rowand");
  logger->set_level(Level(least));
  // A JSON line begins with its own time and level.
  logger->set_pattern(format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})" : "%H:%M:%S.%e %^%-7l%$ %v",
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
    line = event;
    for (const auto& [name, value] : fields) {
      const bool bare = !value.empty() && value.find_first_of(" \"\\\n\r\t") == std::string::npos;
      line += " " + std::string(name) + "=" + (bare ? value.substr(0, kLongestValue) : Quoted(value));
    }
  }
  spdlog::default_logger_raw()->log(Level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace rowan::service
