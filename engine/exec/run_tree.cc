#include "engine/exec/run_tree.h"

#include <algorithm>
#include <array>
#include <deque>
#include <numeric>
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

// The distinct keys of a select's parents.
struct Keys {
  std::vector<std::vector<Encoded>> columns;  // [key field][key]
  int count = 0;
  absl::flat_hash_map<absl::string_view, int> positions;  // by what makes a key up; the bytes are those of rows, or in `texts`
  std::deque<std::string> texts;
  std::optional<int64_t> first;  // when they are the integers from this one on, in their order
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

bool IsLess(const Encoded& left, const Encoded& right) {
  return DecodeInteger(left.bytes) < DecodeInteger(right.bytes);
}

// The first and the last of distinct integers when there are many and none is missing between these two. For a few, their
// array is as good, and saves another statement.
std::optional<std::array<Encoded, 2>> RangeOf(const std::vector<Encoded>& keys) {
  constexpr size_t kFewest = 64;
  if (keys.size() < kFewest) return std::nullopt;
  const auto [first, last] = std::minmax_element(keys.begin(), keys.end(), IsLess);
  const auto distance = static_cast<uint64_t>(DecodeInteger(last->bytes)) - static_cast<uint64_t>(DecodeInteger(first->bytes));
  if (distance != keys.size() - 1) return std::nullopt;
  return std::array{*first, *last};
}

// Sorts the rows of selects out by their parents' keys, parents before what hangs on them.
class Grouper {
 public:
  Grouper(const CompiledRead& read, const Arguments& arguments, int root_rows, Tree& tree)
      : read_(read), arguments_(arguments), root_rows_(root_rows), tree_(tree), keys_(CountSelects(read.plan.root)) {
    tree_.levels.resize(keys_.size());
    tree_.selects.resize(keys_.size());
  }

  Keys& keys(const plan::Select& select) { return keys_[select.number]; }

  // Finds the distinct keys of the parent's rows that are part of the answer, and notes which row has which.
  void FindKeys(const plan::Select& select, const plan::Select& parent) {
    const std::vector<const Field*> links = plan::LinkFields(*select.relation);
    std::vector<int> columns;
    for (const Field* link : links) columns.push_back(plan::FieldColumn(parent, read_.plan.strategy, link));
    Keys& keys = keys_[select.number];
    keys.columns.resize(links.size());
    const SelectRows& rows = tree_.selects[parent.number];
    std::vector<int>& key_of_parent = tree_.levels[select.number].key_of_parent;
    key_of_parent.assign(rows.count(), -1);
    const auto note = [&](int row) {
      std::string_view key;
      if (columns.size() == 1) {
        key = rows.bytes(row, columns.front());
        if (key.empty() && rows.null(row, columns.front())) return;
      } else {
        std::string& text = keys.texts.emplace_back();
        for (int column : columns) {
          if (rows.null(row, column)) return;
          PutInteger(static_cast<int32_t>(rows.bytes(row, column).size()), text);
          text += rows.bytes(row, column);
        }
        key = text;
      }
      const auto [place, added] = keys.positions.try_emplace(absl::string_view(key.data(), key.size()), keys.count);
      key_of_parent[row] = place->second;
      if (!added) return;
      ++keys.count;
      for (size_t i = 0; i < columns.size(); ++i) {
        keys.columns[i].push_back({.bytes = std::string(rows.bytes(row, columns[i]))});
      }
    };
    if (parent.relation == nullptr) {
      for (int row = 0; row < root_rows_; ++row) note(row);
    } else {
      for (int row : tree_.levels[parent.number].rows) note(row);
    }
    Prepare(select);
  }

  // Takes each of the parent's rows for a key of its own.
  void CountParents(const plan::Select& select, const plan::Select& parent) {
    std::vector<int>& key_of_parent = tree_.levels[select.number].key_of_parent;
    key_of_parent.resize(tree_.selects[parent.number].count());
    std::iota(key_of_parent.begin(), key_of_parent.end(), 0);
    keys_[select.number].count = static_cast<int>(key_of_parent.size());
    Prepare(select);
  }

  // Sorts a select's rows out by key, in their order, and cuts each list to its limit.
  absl::Status Group(const plan::Select& select, SelectRows found) {
    SelectRows& rows = tree_.selects[select.number];
    rows = std::move(found);
    LevelRows& level = tree_.levels[select.number];
    const int keys = keys_[select.number].count;
    const int64_t limit = select.to_many() ? arguments_.lists[select.window.list].limit : -1;
    std::vector<int> key_of_row(rows.count(), -1);
    for (int row = 0; row < rows.count(); ++row) {
      const int64_t key = PositionOf(select, rows.key(row));
      if (key < 0 || key >= keys) {
        // A tagged read has the rows of parents, too, that only tell that there are more.
        if (key == -1 && read_.plan.strategy == plan::Strategy::kTagged) continue;
        return errors::Internal("a row of a level has a key that nobody asked for");
      }
      int& count = level.begin_of_key[key + 1];
      if (limit >= 0 && count >= limit) {
        level.more_of_key[key] = true;
      } else {
        key_of_row[row] = static_cast<int>(key);
        ++count;
      }
    }
    std::partial_sum(level.begin_of_key.begin(), level.begin_of_key.end(), level.begin_of_key.begin());
    std::vector<int> next(level.begin_of_key);
    level.rows.resize(level.begin_of_key.back());
    for (int row = 0; row < rows.count(); ++row) {
      if (key_of_row[row] >= 0) level.rows[next[key_of_row[row]]++] = row;
    }
    if (select.window.backward) {
      for (int key = 0; key < keys; ++key) {
        std::reverse(level.rows.begin() + level.begin_of_key[key], level.rows.begin() + level.begin_of_key[key + 1]);
      }
    }
    level.columns = [&rows](int row, Columns& columns) { rows.Fill(row, columns); };
    keys_[select.number] = Keys();  // nobody asks for them any more, and a page of a stream has many
    return absl::OkStatus();
  }

 private:
  // Makes room for the lists of all keys.
  void Prepare(const plan::Select& select) {
    LevelRows& level = tree_.levels[select.number];
    level.begin_of_key.resize(keys_[select.number].count + 1);
    level.more_of_key.resize(keys_[select.number].count);
  }

  // The position of the key that a row says; -1: it is none of the answer's.
  int64_t PositionOf(const plan::Select& select, std::string_view said) const {
    const Keys& keys = keys_[select.number];
    if (!plan::NamesKey(select)) return DecodeInteger(said) - 1;
    if (keys.first) return DecodeInteger(said) - *keys.first;
    const auto found = keys.positions.find(absl::string_view(said.data(), said.size()));
    return found == keys.positions.end() ? -1 : found->second;
  }

  const CompiledRead& read_;
  const Arguments& arguments_;
  const int root_rows_;
  Tree& tree_;
  std::vector<Keys> keys_;  // by the number of the select
};

// Sorts the rows of a tagged read, which are the tree's only result, out by select and by key.
class TaggedRows {
 public:
  TaggedRows(const CompiledRead& read, const Arguments& arguments, Tree& tree)
      : read_(read), arguments_(arguments), tree_(tree), rows_(CountSelects(read.plan.root)) {}

  absl::Status Sort() {
    const pg::Result& result = tree_.results.front();
    for (int row = 0; row < result.rows(); ++row) {
      const int64_t select = DecodeInteger(result.bytes(row, 0));
      if (select < 0 || select >= static_cast<int64_t>(rows_.size())) return errors::Internal("a row has a tag that no select has");
      rows_[select].push_back(row);
    }
    tree_.selects.push_back(Take(read_.plan.root));
    Grouper grouper(read_, arguments_, KeptRows(read_, arguments_, tree_), tree_);
    return SortBelow(read_.plan.root, grouper);
  }

 private:
  absl::Status SortBelow(const plan::Select& parent, Grouper& grouper) {
    for (const plan::Select& select : parent.related) {
      if (plan::NamesKey(select)) {
        grouper.FindKeys(select, parent);
      } else {
        grouper.CountParents(select, parent);
      }
      ROWAN_RETURN_IF_ERROR(grouper.Group(select, Take(select)));
      ROWAN_RETURN_IF_ERROR(SortBelow(select, grouper));
    }
    return absl::OkStatus();
  }

  SelectRows Take(const plan::Select& select) {
    return SelectRows(tree_.results.front(), std::move(rows_[select.number]), read_.sql.columns[select.number],
                      /*keyed=*/select.relation != nullptr);
  }

  const CompiledRead& read_;
  const Arguments& arguments_;
  Tree& tree_;
  std::vector<std::vector<int>> rows_;  // by the number of the select
};

}  // namespace

void SelectRows::Fill(int row, Columns& columns) const {
  columns.clear();
  const int at = RowAt(row);
  const int end = columns_ == nullptr ? result_->columns() : static_cast<int>(columns_->size());
  for (int i = first_; i < end; ++i) {
    const int column = ColumnAt(i);
    const std::string_view bytes = result_->bytes(at, column);
    columns.push_back({bytes, bytes.empty() && result_->null(at, column)});
  }
}

Columns Tree::RootColumns(int row) const {
  Columns columns;
  root().Fill(row, columns);
  return columns;
}

int KeptRows(const CompiledRead& read, const Arguments& arguments, const Tree& tree) {
  const int64_t limit = arguments.lists[read.plan.root.window.list].limit;
  const int rows = tree.root().count();
  return limit < 0 ? rows : static_cast<int>(std::min<int64_t>(rows, limit));
}

absl::StatusOr<Tree> TreeOf(const CompiledRead& read, const Arguments& arguments, pg::Result result) {
  Tree tree;
  tree.results.reserve(read.sql.selects.size());
  tree.results.push_back(std::move(result));
  if (read.plan.strategy == plan::Strategy::kTagged) {
    ROWAN_RETURN_IF_ERROR(TaggedRows(read, arguments, tree).Sort());
  } else {
    tree.selects.emplace_back(tree.results.front(), /*keyed=*/false);
  }
  return tree;
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

struct LevelReader::Impl {
  const CompiledRead& read;
  const Arguments& arguments;
  Tree& tree;
  Grouper grouper;
  std::vector<LevelSelect> level;  // the next depth, or the one that is waited for
  std::vector<const plan::Select*> asked;
  std::deque<Encoded> encoded;

  // Adds the statement of a select, unless its parents have no keys.
  void Ask(const LevelSelect& one, std::vector<pg::Query>& queries) {
    grouper.FindKeys(*one.select, *one.parent);
    Keys& keys = grouper.keys(*one.select);
    if (keys.count == 0) return;
    const sql::ReadStatement& statement = read.sql.selects[one.select->number];
    pg::Query query{&statement.statement, {}};
    const std::vector<const Field*> links = plan::LinkFields(*one.select->relation);
    if (const auto range = statement.range ? RangeOf(keys.columns.front()) : std::nullopt) {
      const std::vector<Encoded>& integers = keys.columns.front();
      if (std::is_sorted(integers.begin(), integers.end(), IsLess)) keys.first = DecodeInteger(integers.front().bytes);
      query.statement = &*statement.range;
      for (const Encoded& end : *range) {
        encoded.push_back(end);
        query.parameters.push_back({encoded.back().bytes});
      }
    } else {
      for (size_t i = 0; i < links.size(); ++i) {
        encoded.push_back(EncodeArray(links[i]->type, keys.columns[i]));
        query.parameters.push_back({encoded.back().bytes});
      }
    }
    for (const pg::Parameter& parameter : SlotParameters(statement, arguments)) query.parameters.push_back(parameter);
    queries.push_back(std::move(query));
    asked.push_back(one.select);
  }
};

LevelReader::LevelReader(const CompiledRead& read, const Arguments& arguments, int rows, Tree& tree)
    : impl_(new Impl{read, arguments, tree, Grouper(read, arguments, rows, tree), Below({{&read.plan.root, nullptr}}), {}, {}}) {}
LevelReader::~LevelReader() = default;

int LevelReader::Ask(std::vector<pg::Query>& queries) {
  impl_->asked.clear();
  impl_->encoded.clear();
  while (!done()) {
    for (const LevelSelect& one : impl_->level) impl_->Ask(one, queries);
    if (!impl_->asked.empty()) break;
    impl_->level = Below(impl_->level);
  }
  return static_cast<int>(impl_->asked.size());
}

absl::Status LevelReader::Take(absl::Span<pg::Result> results) {
  for (size_t i = 0; i < results.size(); ++i) {
    impl_->tree.results.push_back(std::move(results[i]));
    ROWAN_RETURN_IF_ERROR(
        impl_->grouper.Group(*impl_->asked[i], SelectRows(impl_->tree.results.back(), /*keyed=*/true)));
  }
  impl_->level = Below(impl_->level);
  return absl::OkStatus();
}

bool LevelReader::last() const {
  return Below(impl_->level).empty();
}

bool LevelReader::done() const {
  return impl_->level.empty();
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
  ROWAN_ASSIGN_OR_RETURN(Tree tree, TreeOf(read, arguments, std::move(results[0])));
  if (read.sql.total) {
    ROWAN_ASSIGN_OR_RETURN(tree.total, TotalOf(kind, results[1]));
  }
  return tree;
}

// Runs the statements below the root for its first `rows` rows, inside the transaction that `connection` is in.
absl::Status RunLevels(const CompiledRead& read, const Arguments& arguments, int rows, bool commit,
                       pg::Connection& connection, const Context& context, Tree& tree) {
  LevelReader levels(read, arguments, rows, tree);
  while (!levels.done()) {
    std::vector<pg::Query> queries;
    levels.Ask(queries);
    for (const pg::Query& query : queries) {
      ROWAN_RETURN_IF_ERROR(context.Observe(connection, *query.statement, query.parameters));
    }
    context.counters.statements += static_cast<int64_t>(queries.size());
    ROWAN_ASSIGN_OR_RETURN(std::vector<pg::Result> results,
                           connection.ExecuteAll(queries, {.commit = commit && levels.last()}, context.call));
    ROWAN_RETURN_IF_ERROR(levels.Take(absl::MakeSpan(results)));
  }
  return absl::OkStatus();
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
    const int rows = KeptRows(read, arguments, tree);
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
    return TreeOf(read, arguments, std::move(result));
  }
  ROWAN_ASSIGN_OR_RETURN(
      Tree tree, RunRoot(read, arguments, {.begin = kSnapshot, .commit = !levels}, connection, context));
  if (levels) {
    const int rows = KeptRows(read, arguments, tree);
    ROWAN_RETURN_IF_ERROR(RunLevels(read, arguments, rows, true, connection, context, tree));
  }
  return tree;
}

}  // namespace rowan::exec
