#include "engine/bind/bind_query.h"

#include <utility>

#include "engine/base/status_macros.h"
#include "engine/bind/binder.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

// GetRequest and StreamRequest have the same parts.
template <typename Request>
absl::StatusOr<BoundRead> BindRead(const Request& request, const Catalog& catalog, const Limits& limits,
                                   std::optional<int64_t> default_limit, std::optional<int64_t> largest_root) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindModel(catalog, request.model()));
  BoundRead bound;
  QueryBinder binder(limits, default_limit, largest_root, bound.read.slots, bound.arguments);
  ROWAN_ASSIGN_OR_RETURN(bound.read.selection, binder.BindSelection(*model, request.select(), Path("select")));
  ROWAN_ASSIGN_OR_RETURN(bound.read.where,
                         binder.BindWhere(*model, request.has_where() ? &request.where() : nullptr, Path("where")));
  ROWAN_ASSIGN_OR_RETURN(bound.read.order, binder.BindOrder(*model, request.order_by(), Path("order_by")));
  ROWAN_ASSIGN_OR_RETURN(bound.read.window, binder.BindRootWindow(request.has_page() ? &request.page() : nullptr));
  return bound;
}

}  // namespace

absl::StatusOr<BoundRead> BindGet(const v1::GetRequest& request, const Catalog& catalog, const Limits& limits) {
  return BindRead(request, catalog, limits, limits.default_page, limits.root_page);
}

absl::StatusOr<BoundRead> BindStream(const v1::StreamRequest& request, const Catalog& catalog, const Limits& limits) {
  return BindRead(request, catalog, limits, std::nullopt, std::nullopt);
}

}  // namespace rowan
