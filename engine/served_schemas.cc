#include "engine/served_schemas.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/path.h"
#include "engine/base/status_macros.h"
#include "engine/store/incompatibility.h"
#include "rowan/v1/schema.pb.h"

namespace rowan {
namespace {

// How many earlier versions are kept at once, those that are refused included.
constexpr size_t kMostEarlier = 256;

void SetTime(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const int64_t microseconds = absl::ToUnixMicros(time);
  timestamp.set_seconds(microseconds / 1'000'000);
  timestamp.set_nanos(static_cast<int32_t>(microseconds % 1'000'000 * 1000));
}

}  // namespace

absl::Status ServedSchemas::Refresh() {
  std::lock_guard lock(refresh_);
  return RefreshLocked();
}

absl::Status ServedSchemas::RefreshOnce(int64_t seen) {
  std::lock_guard lock(refresh_);
  return refreshes_ > seen ? absl::OkStatus() : RefreshLocked();
}

absl::Status ServedSchemas::RefreshLocked() {
  const std::shared_ptr<const ByName> before = current_.load();
  auto schemas = std::make_shared<ByName>();
  ROWAN_ASSIGN_OR_RETURN(std::vector<store::StoredSchema> stored,
                         store_.Load([&](const std::string& name, const std::string& version) {
                           const auto served = before->find(name);
                           if (served != before->end()) schemas->insert(*served);
                           return served == before->end() || served->second->catalog->version != version;
                         }));
  for (store::StoredSchema& schema : stored) {
    if (!schema.compiled.ok()) {
      log_(absl::StrCat("schema ", schema.name, " is not served at version ", schema.version, ": ",
                        std::string(schema.compiled.status().message())));
      continue;
    }
    SetTime(schema.apply_time, *schema.compiled->canonical.mutable_apply_time());
    (*schemas)[schema.name] = std::make_shared<ServedSchema>(std::move(schema.compiled->catalog),
                                                             schema.compiled->canonical, limits_, counters_);
  }
  Replace(std::move(schemas));
  return absl::OkStatus();
}

void ServedSchemas::Serve(std::shared_ptr<const Catalog> catalog, const v1::Schema& canonical) {
  std::lock_guard lock(refresh_);
  auto schemas = std::make_shared<ByName>(*current_.load());
  (*schemas)[canonical.name()] = std::make_shared<ServedSchema>(std::move(catalog), canonical, limits_, counters_);
  Replace(std::move(schemas));
}

void ServedSchemas::Replace(std::shared_ptr<const ByName> schemas) {
  current_.store(std::move(schemas));
  ++refreshes_;
  std::lock_guard lock(earlier_mutex_);
  earlier_.clear();
}

absl::StatusOr<std::shared_ptr<ServedSchema>> ServedSchemas::Find(std::string_view named) const {
  if (named.empty()) return errors::MissingArgument(Path("schema"), "the name of a registered schema");
  const size_t at = named.find('@');
  const std::string_view name = named.substr(0, at);
  const std::shared_ptr<const ByName> schemas = current_.load();
  const auto found = schemas->find(name);
  if (found == schemas->end()) {
    errors::Names names;
    for (const auto& [existing, schema] : *schemas) names.push_back(existing);
    return errors::UnknownSchema(name, names);
  }
  if (at == std::string_view::npos) return found->second;
  const std::string_view version = named.substr(at + 1);
  if (version == found->second->catalog->version) return found->second;
  return FindEarlier(*found->second, name, version);
}

absl::StatusOr<std::shared_ptr<ServedSchema>> ServedSchemas::FindEarlier(const ServedSchema& current,
                                                                         std::string_view name,
                                                                         std::string_view version) const {
  const bool is_version = version.size() == 16 && std::all_of(version.begin(), version.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (!is_version) return errors::UnknownVersion("schema", name, version);
  // Held while the registry is asked, so that many requests for one version ask once.
  std::lock_guard lock(earlier_mutex_);
  const std::string key = absl::StrCat(std::string(name), "@", std::string(version));
  if (const auto known = earlier_.find(key); known != earlier_.end()) return known->second;
  absl::StatusOr<std::shared_ptr<ServedSchema>> loaded = LoadEarlier(current, std::string(name), std::string(version));
  const bool answered = loaded.ok() || absl::IsNotFound(loaded.status()) || absl::IsFailedPrecondition(loaded.status());
  if (!answered) return loaded;  // the database may answer another time
  if (earlier_.size() >= kMostEarlier) earlier_.clear();
  return earlier_.emplace(key, std::move(loaded)).first->second;
}

absl::StatusOr<std::shared_ptr<ServedSchema>> ServedSchemas::LoadEarlier(const ServedSchema& current,
                                                                         const std::string& name,
                                                                         const std::string& version) const {
  ROWAN_ASSIGN_OR_RETURN(store::StoredSchema stored, store_.LoadVersion(name, version, "schema"));
  ROWAN_RETURN_IF_ERROR(stored.compiled.status());
  const auto incompatible = store::FindIncompatibility(*stored.compiled->catalog, *current.catalog);
  if (incompatible.has_value()) {
    return errors::VersionIncompatible(name, version, current.catalog->version, incompatible->path, incompatible->object);
  }
  SetTime(stored.apply_time, *stored.compiled->canonical.mutable_apply_time());
  return std::make_shared<ServedSchema>(std::move(stored.compiled->catalog), stored.compiled->canonical, limits_, counters_);
}

std::vector<std::shared_ptr<ServedSchema>> ServedSchemas::Current() const {
  const std::shared_ptr<const ByName> schemas = current_.load();
  std::vector<std::shared_ptr<ServedSchema>> current;
  for (const auto& [name, schema] : *schemas) current.push_back(schema);
  return current;
}

}  // namespace rowan
