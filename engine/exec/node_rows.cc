#include "engine/exec/node_rows.h"

#include <utility>

namespace rowan::exec {

using plan::NodeColumn;
using plan::NodeRole;
using plan::Version;

RowStore::RowStore(const plan::Program& program, const Arguments& arguments)
    : program_(program), rows_(program.nodes.size()) {
  for (size_t number = 0; number < rows_.size(); ++number) {
    NodeRows& rows = rows_[number];
    const plan::Node& node = program.nodes[number];
    static const InputRows kNone;
    const InputRows& input = number < arguments.rows.size() ? arguments.rows[number] : kNone;
    const bool matched = node.role == NodeRole::kUpdate || node.role == NodeRole::kDelete;
    if (!matched) {
      rows.parent = input.parent;
      rows.ordinal = input.ordinal;
    }
    for (const NodeColumn& column : node.columns) {
      RowColumn& filled = rows.columns.emplace_back();
      const size_t size = matched && column.version == Version::kNew ? 1 : rows.parent.size();
      if (column.input >= 0) {
        filled.values = input.columns[column.input];
        filled.given = input.given[column.input];
      }
      filled.values.resize(size, Encoded{.null = true});
      filled.given.resize(size);
    }
  }
}

int64_t RowStore::SetRootSize(int count) {
  NodeRows& root = rows_[0];
  root.parent.assign(count, 0);
  root.ordinal.assign(count, -1);
  for (size_t c = 0; c < root.columns.size(); ++c) {
    if (uniform(0, static_cast<int>(c))) continue;
    root.columns[c].values.assign(count, Encoded{.null = true});
    root.columns[c].given.assign(count, 0);
  }
  int64_t total = count;
  // Every other node hangs on the one row of data that the request gave; with several matched rows, each gets a copy of
  // it all. Nodes come after their parents, so one pass suffices. copies[n][r]: the rows that row r of node n became.
  std::vector<std::vector<std::vector<int>>> copies(rows_.size());
  copies[0].emplace_back();
  for (int i = 0; i < count; ++i) copies[0][0].push_back(i);
  for (size_t number = 1; number < rows_.size(); ++number) {
    const NodeRows before = std::move(rows_[number]);
    NodeRows& after = rows_[number];
    after.parent.clear();
    after.ordinal.clear();
    after.columns.assign(before.columns.size(), {});
    copies[number].resize(before.parent.size());
    for (int row = 0; row < before.size(); ++row) {
      for (int parent : copies[program_.nodes[number].parent][before.parent[row]]) {
        copies[number][row].push_back(after.size());
        after.parent.push_back(parent);
        after.ordinal.push_back(before.ordinal[row]);
        for (size_t c = 0; c < before.columns.size(); ++c) {
          after.columns[c].values.push_back(before.columns[c].values[row]);
          after.columns[c].given.push_back(before.columns[c].given[row]);
        }
      }
    }
    total += after.size();
  }
  return total;
}

bool RowStore::uniform(int node, int column) const {
  return program_.nodes[node].role == NodeRole::kUpdate &&
         program_.nodes[node].columns[column].version == Version::kNew;
}

const Encoded& RowStore::Value(int node, int column, int row) const {
  return rows_[node].columns[column].values[uniform(node, column) ? 0 : row];
}

const Encoded* RowStore::Key(int node, const Field* field, int row) const {
  for (Version version : {Version::kNew, Version::kCurrent}) {
    const int column = program_.nodes[node].Find(field, version);
    if (column < 0) continue;
    if (rows_[node].columns[column].given[uniform(node, column) ? 0 : row]) return &Value(node, column, row);
  }
  return nullptr;
}

void RowStore::Set(int node, int column, int row, Encoded value) {
  const int at = uniform(node, column) ? 0 : row;
  rows_[node].columns[column].values[at] = std::move(value);
  rows_[node].columns[column].given[at] = 1;
}

std::string RowStore::Path(int node, int row) const {
  const plan::Node& described = program_.nodes[node];
  const NodeRows& rows = rows_[node];
  std::string path = "data";
  if (described.parent >= 0) {
    path = Path(described.parent, rows.parent[row]) + "." + described.relation->name;
    switch (described.role) {
      case NodeRole::kConnect:
        path += ".connect";
        break;
      case NodeRole::kDisconnect:
      case NodeRole::kParents:
        path += ".disconnect";
        break;
      case NodeRole::kCreate:
      case NodeRole::kUpdate:
      case NodeRole::kDelete:
        break;
    }
  }
  if (row < static_cast<int>(rows.ordinal.size()) && rows.ordinal[row] >= 0) {
    path += "[" + std::to_string(rows.ordinal[row]) + "]";
  }
  return path;
}

}  // namespace rowan::exec
