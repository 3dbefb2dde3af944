#include "engine/bind/bind_query.h"

#include <algorithm>
#include <utility>

#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/bind/bind_expectation.h"
#include "engine/bind/binder.h"
#include "engine/types/codec.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

// Up to these limits they are a part of the form: any that a Get may have while it is small, and a few of streams, whose limits
// change from page to page.
constexpr int64_t kLargestOfGet = 200;
constexpr int64_t kLargestOfStream = 8;

ir::Strategy StrategyOf(v1::Strategy strategy) {
  switch (strategy) {
    case v1::STRATEGY_NESTED:
      return ir::Strategy::kNested;
    case v1::STRATEGY_BY_LEVEL:
      return ir::Strategy::kByLevel;
    case v1::STRATEGY_TAGGED:
      return ir::Strategy::kTagged;
    default:
      return ir::Strategy::kAny;
  }
}

// Whether the predicate holds for rows with one value of the field only.
bool Fixes(const ir::Predicate& predicate, const Field* field) {
  if (const auto* all = std::get_if<ir::AllOf>(&predicate.node)) {
    return std::any_of(all->predicates.begin(), all->predicates.end(),
                       [&](const ir::Predicate& part) { return Fixes(part, field); });
  }
  const auto* compare = std::get_if<ir::Compare>(&predicate.node);
  if (compare == nullptr || compare->comparison != ir::Comparison::kEq || compare->other != nullptr) return false;
  const auto* left = std::get_if<const Field*>(&compare->left);
  return left != nullptr && *left == field && !compare->ignore_case;
}

bool IsByKey(const Model& model, const std::optional<ir::Predicate>& where) {
  return where && std::any_of(model.keys.begin(), model.keys.end(), [&](const Key& key) {
           return std::all_of(key.fields.begin(), key.fields.end(),
                              [&](const Field* field) { return Fixes(*where, field); });
         });
}

// GetRequest and StreamRequest have the same parts.
template <typename Request>
absl::StatusOr<BoundRead> BindRead(const Request& request, const BindContext& context, const PageRules& rules,
                                   int64_t largest_of_form, std::string_view resume_token) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindModel(context.catalog, request.model()));
  BoundRead bound;
  QueryBinder binder(context, rules, bound.read.slots, bound.arguments);
  ROWAN_ASSIGN_OR_RETURN(bound.read.selection, binder.BindSelection(*model, request.select(), Path("select")));
  const ListParts parts = {request.has_where() ? &request.where() : nullptr, request.order_by(), request.distinct_on(),
                           request.has_page() ? &request.page() : nullptr, resume_token};
  ROWAN_ASSIGN_OR_RETURN(BoundList list, binder.BindRoot(bound.read.selection, parts));
  bound.read.where = std::move(list.where);
  bound.read.distinct = std::move(list.distinct);
  bound.read.order = std::move(list.order);
  bound.read.window = std::move(list.window);
  bound.read.strategy = StrategyOf(request.strategy());
  const int64_t limit = bound.arguments.lists[bound.read.window.list].limit;
  if (limit >= 0 && limit <= largest_of_form) bound.read.window.rows = static_cast<int>(limit) + 1;
  bound.read.by_key = IsByKey(*model, bound.read.where);
  return bound;
}

}  // namespace

namespace {

absl::StatusOr<BoundRead> BindAnyGet(const v1::GetRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(
      BoundRead bound, BindRead(request, context, {context.limits.default_page, context.limits.root_page}, kLargestOfGet, ""));
  // Nothing comes before or after the only record.
  bound.read.cursors = !bound.read.by_key;
  if (request.has_expect()) {
    ROWAN_ASSIGN_OR_RETURN(bound.expect, BindExpectation(request.expect(), bound.arguments.expected));
  }
  return bound;
}

absl::StatusOr<ir::LockStrength> StrengthOf(const v1::RowLock& lock) {
  switch (lock.strength()) {
    case v1::LOCK_STRENGTH_UPDATE:
      return ir::LockStrength::kUpdate;
    case v1::LOCK_STRENGTH_NO_KEY_UPDATE:
      return ir::LockStrength::kNoKeyUpdate;
    case v1::LOCK_STRENGTH_SHARE:
      return ir::LockStrength::kShare;
    case v1::LOCK_STRENGTH_KEY_SHARE:
      return ir::LockStrength::kKeyShare;
    default:
      return errors::MissingArgument(Path("lock").Member("strength"), "UPDATE, NO_KEY_UPDATE, SHARE or KEY_SHARE");
  }
}

ir::LockWait WaitOf(const v1::RowLock& lock) {
  switch (lock.wait()) {
    case v1::LOCK_WAIT_NOWAIT:
      return ir::LockWait::kNoWait;
    case v1::LOCK_WAIT_SKIP_LOCKED:
      return ir::LockWait::kSkipLocked;
    default:
      return ir::LockWait::kWait;
  }
}

// What a locking read cannot have beside its lock, or "".
std::string_view LeftOutBesideLock(const v1::GetRequest& request) {
  if (!request.distinct_on().empty()) return "distinct_on";
  if (!request.page().cursor().empty()) return "cursor";
  if (request.page().backward()) return "backward";
  if (request.page().total() > v1::TOTAL_NONE) return "total";
  return request.strategy() == v1::STRATEGY_UNSPECIFIED ? "" : "strategy";
}

}  // namespace

absl::StatusOr<BoundRead> BindGet(const v1::GetRequest& request, const BindContext& context) {
  if (request.has_lock()) {
    return errors::TransactionMisuse(
        "lock", "a lock lasts as long as its transaction. Send the request in a Batch or a Transact, or leave it out");
  }
  return BindAnyGet(request, context);
}

absl::StatusOr<BoundRead> BindLockingGet(const v1::GetRequest& request, const BindContext& context) {
  if (const std::string_view part = LeftOutBesideLock(request); !part.empty()) {
    return errors::ConflictingInput(Path(part), "lock", "records are locked in the order in which they are found");
  }
  ROWAN_ASSIGN_OR_RETURN(const ir::LockStrength strength, StrengthOf(request.lock()));
  ROWAN_ASSIGN_OR_RETURN(BoundRead bound, BindAnyGet(request, context));
  const Model& model = *bound.read.selection.model;
  if (model.read_only) return errors::ReadOnlyModel(Path("lock"), model.name);
  bound.read.lock = {strength, WaitOf(request.lock())};
  // No row is locked that is not part of the answer.
  ir::Window& window = bound.read.window;
  window.rows = 0;
  bound.arguments.slots[window.limit] = EncodeInt64(bound.arguments.lists[window.list].limit);
  return bound;
}

absl::StatusOr<BoundRead> BindStream(const v1::StreamRequest& request, const BindContext& context,
                                     std::optional<int64_t> page_rows) {
  const v1::Page& page = request.page();
  if (!page.cursor().empty() || page.backward() || page.total() > v1::TOTAL_NONE) {
    const std::string_view part = !page.cursor().empty() ? "cursor" : page.backward() ? "backward" : "total";
    return errors::ConflictingInput(Path(part), "stream",
                                    "a stream has limit and offset only, and goes on by resume_token");
  }
  ROWAN_ASSIGN_OR_RETURN(BoundRead bound, BindRead(request, context, {.root_rows = page_rows}, kLargestOfStream,
                                                   request.resume_token()));
  // Tagged rows come select after select, so all would have to be held before the first record is whole.
  const bool paged = request.mode() == v1::STREAM_MODE_KEYSET;
  if (!paged && bound.read.strategy == ir::Strategy::kTagged) bound.read.strategy = ir::Strategy::kAny;
  return bound;
}

absl::StatusOr<BoundExists> BindExists(const v1::ExistsRequest& request, const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindModel(context.catalog, request.model()));
  BoundExists bound;
  bound.exists.model = model;
  QueryBinder binder(context, {}, bound.exists.slots, bound.arguments);
  ROWAN_ASSIGN_OR_RETURN(bound.exists.where, binder.BindWhere({model}, request.has_where() ? &request.where() : nullptr,
                                                              Path("where")));
  if (request.has_expect()) bound.expect = request.expect();
  return bound;
}

}  // namespace rowan
