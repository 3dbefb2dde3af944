#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/step_runner.h"
#include "engine/types/codec.h"

namespace rowan::exec {

using plan::Node;
using plan::NodeColumn;
using plan::NodeRole;
using plan::Version;

namespace {

// Rows of all nodes of one mutation, once every matched row has its copy. Beyond it a request would rather be several.
constexpr int64_t kMostRows = 1'000'000;

// The position of a row that `WITH ORDINALITY` gave.
int Position(const pg::Result& result, int row) {
  return static_cast<int>(DecodeInt64(result.bytes(row, 0))) - 1;
}

}  // namespace

absl::Status StepRunner::operator()(const plan::LockRows& step) {
  int total = 0;
  for (const plan::NamedRows& named : step.named) total += store_.rows(named.node).size();
  if (total == 0 && (!step.matched || matches_.empty() || matches_.front().empty())) return absl::OkStatus();
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, {}, step.matched ? matches_ : FoundColumns()));
  for (int found = 0; found < result.rows(); ++found) {
    int row = Position(result, found);
    for (const plan::NamedRows& named : step.named) {
      NodeRows& rows = store_.rows(named.node);
      if (row < rows.size()) {
        rows.found[row] = 1;
        FillCurrent(named.node, row, result, found, 1, &step.columns);
        break;
      }
      row -= rows.size();
    }
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::FindMatches&) {
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, {}));
  if (result.rows() > kMostRows) return errors::TooManyNodes(Path("data"), kMostRows, "records and keys");
  matches_.assign(result.columns(), {});
  for (int column = 0; column < result.columns(); ++column) {
    for (int row = 0; row < result.rows(); ++row) {
      matches_[column].push_back({std::string(result.bytes(row, column))});
    }
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Match& step) {
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, {}));
  const int count = result.rows();
  ROWAN_RETURN_IF_ERROR(CheckExpectation(count));
  if (count > 1 && !step.single.empty()) {
    const Relation& relation = *step.single.front();
    const bool belongs_to = relation.kind == RelationKind::kBelongsTo;
    return errors::MultiParentConnect("data." + relation.name, count,
                                      belongs_to ? ", or say with create whether sharing is shared or per_row" : "");
  }
  if (program_.returning && count > context_.limits.root_page) {
    return errors::TooManyReturned(context_.limits.root_page);
  }
  if (count > kMostRows) return errors::TooManyNodes(Path("data"), kMostRows, "records and keys");
  store_.SetRootSize(count);
  for (int row = 0; row < count; ++row) FillCurrent(0, row, result, row, 0);
  matched_ = count;
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Expand& step) {
  if (store_.Expand(step.shared) <= kMostRows) return absl::OkStatus();
  return errors::TooManyNodes(Path("data"), kMostRows, "records and keys");
}

absl::Status StepRunner::operator()(const plan::CheckNames& step) {
  struct First {
    int node;
    int row;
  };
  absl::flat_hash_map<std::string, First> first;
  for (const int number : step.nodes) {
    const NodeRows& rows = store_.rows(number);
    std::vector<char> keep(rows.size(), 1);
    const std::vector<const Field*>& key = node(number).model->primary_key().fields;
    for (int row = 0; row < rows.size(); ++row) {
      if (!rows.found[row]) continue;
      const std::string name = std::to_string(rows.parent[row]) + "/" + KeyBytes(number, key, row);
      const auto [other, is_new] = first.emplace(name, First{number, row});
      if (is_new) continue;
      const Node& here = node(number);
      const bool says_more = here.role == NodeRole::kUpdate || here.verb == "connectOrCreate";
      if (here.verb == node(other->second.node).verb && !says_more) {
        keep[row] = 0;
        continue;
      }
      return errors::ConflictingInput(Path(store_.Path(number, row)),
                                      store_.Path(other->second.node, other->second.row),
                                      "they say different things of one record");
    }
    store_.Keep(number, keep);
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Require& step) {
  const NodeRows& rows = store_.rows(step.node);
  std::vector<std::string> paths;
  std::vector<std::string> keys;
  std::set<int> sources;
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.found[row] || !sources.insert(rows.source[row]).second) continue;
    std::vector<const Field*> named;
    for (const NodeColumn& column : node(step.node).columns) {
      if (column.version == Version::kExpected) named.push_back(column.field);
    }
    paths.push_back(store_.Path(step.node, row));
    keys.push_back(KeyOf(step.node, named, row));
  }
  return paths.empty() ? absl::OkStatus() : errors::RelatedNotFound(paths, node(step.node).model->name, keys);
}

absl::Status StepRunner::KeepRelated(int number, absl::Span<const char> related) {
  const NodeRows& rows = store_.rows(number);
  std::map<int, bool> sources;
  for (int row = 0; row < rows.size(); ++row) {
    bool& any = sources[rows.source[row]];
    any = any || related[row];
  }
  std::vector<const Field*> named;
  for (const NodeColumn& column : node(number).columns) {
    if (column.version == Version::kExpected && !column.field->version) named.push_back(column.field);
  }
  std::vector<std::string> paths;
  std::vector<std::string> keys;
  for (int row = 0; row < rows.size(); ++row) {
    const auto found = sources.find(rows.source[row]);
    if (found == sources.end() || found->second) continue;
    sources.erase(found);
    paths.push_back(store_.Path(number, row));
    if (!named.empty()) keys.push_back(KeyOf(number, named, row));
  }
  if (!paths.empty()) return errors::NotConnected(paths, node(number).model->name, keys);
  store_.Keep(number, related);
  return MergeSame(number);
}

absl::Status StepRunner::MergeSame(int number) {
  if (node(number).role != NodeRole::kUpdate) return absl::OkStatus();
  const NodeRows& rows = store_.rows(number);
  absl::flat_hash_map<std::string, int> first;
  std::vector<char> keep(rows.size(), 1);
  const std::vector<const Field*>& key = node(number).model->primary_key().fields;
  for (int row = 0; row < rows.size(); ++row) {
    const auto [other, is_new] = first.emplace(KeyBytes(number, key, row), row);
    if (is_new) continue;
    if (rows.source[row] != rows.source[other->second]) {
      return errors::ConflictingInput(Path(store_.Path(number, row)), store_.Path(number, other->second),
                                      "they update one record");
    }
    keep[row] = 0;
  }
  store_.Keep(number, keep);
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::CheckRelated& step) {
  const NodeRows& rows = store_.rows(step.node);
  std::vector<char> related(rows.size());
  if (node(step.node).relation->junction) {
    std::vector<int> found;
    for (int row = 0; row < rows.size(); ++row) {
      if (rows.found[row]) found.push_back(row);
    }
    if (!found.empty()) {
      ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, found));
      for (int row = 0; row < result.rows(); ++row) related[found[Position(result, row)]] = 1;
    }
  } else {
    for (int row = 0; row < rows.size(); ++row) related[row] = rows.found[row] && HasParent(step.node, row);
  }
  return KeepRelated(step.node, related);
}

absl::Status StepRunner::operator()(const plan::FindRelated& step) {
  if (store_.rows(step.node).size() == 0) return absl::OkStatus();
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, AllRows(step.node)));
  if (step.many) {
    if (result.rows() > kMostRows) return errors::TooManyNodes(Path("data"), kMostRows, "records and keys");
    std::vector<int> copies;
    for (int row = 0; row < result.rows(); ++row) copies.push_back(Position(result, row));
    store_.Replace(step.node, copies);
    for (int row = 0; row < result.rows(); ++row) {
      store_.rows(step.node).found[row] = 1;
      FillCurrent(step.node, row, result, row, 1);
    }
    return MergeSame(step.node);
  }
  for (int found = 0; found < result.rows(); ++found) {
    const int row = Position(result, found);
    store_.rows(step.node).found[row] = 1;
    FillCurrent(step.node, row, result, found, 1);
  }
  switch (step.missing) {
    case plan::FindRelated::Missing::kError:
      return KeepRelated(step.node, RowFlags(store_.rows(step.node).found));
    case plan::FindRelated::Missing::kDrop:
      store_.Keep(step.node, RowFlags(store_.rows(step.node).found));
      return MergeSame(step.node);
    case plan::FindRelated::Missing::kKeep:
      break;
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Split& step) {
  const NodeRows& rows = store_.rows(step.found);
  std::vector<const Field*> named;
  for (const NodeColumn& column : node(step.found).columns) {
    if (column.version == Version::kExpected && column.input >= 0 && !column.field->version) named.push_back(column.field);
  }
  std::vector<char> found(rows.size());
  std::vector<char> missing(rows.size());
  absl::flat_hash_map<std::string, int> first;
  const auto same = [&](int a, int b) {
    const NodeRows& created = store_.rows(step.create);
    return std::all_of(created.columns.begin(), created.columns.end(), [&](const RowColumn& column) {
      return column.given[a] == column.given[b] && column.values[a].null == column.values[b].null &&
             column.values[a].bytes == column.values[b].bytes;
    });
  };
  for (int row = 0; row < rows.size(); ++row) {
    found[row] = rows.found[row];
    missing[row] = !rows.found[row];
    if (rows.found[row] || named.empty()) continue;
    const auto [other, is_new] = first.emplace(KeyBytes(step.found, named, row), row);
    if (is_new) continue;
    if (!step.adopt || !same(row, other->second)) {
      return errors::ConflictingInput(Path(store_.Path(step.create, row)), store_.Path(step.create, other->second),
                                      "they create one record");
    }
    missing[row] = 0;
  }
  if (program_.conflict && step.create == 0) {
    const std::vector<const Field*>& key = node(step.found).model->primary_key().fields;
    for (int row = 0; row < rows.size(); ++row) {
      if (!found[row]) continue;
      for (const Field* field : key) upserted_[rows.source[row]].push_back(*store_.Stored(step.found, field, row));
    }
  }
  store_.Keep(step.create, missing);
  if (!step.adopt) store_.Keep(step.found, found);
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Filter& step) {
  const std::vector<int> rows = AllRows(step.node);
  if (rows.empty()) return absl::OkStatus();
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
  std::vector<char> keep(rows.size());
  for (int row = 0; row < result.rows(); ++row) keep[Position(result, row)] = 1;
  store_.Keep(step.node, keep);
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::CheckVersion& step) {
  const Node& checked = node(step.node);
  for (size_t c = 0; c < checked.columns.size(); ++c) {
    const NodeColumn& column = checked.columns[c];
    if (column.version != Version::kExpected || !column.field->version) continue;
    const int current = checked.Find(column.field, Version::kCurrent);
    for (int row = 0; row < store_.rows(step.node).size(); ++row) {
      if (!store_.Given(step.node, static_cast<int>(c), row)) continue;
      const Encoded& expected = store_.Value(step.node, static_cast<int>(c), row);
      const Encoded& held = store_.Value(step.node, current, row);
      if (expected.bytes == held.bytes) continue;
      return errors::StaleVersion(store_.Path(step.node, row) + "." + column.field->name, checked.model->name,
                                  KeyText(column.field->type, expected), KeyText(column.field->type, held));
    }
  }
  return absl::OkStatus();
}

}  // namespace rowan::exec
