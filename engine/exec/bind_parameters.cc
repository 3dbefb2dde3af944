#include "engine/exec/bind_parameters.h"

#include <utility>
#include <variant>

#include "engine/types/codec.h"
#include "engine/types/wire.h"

namespace rowan::exec {
namespace {

Encoded EncodeInt32(int32_t value) {
  Encoded encoded;
  PutInteger(value, encoded.bytes);
  return encoded;
}

// Encodes the value that a source stands for.
struct Encoder {
  const plan::Program& program;
  const RowStore& store;
  const Arguments& arguments;
  const std::vector<int>& rows;
  const FoundColumns& found;

  Encoded operator()(const sql::FromSlot& source) { return arguments.slots[source.slot]; }
  Encoded operator()(const sql::FromText& source) { return {.bytes = source.text}; }
  Encoded operator()(const sql::FromCount&) { return EncodeInt64(static_cast<int64_t>(rows.size())); }

  Encoded operator()(const sql::FromColumn& source) {
    const int column = program.nodes[source.node].Find(source.field, source.version);
    std::vector<Encoded> values;
    values.reserve(rows.size());
    for (int row : rows) values.push_back(store.Value(source.node, column, row));
    return EncodeArray(source.field->type, values);
  }

  Encoded operator()(const sql::FromKey& source) {
    std::vector<Encoded> values;
    values.reserve(rows.size());
    for (int row : rows) {
      const Encoded* value = store.Key(source.node, source.field, row);
      values.push_back(value == nullptr ? Encoded{.null = true} : *value);
    }
    return EncodeArray(source.field->type, values);
  }

  Encoded operator()(const sql::FromParentKey& source) {
    const int parent = program.nodes[source.node].parent;
    std::vector<Encoded> values;
    values.reserve(rows.size());
    for (int row : rows) {
      const Encoded* value = store.Key(parent, source.field, store.rows(source.node).parent[row]);
      values.push_back(value == nullptr ? Encoded{.null = true} : *value);
    }
    return EncodeArray(source.field->type, values);
  }

  Encoded operator()(const sql::FromGiven& source) {
    std::vector<Encoded> values;
    values.reserve(rows.size());
    for (int row : rows) values.push_back(EncodeBool(store.rows(source.node).columns[source.column].given[row]));
    return EncodeArray(Type{.scalar = Scalar::kBool}, values);
  }

  // The elements of each row's array, one after the other; positions count from 1, as PostgreSQL's do.
  template <typename OnRow>
  void EachArray(int node, int column, OnRow on_row) {
    for (int row : rows) {
      const Encoded& value = store.Value(node, column, row);
      absl::StatusOr<std::vector<Encoded>> elements;
      if (!value.null) elements = DecodeArray(value.bytes);
      on_row(value.null || !elements.ok() ? nullptr : &*elements);
    }
  }

  Type ElementType(int node, int column) {
    Type type = program.nodes[node].columns[column].field->type;
    type.array = false;
    return type;
  }

  Encoded operator()(const sql::FromFlat& source) {
    std::vector<Encoded> flat;
    EachArray(source.node, source.column, [&](std::vector<Encoded>* elements) {
      if (elements == nullptr) return;
      for (Encoded& element : *elements) flat.push_back(std::move(element));
    });
    return EncodeArray(ElementType(source.node, source.column), flat);
  }

  Encoded Positions(int node, int column, bool end) {
    std::vector<Encoded> positions;
    int32_t next = 1;
    EachArray(node, column, [&](std::vector<Encoded>* elements) {
      if (elements == nullptr) {
        positions.push_back({.null = true});
        return;
      }
      const int32_t size = static_cast<int32_t>(elements->size());
      positions.push_back(EncodeInt32(end ? next + size - 1 : next));
      next += size;
    });
    return EncodeArray(Type{.scalar = Scalar::kInt32}, positions);
  }

  Encoded operator()(const sql::FromFlatStart& source) { return Positions(source.node, source.column, false); }
  Encoded operator()(const sql::FromFlatEnd& source) { return Positions(source.node, source.column, true); }

  Encoded operator()(const sql::FromRoot& source) { return store.Value(0, source.column, 0); }
  Encoded operator()(const sql::FromFound& source) { return EncodeArray(source.type, found[source.column]); }
};

}  // namespace

Parameters::Parameters(const sql::StepStatement& statement, const plan::Program& program, const RowStore& store,
                       const Arguments& arguments, const std::vector<int>& rows, const FoundColumns& found) {
  Encoder encoder{program, store, arguments, rows, found};
  values_.reserve(statement.sources.size());
  for (const sql::ParameterSource& source : statement.sources) values_.push_back(std::visit(encoder, source));
}

std::vector<pg::Parameter> Parameters::views() const {
  std::vector<pg::Parameter> views;
  views.reserve(values_.size());
  for (const Encoded& value : values_) views.push_back({value.bytes, value.null});
  return views;
}

}  // namespace rowan::exec
