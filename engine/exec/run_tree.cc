#include "engine/exec/run_tree.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/explain_postgres.h"
#include "engine/types/codec.h"
#include "engine/types/wire.h"

namespace rowan::exec {
namespace {

constexpr pg::TransactionOptions kSnapshot = {.isolation = pg::Isolation::kRepeatableRead, .read_only = true};

// The distinct keys of a select's parents, as arrays.
struct Keys {
  std::vector<std::vector<Encoded>> columns;  // [key field][key]
  int count = 0;
};

// One select of a level with its parent.
struct LevelSelect {
  const plan::Select* select;
  const plan::Select* parent;
};

std::vector<LevelSelect> Below(const std::vector<LevelSelect>& level) {
  std::vector<LevelSelect> below;
  for (const LevelSelect& one : level) {
    for (const plan::Select& related : one.select->related) below.push_back({&related, one.select});
  }
  return below;
}

int CountSelects(const plan::Select& select) {
  int count = 1;
  for (const plan::Select& related : select.related) count += CountSelects(related);
  return count;
}

class LevelRunner {
 public:
  LevelRunner(const CompiledRead& read, const Arguments& arguments, const Context& context, int root_rows, Tree& tree)
      : read_(read), arguments_(arguments), context_(context), root_rows_(root_rows), tree_(tree) {}

  absl::Status Run(pg::Connection& connection, bool commit) {
    tree_.levels.resize(CountSelects(read_.plan.root));
    result_rows_.resize(tree_.levels.size());
    positions_.resize(tree_.levels.size());
    std::vector<LevelSelect> level = Below({{&read_.plan.root, nullptr}});
    while (!level.empty()) {
      std::vector<LevelSelect> below = Below(level);
      ROWAN_RETURN_IF_ERROR(RunLevel(level, connection, commit && below.empty()));
      level = std::move(below);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status RunLevel(const std::vector<LevelSelect>& level, pg::Connection& connection, bool commit) {
    std::vector<pg::Query> queries;
    std::vector<const plan::Select*> asked;
    std::deque<Encoded> arrays;
    for (const LevelSelect& one : level) {
      const Keys keys = FindKeys(*one.select, *one.parent);
      LevelRows& rows = tree_.levels[one.select->number];
      rows.rows_of_key.resize(keys.count);
      rows.more_of_key.resize(keys.count);
      if (keys.count == 0) continue;
      const sql::ReadStatement& statement = read_.sql.selects[one.select->number];
      pg::Query query{&statement.statement, {}};
      const std::vector<const Field*> links = plan::LinkFields(*one.select->relation);
      for (size_t i = 0; i < links.size(); ++i) {
        arrays.push_back(EncodeArray(links[i]->type, keys.columns[i]));
        query.parameters.push_back({arrays.back().bytes});
      }
      for (const pg::Parameter& parameter : SlotParameters(statement, arguments_)) {
        query.parameters.push_back(parameter);
      }
      ROWAN_RETURN_IF_ERROR(context_.Observe(connection, statement.statement, query.parameters));
      queries.push_back(std::move(query));
      asked.push_back(one.select);
    }
    context_.counters.statements += static_cast<int64_t>(queries.size());
    ROWAN_ASSIGN_OR_RETURN(std::vector<pg::Result> results,
                           connection.ExecuteAll(queries, {.commit = commit}, context_.call));
    for (size_t i = 0; i < asked.size(); ++i) ROWAN_RETURN_IF_ERROR(Group(*asked[i], std::move(results[i])));
    return absl::OkStatus();
  }

  // Calls `visit` with the number and the columns of each row of the select that is part of the answer.
  template <typename Visit>
  void ForEachRow(const plan::Select& select, Visit visit) {
    if (select.relation == nullptr) {
      for (int row = 0; row < root_rows_; ++row) visit(row, tree_.RootColumns(row));
      return;
    }
    const LevelRows& level = tree_.levels[select.number];
    Columns columns;
    for (const std::vector<int>& rows : level.rows_of_key) {
      for (int row : rows) {
        level.columns(row, columns);
        visit(row, columns);
      }
    }
  }

  int RowCount(const plan::Select& select) const {
    return select.relation == nullptr ? tree_.root.rows() : result_rows_[select.number];
  }

  // Finds the distinct keys of the parent's rows, and notes which row has which.
  Keys FindKeys(const plan::Select& select, const plan::Select& parent) {
    const std::vector<const Field*> links = plan::LinkFields(*select.relation);
    std::vector<int> columns;
    for (const Field* link : links) columns.push_back(plan::FieldColumn(parent, plan::Strategy::kByLevel, link));
    std::vector<int>& key_of_parent = tree_.levels[select.number].key_of_parent;
    key_of_parent.assign(RowCount(parent), -1);
    Keys keys;
    keys.columns.resize(links.size());
    absl::flat_hash_map<std::string, int>& known = positions_[select.number];
    std::string key;
    ForEachRow(parent, [&](int row, const Columns& values) {
      key.clear();
      for (int column : columns) {
        if (values[column].null) return;
        if (columns.size() > 1) PutInteger(static_cast<int32_t>(values[column].bytes.size()), key);
        key += values[column].bytes;
      }
      const auto [place, added] = known.try_emplace(key, keys.count);
      key_of_parent[row] = place->second;
      if (!added) return;
      ++keys.count;
      for (size_t i = 0; i < columns.size(); ++i) {
        keys.columns[i].push_back({.bytes = std::string(values[columns[i]].bytes)});
      }
    });
    return keys;
  }

  // The position of a key among those asked for; -1: it is none of them.
  int64_t PositionOf(const plan::Select& select, std::string_view key) const {
    const auto found = positions_[select.number].find(absl::string_view(key.data(), key.size()));
    return found == positions_[select.number].end() ? -1 : found->second;
  }

  // Sorts a select's rows out by key, in their order, and cuts each list to its limit.
  absl::Status Group(const plan::Select& select, pg::Result result) {
    LevelRows& level = tree_.levels[select.number];
    result_rows_[select.number] = result.rows();
    const int64_t limit = select.to_many() ? arguments_.lists[select.window.list].limit : -1;
    const bool named = plan::NamesKey(select);
    for (int row = 0; row < result.rows(); ++row) {
      const int64_t key = named ? PositionOf(select, result.bytes(row, 0)) : DecodeInt64(result.bytes(row, 0)) - 1;
      if (key < 0 || key >= static_cast<int64_t>(level.rows_of_key.size())) {
        return errors::Internal("a row of a level has a key that nobody asked for");
      }
      std::vector<int>& rows = level.rows_of_key[key];
      if (limit >= 0 && static_cast<int64_t>(rows.size()) >= limit) {
        level.more_of_key[key] = true;
      } else {
        rows.push_back(row);
      }
    }
    if (select.window.backward) {
      for (std::vector<int>& rows : level.rows_of_key) std::reverse(rows.begin(), rows.end());
    }
    tree_.results.push_back(std::move(result));
    level.columns = [&rows = tree_.results.back()](int row, Columns& columns) { FillColumns(rows, row, 1, columns); };
    return absl::OkStatus();
  }

  const CompiledRead& read_;
  const Arguments& arguments_;
  const Context& context_;
  const int root_rows_;
  Tree& tree_;
  std::vector<absl::flat_hash_map<std::string, int>> positions_;  // of keys, by the number of the select
  std::vector<int> result_rows_;  // by the number of the select; 0 where nothing was asked
};

}  // namespace

void FillColumns(const pg::Result& result, int row, int first, Columns& columns) {
  columns.clear();
  for (int i = first; i < result.columns(); ++i) columns.push_back({result.bytes(row, i), result.null(row, i)});
}

Columns Tree::RootColumns(int row) const {
  Columns columns;
  FillColumns(root, row, 0, columns);
  return columns;
}

int KeptRows(const CompiledRead& read, const Arguments& arguments, const pg::Result& result) {
  const int64_t limit = arguments.lists[read.plan.root.window.list].limit;
  return limit < 0 ? result.rows() : static_cast<int>(std::min<int64_t>(result.rows(), limit));
}

std::vector<pg::Parameter> SlotParameters(const sql::ReadStatement& statement, const Arguments& arguments) {
  std::vector<pg::Parameter> parameters;
  parameters.reserve(statement.slots.size());
  for (int slot : statement.slots) {
    const Encoded& value = arguments.slots[slot];
    parameters.push_back({value.bytes, value.null});
  }
  return parameters;
}

absl::Status RunLevels(const CompiledRead& read, const Arguments& arguments, int rows, bool commit,
                       pg::Connection& connection, const Context& context, Tree& tree) {
  return LevelRunner(read, arguments, context, rows, tree).Run(connection, commit);
}

namespace {

// Takes the total from the rows of its statement: a count, or PostgreSQL's plan of what would be counted.
absl::StatusOr<int64_t> TotalOf(ir::Total kind, const pg::Result& result) {
  if (result.rows() != 1) return errors::Internal("a total has not one row");
  if (kind == ir::Total::kExact) return DecodeInt64(result.bytes(0, 0));
  return EstimatedRows(result.bytes(0, 0));
}

// Runs the root's statement and the total's in one round trip, with the beginning and the end that the options say.
absl::StatusOr<Tree> RunRoot(const CompiledRead& read, const Arguments& arguments, pg::BatchOptions options,
                             pg::Connection& connection, const Context& context) {
  const sql::ReadStatement& root = read.sql.selects.front();
  std::vector<pg::Query> queries = {{&root.statement, SlotParameters(root, arguments)}};
  const ir::Total kind = read.plan.root.window.total;
  pg::Statement estimate;
  if (read.sql.total) {
    const pg::Statement& statement = read.sql.total->statement;
    estimate = ExplainOf(statement, false);
    queries.push_back(
        {kind == ir::Total::kEstimated ? &estimate : &statement, SlotParameters(*read.sql.total, arguments)});
  }
  if (context.observer != nullptr) {
    if (options.begin) ROWAN_RETURN_IF_ERROR(connection.Begin(*options.begin, context.call));
    options.begin.reset();
    for (const pg::Query& query : queries) {
      ROWAN_RETURN_IF_ERROR(context.Observe(connection, *query.statement, query.parameters));
    }
  }
  context.counters.statements += static_cast<int64_t>(queries.size());
  ROWAN_ASSIGN_OR_RETURN(std::vector<pg::Result> results, connection.ExecuteAll(queries, options, context.call));
  Tree tree(std::move(results[0]));
  if (read.sql.total) {
    ROWAN_ASSIGN_OR_RETURN(tree.total, TotalOf(kind, results[1]));
  }
  return tree;
}

bool HasLevels(const CompiledRead& read) {
  return read.plan.strategy == plan::Strategy::kByLevel && !read.plan.root.related.empty();
}

}  // namespace

bool CompiledRead::single() const {
  return !HasLevels(*this) && !sql.total;
}

absl::StatusOr<Tree> RunTreeInside(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                                   const Context& context) {
  ROWAN_ASSIGN_OR_RETURN(Tree tree, RunRoot(read, arguments, {}, connection, context));
  if (HasLevels(read)) {
    const int rows = KeptRows(read, arguments, tree.root);
    ROWAN_RETURN_IF_ERROR(RunLevels(read, arguments, rows, false, connection, context, tree));
  }
  return tree;
}

absl::StatusOr<Tree> RunTree(const CompiledRead& read, const Arguments& arguments, pg::Connection& connection,
                             const Context& context) {
  const bool levels = HasLevels(read);
  if (read.single() && context.observer == nullptr) {
    const sql::ReadStatement& root = read.sql.selects.front();
    ++context.counters.statements;
    ROWAN_ASSIGN_OR_RETURN(
        pg::Result result, connection.ExecuteRead(root.statement, SlotParameters(root, arguments), context.call));
    return Tree(std::move(result));
  }
  ROWAN_ASSIGN_OR_RETURN(
      Tree tree, RunRoot(read, arguments, {.begin = kSnapshot, .commit = !levels}, connection, context));
  if (levels) {
    const int rows = KeptRows(read, arguments, tree.root);
    ROWAN_RETURN_IF_ERROR(RunLevels(read, arguments, rows, true, connection, context, tree));
  }
  return tree;
}

}  // namespace rowan::exec
