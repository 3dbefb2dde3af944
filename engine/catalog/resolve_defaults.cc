// Defaults of fields, and with them what inserts may leave out.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/catalog/field_type.h"
#include "engine/catalog/schema_draft.h"
#include "engine/catalog/sql_expression.h"
#include "engine/types/codec.h"

namespace rowan {
namespace {

void CheckGenerator(Draft& draft, const std::string& path, const v1::Field& field) {
  const v1::ScalarType scalar = field.type().scalar();
  const bool array = field.type().array();
  switch (field.default_().generator()) {
    case v1::DEFAULT_GENERATOR_NOW:
      if (array || (scalar != v1::SCALAR_TYPE_TIMESTAMP && scalar != v1::SCALAR_TYPE_LOCAL_TIMESTAMP &&
                    scalar != v1::SCALAR_TYPE_DATE && scalar != v1::SCALAR_TYPE_TIME)) {
        draft.Invalid(path, "now is for timestamp, local_timestamp, date and time fields");
      }
      return;
    case v1::DEFAULT_GENERATOR_UUID:
      if (array || scalar != v1::SCALAR_TYPE_UUID) draft.Invalid(path, "uuid is for uuid fields");
      return;
    case v1::DEFAULT_GENERATOR_IDENTITY:
      if (!IsInteger(field.type())) draft.Invalid(path, "identity is for integer fields");
      if (field.nullable()) draft.Invalid(path, "an identity cannot be nullable");
      return;
    default:
      draft.Invalid(path, "the generator is missing or unknown: now, uuid or identity");
  }
}

// Checks a literal and gives it the kind that results have. `may_be_none`: null stands for no default.
void CheckLiteral(Draft& draft, const std::string& path, bool may_be_none, v1::Field& field) {
  v1::Value& literal = *field.mutable_default_()->mutable_literal();
  if (literal.kind_case() == v1::Value::kNullValue) {
    // A key says so that it is no identity.
    if (!may_be_none) draft.Invalid(path, "null is no default: leave it out and make the field optional");
    return;
  }
  const Type type = FieldTypeOf(field.type());
  const Path at(path);
  const absl::StatusOr<Encoded> encoded = EncodeValue(type, literal, at);
  if (!encoded.ok()) {
    const std::string reason = ErrorReasonOf(encoded.status());
    std::string message(encoded.status().message());
    if (absl::StartsWith(message, path + ": ")) message.erase(0, path.size() + 2);  // it is reported with its path
    draft.Report(reason.empty() ? "SCHEMA_INVALID" : reason, path, std::move(message));
    return;
  }
  v1::Value normal;
  if (absl::Status status = DecodeValue(type, encoded->bytes, normal); !status.ok()) {
    draft.Invalid(path, "the default cannot be read back");
    return;
  }
  literal = std::move(normal);
}

void CheckExpression(Draft& draft, const std::string& path, const std::string& expression) {
  if (expression.empty()) return draft.Invalid(path, "the expression is missing");
  if (std::string fault = SqlExpressionFault(expression); !fault.empty()) draft.Invalid(path, std::move(fault));
}

// A field that counts updates begins at 1, which is its default.
void ResolveVersion(Draft& draft, const ModelDraft& model, v1::Field& field) {
  const std::string path = model.FieldPath(field.name()) + ".version";
  const v1::ScalarType scalar = field.type().scalar();
  const bool counts = scalar == v1::SCALAR_TYPE_INT32 || scalar == v1::SCALAR_TYPE_INT64;
  if (!counts || field.type().array()) return draft.Invalid(path, "a version field is an int32 or int64");
  if (field.nullable()) return draft.Invalid(path, "a version field always counts: it cannot be nullable");
  if (model.IsPrimary(field.name())) {
    return draft.Invalid(path, "every update changes a version field: it cannot be part of the primary key");
  }
  if (model.foreign.count(field.name()) != 0) {
    return draft.Invalid(path, "every update changes a version field: it cannot be part of a foreign key");
  }
  v1::Value one;
  one.set_int_value(1);
  const v1::Value& given = field.default_().literal();
  const bool other = field.has_default_() && (given.kind_case() != v1::Value::kIntValue || given.int_value() != 1);
  if (other) return draft.Invalid(path, "a version field begins at 1 and has no other default: leave `default` out");
  *field.mutable_default_()->mutable_literal() = std::move(one);
}

// Each update counts in one field.
void CheckOneVersion(Draft& draft, const ModelDraft& model) {
  const std::string* first = nullptr;
  for (const auto& [name, field] : model.fields) {
    if (!field->version()) continue;
    if (first == nullptr) {
      first = &name;
    } else {
      draft.Invalid(model.FieldPath(name) + ".version",
                    absl::StrCat("the model has a version field already, \"", *first, "\": one counts all updates"));
    }
  }
}

void ResolveField(Draft& draft, ModelDraft& model, v1::Field& field) {
  const std::string path = model.FieldPath(field.name());
  const bool primary = model.IsPrimary(field.name());
  if (field.has_default_() && field.default_().kind_case() == v1::Default::KIND_NOT_SET) {
    draft.Invalid(path + ".default", "the default is empty");
  }
  const bool counts = primary && model.primary.size() == 1 && IsInteger(field.type());
  if (counts && !field.has_default_() &&
      model.foreign.count(field.name()) == 0 && !model.proto->read_only() && field.generated().empty()) {
    field.mutable_default_()->set_generator(v1::DEFAULT_GENERATOR_IDENTITY);
  }
  if (field.version()) ResolveVersion(draft, model, field);
  if (field.optional() && !HasDefault(field) && field.generated().empty()) field.set_nullable(true);
  if (!field.generated().empty()) {
    if (field.has_default_()) draft.Invalid(path + ".default", "the database computes the field: it has no default");
    field.set_read_only(true);
  }
  // Views have no keys of their own, so theirs may hold nulls.
  if (primary && field.nullable() && !model.proto->read_only()) {
    draft.Invalid(path,
                  "a field of the primary key is always there: it cannot be nullable, nor optional without a default");
  }
  switch (field.default_().kind_case()) {
    case v1::Default::kLiteral:
      CheckLiteral(draft, path + ".default", counts, field);
      break;
    case v1::Default::kGenerator:
      CheckGenerator(draft, path + ".default", field);
      break;
    case v1::Default::kExpression:
      CheckExpression(draft, path + ".default.expression", field.default_().expression());
      break;
    case v1::Default::KIND_NOT_SET:
      break;
  }
  field.set_optional(field.nullable() || HasDefault(field) || !field.generated().empty());
}

}  // namespace

void ResolveDefaults(Draft& draft) {
  // Types that are broken have been reported, and nothing can be said about defaults of theirs.
  for (ModelDraft& model : draft.models) {
    CheckOneVersion(draft, model);
    for (auto& [name, field] : model.fields) {
      if (v1::ScalarType_IsValid(field->type().scalar()) && field->type().scalar() != v1::SCALAR_TYPE_UNSPECIFIED) {
        ResolveField(draft, model, *field);
      }
    }
  }
}

}  // namespace rowan
