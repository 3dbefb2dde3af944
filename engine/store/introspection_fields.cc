// Columns -> fields.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/proto_enums.h"
#include "engine/catalog/sql_expression.h"
#include "engine/store/introspection_draft.h"
#include "engine/store/read_default.h"

namespace rowan::store {
namespace {

using Kind = ImagePart::Kind;

constexpr size_t kMostLabels = 1000;

// PostgreSQL takes enums without labels, or with the empty one.
bool CanBeLabels(const std::vector<std::string>& labels) {
  if (labels.empty() || labels.size() > kMostLabels) return false;
  std::set<std::string> distinct(labels.begin(), labels.end());
  return distinct.size() == labels.size() && std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
           return !label.empty() && label.size() <= kLongestName;
         });
}

// The check that has the labels of the column; null when there is none that a schema implies in the same way.
const CheckImage* EnumCheckOf(const TableDraft& table, const ColumnImage& column) {
  const Type& type = column.type;
  const bool text = type.scalar == Scalar::kText && type.native_name.empty();
  // What a foreign key relates has one type at both ends.
  if (!text || table.read_only || table.foreign.count(column.name) != 0) return nullptr;
  const std::string name = ConstraintName("ck", table.image->name.name, {column.name});
  for (const CheckImage& check : table.image->checks) {
    if (check.name == name && check.enum_column == column.name && CanBeLabels(check.labels)) return &check;
  }
  return nullptr;
}

void WriteType(const TableDraft& table, const Type& type, v1::FieldType& proto) {
  proto.set_scalar(ScalarProto(type.scalar));
  if (type.array) proto.set_array(true);
  if (type.length > 0) proto.set_length(type.length);
  if (type.precision > 0) {
    proto.set_precision(type.precision);
    if (type.scale > 0) proto.set_scale(type.scale);
  }
  if (type.native_name.empty()) return;
  proto.set_native_type(type.native_name);
  const bool labelled = type.scalar == Scalar::kEnum && CanBeLabels(type.labels);
  if (labelled) {
    *proto.mutable_labels() = {type.labels.begin(), type.labels.end()};
  } else {
    proto.set_scalar(v1::SCALAR_TYPE_TEXT);
  }
  if (type.native_schema != (labelled ? table.image->name.schema : "pg_catalog")) {
    proto.set_native_schema(type.native_schema);
  }
  for (const int modifier : type.native_modifiers) proto.add_native_modifiers(modifier);
}

bool IsInteger(const Type& type) {
  return !type.array &&
         (type.scalar == Scalar::kInt16 || type.scalar == Scalar::kInt32 || type.scalar == Scalar::kInt64);
}

// Writes where the value comes from. `identity` says whether the field is an identity when nothing is written.
void WriteDefault(IntrospectionDraft& draft, const TableDraft& table, const ColumnImage& column, bool identity,
                  const Type& type, v1::Field& field) {
  const ObjectName& name = table.image->name;
  switch (column.source) {
    case ColumnSource::kNothing:
      if (identity) field.mutable_default_()->mutable_literal()->set_null_value(google::protobuf::NULL_VALUE);
      return;
    case ColumnSource::kIdentity:
      if (column.always) {
        draft.Note(v1::SEVERITY_WARNING, "GENERATED_ALWAYS", name, column.name,
                   "the identity is GENERATED ALWAYS, a schema's is BY DEFAULT: values that requests give are written");
      }
      if (!identity) field.mutable_default_()->set_generator(v1::DEFAULT_GENERATOR_IDENTITY);
      return;
    case ColumnSource::kExpression:
    case ColumnSource::kGenerated:
      break;
  }
  if (const std::string fault = SqlExpressionFault(column.expression); !fault.empty()) {
    draft.Note(v1::SEVERITY_WARNING, "LEFT_OUT", name, column.name,
               absl::StrCat("its expression cannot be part of a schema (", fault, "): the field has no default"));
    return;
  }
  if (column.source == ColumnSource::kGenerated) {
    field.set_generated(column.expression);
  } else if (auto plain = ReadDefault(type, column.expression); plain.has_value()) {
    *field.mutable_default_() = *std::move(plain);
  } else {
    field.mutable_default_()->set_expression(column.expression);
  }
}

// A mark is enough for a key or an index of one field under the name that it gets by itself.
bool HasUniqueByRule(const TableDraft& table, const std::string& column) {
  return std::any_of(table.unique_keys.begin(), table.unique_keys.end(), [&](const UniqueDraft& unique) {
    return unique.columns == std::vector<std::string>{column} &&
           unique.name == ConstraintName("uq", table.image->name.name, unique.columns);
  });
}

void WriteField(IntrospectionDraft& draft, TableDraft& table, const ColumnImage& column) {
  v1::Field& field = *table.model->add_fields();
  const ObjectName& name = table.image->name;
  field.set_name(table.fields.at(column.name));
  const std::string path = absl::StrCat("models.", table.name, ".fields.", field.name());
  draft.parts[path] = {Kind::kColumn, name, column.name};
  draft.parts[path + ".default"] = {Kind::kDefault, name, column.name};
  if (column.name != SnakeCase(field.name())) field.set_column(column.name);
  Type type = column.type;
  if (const CheckImage* const check = EnumCheckOf(table, column); check != nullptr) {
    type.scalar = Scalar::kEnum;
    type.labels = check->labels;
    field.mutable_type()->set_scalar(v1::SCALAR_TYPE_ENUM);
    if (type.array) field.mutable_type()->set_array(true);
    *field.mutable_type()->mutable_labels() = {type.labels.begin(), type.labels.end()};
    table.enums[column.name] = check->name;
  } else {
    WriteType(table, type, *field.mutable_type());
  }
  const bool only_key = table.primary.size() == 1 && table.primary[0] == column.name;
  if (only_key) field.set_primary(true);
  if (column.nullable) field.set_nullable(true);
  if (!column.comment.empty()) field.set_description(column.comment);
  if (!column.domain.empty()) {
    draft.Note(v1::SEVERITY_NOTICE, "DOMAIN", name, column.name,
               absl::StrCat("the domain ", Printable(column.domain), " is taken for what it is made of, ",
                            SqlType(column.type), ": its checks still hold in the database"));
  }
  if (table.read_only) return;
  if (column.composite) {
    field.set_read_only(true);
    draft.Note(v1::SEVERITY_WARNING, "READ_ONLY", name, column.name,
               absl::StrCat("it holds rows of ", SqlType(column.type), ": requests can read it and not write it"));
  }
  if (HasUniqueByRule(table, column.name)) field.set_unique(true);
  const bool foreign = std::any_of(draft.relations.begin(), draft.relations.end(), [&](const RelationDraft& relation) {
    return relation.holder == &table &&
           std::find(relation.columns.begin(), relation.columns.end(), column.name) != relation.columns.end();
  });
  if (draft.IsLeftOut(Kind::kDefault, name, column.name)) return;
  WriteDefault(draft, table, column, only_key && IsInteger(type) && !foreign, type, field);
}

}  // namespace

void WriteFields(IntrospectionDraft& draft, TableDraft& table) {
  for (const ColumnImage& column : table.image->columns) {
    if (table.fields.count(column.name) == 0 || table.implied.count(column.name) != 0) continue;
    WriteField(draft, table, column);
  }
}

}  // namespace rowan::store
