// What the passes of bind share: finding names, and binding selections, filters, orders and pages. Private to
// engine/bind.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/base/errors.h"
#include "engine/base/path.h"
#include "engine/bind/bind_context.h"
#include "engine/catalog/catalog.h"
#include "engine/ir/arguments.h"
#include "engine/ir/query.h"

namespace google::protobuf {
template <typename T>
class RepeatedPtrField;
}

namespace rowan::v1 {
class AggregateExpression;
class FieldFilter;
class Filter;
class FilterList;
class OrderBy;
class Page;
class RelatedCount;
class RelatedSelection;
class RelationAggregateFilter;
class RelationFilter;
class Selection;
class Value;
}  // namespace rowan::v1

namespace rowan {

struct OperatorFacts;

// The names of a model's fields, for errors.
errors::Names FieldNames(const Model& model);

// Finds the model, or says which exist.
absl::StatusOr<const Model*> FindModel(const Catalog& catalog, std::string_view name);
// The same for a model that is to be written; READ_ONLY_MODEL for one that can only be read.
absl::StatusOr<const Model*> FindWritableModel(const Catalog& catalog, std::string_view name);
// Find a member of a model, or say which exist; `path` is that of the member.
absl::StatusOr<const Field*> FindField(const Model& model, std::string_view name, const Path& path);
absl::StatusOr<const Relation*> FindRelation(const Model& model, std::string_view name, const Path& path);
// Follows to-one relations from a model, each a step of the path.
absl::StatusOr<std::vector<const Relation*>> FindToOnePath(const Model& model,
                                                           const google::protobuf::RepeatedPtrField<std::string>& names,
                                                           const Path& path);
// The model that a path leads to.
const Model& EndOfPath(const Model& model, const std::vector<const Relation*>& path);

// Binds an aggregate over rows of the model; `path` is that of the function.
absl::StatusOr<ir::Aggregate> BindAggregate(const Model& model, const v1::AggregateExpression& expression,
                                            const Path& path);
// What the function is called among the names of a relation, for paths: "_count".
std::string AggregateWord(const v1::AggregateExpression& expression);

// What the field filters of a filter name: the fields of a model, or the columns of an aggregation.
struct FilterScope {
  const Model* model;
  struct Column {
    std::string_view name;
    Type type;
  };
  const std::vector<Column>* columns = nullptr;  // null: the model's fields
};

// The parts of a request, or of a related selection, that make a list of a model's records.
struct ListParts {
  const v1::Filter* where;  // null: none
  const google::protobuf::RepeatedPtrField<v1::OrderBy>& order_by;
  const google::protobuf::RepeatedPtrField<std::string>& distinct_on;
  const v1::Page* page;           // null: none
  std::string_view resume_token;  // in place of the page's cursor; "" where there is none
};

// Their bound form.
struct BoundList {
  std::optional<ir::Predicate> where;
  std::vector<const Field*> distinct;
  std::vector<ir::Order> order;  // total
  ir::Window window;
};

// How lists are cut.
struct PageRules {
  std::optional<int64_t> default_limit;  // of lists that say nothing of a limit; nullopt: none
  std::optional<int64_t> largest_root;   // greatest limit of the root; nullopt: nothing bounds it
  std::optional<int64_t> root_rows;      // what the root is cut to, whatever its limit; nullopt: nothing
};

// Binds the parts of one request, numbering their slots as it meets them: requests of one shape number them alike, for
// they share a plan. Its output goes to the vectors that it was
// given.
class QueryBinder {
 public:
  QueryBinder(const BindContext& context, const PageRules& rules, std::vector<Type>& slots, Arguments& arguments)
      : context_(context), rules_(rules), slots_(slots), arguments_(arguments) {
    // Many requests have no more.
    slots_.reserve(4);
    arguments_.slots.reserve(4);
  }

  absl::StatusOr<ir::Selection> BindSelection(const Model& model, const v1::Selection& selection, const Path& path,
                                              int depth = 1);
  // The root's list.
  absl::StatusOr<BoundList> BindRoot(const ir::Selection& selection, const ListParts& parts);
  // An all_of of nothing at the top is no filter.
  absl::StatusOr<std::optional<ir::Predicate>> BindWhere(const FilterScope& scope, const v1::Filter* filter,
                                                         const Path& path);
  // Limit and offset; a cursor, backward and a total are refused.
  absl::StatusOr<ir::Window> BindPlainWindow(const v1::Page* page);

 private:
  absl::Status CountNode(const Path& path);
  int AddSlot(Type type, Encoded value);

  // --- binder.cc
  absl::StatusOr<ir::RelatedSelection> BindRelated(const Model& model, const v1::RelatedSelection& related,
                                                   const Path& path, int depth);
  absl::StatusOr<ir::Count> BindCount(const Model& model, const v1::RelatedCount& count, const Path& path);
  // `relation` is null at the root; `cut` is PageRules::root_rows, or nothing.
  absl::StatusOr<BoundList> BindList(const ir::Selection& selection, const Relation* relation, const ListParts& parts,
                                     std::optional<int64_t> largest, std::optional<int64_t> cut, const Path& path);
  absl::StatusOr<std::vector<const Field*>> BindDistinct(const ir::Selection& selection,
                                                         const google::protobuf::RepeatedPtrField<std::string>& names,
                                                         const Path& path);
  absl::StatusOr<std::vector<ir::Order>> BindOrder(const Model& model,
                                                   const google::protobuf::RepeatedPtrField<v1::OrderBy>& order,
                                                   const Path& path);
  absl::StatusOr<ir::Order> BindOrderBy(const Model& model, const v1::OrderBy& by, const Path& path);
  absl::StatusOr<ir::Window> BindWindow(const v1::Page* page, std::optional<int64_t> largest,
                                        std::optional<int64_t> cut, int64_t passed, const Path& path);

  // --- bind_filter.cc
  absl::StatusOr<ir::Predicate> BindFilter(const FilterScope& scope, const v1::Filter& filter, const Path& path,
                                           int depth);
  absl::StatusOr<std::vector<ir::Predicate>> BindFilters(const FilterScope& scope, const v1::FilterList& list,
                                                         const Path& path, int depth);
  absl::StatusOr<ir::Predicate> BindFieldFilter(const FilterScope& scope, const v1::FieldFilter& filter,
                                                const Path& path);
  absl::StatusOr<ir::Predicate> BindAbsence(const Relation& relation, const v1::FieldFilter& filter, const Path& path);
  absl::StatusOr<ir::Predicate> BindJsonFilter(const Field& field, const v1::FieldFilter& filter, const Path& path);
  absl::StatusOr<ir::Predicate> BindOtherField(const Model& model, const Field& field, const v1::FieldFilter& filter,
                                               const OperatorFacts& facts, const Path& path);
  absl::StatusOr<ir::Predicate> BindRelationFilter(const FilterScope& scope, const v1::RelationFilter& filter,
                                                   const Path& path, int depth);
  absl::StatusOr<ir::Predicate> BindRelationAggregate(const FilterScope& scope,
                                                      const v1::RelationAggregateFilter& filter, const Path& path,
                                                      int depth);
  // A nested filter, or null where there is none.
  absl::StatusOr<std::unique_ptr<ir::Predicate>> BindInner(const Model& model, const v1::Filter* filter,
                                                           const Path& path, int depth);
  // Compares the left side, whose type allows the operator, with the value.
  struct Comparand {
    const OperatorFacts& facts;
    const v1::Value& value;
    bool ignore_case = false;
    std::string_view language;
  };
  absl::StatusOr<ir::Predicate> BindComparison(ir::Operand left, Type type, const Comparand& right, const Path& path);
  // Adds the right side's slots to a comparison of the type.
  absl::Status BindRight(const Type& type, const Comparand& right, const Path& path, ir::Compare& compare);

  const BindContext& context_;
  const PageRules rules_;
  std::vector<Type>& slots_;
  Arguments& arguments_;
  int nodes_ = 0;
};

}  // namespace rowan
