#include "engine/bind/binder.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/operators.h"
#include "engine/types/codec.h"
#include "rowan/v1/query.pb.h"

namespace rowan {
namespace {

errors::Names FieldNames(const Model& model) {
  errors::Names names;
  for (const auto& field : model.fields) names.push_back(field->name);
  return names;
}

// Makes a LIKE pattern from text that stands for itself.
std::string EscapeLike(std::string_view text) {
  std::string pattern;
  for (char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

// Returns the pattern that a comparison matches its text with, or nullopt when it compares by value.
std::optional<std::string> LikePattern(ir::Comparison comparison, std::string_view text) {
  switch (comparison) {
    case ir::Comparison::kContains:
      return "%" + EscapeLike(text) + "%";
    case ir::Comparison::kStartsWith:
      return EscapeLike(text) + "%";
    case ir::Comparison::kEndsWith:
      return "%" + EscapeLike(text);
    case ir::Comparison::kEq:
    case ir::Comparison::kNe:
    case ir::Comparison::kGt:
    case ir::Comparison::kGte:
    case ir::Comparison::kLt:
    case ir::Comparison::kLte:
    case ir::Comparison::kIn:
      break;
  }
  return std::nullopt;
}

// The operand of `in`: an array of the field's type without nulls, which may be empty.
absl::StatusOr<Encoded> EncodeList(const Field& field, const v1::Value& value, const Path& path) {
  if (value.kind_case() != v1::Value::kArrayValue) {
    return errors::TypeMismatch(path, TypeName(field.type) + "[]", "a single value");
  }
  std::vector<Encoded> elements;
  elements.reserve(value.array_value().values_size());
  for (const v1::Value& element : value.array_value().values()) {
    const Path element_path = path.Index(static_cast<int>(elements.size()));
    ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(field.type, element, element_path));
    if (encoded.null) return errors::NullOperand(element_path, "in");
    elements.push_back(std::move(encoded));
  }
  return EncodeArray(field.type, elements);
}

}  // namespace

absl::StatusOr<const Model*> FindModel(const Catalog& catalog, std::string_view name) {
  const Path path("model");
  if (name.empty()) return errors::MissingArgument(path, "the model's name");
  if (const Model* model = catalog.FindModel(name)) return model;
  errors::Names names;
  for (const auto& model : catalog.models) names.push_back(model->name);
  return errors::UnknownModel(path, name, names);
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

int QueryBinder::AddSlot(Type type, Encoded value) {
  slots_.push_back(std::move(type));
  arguments_.slots.push_back(std::move(value));
  return static_cast<int>(slots_.size()) - 1;
}

// --- selections

absl::StatusOr<ir::Selection> QueryBinder::BindSelection(const Model& model, const v1::Selection& selection,
                                                         const Path& path, int depth) {
  if (depth > limits_.selection_depth) return errors::DepthExceeded(path, "selections", limits_.selection_depth);
  if (selection.fields().empty() && selection.relations().empty()) {
    return errors::EmptySelection(path, model.name, FieldNames(model));
  }
  ir::Selection bound{.model = &model};
  std::vector<bool> selected(model.fields.size());
  for (const std::string& name : selection.fields()) {
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
  absl::flat_hash_set<std::string_view> names;
  for (const Field* field : bound.fields) names.insert(field->name);
  for (const v1::RelatedSelection& related : selection.relations()) {
    const std::string& name = related.alias().empty() ? related.relation() : related.alias();
    const Path related_path = path.Member(name);
    if (!names.insert(name).second) return errors::DuplicateName(related_path, name);
    ROWAN_ASSIGN_OR_RETURN(ir::RelatedSelection child, BindRelated(model, related, related_path, depth));
    bound.related.push_back(std::move(child));
  }
  return bound;
}

absl::StatusOr<ir::RelatedSelection> QueryBinder::BindRelated(const Model& model, const v1::RelatedSelection& related,
                                                              const Path& path, int depth) {
  ROWAN_ASSIGN_OR_RETURN(const Relation* relation, FindRelation(model, related.relation(), path));
  ir::RelatedSelection bound{.relation = relation};
  bound.name = related.alias().empty() ? related.relation() : related.alias();
  const Model& target = *relation->target;
  ROWAN_ASSIGN_OR_RETURN(bound.selection, BindSelection(target, related.selection(), path, depth + 1));
  ROWAN_ASSIGN_OR_RETURN(bound.where,
                         BindWhere(target, related.has_where() ? &related.where() : nullptr, path.Member("where")));
  if (!relation->to_many()) {
    if (!related.order_by().empty() || related.has_page()) return errors::PageOnToOne(path, relation->name);
    return bound;
  }
  ROWAN_ASSIGN_OR_RETURN(bound.order, BindOrder(target, related.order_by(), path.Member("order_by")));
  ROWAN_ASSIGN_OR_RETURN(bound.window,
                         BindWindow(related.has_page() ? &related.page() : nullptr, limits_.nested_page, path));
  return bound;
}

// --- orders and pages

absl::StatusOr<std::vector<ir::Order>> QueryBinder::BindOrder(
    const Model& model, const google::protobuf::RepeatedPtrField<v1::OrderBy>& order, const Path& path) {
  std::vector<ir::Order> bound;
  std::vector<bool> used(model.fields.size());
  for (const v1::OrderBy& by : order) {
    const Path item = path.Index(static_cast<int>(bound.size()));
    const Path member = item.Member(by.field());
    ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(model, by.field(), member));
    if (field->type.array || !Facts(field->type.scalar).ordered) {
      return errors::NotOrderable(member, field->name, TypeName(field->type));
    }
    if (used[field->index]) return errors::DuplicateName(member, field->name);
    used[field->index] = true;
    bound.push_back({field, by.direction() == v1::DIRECTION_DESC});
  }
  return bound;
}

absl::StatusOr<ir::Window> QueryBinder::BindRootWindow(const v1::Page* page) {
  return BindWindow(page, largest_root_, Path(""));
}

absl::StatusOr<ir::Window> QueryBinder::BindWindow(const v1::Page* page, std::optional<int64_t> largest,
                                                   const Path& path) {
  constexpr int64_t kNoBound = int64_t{1} << 62;
  const Type type{.scalar = Scalar::kInt64};
  ir::Window window;
  std::optional<int64_t> limit = default_limit_;
  if (page != nullptr && page->has_limit()) {
    limit = page->limit();
    const int64_t max = largest.value_or(kNoBound);
    if (*limit < 0 || *limit > max) return errors::LimitOutOfRange(path.Member("limit"), *limit, max);
  }
  // One row more than asked tells whether there is more.
  if (limit) window.limit = AddSlot(type, EncodeInt64(*limit + 1));
  if (page != nullptr && page->has_offset()) {
    if (page->offset() < 0) return errors::LimitOutOfRange(path.Member("offset"), page->offset(), kNoBound);
    if (page->offset() > 0) window.offset = AddSlot(type, EncodeInt64(page->offset()));
  }
  return window;
}

// --- filters

absl::StatusOr<std::optional<ir::Predicate>> QueryBinder::BindWhere(const Model& model, const v1::Filter* filter,
                                                                    const Path& path) {
  if (filter == nullptr || (filter->has_all_of() && filter->all_of().filters().empty())) return std::nullopt;
  ROWAN_ASSIGN_OR_RETURN(ir::Predicate predicate, BindFilter(model, *filter, path, 1));
  return std::optional(std::move(predicate));
}

absl::StatusOr<ir::Predicate> QueryBinder::BindFilter(const Model& model, const v1::Filter& filter, const Path& path,
                                                      int depth) {
  if (depth > limits_.filter_depth) return errors::DepthExceeded(path, "filters", limits_.filter_depth);
  switch (filter.kind_case()) {
    case v1::Filter::kAllOf: {
      ROWAN_ASSIGN_OR_RETURN(auto predicates, BindFilters(model, filter.all_of(), path, depth));
      return ir::Predicate{ir::AllOf{std::move(predicates)}};
    }
    case v1::Filter::kAnyOf: {
      std::vector<ir::Predicate> predicates;
      const Path list = path.Member("OR");
      for (const v1::Filter& part : filter.any_of().filters()) {
        const Path item = list.Index(static_cast<int>(predicates.size()));
        ROWAN_ASSIGN_OR_RETURN(ir::Predicate predicate, BindFilter(model, part, item, depth + 1));
        predicates.push_back(std::move(predicate));
      }
      return ir::Predicate{ir::AnyOf{std::move(predicates)}};
    }
    case v1::Filter::kNot: {
      ROWAN_ASSIGN_OR_RETURN(ir::Predicate predicate, BindFilter(model, filter.not_(), path.Member("NOT"), depth + 1));
      return ir::Predicate{ir::Not{std::make_unique<ir::Predicate>(std::move(predicate))}};
    }
    case v1::Filter::kField:
      return BindFieldFilter(model, filter.field(), path);
    case v1::Filter::kRelation:
      return BindRelationFilter(model, filter.relation(), path, depth);
    case v1::Filter::KIND_NOT_SET:
      break;
  }
  return errors::EmptyFilter(path);
}

// The parts of an all_of have the path of the whole, since in the document form an object with several conditions and
// an AND list are the same; only a part that is nothing is named by its position.
absl::StatusOr<std::vector<ir::Predicate>> QueryBinder::BindFilters(const Model& model, const v1::FilterList& list,
                                                                    const Path& path, int depth) {
  std::vector<ir::Predicate> predicates;
  const Path numbered = path.Member("AND");
  for (const v1::Filter& part : list.filters()) {
    if (part.kind_case() == v1::Filter::KIND_NOT_SET) {
      return errors::EmptyFilter(numbered.Index(static_cast<int>(predicates.size())));
    }
    ROWAN_ASSIGN_OR_RETURN(ir::Predicate predicate, BindFilter(model, part, path, depth + 1));
    predicates.push_back(std::move(predicate));
  }
  return predicates;
}

absl::StatusOr<ir::Predicate> QueryBinder::BindFieldFilter(const Model& model, const v1::FieldFilter& filter,
                                                           const Path& path) {
  const Path field_path = path.Member(filter.field());
  ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(model, filter.field(), field_path));
  const OperatorFacts* facts = FindOperator(filter.operator_());
  if (facts == nullptr) return errors::MissingOperator(field_path, AllowedOperators(field->type));
  const Path value_path = field_path.Member(facts->name);
  if (!facts->allowed(field->type)) {
    return errors::OperatorNotAllowed(value_path, facts->name, TypeName(field->type), AllowedOperators(field->type));
  }
  const v1::Value& value = filter.value();
  if (value.kind_case() == v1::Value::KIND_NOT_SET) return errors::MissingValue(value_path);
  if (!facts->comparison) {
    if (value.kind_case() != v1::Value::kBoolValue) return errors::TypeMismatch(value_path, "bool", "another kind");
    return ir::Predicate{ir::NullTest{field, value.bool_value()}};
  }
  const ir::Comparison comparison = *facts->comparison;
  if (comparison == ir::Comparison::kIn) {
    ROWAN_ASSIGN_OR_RETURN(Encoded list, EncodeList(*field, value, value_path));
    Type type = field->type;
    type.array = true;
    return ir::Predicate{ir::Compare{field, comparison, AddSlot(std::move(type), std::move(list))}};
  }
  if (value.has_null_value()) {
    if (comparison == ir::Comparison::kEq) return ir::Predicate{ir::NullTest{field, true}};
    if (comparison == ir::Comparison::kNe) return ir::Predicate{ir::NullTest{field, false}};
    return errors::NullOperand(value_path, facts->name);
  }
  // An operand is not stored, so the field's length and digits do not bound it: a longer text simply equals nothing.
  // Enum labels are still checked, since a misspelt one is a mistake.
  Type type = field->type;
  type.length = type.precision = type.scale = 0;
  ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(type, value, value_path));
  if (std::optional<std::string> pattern = LikePattern(comparison, encoded.bytes)) encoded.bytes = *std::move(pattern);
  return ir::Predicate{ir::Compare{field, comparison, AddSlot(std::move(type), std::move(encoded))}};
}

absl::StatusOr<ir::Predicate> QueryBinder::BindRelationFilter(const Model& model, const v1::RelationFilter& filter,
                                                              const Path& path, int depth) {
  const Path relation_path = path.Member(filter.relation());
  ROWAN_ASSIGN_OR_RETURN(const Relation* relation, FindRelation(model, filter.relation(), relation_path));
  switch (filter.quantifier()) {
    case v1::QUANTIFIER_SOME:
      if (!relation->to_many()) {
        return errors::QuantifierNotAllowed(relation_path.Member("some"), "some", relation->name, "is");
      }
      break;
    case v1::QUANTIFIER_IS:
      if (relation->to_many()) {
        return errors::QuantifierNotAllowed(relation_path.Member("is"), "is", relation->name, "some");
      }
      break;
    case v1::QUANTIFIER_UNSPECIFIED:
      break;
    default:
      return errors::QuantifierNotAllowed(relation_path, "unknown", relation->name,
                                          relation->to_many() ? "some" : "is");
  }
  ir::Related related{relation, nullptr};
  const bool existence =
      !filter.has_where() || (filter.where().has_all_of() && filter.where().all_of().filters().empty());
  if (!existence) {
    ROWAN_ASSIGN_OR_RETURN(ir::Predicate where,
                           BindFilter(*relation->target, filter.where(), relation_path, depth + 1));
    related.where = std::make_unique<ir::Predicate>(std::move(where));
  }
  return ir::Predicate{std::move(related)};
}

}  // namespace rowan
