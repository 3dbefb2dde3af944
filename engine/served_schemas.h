// The schemas that are served: the current version of each, and earlier ones that requests pin.
//
//   "blog"                    the current version
//   "blog@0f3a5c7e9b1d2f40"   that version, as long as the database still has all that it needs
//
// A request takes one version when it begins and keeps it to its end, whatever is applied meanwhile. Thread-safe; reading
// waits for nobody, but for an earlier version's first request, which is looked up in the registry.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/base/limits.h"
#include "engine/served_schema.h"
#include "engine/store/schema_store.h"

namespace rowan {

class ServedSchemas {
 public:
  using Log = std::function<void(const std::string& message)>;

  // All that it is given outlives it.
  ServedSchemas(const store::SchemaStore& store, const Limits& limits, PlanCacheCounters& counters, Log log)
      : store_(store), limits_(limits), counters_(counters), log_(std::move(log)) {}

  // Takes all registered schemas into service whose version is another one than the one that is served, and those out of
  // service that are no longer registered. One that does not compile is logged, and stays as it is. Errors: those of
  // SchemaStore::Load.
  absl::Status Refresh();

  // Takes a version that was applied just now into service. `canonical` has its apply_time.
  void Serve(std::shared_ptr<const Catalog> catalog, const v1::Schema& canonical);

  // Counts the refreshes that changed something or could have. For RefreshOnce.
  int64_t refreshes() const { return refreshes_; }

  // Refreshes unless somebody did since `seen` refreshes were counted, so that many requests that fail at once ask the
  // registry once.
  absl::Status RefreshOnce(int64_t seen);

  // Returns the version that a request names. Errors, with path `schema`: MissingArgument, UnknownSchema, UnknownVersion,
  // VersionIncompatible, and those of the database when an earlier version is looked up.
  absl::StatusOr<std::shared_ptr<ServedSchema>> Find(std::string_view name) const;

  // Returns the current versions by name.
  std::vector<std::shared_ptr<ServedSchema>> Current() const;

 private:
  using ByName = std::map<std::string, std::shared_ptr<ServedSchema>, std::less<>>;
  // Earlier versions of the schemas that are current, by "name@version"; an error says why one is not served.
  using Earlier = std::map<std::string, absl::StatusOr<std::shared_ptr<ServedSchema>>, std::less<>>;

  absl::StatusOr<std::shared_ptr<ServedSchema>> FindEarlier(const ServedSchema& current, std::string_view name,
                                                            std::string_view version) const;
  absl::StatusOr<std::shared_ptr<ServedSchema>> LoadEarlier(const ServedSchema& current, const std::string& name,
                                                            const std::string& version) const;

  const store::SchemaStore& store_;
  const Limits& limits_;
  PlanCacheCounters& counters_;
  const Log log_;
  absl::Status RefreshLocked();
  void Replace(std::shared_ptr<const ByName> schemas);

  std::mutex refresh_;  // held while versions are taken into service
  std::atomic<int64_t> refreshes_ = 0;
  // Never changed, only replaced as a whole, so that requests read it without waiting.
  std::atomic<std::shared_ptr<const ByName>> current_{std::make_shared<const ByName>()};
  mutable std::mutex earlier_mutex_;
  mutable Earlier earlier_;
};

}  // namespace rowan
