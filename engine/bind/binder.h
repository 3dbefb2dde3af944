// What the passes of bind share: finding names, and binding selections, filters and pages. Private to engine/bind.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/base/limits.h"
#include "engine/base/path.h"
#include "engine/catalog/catalog.h"
#include "engine/ir/arguments.h"
#include "engine/ir/query.h"

namespace google::protobuf {
template <typename T>
class RepeatedPtrField;
}

namespace rowan::v1 {
class FieldFilter;
class Filter;
class FilterList;
class OrderBy;
class Page;
class RelatedSelection;
class RelationFilter;
class Selection;
}  // namespace rowan::v1

namespace rowan {

// Finds the model, or says which exist.
absl::StatusOr<const Model*> FindModel(const Catalog& catalog, std::string_view name);
// Find a member of a model, or say which exist; `path` is that of the member.
absl::StatusOr<const Field*> FindField(const Model& model, std::string_view name, const Path& path);
absl::StatusOr<const Relation*> FindRelation(const Model& model, std::string_view name, const Path& path);

// Binds the parts of one request, numbering their slots as it meets them. Its output goes to the vectors that it was
// given.
class QueryBinder {
 public:
  // `default_limit` is that of lists that say nothing of one; nullopt: none. `largest_root` bounds a root limit;
  // nullopt: nothing does.
  QueryBinder(const Limits& limits, std::optional<int64_t> default_limit, std::optional<int64_t> largest_root,
              std::vector<Type>& slots, Arguments& arguments)
      : limits_(limits),
        default_limit_(default_limit),
        largest_root_(largest_root),
        slots_(slots),
        arguments_(arguments) {}

  absl::StatusOr<ir::Selection> BindSelection(const Model& model, const v1::Selection& selection, const Path& path,
                                              int depth = 1);
  // An all_of of nothing at the top is no filter.
  absl::StatusOr<std::optional<ir::Predicate>> BindWhere(const Model& model, const v1::Filter* filter,
                                                         const Path& path);
  absl::StatusOr<std::vector<ir::Order>> BindOrder(const Model& model,
                                                   const google::protobuf::RepeatedPtrField<v1::OrderBy>& order,
                                                   const Path& path);
  absl::StatusOr<ir::Window> BindRootWindow(const v1::Page* page);

 private:
  absl::StatusOr<ir::Predicate> BindFilter(const Model& model, const v1::Filter& filter, const Path& path, int depth);
  absl::StatusOr<std::vector<ir::Predicate>> BindFilters(const Model& model, const v1::FilterList& list,
                                                         const Path& path, int depth);
  absl::StatusOr<ir::Predicate> BindFieldFilter(const Model& model, const v1::FieldFilter& filter, const Path& path);
  absl::StatusOr<ir::Predicate> BindRelationFilter(const Model& model, const v1::RelationFilter& filter,
                                                   const Path& path, int depth);
  absl::StatusOr<ir::RelatedSelection> BindRelated(const Model& model, const v1::RelatedSelection& related,
                                                   const Path& path, int depth);
  absl::StatusOr<ir::Window> BindWindow(const v1::Page* page, std::optional<int64_t> largest, const Path& path);
  int AddSlot(Type type, Encoded value);

  const Limits& limits_;
  std::optional<int64_t> default_limit_;
  std::optional<int64_t> largest_root_;
  std::vector<Type>& slots_;
  Arguments& arguments_;
};

}  // namespace rowan
