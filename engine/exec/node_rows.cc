#include "engine/exec/node_rows.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace rowan::exec {

using plan::NodeColumn;
using plan::NodeRole;
using plan::Version;

namespace {

template <typename Items>
void TakeItems(const std::vector<int>& rows, Items& items) {
  if (items.empty()) return;
  Items taken;
  taken.reserve(rows.size());
  for (int row : rows) taken.push_back(items[row]);
  items = std::move(taken);
}

bool IsIdentity(const std::vector<int>& rows, int size) {
  if (static_cast<int>(rows.size()) != size) return false;
  for (int i = 0; i < size; ++i) {
    if (rows[i] != i) return false;
  }
  return true;
}

}  // namespace

RowStore::RowStore(const plan::Program& program, const Arguments& arguments)
    : program_(program), rows_(program.nodes.size()) {
  for (size_t number = 0; number < rows_.size(); ++number) {
    NodeRows& rows = rows_[number];
    const plan::Node& node = program.nodes[number];
    static const InputRows kNone;
    const InputRows& input = number < arguments.rows.size() ? arguments.rows[number] : kNone;
    const bool matched = number == 0 && (node.role == NodeRole::kUpdate || node.role == NodeRole::kDelete);
    if (!matched) {
      rows.parent.assign(input.parent.begin(), input.parent.end());
      rows.ordinal.assign(input.ordinal.begin(), input.ordinal.end());
      rows.created = input.created;
      rows.source.resize(rows.size());
      std::iota(rows.source.begin(), rows.source.end(), 0);
      rows.found.resize(rows.size());
      rows.fresh.resize(rows.size());
    }
    rows.columns.reserve(node.columns.size());
    for (size_t c = 0; c < node.columns.size(); ++c) {
      const NodeColumn& column = node.columns[c];
      RowColumn& filled = rows.columns.emplace_back();
      const size_t size = program.Uniform(static_cast<int>(number), static_cast<int>(c)) ? 1 : rows.parent.size();
      if (column.input >= 0) {
        filled.values = input.columns[column.input];
        const std::vector<char>& given = input.given[column.input];
        filled.given.assign(given.begin(), given.end());
      }
      filled.values.resize(size, Encoded{.null = true});
      filled.given.resize(size);
    }
  }
}

void RowStore::SetRootSize(int count) {
  NodeRows& root = rows_[0];
  root.parent.assign(count, 0);
  root.ordinal.assign(count, -1);
  root.source.assign(count, 0);
  root.found.assign(count, 1);
  root.fresh.assign(count, 0);
  for (size_t c = 0; c < root.columns.size(); ++c) {
    if (program_.Uniform(0, static_cast<int>(c))) continue;
    root.columns[c].values.assign(count, Encoded{.null = true});
    root.columns[c].given.assign(count, 0);
  }
}

int64_t RowStore::Expand(const std::vector<int>& shared) {
  std::vector<std::vector<int>> became(1);
  for (int row = 0; row < rows_[0].size(); ++row) became[0].push_back(row);
  Follow(0, became, shared);
  int64_t total = 0;
  for (const NodeRows& rows : rows_) total += rows.size();
  return total;
}

void RowStore::Take(int node, const std::vector<int>& taken) {
  NodeRows& rows = rows_[node];
  TakeItems(taken, rows.parent);
  TakeItems(taken, rows.ordinal);
  TakeItems(taken, rows.source);
  TakeItems(taken, rows.found);
  TakeItems(taken, rows.fresh);
  TakeItems(taken, rows.created);
  for (size_t c = 0; c < rows.columns.size(); ++c) {
    if (program_.Uniform(node, static_cast<int>(c))) continue;
    TakeItems(taken, rows.columns[c].values);
    TakeItems(taken, rows.columns[c].given);
  }
}

void RowStore::Follow(int node, const std::vector<std::vector<int>>& became, const std::vector<int>& shared) {
  bool same = true;
  for (size_t row = 0; row < became.size() && same; ++row) {
    same = became[row].size() == 1 && became[row].front() == static_cast<int>(row);
  }
  for (int child = node + 1; child < static_cast<int>(rows_.size()); ++child) {
    if (program_.nodes[child].parent != node) continue;
    NodeRows& rows = rows_[child];
    const bool once = std::find(shared.begin(), shared.end(), child) != shared.end();
    rows.shared = rows.shared || once;
    if (same) continue;
    std::vector<int> taken;
    RowNumbers parents;
    std::vector<std::vector<int>> copies(rows.size());
    for (int row = 0; row < rows.size(); ++row) {
      for (int parent : became[rows.parent[row]]) {
        copies[row].push_back(static_cast<int>(taken.size()));
        taken.push_back(row);
        parents.push_back(parent);
        if (once) break;
      }
    }
    Take(child, taken);
    rows.parent = std::move(parents);
    Follow(child, copies, shared);
  }
}

void RowStore::Keep(int node, absl::Span<const char> keep) {
  std::vector<int> rows;
  for (size_t row = 0; row < keep.size(); ++row) {
    if (keep[row]) rows.push_back(static_cast<int>(row));
  }
  Replace(node, rows);
}

void RowStore::Replace(int node, const std::vector<int>& rows) {
  if (IsIdentity(rows, rows_[node].size())) return;
  std::vector<std::vector<int>> became(rows_[node].size());
  for (size_t i = 0; i < rows.size(); ++i) became[rows[i]].push_back(static_cast<int>(i));
  Take(node, rows);
  Follow(node, became, {});
}

const Encoded& RowStore::Value(int node, int column, int row) const {
  return rows_[node].columns[column].values[program_.Uniform(node, column) ? 0 : row];
}

bool RowStore::Given(int node, int column, int row) const {
  return rows_[node].columns[column].given[program_.Uniform(node, column) ? 0 : row];
}

const Encoded* RowStore::Key(int node, const Field* field, int row) const {
  const int column = program_.nodes[node].Find(field, Version::kNew);
  if (column >= 0 && Given(node, column, row)) return &Value(node, column, row);
  return Stored(node, field, row);
}

const Encoded* RowStore::Stored(int node, const Field* field, int row) const {
  for (Version version : {Version::kCurrent, Version::kExpected}) {
    const int column = program_.nodes[node].Find(field, version);
    if (column >= 0 && Given(node, column, row)) return &Value(node, column, row);
  }
  return nullptr;
}

void RowStore::Set(int node, int column, int row, Encoded value) {
  const int at = program_.Uniform(node, column) ? 0 : row;
  rows_[node].columns[column].values[at] = std::move(value);
  rows_[node].columns[column].given[at] = 1;
}

std::string RowStore::Path(int node, int row) const {
  const plan::Node& described = program_.nodes[node];
  const NodeRows& rows = rows_[node];
  std::string path = described.parent < 0 && !described.verb.empty() ? described.verb : "data";
  if (described.parent >= 0) {
    path = Path(described.parent, rows.parent[row]) + "." + described.relation->name;
    if (!described.verb.empty()) path += "." + described.verb;
  }
  if (row < static_cast<int>(rows.ordinal.size()) && rows.ordinal[row] >= 0) {
    path += "[" + std::to_string(rows.ordinal[row]) + "]";
  }
  return described.part.empty() ? path : path + "." + described.part;
}

}  // namespace rowan::exec
