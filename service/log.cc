#include "service/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

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

// Lines for stderr, many in a write.
class GatheringSink : public spdlog::sinks::base_sink<std::mutex> {
 private:
  static constexpr size_t kMostBytes = 1 << 16;

  void sink_it_(const spdlog::details::log_msg& message) override {
    formatter_->format(message, lines_);
    if (lines_.size() >= kMostBytes) flush_();
  }
  void flush_() override {
    std::fwrite(lines_.data(), 1, lines_.size(), stderr);
    std::fflush(stderr);
    lines_.clear();
  }

  spdlog::memory_buf_t lines_;
};

// Flushes what was logged a moment ago. Writing each line would cost as much as answering a small read.
class Flusher {
 public:
  explicit Flusher(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)), thread_([this] { Run(); }) {}
  ~Flusher() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
    logger_->flush();
  }

  void Wake() {
    if (logged_.exchange(true)) return;
    // The lock keeps the thread from going to sleep right after it looked.
    std::lock_guard lock(mutex_);
    wake_.notify_one();
  }

 private:
  static constexpr std::chrono::milliseconds kDelay{20};

  void Run() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      wake_.wait(lock, [this] { return ending_ || logged_; });
      wake_.wait_for(lock, kDelay, [this] { return ending_; });
      logged_ = false;
      logger_->flush();
    }
  }

  const std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> logged_ = false;
  bool ending_ = false;
  std::thread thread_;
};

std::unique_ptr<Flusher>& CurrentFlusher() {
  static std::unique_ptr<Flusher> flusher;
  return flusher;
}

bool IsPlain(char c) {
  return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

// JSON's own escaping keeps line breaks and controls out of the line, whichever the format. For a terminal all but
// ASCII is escaped, since names are the clients' and some characters beyond it steer terminals too.
void AppendQuoted(std::string_view text, std::string& line) {
  if (text.size() <= kLongestValue && std::all_of(text.begin(), text.end(), IsPlain)) {
    line += '"';
    line += text;
    line += '"';
    return;
  }
  line += nlohmann::json(text.substr(0, kLongestValue))
              .dump(-1, ' ', Format() == LogFormat::kText, nlohmann::json::error_handler_t::replace);
}

// Whether a value needs no quotes in a text line.
bool IsBare(std::string_view text) {
  return !text.empty() && text.size() <= kLongestValue &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsPlain(c) && c != ' '; });
}

}  // namespace

void StartLog(LogFormat format, LogLevel least) {
  Format() = format;
  const bool json = format == LogFormat::kJson;
  spdlog::sink_ptr sink;
  if (json) {
    sink = std::make_shared<GatheringSink>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  }
  auto logger = std::make_shared<spdlog::logger>("rowand", std::move(sink));
  logger->set_level(Level(least));
  // A JSON line begins with its own time and level.
  logger->set_pattern(
      json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})" : "%H:%M:%S.%e %^%-7l%$ %v",
      json ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local);
  logger->flush_on(spdlog::level::warn);
  CurrentFlusher() = json ? std::make_unique<Flusher>(logger) : nullptr;
  spdlog::set_default_logger(std::move(logger));
}

void Log(LogLevel level, std::string_view event, absl::Span<const LogField> fields) {
  if (!spdlog::default_logger_raw()->should_log(Level(level))) return;
  thread_local std::string line;
  line.clear();
  if (Format() == LogFormat::kJson) {
    line += "\"event\":";
    AppendQuoted(event, line);
    for (const auto& [name, value] : fields) {
      line += ',';
      AppendQuoted(name, line);
      line += ':';
      AppendQuoted(value, line);
    }
  } else {
    // An event is a sentence, and shown as one unless a driver put line breaks or worse into it.
    const bool plain = event.size() <= kLongestValue &&
                       std::all_of(event.begin(), event.end(), [](char c) { return c >= ' ' && c < 0x7f; });
    if (plain) {
      line += event;
    } else {
      AppendQuoted(event, line);
    }
    for (const auto& [name, value] : fields) {
      line += ' ';
      line += name;
      line += '=';
      if (IsBare(value)) {
        line += value;
      } else {
        AppendQuoted(value, line);
      }
    }
  }
  spdlog::default_logger_raw()->log(Level(level), spdlog::string_view_t(line.data(), line.size()));
  if (CurrentFlusher() != nullptr) CurrentFlusher()->Wake();
}

}  // namespace rowan::service
