#include "engine/hydrate/hydrate.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/proto_enums.h"
#include "engine/ir/position.h"
#include "engine/ir/shape_key.h"
#include "engine/types/codec.h"
#include "engine/types/message_writer.h"
#include "engine/types/wire.h"
#include "rowan/v1/result.pb.h"

namespace rowan {
namespace {

absl::Status Malformed() {
  return errors::Internal("a result row does not have the layout of its plan");
}

absl::Status WriteColumn(const Type& type, const ColumnBytes& column, MessageWriter& writer) {
  const size_t end = writer.size();
  ROWAN_RETURN_IF_ERROR(WriteValue(type, column.bytes, column.null, writer));
  writer.Close(v1::Record::kValuesFieldNumber, end);
  return absl::OkStatus();
}

// One row in record format: the number of columns, then each with its type's OID.
absl::Status ReadRow(std::string_view bytes, Columns& columns) {
  WireReader reader(bytes);
  const int32_t count = reader.Read<int32_t>();
  if (count < 0 || count > 1'000'000) return Malformed();
  columns.clear();
  columns.reserve(count);
  for (int32_t i = 0; i < count; ++i) {
    reader.Read<int32_t>();
    ColumnBytes column;
    column.bytes = reader.Sized(column.null);
    columns.push_back(column);
  }
  return reader.ok() ? absl::OkStatus() : Malformed();
}

// The rows of an array: dimensions, whether it has nulls, the elements' OID; then, unless it is empty, its length and
// lower bound.
absl::Status ReadRows(std::string_view bytes, absl::InlinedVector<std::string_view, 16>& rows) {
  WireReader reader(bytes);
  const int32_t dimensions = reader.Read<int32_t>();
  reader.Read<int32_t>();
  reader.Read<int32_t>();
  if (!reader.ok() || dimensions < 0 || dimensions > 1) return Malformed();
  if (dimensions == 0) return absl::OkStatus();
  const int32_t count = reader.Read<int32_t>();
  reader.Read<int32_t>();
  for (int32_t i = 0; i < count; ++i) {
    bool null = false;
    const std::string_view row = reader.Sized(null);
    if (!reader.ok() || null) return Malformed();
    rows.push_back(row);
  }
  return absl::OkStatus();
}

void DescribeField(const std::string& name, const Type& type, bool nullable, v1::ShapeField& described) {
  described.set_name(name);
  described.set_nullable(nullable);
  v1::FieldType& proto = *described.mutable_type();
  proto.set_scalar(ScalarProto(type.scalar));
  proto.set_array(type.array);
  if (type.length > 0) proto.set_length(type.length);
  if (type.precision > 0) {
    proto.set_precision(type.precision);
    proto.set_scale(type.scale);
  }
  for (const std::string& label : type.labels) proto.add_labels(label);
  proto.set_native_type(type.native_name);
  proto.set_native_schema(type.native_schema);
  for (const int modifier : type.native_modifiers) proto.add_native_modifiers(modifier);
}

}  // namespace

void HydrateShape(const plan::Select& select, v1::Shape& shape) {
  shape.set_model(select.model->name);
  for (const Field* field : select.fields) {
    DescribeField(field->name, field->type, field->nullable, *shape.add_fields());
  }
  for (const ir::Count& count : select.counts) {
    v1::ShapeCount& described = *shape.add_counts();
    described.set_name(count.name);
    described.set_relation(count.relation->name);
  }
  for (const plan::Select& related : select.related) {
    v1::ShapeRelation& described = *shape.add_relations();
    described.set_name(related.name);
    described.set_relation(related.relation->name);
    described.set_to_many(related.relation->to_many());
    HydrateShape(related, *described.mutable_shape());
  }
}

void HydrateShape(const ir::Aggregation& aggregation, v1::Shape& shape) {
  shape.set_model(aggregation.model->name);
  for (const ir::GroupKey& key : aggregation.keys) {
    DescribeField(key.name, key.field->type, key.field->nullable || !key.path.empty(), *shape.add_fields());
  }
  for (const ir::AggregateColumn& column : aggregation.columns) {
    DescribeField(column.name, column.aggregate.type, column.aggregate.nullable, *shape.add_fields());
  }
}

absl::Status Hydrator::Root(int row, const Columns& columns, MessageWriter& writer) const {
  return Row(read_.root, row, columns, writer);
}

absl::Status Hydrator::Row(const plan::Select& select, int row, const Columns& columns, MessageWriter& writer) const {
  const bool nested = read_.strategy == plan::Strategy::kNested;
  const size_t counts = select.fields.size();
  const size_t related = counts + select.counts.size();
  size_t total = related + (nested ? select.related.size() : 0);
  for (const plan::Select& one : select.related) total += one.window.total != ir::Total::kNone;
  if (total > columns.size()) return Malformed();

  if (!select.counts.empty()) {
    const size_t end = writer.size();
    for (size_t i = related; i > counts; --i) writer.PackedVarint(static_cast<uint64_t>(DecodeInt64(columns[i - 1].bytes)));
    writer.Close(v1::Record::kCountsFieldNumber, end);
  }
  for (size_t i = select.related.size(); i > 0; --i) {
    const plan::Select& one = select.related[i - 1];
    const ColumnBytes* const count = one.window.total != ir::Total::kNone ? &columns[--total] : nullptr;
    const size_t end = writer.size();
    ROWAN_RETURN_IF_ERROR(nested ? Nested(one, columns[related + i - 1], count, writer) : Level(one, row, count, writer));
    writer.Close(v1::Record::kRelatedFieldNumber, end);
  }
  for (size_t i = counts; i > 0; --i) ROWAN_RETURN_IF_ERROR(WriteColumn(select.fields[i - 1]->type, columns[i - 1], writer));
  return absl::OkStatus();
}

namespace {

void WriteTotal(const ColumnBytes* total, MessageWriter& writer) {
  if (total == nullptr) return;
  writer.Varint(v1::RecordList::kTotalFieldNumber, static_cast<uint64_t>(DecodeInt64(total->bytes)));
}

}  // namespace

absl::Status Hydrator::Nested(const plan::Select& select, const ColumnBytes& column, const ColumnBytes* total,
                              MessageWriter& writer) const {
  Columns columns;
  if (!select.to_many()) {
    if (column.null) return absl::OkStatus();
    ROWAN_RETURN_IF_ERROR(ReadRow(column.bytes, columns));
    const size_t end = writer.size();
    ROWAN_RETURN_IF_ERROR(Row(select, 0, columns, writer));
    writer.Close(v1::RecordList::kRecordsFieldNumber, end);
    return absl::OkStatus();
  }
  absl::InlinedVector<std::string_view, 16> rows;
  ROWAN_RETURN_IF_ERROR(ReadRows(column.bytes, rows));
  const int64_t limit = arguments_.lists[select.window.list].limit;
  const bool more = limit >= 0 && static_cast<int64_t>(rows.size()) > limit;
  if (more) rows.resize(static_cast<size_t>(limit));
  if (select.window.backward) std::reverse(rows.begin(), rows.end());
  WriteTotal(total, writer);
  if (!rows.empty() && select.keyed) {
    Columns last;
    ROWAN_RETURN_IF_ERROR(ReadRow(rows.front(), columns));
    ROWAN_RETURN_IF_ERROR(ReadRow(rows.back(), last));
    WriteCursors(select, more, columns, last, writer);
  }
  if (more) writer.Varint(v1::RecordList::kHasMoreFieldNumber, 1);
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    ROWAN_RETURN_IF_ERROR(ReadRow(*row, columns));
    const size_t end = writer.size();
    ROWAN_RETURN_IF_ERROR(Row(select, 0, columns, writer));
    writer.Close(v1::RecordList::kRecordsFieldNumber, end);
  }
  return absl::OkStatus();
}

absl::Status Hydrator::Level(const plan::Select& select, int parent_row, const ColumnBytes* total,
                             MessageWriter& writer) const {
  WriteTotal(total, writer);
  const LevelRows& level = levels_[select.number];
  const int key = level.key_of_parent[parent_row];
  if (key < 0) return absl::OkStatus();
  const absl::Span<const int> rows = level.rows_of_key(key);
  const bool more = level.more_of_key[key];
  Columns columns;
  if (!rows.empty() && select.keyed) {
    Columns last;
    level.columns(rows.front(), columns);
    level.columns(rows.back(), last);
    WriteCursors(select, more, columns, last, writer);
  }
  if (more) writer.Varint(v1::RecordList::kHasMoreFieldNumber, 1);
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    level.columns(*row, columns);
    const size_t end = writer.size();
    ROWAN_RETURN_IF_ERROR(Row(select, *row, columns, writer));
    writer.Close(v1::RecordList::kRecordsFieldNumber, end);
  }
  return absl::OkStatus();
}

void Hydrator::WriteCursors(const plan::Select& select, bool more, const Columns& first, const Columns& last,
                            MessageWriter& writer) const {
  const bool placed = select.window.backward || !select.window.cursor.empty();
  if (placed || more) writer.Bytes(v1::RecordList::kEndCursorFieldNumber, Token(select, Place(select, last), 0));
  if (placed || select.window.offset != ir::kNoSlot) {
    writer.Bytes(v1::RecordList::kStartCursorFieldNumber, Token(select, Place(select, first), 0));
  }
}

std::vector<Encoded> Hydrator::Place(const plan::Select& select, const Columns& columns) const {
  std::vector<Encoded> place;
  for (int column : plan::PlaceColumns(select, read_.strategy)) {
    const ColumnBytes& value = columns[column];
    place.push_back({.bytes = std::string(value.bytes), .null = value.null});
  }
  return place;
}

std::string Hydrator::Token(const plan::Select& select, std::vector<Encoded> place, int64_t passed) const {
  const std::string identity =
      ir::ListIdentity(catalog_.version, *select.model, select.relation, select.where, select.distinct, select.order,
                       arguments_, arguments_.lists[select.window.list]);
  return tokens_.Seal(identity, ir::EncodePosition({.passed = passed, .values = std::move(place)}));
}

absl::Status HydrateGroup(const ir::Aggregation& aggregation, const Columns& columns, MessageWriter& writer) {
  if (columns.size() != aggregation.keys.size() + aggregation.columns.size()) return Malformed();
  size_t next = columns.size();
  for (auto column = aggregation.columns.rbegin(); column != aggregation.columns.rend(); ++column) {
    ROWAN_RETURN_IF_ERROR(WriteColumn(column->aggregate.type, columns[--next], writer));
  }
  for (auto key = aggregation.keys.rbegin(); key != aggregation.keys.rend(); ++key) {
    ROWAN_RETURN_IF_ERROR(WriteColumn(key->field->type, columns[--next], writer));
  }
  return absl::OkStatus();
}

}  // namespace rowan
