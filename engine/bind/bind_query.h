// Binds read requests: request proto + catalog -> ir::Read + Arguments. Every mistake a client can make in a read is
// found here, before any SQL, and reported with its document-form path. Pure; thread-safe.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "engine/bind/bind_context.h"
#include "engine/ir/arguments.h"
#include "engine/ir/query.h"

namespace rowan::v1 {
class ExistsRequest;
class GetRequest;
class StreamRequest;
}  // namespace rowan::v1

namespace rowan {

struct BoundRead {
  ir::Read read;
  Arguments arguments;
  std::optional<ir::Expectation> expect;  // of a Get
};

// Lists that say nothing of a limit get limits.default_page. A lock is refused.
absl::StatusOr<BoundRead> BindGet(const v1::GetRequest& request, const BindContext& context);

// The same inside a transaction, for a request that has a lock.
absl::StatusOr<BoundRead> BindLockingGet(const v1::GetRequest& request, const BindContext& context);

// Lists that say nothing of a limit have none. With `page_rows` the read is of the stream's next so many records only.
absl::StatusOr<BoundRead> BindStream(const v1::StreamRequest& request, const BindContext& context,
                                     std::optional<int64_t> page_rows = std::nullopt);

struct BoundExists {
  ir::Exists exists;
  Arguments arguments;
  std::optional<bool> expect;
};

absl::StatusOr<BoundExists> BindExists(const v1::ExistsRequest& request, const BindContext& context);

}  // namespace rowan
