#include "engine/hydrate/hydrate.h"

#include <cstdint>
#include <limits>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/types/codec.h"
#include "engine/types/wire.h"
#include "rowan/v1/result.pb.h"

namespace rowan {
namespace {

ColumnBytes ReadColumn(WireReader& reader) {
  ColumnBytes column;
  column.bytes = reader.Sized(column.null);
  return column;
}

absl::Status Malformed() {
  return errors::Internal("a result row does not have the layout of its plan");
}

absl::Status HydrateField(const Field& field, const ColumnBytes& column, v1::Value& value) {
  if (column.null) {
    value.set_null_value(google::protobuf::NULL_VALUE);
    return absl::OkStatus();
  }
  return DecodeValue(field.type, column.bytes, value);
}

absl::Status HydrateRelated(const plan::Select& select, const Arguments& arguments, const ColumnBytes& column,
                            v1::RecordList& list);

// One row in record format: the number of columns, then each with its type's OID.
absl::Status HydrateRow(const plan::Select& select, const Arguments& arguments, std::string_view bytes,
                        v1::Record& record) {
  WireReader reader(bytes);
  if (reader.Read<int32_t>() != static_cast<int32_t>(select.fields.size() + select.related.size())) return Malformed();
  for (const Field* field : select.fields) {
    reader.Read<int32_t>();
    const ColumnBytes column = ReadColumn(reader);
    if (!reader.ok()) return Malformed();
    ROWAN_RETURN_IF_ERROR(HydrateField(*field, column, *record.add_values()));
  }
  for (const plan::Select& related : select.related) {
    reader.Read<int32_t>();
    const ColumnBytes column = ReadColumn(reader);
    if (!reader.ok()) return Malformed();
    ROWAN_RETURN_IF_ERROR(HydrateRelated(related, arguments, column, *record.add_related()));
  }
  return absl::OkStatus();
}

absl::Status HydrateRelated(const plan::Select& select, const Arguments& arguments, const ColumnBytes& column,
                            v1::RecordList& list) {
  if (!select.relation->to_many()) {
    return column.null ? absl::OkStatus() : HydrateRow(select, arguments, column.bytes, *list.add_records());
  }
  // An array: dimensions, whether it has nulls, the elements' OID; then, unless it is empty, its length and lower
  // bound.
  WireReader reader(column.bytes);
  const int32_t dimensions = reader.Read<int32_t>();
  reader.Read<int32_t>();
  reader.Read<int32_t>();
  if (!reader.ok() || dimensions < 0 || dimensions > 1) return Malformed();
  if (dimensions == 0) return absl::OkStatus();
  const int32_t count = reader.Read<int32_t>();
  reader.Read<int32_t>();
  // The slot holds one more than the limit.
  const int64_t limit = select.window.limit == ir::kNoSlot
                            ? std::numeric_limits<int64_t>::max()
                            : DecodeInt64(arguments.slots[select.window.limit].bytes) - 1;
  list.set_has_more(count > limit);
  for (int32_t i = 0; i < count && i < limit; ++i) {
    const ColumnBytes row = ReadColumn(reader);
    if (!reader.ok() || row.null) return Malformed();
    ROWAN_RETURN_IF_ERROR(HydrateRow(select, arguments, row.bytes, *list.add_records()));
  }
  return absl::OkStatus();
}

v1::ScalarType ScalarProto(Scalar scalar) {
  switch (scalar) {
    case Scalar::kInt16:
      return v1::SCALAR_TYPE_INT16;
    case Scalar::kInt32:
      return v1::SCALAR_TYPE_INT32;
    case Scalar::kInt64:
      return v1::SCALAR_TYPE_INT64;
    case Scalar::kFloat32:
      return v1::SCALAR_TYPE_FLOAT32;
    case Scalar::kFloat64:
      return v1::SCALAR_TYPE_FLOAT64;
    case Scalar::kDecimal:
      return v1::SCALAR_TYPE_DECIMAL;
    case Scalar::kBool:
      return v1::SCALAR_TYPE_BOOL;
    case Scalar::kString:
      return v1::SCALAR_TYPE_STRING;
    case Scalar::kText:
      return v1::SCALAR_TYPE_TEXT;
    case Scalar::kBytes:
      return v1::SCALAR_TYPE_BYTES;
    case Scalar::kUuid:
      return v1::SCALAR_TYPE_UUID;
    case Scalar::kDate:
      return v1::SCALAR_TYPE_DATE;
    case Scalar::kTime:
      return v1::SCALAR_TYPE_TIME;
    case Scalar::kTimestamp:
      return v1::SCALAR_TYPE_TIMESTAMP;
    case Scalar::kJson:
      return v1::SCALAR_TYPE_JSON;
    case Scalar::kEnum:
      return v1::SCALAR_TYPE_ENUM;
  }
  return v1::SCALAR_TYPE_UNSPECIFIED;
}

}  // namespace

void HydrateShape(const plan::Select& select, v1::Shape& shape) {
  shape.set_model(select.model->name);
  for (const Field* field : select.fields) {
    v1::ShapeField& described = *shape.add_fields();
    described.set_name(field->name);
    described.set_nullable(field->nullable);
    v1::FieldType& type = *described.mutable_type();
    type.set_scalar(ScalarProto(field->type.scalar));
    type.set_array(field->type.array);
    if (field->type.length > 0) type.set_length(field->type.length);
    if (field->type.precision > 0) {
      type.set_precision(field->type.precision);
      type.set_scale(field->type.scale);
    }
    for (const std::string& label : field->type.labels) type.add_labels(label);
    type.set_enum_name(field->type.enum_name);
  }
  for (const plan::Select& related : select.related) {
    v1::ShapeRelation& described = *shape.add_relations();
    described.set_name(related.name);
    described.set_relation(related.relation->name);
    described.set_to_many(related.relation->to_many());
    HydrateShape(related, *described.mutable_shape());
  }
}

absl::Status HydrateRecord(const plan::Select& root, const Arguments& arguments,
                           const std::function<ColumnBytes(int)>& column, v1::Record& record) {
  int next = 0;
  for (const Field* field : root.fields) {
    ROWAN_RETURN_IF_ERROR(HydrateField(*field, column(next++), *record.add_values()));
  }
  for (const plan::Select& related : root.related) {
    ROWAN_RETURN_IF_ERROR(HydrateRelated(related, arguments, column(next++), *record.add_related()));
  }
  return absl::OkStatus();
}

}  // namespace rowan
