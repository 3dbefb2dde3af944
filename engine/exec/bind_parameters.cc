#include "engine/exec/bind_parameters.h"

#include <numeric>
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
  const std::vector<int>* rows;
  const FoundColumns& found;
  std::vector<int> all = {};

  const std::vector<int>& RowsOf(int node) {
    if (rows != nullptr) return *rows;
    all.resize(store.rows(node).size());
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  Encoded operator()(const sql::FromSlot& source) { return arguments.slots[source.slot]; }
  Encoded operator()(const sql::FromText& source) { return {.bytes = source.text}; }
  Encoded operator()(const sql::FromCount& source) {
    return EncodeInt64(static_cast<int64_t>(RowsOf(source.node).size()));
  }

  Encoded operator()(const sql::FromColumn& source) {
    std::vector<Encoded> values;
    for (int row : RowsOf(source.node)) values.push_back(store.Value(source.node, source.column, row));
    return EncodeArray(program.nodes[source.node].columns[source.column].field->type, values);
  }

  Encoded operator()(const sql::FromNamed& source) {
    std::vector<Encoded> values;
    for (const plan::NamedRows& named : source.named) {
      const int column = program.nodes[named.node].Find(source.field, plan::Version::kExpected);
      for (int row = 0; row < store.rows(named.node).size(); ++row) {
        values.push_back(named.key == source.key ? store.Value(named.node, column, row) : Encoded{.null = true});
      }
    }
    if (source.matched >= 0 && !found.empty()) {
      values.insert(values.end(), found[source.matched].begin(), found[source.matched].end());
    } else if (!found.empty()) {
      values.resize(values.size() + found.front().size(), Encoded{.null = true});
    }
    return EncodeArray(source.field->type, values);
  }

  Encoded operator()(const sql::FromKeysOf& source) {
    std::vector<Encoded> values;
    for (int node : source.nodes) {
      for (int row = 0; row < store.rows(node).size(); ++row) {
        const Encoded* value = store.Key(node, source.field, row);
        values.push_back(value == nullptr ? Encoded{.null = true} : *value);
      }
    }
    return EncodeArray(source.field->type, values);
  }

  Encoded operator()(const sql::FromParentKeysOf& source) {
    std::vector<Encoded> values;
    for (int node : source.nodes) {
      const NodeRows& of_node = store.rows(node);
      for (int row = 0; row < of_node.size(); ++row) {
        const Encoded* value = store.Key(program.nodes[node].parent, source.field, of_node.parent[row]);
        values.push_back(value == nullptr ? Encoded{.null = true} : *value);
      }
    }
    return EncodeArray(source.field->type, values);
  }

  Encoded operator()(const sql::FromKey& source) {
    std::vector<Encoded> values;
    for (int row : RowsOf(source.node)) {
      const Encoded* value = store.Key(source.node, source.field, row);
      values.push_back(value == nullptr ? Encoded{.null = true} : *value);
    }
    return EncodeArray(source.field->type, values);
  }

  Encoded operator()(const sql::FromParentKey& source) {
    const int parent = program.nodes[source.node].parent;
    std::vector<Encoded> values;
    for (int row : RowsOf(source.node)) {
      const Encoded* value = store.Key(parent, source.field, store.rows(source.node).parent[row]);
      values.push_back(value == nullptr ? Encoded{.null = true} : *value);
    }
    return EncodeArray(source.field->type, values);
  }

  Encoded operator()(const sql::FromGiven& source) {
    std::vector<Encoded> values;
    for (int row : RowsOf(source.node)) values.push_back(EncodeBool(store.Given(source.node, source.column, row)));
    return EncodeArray(Type{.scalar = Scalar::kBool}, values);
  }

  Encoded operator()(const sql::FromParentRow& source) {
    std::vector<Encoded> values;
    for (int row : RowsOf(source.node)) values.push_back(EncodeInt32(store.rows(source.node).parent[row] + 1));
    return EncodeArray(Type{.scalar = Scalar::kInt32}, values);
  }

  Encoded operator()(const sql::FromRelatedRow& source) {
    const NodeRows& related = store.rows(source.node);
    std::vector<Encoded> values(store.rows(program.nodes[source.node].parent).size(), Encoded{.null = true});
    for (int row = 0; row < related.size(); ++row) values[related.parent[row]] = EncodeInt32(row + 1);
    return EncodeArray(Type{.scalar = Scalar::kInt32}, values);
  }

  // The elements of each row's array, one after the other; positions count from 1, as PostgreSQL's do.
  template <typename OnRow>
  void EachArray(int node, int column, OnRow on_row) {
    for (int row : RowsOf(node)) {
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

  Encoded operator()(const sql::FromUniform& source) { return store.Value(source.node, source.column, 0); }
  Encoded operator()(const sql::FromFound& source) { return EncodeArray(source.type, found[source.column]); }
};

}  // namespace

Parameters::Parameters(const sql::StepStatement& statement, const plan::Program& program, const RowStore& store,
                       const Arguments& arguments, const std::vector<int>* rows, const FoundColumns& found) {
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
