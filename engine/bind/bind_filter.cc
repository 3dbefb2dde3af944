// Filters. The parts of an all_of have the path of the whole, since in the document form an object with several
// conditions and an AND list are the same; only a part that is nothing is named by its position.
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/binder.h"
#include "engine/bind/operators.h"
#include "engine/bind/regex.h"
#include "engine/types/codec.h"
#include "engine/types/json_value.h"
#include "rowan/v1/query.pb.h"

namespace rowan {
namespace {

const Type kText{.scalar = Scalar::kText};
const Type kTextList{.scalar = Scalar::kText, .array = true};
const Type kDecimal{.scalar = Scalar::kDecimal};
const Type kJson{.scalar = Scalar::kJson};

// Makes a LIKE pattern from text that stands for itself.
std::string EscapeLike(std::string_view text) {
  std::string pattern;
  for (char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

// Whether a LIKE pattern ends in an escape that escapes nothing.
bool EndsInEscape(std::string_view pattern) {
  size_t escapes = 0;
  while (escapes < pattern.size() && pattern[pattern.size() - 1 - escapes] == '\\') ++escapes;
  return escapes % 2 == 1;
}

// Turns the text that a comparison was given into what PostgreSQL matches with.
absl::Status MakePattern(ir::Comparison comparison, const Limits& limits, const Path& path, std::string& text) {
  switch (comparison) {
    case ir::Comparison::kContains:
      text = "%" + EscapeLike(text) + "%";
      return absl::OkStatus();
    case ir::Comparison::kStartsWith:
      text = EscapeLike(text) + "%";
      return absl::OkStatus();
    case ir::Comparison::kEndsWith:
      text = "%" + EscapeLike(text);
      return absl::OkStatus();
    case ir::Comparison::kLike:
      if (EndsInEscape(text)) return errors::MalformedValue(path, "pattern", "it ends in a single \\");
      return absl::OkStatus();
    case ir::Comparison::kRegex: {
      ROWAN_ASSIGN_OR_RETURN(text, PostgresRegex(text, limits, path));
      return absl::OkStatus();
    }
    case ir::Comparison::kEq:
    case ir::Comparison::kNe:
    case ir::Comparison::kGt:
    case ir::Comparison::kGte:
    case ir::Comparison::kLt:
    case ir::Comparison::kLte:
    case ir::Comparison::kIn:
    case ir::Comparison::kNotIn:
    case ir::Comparison::kBetween:
    case ir::Comparison::kHas:
    case ir::Comparison::kHasSome:
    case ir::Comparison::kHasEvery:
    case ir::Comparison::kSearch:
    case ir::Comparison::kIsDistinctFrom:
      break;
  }
  return absl::OkStatus();
}

// An operand is not stored, so the field's length and digits do not bound it: a longer text simply equals nothing. Enum
// labels are still checked, since a misspelt one is a mistake.
Type OperandType(Type type) {
  type.length = type.precision = type.scale = 0;
  return type;
}

// The elements of an array_value, encoded one by one; none may be null.
template <typename Encode>
absl::StatusOr<std::vector<Encoded>> EncodeElements(const v1::Value& value, std::string_view expected,
                                                    std::string_view op, const Path& path, Encode encode) {
  if (value.kind_case() != v1::Value::kArrayValue) return errors::TypeMismatch(path, expected, "a single value");
  std::vector<Encoded> elements;
  elements.reserve(value.array_value().values_size());
  for (const v1::Value& element : value.array_value().values()) {
    const Path element_path = path.Index(static_cast<int>(elements.size()));
    if (element.has_null_value()) return errors::NullOperand(element_path, op);
    ROWAN_ASSIGN_OR_RETURN(Encoded encoded, encode(element, element_path));
    elements.push_back(std::move(encoded));
  }
  return elements;
}

bool IsNumber(const v1::Value& value) {
  return value.has_int_value() || value.has_double_value() || value.has_decimal_value();
}

// Types that one comparison of two fields can have.
bool Comparable(const Type& left, const Type& right) {
  if (left == right) return true;
  if (left.array || right.array) return left.array == right.array && left.scalar == right.scalar;
  const auto number = [](const Type& type) {
    return type.scalar <= Scalar::kDecimal;  // int16 to decimal come first
  };
  if (number(left) && number(right)) return true;
  if (Facts(left.scalar).text && Facts(right.scalar).text) return true;
  return left.scalar == right.scalar && left.native_name == right.native_name && left.native_schema == right.native_schema;
}

bool IsExistence(const v1::Filter* where) {
  return where == nullptr || (where->has_all_of() && where->all_of().filters().empty());
}

struct QuantifierFacts {
  v1::Quantifier number;
  std::string_view name;
  ir::Quantifier quantifier;
  bool to_many;
};
constexpr QuantifierFacts kQuantifiers[] = {
    {v1::QUANTIFIER_SOME, "some", ir::Quantifier::kSome, true},
    {v1::QUANTIFIER_NONE, "none", ir::Quantifier::kNone, true},
    {v1::QUANTIFIER_EVERY, "every", ir::Quantifier::kEvery, true},
    {v1::QUANTIFIER_EVERY_NONEMPTY, "every_nonempty", ir::Quantifier::kEveryNonempty, true},
    {v1::QUANTIFIER_IS, "is", ir::Quantifier::kSome, false},
    {v1::QUANTIFIER_IS_NOT, "is_not", ir::Quantifier::kNone, false},
};

}  // namespace

absl::StatusOr<std::optional<ir::Predicate>> QueryBinder::BindWhere(const FilterScope& scope, const v1::Filter* filter,
                                                                    const Path& path) {
  if (IsExistence(filter)) return std::nullopt;
  ROWAN_ASSIGN_OR_RETURN(ir::Predicate predicate, BindFilter(scope, *filter, path, 1));
  return std::optional(std::move(predicate));
}

absl::StatusOr<ir::Predicate> QueryBinder::BindFilter(const FilterScope& scope, const v1::Filter& filter,
                                                      const Path& path, int depth) {
  const int deepest = context_.limits.filter_depth;
  if (depth > deepest) return errors::DepthExceeded(path, "filters", deepest);
  ROWAN_RETURN_IF_ERROR(CountNode(path));
  switch (filter.kind_case()) {
    case v1::Filter::kAllOf: {
      ROWAN_ASSIGN_OR_RETURN(auto predicates, BindFilters(scope, filter.all_of(), path, depth));
      return ir::Predicate{ir::AllOf{std::move(predicates)}};
    }
    case v1::Filter::kAnyOf: {
      std::vector<ir::Predicate> predicates;
      const Path list = path.Member("OR");
      for (const v1::Filter& part : filter.any_of().filters()) {
        const Path item = list.Index(static_cast<int>(predicates.size()));
        ROWAN_ASSIGN_OR_RETURN(ir::Predicate predicate, BindFilter(scope, part, item, depth + 1));
        predicates.push_back(std::move(predicate));
      }
      return ir::Predicate{ir::AnyOf{std::move(predicates)}};
    }
    case v1::Filter::kNot: {
      ROWAN_ASSIGN_OR_RETURN(ir::Predicate predicate, BindFilter(scope, filter.not_(), path.Member("NOT"), depth + 1));
      return ir::Predicate{ir::Not{std::make_unique<ir::Predicate>(std::move(predicate))}};
    }
    case v1::Filter::kField:
      return BindFieldFilter(scope, filter.field(), path);
    case v1::Filter::kRelation:
      return BindRelationFilter(scope, filter.relation(), path, depth);
    case v1::Filter::kRelationAggregate:
      return BindRelationAggregate(scope, filter.relation_aggregate(), path, depth);
    case v1::Filter::KIND_NOT_SET:
      break;
  }
  return errors::EmptyFilter(path);
}

absl::StatusOr<std::vector<ir::Predicate>> QueryBinder::BindFilters(const FilterScope& scope, const v1::FilterList& list,
                                                                    const Path& path, int depth) {
  std::vector<ir::Predicate> predicates;
  const Path numbered = path.Member("AND");
  for (const v1::Filter& part : list.filters()) {
    if (part.kind_case() == v1::Filter::KIND_NOT_SET) {
      return errors::EmptyFilter(numbered.Index(static_cast<int>(predicates.size())));
    }
    ROWAN_ASSIGN_OR_RETURN(ir::Predicate predicate, BindFilter(scope, part, path, depth + 1));
    predicates.push_back(std::move(predicate));
  }
  return predicates;
}

absl::StatusOr<std::unique_ptr<ir::Predicate>> QueryBinder::BindInner(const Model& model, const v1::Filter* filter,
                                                                      const Path& path, int depth) {
  if (IsExistence(filter)) return nullptr;
  ROWAN_ASSIGN_OR_RETURN(ir::Predicate predicate, BindFilter({&model}, *filter, path, depth + 1));
  return std::make_unique<ir::Predicate>(std::move(predicate));
}

// --- comparisons

absl::Status QueryBinder::BindRight(const Type& type, const Comparand& right, const Path& path, ir::Compare& compare) {
  const auto encode = [&](const Type& as, const v1::Value& value, const Path& at) -> absl::StatusOr<Encoded> {
    ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(as, value, at));
    if (!encoded.null) {
      ROWAN_RETURN_IF_ERROR(MakePattern(compare.comparison, context_.limits, at, encoded.bytes));
    }
    return encoded;
  };
  const auto encode_json = [&](const v1::Value& value, const Path& at, bool element) -> absl::StatusOr<Encoded> {
    ROWAN_ASSIGN_OR_RETURN(const std::string json, JsonOf(value, at));
    return EncodeJson(element ? "[" + json + "]" : json);
  };
  const auto* json_place = std::get_if<ir::JsonPlace>(&compare.left);
  const bool place = json_place != nullptr;
  // A number inside JSON is of no type of its own, so any number compares with it, as JSON spells it.
  const auto encode_number = [&](const v1::Value& value, const Path& at) -> absl::StatusOr<Encoded> {
    v1::Value digits;
    if (!IsNumber(value)) return encode(kDecimal, value, at);
    ROWAN_ASSIGN_OR_RETURN(*digits.mutable_decimal_value(), JsonOf(value, at));
    return encode(kDecimal, digits, at);
  };
  const bool number = place && json_place->form == ir::JsonForm::kNumber;
  const bool json = type.scalar == Scalar::kJson && !type.array;
  Type element = OperandType(type);
  element.array = false;
  Type list = element;
  list.array = true;
  const auto encode_element = [&](const v1::Value& value, const Path& at) -> absl::StatusOr<Encoded> {
    if (json && right.facts.operand != OperandForm::kList) return encode_json(value, at, true);
    if (json && place) return encode_json(value, at, false);
    return number ? encode_number(value, at) : encode(element, value, at);
  };
  const std::string expected = TypeName(list);

  switch (right.facts.operand) {
    case OperandForm::kValue: {
      absl::StatusOr<Encoded> encoded =
          json && place ? encode_json(right.value, path, false)
          : number      ? encode_number(right.value, path)
                        : encode(OperandType(type), right.value, path);
      if (!encoded.ok()) return encoded.status();
      compare.slot = AddSlot(OperandType(type), *std::move(encoded));
      return absl::OkStatus();
    }
    case OperandForm::kList: {
      ROWAN_ASSIGN_OR_RETURN(const auto elements,
                             EncodeElements(right.value, expected, right.facts.name, path, encode_element));
      compare.slot = AddSlot(list, EncodeArray(element, elements));
      return absl::OkStatus();
    }
    case OperandForm::kPair: {
      ROWAN_ASSIGN_OR_RETURN(auto elements,
                             EncodeElements(right.value, expected, right.facts.name, path, encode_element));
      if (elements.size() != 2) {
        return errors::TypeMismatch(path, "an array of two", absl::StrCat("one of ", elements.size()));
      }
      compare.slot = AddSlot(element, std::move(elements[0]));
      compare.upper = AddSlot(element, std::move(elements[1]));
      return absl::OkStatus();
    }
    case OperandForm::kElement: {
      if (right.value.has_null_value()) return errors::NullOperand(path, right.facts.name);
      ROWAN_ASSIGN_OR_RETURN(Encoded encoded, encode_element(right.value, path));
      compare.slot = json ? AddSlot(element, std::move(encoded)) : AddSlot(list, EncodeArray(element, {encoded}));
      return absl::OkStatus();
    }
    case OperandForm::kElements: {
      ROWAN_ASSIGN_OR_RETURN(const auto elements,
                             EncodeElements(right.value, expected, right.facts.name, path, encode_element));
      compare.slot = AddSlot(list, EncodeArray(element, elements));
      return absl::OkStatus();
    }
  }
  return errors::Internal("an operand form is not handled");
}

absl::StatusOr<ir::Predicate> QueryBinder::BindComparison(ir::Operand left, Type type, const Comparand& right,
                                                          const Path& path) {
  const OperatorFacts& facts = right.facts;
  if (!facts.allowed(type)) {
    return errors::OperatorNotAllowed(path, facts.name, TypeName(type), AllowedOperators(type));
  }
  if (right.ignore_case && !(facts.folds_case && !type.array && Facts(type.scalar).text)) {
    return errors::OperatorNotAllowed(path, std::string(facts.name) + " without regard to case", TypeName(type),
                                      AllowedOperators(type));
  }
  const v1::Value& value = right.value;
  if (value.kind_case() == v1::Value::KIND_NOT_SET) return errors::MissingValue(path);
  if (value.has_reference_value()) return StrayReference(value, path);
  if (!facts.comparison) {
    if (value.kind_case() != v1::Value::kBoolValue) return errors::TypeMismatch(path, "bool", "another kind");
    if (facts.number == v1::OPERATOR_IS_EMPTY) {
      return ir::Predicate{ir::EmptyTest{std::get<const Field*>(left), value.bool_value()}};
    }
    return ir::Predicate{ir::NullTest{std::move(left), value.bool_value()}};
  }
  const ir::Comparison comparison = *facts.comparison;
  if (value.has_null_value() && facts.operand == OperandForm::kValue) {
    if (comparison == ir::Comparison::kEq) return ir::Predicate{ir::NullTest{std::move(left), true}};
    if (comparison == ir::Comparison::kNe || comparison == ir::Comparison::kIsDistinctFrom) {
      return ir::Predicate{ir::NullTest{std::move(left), false}};
    }
    return errors::NullOperand(path, facts.name);
  }
  ir::Compare compare{.left = std::move(left), .type = type, .comparison = comparison, .ignore_case = right.ignore_case};
  if (comparison == ir::Comparison::kSearch) {
    const auto language = FindLanguage(right.language);
    if (!language) {
      return errors::ValueOutOfRange(path.Member("language"), "language",
                                     absl::StrCat("there are: ", absl::StrJoin(Languages(), ", ", [](std::string* out, std::string_view name) { out->append(name); })));
    }
    compare.language = *language;
  } else if (!right.language.empty()) {
    return errors::ConflictingInput(path, "language", "only search has a language");
  }
  ROWAN_RETURN_IF_ERROR(BindRight(type, right, path, compare));
  return ir::Predicate{std::move(compare)};
}

absl::StatusOr<ir::Predicate> QueryBinder::BindFieldFilter(const FilterScope& scope, const v1::FieldFilter& filter,
                                                           const Path& path) {
  const Path field_path = path.Member(filter.field());
  const OperatorFacts* facts = FindOperator(filter.operator_());
  if (scope.columns != nullptr) {
    errors::Names names;
    for (size_t i = 0; i < scope.columns->size(); ++i) {
      const FilterScope::Column& column = (*scope.columns)[i];
      names.push_back(column.name);
      if (column.name != filter.field()) continue;
      if (facts == nullptr) return errors::MissingOperator(field_path, AllowedOperators(column.type));
      const Path value_path = field_path.Member(facts->name);
      if (!filter.other_field().empty() || !filter.json_path().empty()) {
        return errors::ConflictingInput(value_path, "having", "columns of a result compare with values only");
      }
      if (facts->number == v1::OPERATOR_IS_EMPTY) {
        return errors::OperatorNotAllowed(value_path, facts->name, "a column of a result", "the others");
      }
      return BindComparison(ir::ResultColumn{static_cast<int>(i)}, column.type,
                            {*facts, filter.value(), filter.ignore_case(), filter.language()}, value_path);
    }
    return errors::UnknownField(field_path, "the result", filter.field(), names);
  }

  const Model& model = *scope.model;
  if (const Relation* relation = model.FindRelation(filter.field()); relation && !model.FindField(filter.field())) {
    return BindAbsence(*relation, filter, field_path);
  }
  ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(model, filter.field(), field_path));
  if (facts == nullptr) return errors::MissingOperator(field_path, AllowedOperators(field->type));
  const Path value_path = field_path.Member(facts->name);
  if (!filter.other_field().empty()) return BindOtherField(model, *field, filter, *facts, value_path);
  if (!filter.json_path().empty()) return BindJsonFilter(*field, filter, value_path);
  return BindComparison(field, field->type, {*facts, filter.value(), filter.ignore_case(), filter.language()},
                        value_path);
}

// A to-one relation's name in place of a field's asks whether the related row is absent.
absl::StatusOr<ir::Predicate> QueryBinder::BindAbsence(const Relation& relation, const v1::FieldFilter& filter,
                                                       const Path& path) {
  const bool null = filter.value().has_null_value();
  const bool truth = filter.value().bool_value();
  std::optional<bool> absent;
  if (filter.operator_() == v1::OPERATOR_EQ && null) absent = true;
  if (filter.operator_() == v1::OPERATOR_NE && null) absent = false;
  if (filter.operator_() == v1::OPERATOR_IS_NULL && filter.value().has_bool_value()) absent = truth;
  if (!absent) {
    const OperatorFacts* facts = FindOperator(filter.operator_());
    return errors::OperatorNotAllowed(path, facts == nullptr ? "without a name" : facts->name,
                                      absl::StrCat("relation ", relation.name),
                                      "eq null, ne null, isNull, or a filter on its fields");
  }
  if (relation.to_many()) {
    return errors::QuantifierNotAllowed(path, "null", relation.name, "some, none, every, every_nonempty");
  }
  return ir::Predicate{
      ir::Related{.relation = &relation, .quantifier = *absent ? ir::Quantifier::kNone : ir::Quantifier::kSome}};
}

absl::StatusOr<ir::Predicate> QueryBinder::BindOtherField(const Model& model, const Field& field,
                                                          const v1::FieldFilter& filter, const OperatorFacts& facts,
                                                          const Path& path) {
  const Path other_path = path.Member("$field");
  if (filter.has_value()) return errors::ConflictingInput(path, "other_field", "the right side is a value or a field");
  if (!filter.json_path().empty()) {
    return errors::ConflictingInput(path, "json_path", "a place inside a json field compares with values only");
  }
  if (!facts.allowed(field.type)) {
    return errors::OperatorNotAllowed(path, facts.name, TypeName(field.type), AllowedOperators(field.type));
  }
  if (!facts.takes_field) {
    return errors::OperatorNotAllowed(path, facts.name, "a comparison of two fields",
                                      "eq, ne, gt, gte, lt, lte, isDistinctFrom");
  }
  ROWAN_ASSIGN_OR_RETURN(const Field* other, FindField(model, filter.other_field(), other_path));
  if (!Comparable(field.type, other->type)) {
    return errors::TypeMismatch(other_path, TypeName(field.type), TypeName(other->type));
  }
  if (filter.ignore_case() && (field.type.array || !Facts(field.type.scalar).text)) {
    return errors::OperatorNotAllowed(path, std::string(facts.name) + " without regard to case", TypeName(field.type),
                                      AllowedOperators(field.type));
  }
  return ir::Predicate{ir::Compare{.left = &field,
                                   .type = field.type,
                                   .comparison = *facts.comparison,
                                   .other = other,
                                   .ignore_case = filter.ignore_case()}};
}

// The operator and the value's kind decide what the place is compared as.
absl::StatusOr<ir::Predicate> QueryBinder::BindJsonFilter(const Field& field, const v1::FieldFilter& filter,
                                                          const Path& path) {
  const OperatorFacts& facts = *FindOperator(filter.operator_());
  if (field.type.scalar != Scalar::kJson || field.type.array) {
    return errors::OperatorNotAllowed(path, std::string(facts.name) + " with a path", TypeName(field.type),
                                      AllowedOperators(field.type));
  }
  ir::JsonForm form = ir::JsonForm::kJson;
  Type type = kJson;
  if (!facts.allowed(kJson)) {
    const v1::Value& first = facts.operand == OperandForm::kPair && !filter.value().array_value().values().empty()
                                 ? filter.value().array_value().values(0)
                                 : filter.value();
    if (first.has_reference_value()) return StrayReference(first, path);
    const bool number = IsNumber(first) && facts.allowed(kDecimal);
    form = number ? ir::JsonForm::kNumber : ir::JsonForm::kText;
    type = number ? kDecimal : kText;
    if (!number && first.kind_case() != v1::Value::kTextValue && first.kind_case() != v1::Value::KIND_NOT_SET &&
        !first.has_null_value()) {
      return errors::TypeMismatch(path, facts.allowed(kDecimal) ? "text or a number" : "text", "another kind");
    }
  }
  v1::Value steps;
  for (const std::string& step : filter.json_path()) steps.mutable_array_value()->add_values()->set_text_value(step);
  ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(kTextList, steps, path.Member("path")));
  const ir::JsonPlace place{&field, AddSlot(kTextList, std::move(encoded)), form};
  return BindComparison(place, type, {facts, filter.value(), filter.ignore_case(), filter.language()}, path);
}

// --- relations

absl::StatusOr<ir::Predicate> QueryBinder::BindRelationFilter(const FilterScope& scope, const v1::RelationFilter& filter,
                                                              const Path& path, int depth) {
  const Path relation_path = path.Member(filter.relation());
  if (scope.columns != nullptr) return errors::UnknownRelation(relation_path, "the result", filter.relation(), {});
  ROWAN_ASSIGN_OR_RETURN(const Relation* relation, FindRelation(*scope.model, filter.relation(), relation_path));
  ir::Related related{.relation = relation};
  if (filter.quantifier() != v1::QUANTIFIER_UNSPECIFIED) {
    std::string allowed;
    std::string_view name = "unknown";
    bool found = false;
    for (const QuantifierFacts& facts : kQuantifiers) {
      if (facts.number == filter.quantifier()) name = facts.name;
      if (facts.to_many != relation->to_many()) continue;
      absl::StrAppend(&allowed, allowed.empty() ? "" : ", ", absl::string_view(facts.name.data(), facts.name.size()));
      if (facts.number != filter.quantifier()) continue;
      related.quantifier = facts.quantifier;
      found = true;
    }
    if (!found) return errors::QuantifierNotAllowed(relation_path.Member(name), name, relation->name, allowed);
  }
  ROWAN_ASSIGN_OR_RETURN(related.where, BindInner(*relation->target, filter.has_where() ? &filter.where() : nullptr,
                                                  relation_path, depth));
  return ir::Predicate{std::move(related)};
}

absl::StatusOr<ir::Predicate> QueryBinder::BindRelationAggregate(const FilterScope& scope,
                                                                 const v1::RelationAggregateFilter& filter,
                                                                 const Path& path, int depth) {
  const Path relation_path = path.Member(filter.relation());
  if (scope.columns != nullptr) return errors::UnknownRelation(relation_path, "the result", filter.relation(), {});
  ROWAN_ASSIGN_OR_RETURN(const Relation* relation, FindRelation(*scope.model, filter.relation(), relation_path));
  const std::string function = AggregateWord(filter.aggregate());
  const Path function_path = relation_path.Member(function);
  ROWAN_ASSIGN_OR_RETURN(ir::Aggregate aggregate, BindAggregate(*relation->target, filter.aggregate(), function_path));
  const Path compared =
      aggregate.field == nullptr ? function_path : function_path.Member(std::string_view(aggregate.field->name));
  ROWAN_ASSIGN_OR_RETURN(auto where, BindInner(*relation->target, filter.has_where() ? &filter.where() : nullptr,
                                               relation_path.Member("where"), depth));
  const OperatorFacts* facts = FindOperator(filter.operator_());
  if (facts == nullptr) return errors::MissingOperator(compared, AllowedOperators(aggregate.type));
  if (facts->number == v1::OPERATOR_IS_EMPTY) {
    return errors::OperatorNotAllowed(compared.Member(facts->name), facts->name, TypeName(aggregate.type),
                                      AllowedOperators(aggregate.type));
  }
  const Type type = aggregate.type;
  return BindComparison(ir::RelatedAggregate{relation, std::move(aggregate), std::move(where)}, type,
                        {*facts, filter.value()}, compared.Member(facts->name));
}

}  // namespace rowan
