// Binds read requests: request proto + catalog -> ir::Read + Arguments. Every mistake a client can make in a read is
// found here, before any SQL, and reported with its document-form path. Pure; thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "engine/base/limits.h"
#include "engine/catalog/catalog.h"
#include "engine/ir/arguments.h"
#include "engine/ir/query.h"

namespace rowan::v1 {
class GetRequest;
class StreamRequest;
}  // namespace rowan::v1

namespace rowan {

struct BoundRead {
  ir::Read read;
  Arguments arguments;
};

// Lists that say nothing of a limit get limits.default_page.
absl::StatusOr<BoundRead> BindGet(const v1::GetRequest& request, const Catalog& catalog, const Limits& limits);

// Lists that say nothing of a limit have none.
absl::StatusOr<BoundRead> BindStream(const v1::StreamRequest& request, const Catalog& catalog, const Limits& limits);

}  // namespace rowan
