#include "engine/bind/binder.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/ir/position.h"
#include "engine/ir/shape_key.h"
#include "engine/types/codec.h"
#include "rowan/v1/query.pb.h"

namespace rowan {
namespace {

constexpr int64_t kNoBound = int64_t{1} << 62;

bool IsOrderable(const Type& type) {
  return !type.array && Facts(type.scalar).ordered;
}

// Makes an order total, so that pages, limits and cursors are deterministic.
void AppendPrimaryKey(const Model& model, std::vector<ir::Order>& order) {
  for (const Field* field : model.primary_key().fields) {
    const bool present = std::any_of(order.begin(), order.end(), [&](const ir::Order& by) {
      return by.path.empty() && by.many == nullptr && by.field == field;
    });
    if (!present) order.push_back({.field = field});
  }
}

// What an order orders by, as text: the same for two that order alike.
std::string OrderName(const v1::OrderBy& by) {
  std::string name = absl::StrJoin(by.relations(), ".");
  if (by.has_aggregate()) {
    const std::string field = by.aggregate().field().empty() ? "" : "." + by.aggregate().field();
    return absl::StrCat(name, ".", AggregateWord(by.aggregate()), field, by.aggregate().distinct() ? " distinct" : "");
  }
  return name.empty() ? by.field() : absl::StrCat(name, ".", by.field());
}

}  // namespace

// --- names

errors::Names FieldNames(const Model& model) {
  errors::Names names;
  for (const auto& field : model.fields) names.push_back(field->name);
  return names;
}

absl::StatusOr<const Model*> FindModel(const Catalog& catalog, std::string_view name) {
  const Path path("model");
  if (name.empty()) return errors::MissingArgument(path, "the model's name");
  if (const Model* model = catalog.FindModel(name)) return model;
  errors::Names names;
  for (const auto& model : catalog.models) names.push_back(model->name);
  return errors::UnknownModel(path, name, names);
}

absl::StatusOr<const Model*> FindWritableModel(const Catalog& catalog, std::string_view name) {
  ROWAN_ASSIGN_OR_RETURN(const Model* model, FindModel(catalog, name));
  if (model->read_only) return errors::ReadOnlyModel(Path("model"), model->name);
  return model;
}

absl::StatusOr<const Field*> FindField(const Model& model, std::string_view name, const Path& path) {
  if (const Field* field = model.FindField(name)) return field;
  return errors::UnknownField(path, model.name, name, FieldNames(model));
}

absl::StatusOr<const Relation*> FindRelation(const Model& model, std::string_view name, const Path& path) {
  if (const Relation* relation = model.FindRelation(name)) return relation;
  errors::Names names;
  for (const auto& relation : model.relations) names.push_back(relation->name);
  return errors::UnknownRelation(path, model.name, name, names);
}

absl::StatusOr<std::vector<const Relation*>> FindToOnePath(const Model& model,
                                                           const google::protobuf::RepeatedPtrField<std::string>& names,
                                                           const Path& path) {
  std::vector<const Relation*> relations;
  for (const std::string& name : names) {
    ROWAN_ASSIGN_OR_RETURN(const Relation* relation, FindRelation(EndOfPath(model, relations), name, path));
    if (relation->to_many()) {
      return errors::NotOrderableRelation(path, relation->name, "leads to a list; compute an aggregate of it");
    }
    relations.push_back(relation);
  }
  return relations;
}

const Model& EndOfPath(const Model& model, const std::vector<const Relation*>& path) {
  return path.empty() ? model : *path.back()->target;
}

int QueryBinder::AddSlot(Type type, Encoded value) {
  slots_.push_back(std::move(type));
  arguments_.slots.push_back(std::move(value));
  return static_cast<int>(slots_.size()) - 1;
}

absl::Status QueryBinder::CountNode(const Path& path) {
  if (++nodes_ <= context_.limits.query_nodes) return absl::OkStatus();
  return errors::TooManyNodes(path, context_.limits.query_nodes, "fields, relations, conditions and orders");
}

// --- selections

absl::StatusOr<ir::Selection> QueryBinder::BindSelection(const Model& model, const v1::Selection& selection,
                                                         const Path& path, int depth) {
  const int deepest = context_.limits.selection_depth;
  if (depth > deepest) return errors::DepthExceeded(path, "selections", deepest);
  if (selection.fields().empty() && selection.relations().empty() && selection.counts().empty()) {
    return errors::EmptySelection(path, model.name, FieldNames(model));
  }
  ir::Selection bound{.model = &model};
  absl::InlinedVector<bool, 64> selected(model.fields.size());
  for (const std::string& name : selection.fields()) {
    ROWAN_RETURN_IF_ERROR(CountNode(path));
    if (name == "*") {
      for (const auto& field : model.fields) {
        if (!selected[field->index]) bound.fields.push_back(field.get());
        selected[field->index] = true;
      }
      continue;
    }
    const Path field_path = path.Member(name);
    ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(model, name, field_path));
    if (!selected[field->index]) bound.fields.push_back(field);
    selected[field->index] = true;
  }
  // Lists of what is selected are short.
  const auto is_taken = [&](std::string_view name) {
    const Field* field = model.FindField(name);
    return (field != nullptr && selected[field->index]) ||
           std::any_of(bound.related.begin(), bound.related.end(), [&](const auto& other) { return other.name == name; });
  };
  for (const v1::RelatedSelection& related : selection.relations()) {
    const std::string& name = related.alias().empty() ? related.relation() : related.alias();
    const Path related_path = path.Member(name);
    ROWAN_RETURN_IF_ERROR(CountNode(related_path));
    if (is_taken(name)) return errors::DuplicateName(related_path, name);
    ROWAN_ASSIGN_OR_RETURN(ir::RelatedSelection child, BindRelated(model, related, related_path, depth));
    bound.related.push_back(std::move(child));
  }
  const Path counts = path.Member("_count");
  absl::flat_hash_set<std::string_view> count_names;
  for (const v1::RelatedCount& count : selection.counts()) {
    const std::string& name = count.alias().empty() ? count.relation() : count.alias();
    const Path count_path = counts.Member(name);
    ROWAN_RETURN_IF_ERROR(CountNode(count_path));
    if (!count_names.insert(name).second) return errors::DuplicateName(count_path, name);
    ROWAN_ASSIGN_OR_RETURN(ir::Count one, BindCount(model, count, count_path));
    bound.counts.push_back(std::move(one));
  }
  return bound;
}

absl::StatusOr<ir::RelatedSelection> QueryBinder::BindRelated(const Model& model, const v1::RelatedSelection& related,
                                                              const Path& path, int depth) {
  ROWAN_ASSIGN_OR_RETURN(const Relation* relation, FindRelation(model, related.relation(), path));
  ir::RelatedSelection bound{.relation = relation};
  bound.name = related.alias().empty() ? related.relation() : related.alias();
  ROWAN_ASSIGN_OR_RETURN(bound.selection, BindSelection(*relation->target, related.selection(), path, depth + 1));
  const v1::Filter* where = related.has_where() ? &related.where() : nullptr;
  if (!relation->to_many()) {
    if (!related.order_by().empty() || related.has_page() || !related.distinct_on().empty()) {
      return errors::PageOnToOne(path, relation->name);
    }
    ROWAN_ASSIGN_OR_RETURN(bound.where, BindWhere({relation->target}, where, path.Member("where")));
    return bound;
  }
  const ListParts parts = {where, related.order_by(), related.distinct_on(),
                           related.has_page() ? &related.page() : nullptr, ""};
  if (parts.page != nullptr && parts.page->total() == v1::TOTAL_ESTIMATED) {
    const Path total = path.Member("total");
    return errors::ConflictingInput(total, path.Text(), "totals of nested lists are not estimated; ask for exact ones");
  }
  ROWAN_ASSIGN_OR_RETURN(BoundList list, BindList(bound.selection, relation, parts, context_.limits.nested_page,
                                                  std::nullopt, path));
  bound.where = std::move(list.where);
  bound.distinct = std::move(list.distinct);
  bound.order = std::move(list.order);
  bound.window = std::move(list.window);
  return bound;
}

absl::StatusOr<ir::Count> QueryBinder::BindCount(const Model& model, const v1::RelatedCount& count, const Path& path) {
  ROWAN_ASSIGN_OR_RETURN(const Relation* relation, FindRelation(model, count.relation(), path));
  ir::Count bound{.relation = relation, .name = count.alias().empty() ? count.relation() : count.alias()};
  ROWAN_ASSIGN_OR_RETURN(bound.where, BindWhere({relation->target}, count.has_where() ? &count.where() : nullptr,
                                                path.Member("where")));
  return bound;
}

// --- lists

absl::StatusOr<BoundList> QueryBinder::BindRoot(const ir::Selection& selection, const ListParts& parts) {
  return BindList(selection, nullptr, parts, rules_.largest_root, rules_.root_rows, Path(""));
}

absl::StatusOr<BoundList> QueryBinder::BindList(const ir::Selection& selection, const Relation* relation,
                                                const ListParts& parts, std::optional<int64_t> largest,
                                                std::optional<int64_t> cut, const Path& path) {
  const Model& model = *selection.model;
  BoundList bound;
  ListArguments list;
  list.first_value = static_cast<int>(arguments_.slots.size());
  ROWAN_ASSIGN_OR_RETURN(bound.where, BindWhere({&model}, parts.where, path.Member("where")));
  list.end_value = static_cast<int>(arguments_.slots.size());
  ROWAN_ASSIGN_OR_RETURN(bound.distinct, BindDistinct(selection, parts.distinct_on, path.Member("distinct_on")));
  ROWAN_ASSIGN_OR_RETURN(bound.order, BindOrder(model, parts.order_by, path.Member("order_by")));


  const bool resumed = !parts.resume_token.empty();
  const std::string_view token = resumed               ? parts.resume_token
                                 : parts.page != nullptr ? std::string_view(parts.page->cursor())
                                                         : std::string_view();
  ir::Position position;
  if (!token.empty()) {
    const Path token_path = path.Member(resumed ? "resume_token" : "cursor");
    const std::string identity = ir::ListIdentity(context_.catalog.version, model, relation, bound.where, bound.distinct,
                                                  bound.order, arguments_, list);
    const auto payload = context_.tokens.Open(identity, token);
    auto decoded = payload ? ir::DecodePosition(*payload) : std::nullopt;
    if (!decoded || decoded->values.size() != bound.order.size()) return errors::CursorMismatch(token_path);
    position = *std::move(decoded);
  }
  list.passed = resumed ? position.passed : 0;
  ROWAN_ASSIGN_OR_RETURN(bound.window, BindWindow(parts.page, largest, cut, list.passed, path));
  for (size_t i = 0; i < position.values.size(); ++i) {
    Encoded& value = position.values[i];
    bound.window.cursor.push_back(value.null ? ir::kNoSlot : AddSlot(bound.order[i].type(), std::move(value)));
  }
  bound.window.list = static_cast<int>(arguments_.lists.size());
  if (bound.window.limit != ir::kNoSlot) {
    list.limit = DecodeInt64(arguments_.slots[bound.window.limit].bytes) - 1;
  }
  arguments_.lists.push_back(std::move(list));
  return bound;
}

absl::StatusOr<std::vector<const Field*>> QueryBinder::BindDistinct(
    const ir::Selection& selection, const google::protobuf::RepeatedPtrField<std::string>& names, const Path& path) {
  std::vector<const Field*> fields;
  const auto add = [&](const Field* field) {
    if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
  };
  for (const std::string& name : names) {
    ROWAN_RETURN_IF_ERROR(CountNode(path));
    if (name == "*") {
      if (selection.fields.empty()) {
        return errors::EmptySelection(path.Member(name), selection.model->name, FieldNames(*selection.model));
      }
      for (const Field* field : selection.fields) add(field);
      continue;
    }
    ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(*selection.model, name, path.Member(name)));
    add(field);
  }
  return fields;
}

absl::StatusOr<std::vector<ir::Order>> QueryBinder::BindOrder(
    const Model& model, const google::protobuf::RepeatedPtrField<v1::OrderBy>& order, const Path& path) {
  std::vector<ir::Order> bound;
  absl::flat_hash_set<std::string> used;
  for (const v1::OrderBy& by : order) {
    const Path item = path.Index(static_cast<int>(bound.size()));
    ROWAN_RETURN_IF_ERROR(CountNode(item));
    ROWAN_ASSIGN_OR_RETURN(ir::Order one, BindOrderBy(model, by, item));
    std::string name = OrderName(by);
    if (!used.insert(name).second) return errors::DuplicateOrder(item, name);
    bound.push_back(std::move(one));
  }
  AppendPrimaryKey(model, bound);
  return bound;
}

absl::StatusOr<ir::Order> QueryBinder::BindOrderBy(const Model& model, const v1::OrderBy& by, const Path& path) {
  ir::Order bound;
  bound.descending = by.direction() == v1::DIRECTION_DESC;
  bound.nulls_first = by.nulls() == v1::NULLS_UNSPECIFIED ? bound.descending : by.nulls() == v1::NULLS_FIRST;
  if (static_cast<int>(by.relations_size()) > context_.limits.selection_depth) {
    return errors::DepthExceeded(path, "orders", context_.limits.selection_depth);
  }
  if (!by.has_aggregate()) {
    ROWAN_ASSIGN_OR_RETURN(bound.path, FindToOnePath(model, by.relations(), path));
    const Path member = path.Member(by.field());
    ROWAN_ASSIGN_OR_RETURN(bound.field, FindField(EndOfPath(model, bound.path), by.field(), member));
    if (!IsOrderable(bound.field->type)) {
      return errors::NotOrderable(member, bound.field->name, TypeName(bound.field->type));
    }
    return bound;
  }
  if (!by.field().empty()) return errors::ConflictingInput(path, "aggregate", "an order has a field or an aggregate");
  if (by.relations().empty()) return errors::MissingArgument(path, "the to-many relation to compute the aggregate over");
  auto leading = by.relations();
  const std::string last = leading.Get(leading.size() - 1);
  leading.RemoveLast();
  ROWAN_ASSIGN_OR_RETURN(bound.path, FindToOnePath(model, leading, path));
  ROWAN_ASSIGN_OR_RETURN(bound.many, FindRelation(EndOfPath(model, bound.path), last, path));
  if (!bound.many->to_many()) {
    return errors::NotOrderableRelation(path, last, "leads to one record; order by a field of it");
  }
  const Path many = path.Member(last);
  const std::string function = AggregateWord(by.aggregate());
  ROWAN_ASSIGN_OR_RETURN(bound.aggregate, BindAggregate(*bound.many->target, by.aggregate(), many.Member(function)));
  return bound;
}

// --- windows

absl::StatusOr<ir::Window> QueryBinder::BindPlainWindow(const v1::Page* page) {
  if (page != nullptr && (!page->cursor().empty() || page->backward() || page->total() > v1::TOTAL_NONE)) {
    const std::string_view part = !page->cursor().empty() ? "cursor" : page->backward() ? "backward" : "total";
    return errors::ConflictingInput(Path(part), "page", "only limit and offset are possible here");
  }
  ROWAN_ASSIGN_OR_RETURN(ir::Window window, BindWindow(page, rules_.largest_root, std::nullopt, 0, Path("")));
  window.list = static_cast<int>(arguments_.lists.size());
  arguments_.lists.push_back({.limit = DecodeInt64(arguments_.slots[window.limit].bytes) - 1});
  return window;
}

absl::StatusOr<ir::Window> QueryBinder::BindWindow(const v1::Page* page, std::optional<int64_t> largest,
                                                   std::optional<int64_t> cut, int64_t passed, const Path& path) {
  const Type type{.scalar = Scalar::kInt64};
  ir::Window window;
  std::optional<int64_t> limit = rules_.default_limit;
  if (page != nullptr && page->has_limit()) {
    limit = page->limit();
    const int64_t max = largest.value_or(kNoBound);
    if (*limit < 0 || *limit > max) return errors::LimitOutOfRange(path.Member("limit"), *limit, max);
  }
  if (page != nullptr) {
    window.backward = page->backward();
    if (page->total() == v1::TOTAL_EXACT) window.total = ir::Total::kExact;
    if (page->total() == v1::TOTAL_ESTIMATED) window.total = ir::Total::kEstimated;
    if (limit && (window.backward || !page->cursor().empty())) limit = std::min(*limit, context_.limits.cursor_page);
  }
  if (limit) limit = std::max<int64_t>(*limit - passed, 0);
  if (cut) limit = std::min(limit.value_or(kNoBound), *cut);
  // One row more than asked tells whether there is more.
  if (limit) window.limit = AddSlot(type, EncodeInt64(*limit + 1));
  if (page != nullptr && page->has_offset()) {
    if (page->offset() < 0) return errors::LimitOutOfRange(path.Member("offset"), page->offset(), kNoBound);
    if (page->offset() > 0 && passed == 0) window.offset = AddSlot(type, EncodeInt64(page->offset()));
  }
  return window;
}

}  // namespace rowan
