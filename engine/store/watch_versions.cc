#include "engine/store/watch_versions.h"

#include <algorithm>
#include <optional>
#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/thread_priority.h"
#include "engine/store/registry.h"

namespace rowan::store {
namespace {

// How long the end of the watcher may take.
constexpr std::chrono::milliseconds kSlice{100};
constexpr std::chrono::milliseconds kLongestPause{5000};

// All current versions as one text.
std::string Versions(pqxx::connection& connection) {
  pqxx::nontransaction transaction(connection);
  const pqxx::result result = transaction.exec_params(
      R"sql(SELECT coalesce(string_agg("name" || '@' || "version", ',' ORDER BY "name"), '') FROM "rowan"."schemas")sql");
  return result[0][0].as<std::string>();
}

class Listener : public pqxx::notification_receiver {
 public:
  Listener(pqxx::connection& connection, bool& told) : pqxx::notification_receiver(connection, kSchemasChannel), told_(told) {}
  void operator()(const std::string&, int) override { told_ = true; }

 private:
  bool& told_;
};

}  // namespace

VersionWatcher::VersionWatcher(StoreOptions options, std::chrono::milliseconds interval, std::function<void()> begun,
                               std::function<void()> changed)
    : options_(std::move(options)),
      interval_(interval),
      begun_(std::move(begun)),
      changed_(std::move(changed)),
      thread_([this] { Run(); }) {}

VersionWatcher::~VersionWatcher() {
  ended_ = true;
  thread_.join();
}

bool VersionWatcher::Pause(std::chrono::milliseconds time) const {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!ended_ && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::min(time, kSlice));
  return !ended_;
}

void VersionWatcher::Run() {
  LetOthersFirst();
  begun_();
  std::string seen;
  std::chrono::milliseconds pause = interval_;
  while (!ended_) {
    const auto begun = std::chrono::steady_clock::now();
    try {
      Watch(seen);
    } catch (const std::exception& error) {
      if (ended_) return;
      const std::string what = error.what();
      if (options_.log) options_.log(absl::StrCat("watching versions: ", what.substr(0, what.find('\n'))));
    }
    if (std::chrono::steady_clock::now() - begun > kLongestPause) pause = interval_;
    if (!Pause(pause)) return;
    pause = std::min(2 * pause, kLongestPause);
  }
}

void VersionWatcher::Watch(std::string& seen) {
  pqxx::connection connection(options_.conninfo);
  bool told = false;
  // Where sessions are not kept, nobody tells, and asking has to do.
  std::optional<Listener> listener;
  try {
    listener.emplace(connection, told);
  } catch (const pqxx::sql_error&) {
  }
  while (!ended_) {
    const std::string versions = Versions(connection);
    if (versions != seen) {
      changed_();
      seen = versions;
    }
    told = false;
    const auto until = std::chrono::steady_clock::now() + interval_;
    while (!ended_ && !told && std::chrono::steady_clock::now() < until) {
      const auto slice = std::min(kSlice, interval_);
      connection.await_notification(0, static_cast<long>(std::chrono::microseconds(slice).count()));
    }
  }
}

}  // namespace rowan::store
