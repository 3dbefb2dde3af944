#include "engine/exec/program_runner.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/bind_parameters.h"
#include "engine/exec/node_rows.h"
#include "engine/exec/run_read.h"
#include "engine/hydrate/hydrate.h"
#include "engine/types/codec.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {
namespace {

using plan::Node;
using plan::NodeColumn;
using plan::NodeRole;
using plan::Version;

// Rows of all nodes of one mutation, once every matched row has its copy. Beyond it a request would rather be several.
constexpr int64_t kMostRows = 1'000'000;

std::vector<int> AllRows(int count) {
  std::vector<int> rows(count);
  for (int i = 0; i < count; ++i) rows[i] = i;
  return rows;
}

bool SameValue(const Encoded* a, const Encoded* b) {
  return a != nullptr && b != nullptr && !a->null && !b->null && a->bytes == b->bytes;
}

// Runs the steps of one attempt inside the transaction that `connection` is in.
class ProgramRunner {
 public:
  ProgramRunner(const CompiledMutation& mutation, const Arguments& arguments, pg::Connection& connection,
                const Context& context, v1::MutationResponse& response)
      : program_(mutation.program),
        sql_(mutation.sql),
        arguments_(arguments),
        connection_(connection),
        context_(context),
        response_(response),
        store_(mutation.program, arguments),
        relation_effects_(mutation.program.effect_paths.size()) {}

  absl::Status Run() {
    for (size_t i = 0; i < program_.steps.size(); ++i) {
      statements_ = &sql_.steps[i];
      written_ = nullptr;
      ROWAN_RETURN_IF_ERROR(std::visit(*this, program_.steps[i]));
    }
    WriteEffects();
    return absl::OkStatus();
  }

  // The model that the statement which failed was writing.
  const Model* written() const { return written_; }

  // --- finding

  absl::Status operator()(const plan::LockKeys& step) {
    const Node& node = program_.nodes[step.node];
    const std::vector<int> rows = AllRows(store_.rows(step.node).size());
    if (rows.empty()) return absl::OkStatus();
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
    std::vector<char> seen(rows.size());
    for (int found = 0; found < result.rows(); ++found) {
      const int row = static_cast<int>(DecodeInt64(result.bytes(found, 0))) - 1;
      seen[row] = 1;
      FillCurrent(step.node, row, result, found, 1);
    }
    if (!step.required) return absl::OkStatus();
    std::vector<std::string> paths;
    std::vector<std::string> keys;
    for (int row : rows) {
      if (seen[row]) continue;
      paths.push_back(store_.Path(step.node, row));
      keys.push_back(KeyOf(step.node, step.key->fields, row));
    }
    return paths.empty() ? absl::OkStatus() : errors::RelatedNotFound(paths, node.model->name, keys);
  }

  absl::Status operator()(const plan::Match& step) {
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, {}));
    const int count = result.rows();
    if (count > 1 && !step.single.empty()) {
      return errors::MultiParentConnect("data." + step.single.front()->name, count);
    }
    if (program_.returning && count > context_.limits.root_page) {
      return errors::TooManyReturned(context_.limits.root_page);
    }
    if (store_.SetRootSize(count) > kMostRows) return errors::TooManyNodes(Path("data"), kMostRows, "records and keys");
    for (int row = 0; row < count; ++row) FillCurrent(0, row, result, row, 0);
    effects_.set_matched(count);
    return absl::OkStatus();
  }

  // --- moving data

  absl::Status operator()(const plan::Allot& step) {
    const RowColumn& column = store_.rows(step.node).columns[step.column];
    std::vector<int> rows;
    for (int row = 0; row < store_.rows(step.node).size(); ++row) {
      if (!column.given[row]) rows.push_back(row);
    }
    if (rows.empty()) return absl::OkStatus();
    const Field& field = *program_.nodes[step.node].columns[step.column].field;
    if (field.generator == Generator::kLiteral) {
      for (int row : rows) store_.Set(step.node, step.column, row, field.literal);
      return absl::OkStatus();
    }
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
    if (result.rows() != static_cast<int>(rows.size())) return errors::Internal("allotted too few keys");
    for (size_t i = 0; i < rows.size(); ++i) {
      store_.Set(step.node, step.column, rows[i], {std::string(result.bytes(static_cast<int>(i), 0))});
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const plan::CopyDown& step) {
    const Node& node = program_.nodes[step.node];
    for (const ColumnPair& pair : node.relation->pairs) {
      const int column = node.Find(pair.to, Version::kNew);
      for (int row = 0; row < store_.rows(step.node).size(); ++row) {
        const Encoded* key = store_.Key(node.parent, pair.from, store_.rows(step.node).parent[row]);
        store_.Set(step.node, column, row, key == nullptr ? Encoded{.null = true} : *key);
      }
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const plan::CopyUp& step) {
    const Node& node = program_.nodes[step.node];
    for (int row = 0; row < store_.rows(step.node).size(); ++row) {
      const int parent = store_.rows(step.node).parent[row];
      bool same = program_.nodes[node.parent].role == NodeRole::kUpdate;
      for (const ColumnPair& pair : node.relation->pairs) {
        const Encoded* key = store_.Key(step.node, pair.to, row);
        if (same) {
          const int current = program_.nodes[node.parent].Find(pair.from, Version::kCurrent);
          same = SameValue(key, &store_.Value(node.parent, current, parent));
        }
        store_.Set(node.parent, program_.nodes[node.parent].Find(pair.from, Version::kNew), parent,
                   key == nullptr ? Encoded{.null = true} : *key);
      }
      if (node.role == NodeRole::kConnect) CountConnected(node.effects, same);
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const plan::ClearForeignKey& step) {
    int64_t detached = 0;
    const Node& root = program_.nodes[0];
    const ColumnPair& first = step.relation->pairs.front();
    for (int row = 0; row < store_.rows(0).size(); ++row) {
      detached += !store_.Value(0, root.Find(first.from, Version::kCurrent), row).null;
    }
    for (const ColumnPair& pair : step.relation->pairs) {
      store_.Set(0, root.Find(pair.from, Version::kNew), 0, Encoded{.null = true});
    }
    v1::RelationEffects& effects = relation_effects_[step.effects];
    effects.set_disconnected(effects.disconnected() + detached);
    return absl::OkStatus();
  }

  // --- writing

  absl::Status operator()(const plan::Vacate& step) {
    const Node& node = program_.nodes[step.node];
    const std::vector<int> rows = AllRows(store_.rows(step.node).size());
    if (rows.empty()) return absl::OkStatus();
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
    // Rows that the request itself puts in the place are no one's incumbents.
    const std::vector<const Field*>& key = step.holder->primary_key().fields;
    std::set<std::string> ours;
    if (node.role != NodeRole::kCreate) {
      for (int row : rows) ours.insert(KeyBytes(step.node, key, row));
    }
    FoundColumns found(key.size());
    std::string incumbent;
    for (int row = 0; row < result.rows(); ++row) {
      std::string bytes;
      for (size_t k = 0; k < key.size(); ++k) AppendBytes(result.bytes(row, static_cast<int>(k)), bytes);
      if (ours.contains(bytes)) continue;
      for (size_t k = 0; k < key.size(); ++k) {
        found[k].push_back({std::string(result.bytes(row, static_cast<int>(k)))});
        if (found[k].size() == 1) {
          incumbent += (k == 0 ? "" : ", ") + KeyText(key[k]->type, found[k].front());
        }
      }
    }
    if (found.front().empty()) return absl::OkStatus();
    if (step.required) {
      return errors::RelationOccupied(PlacePath(step), step.holder->name, incumbent);
    }
    ROWAN_ASSIGN_OR_RETURN(pg::Result detached, Execute(1, rows, found));
    v1::RelationEffects& effects = relation_effects_[step.effects];
    effects.set_displaced(effects.displaced() + detached.affected());
    return absl::OkStatus();
  }

  absl::Status operator()(const plan::InsertRows& step) {
    const Node& node = program_.nodes[step.node];
    const std::vector<int> rows = AllRows(store_.rows(step.node).size());
    if (rows.empty()) return absl::OkStatus();
    written_ = node.model;
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
    if (node.effects < 0) {
      effects_.set_matched(result.affected());
      effects_.set_changed(result.affected());
    } else {
      v1::RelationEffects& effects = relation_effects_[node.effects];
      effects.set_created(effects.created() + result.affected());
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const plan::UpdateRows&) { return ChangeRoot(program_.nodes[0].model, /*matched=*/false); }
  absl::Status operator()(const plan::DeleteRows&) { return ChangeRoot(nullptr, /*matched=*/false); }
  absl::Status operator()(const plan::UpdateWhere&) { return ChangeRoot(program_.nodes[0].model, /*matched=*/true); }
  absl::Status operator()(const plan::DeleteWhere&) { return ChangeRoot(nullptr, /*matched=*/true); }

  absl::Status operator()(const plan::Move& step) {
    const Node& node = program_.nodes[step.node];
    const std::vector<const Field*>& key = node.model->primary_key().fields;
    std::vector<int> moved;
    std::map<std::string, int> first;  // by key: the row that names it first
    std::vector<int> stolen;
    for (int row = 0; row < store_.rows(step.node).size(); ++row) {
      const auto [named, is_new] = first.emplace(KeyBytes(step.node, key, row), row);
      if (!is_new) {
        // Said twice of one parent is said once; said of two parents is a contradiction.
        if (store_.rows(step.node).parent[named->second] == store_.rows(step.node).parent[row]) continue;
        return errors::ConflictingInput(Path(store_.Path(step.node, row)), store_.Path(step.node, named->second),
                                        "one record cannot belong to two parents");
      }
      if (HasParent(step.node, row)) {
        CountConnected(node.effects, /*already=*/true);
        continue;
      }
      if (Owned(step.node, row)) stolen.push_back(row);
      moved.push_back(row);
    }
    if (!stolen.empty() && node.relation->ownership == OwnershipPolicy::kFail) {
      std::vector<std::string> paths;
      std::vector<std::string> keys;
      for (int row : stolen) {
        paths.push_back(store_.Path(step.node, row));
        keys.push_back(KeyOf(step.node, key, row));
      }
      return errors::AlreadyOwned(paths, node.model->name, keys);
    }
    if (moved.empty()) return absl::OkStatus();
    written_ = node.model;
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, moved));
    v1::RelationEffects& effects = relation_effects_[node.effects];
    effects.set_connected(effects.connected() + result.affected());
    effects.set_reassigned(effects.reassigned() + static_cast<int64_t>(stolen.size()));
    return absl::OkStatus();
  }

  absl::Status operator()(const plan::Release& step) {
    std::vector<int> rows;
    for (int row = 0; row < store_.rows(step.node).size(); ++row) {
      if (HasParent(step.node, row)) rows.push_back(row);
    }
    return Disconnect(step.node, rows);
  }

  absl::Status operator()(const plan::ReleaseCurrent& step) {
    return Disconnect(step.node, AllRows(store_.rows(step.node).size()));
  }

  absl::Status operator()(const plan::Unlink& step) {
    return Disconnect(step.node, AllRows(store_.rows(step.node).size()));
  }

  absl::Status operator()(const plan::Link& step) {
    const Node& node = program_.nodes[step.node];
    const std::vector<int> rows = AllRows(store_.rows(step.node).size());
    if (rows.empty()) return absl::OkStatus();
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
    if (node.role != NodeRole::kConnect) return absl::OkStatus();
    v1::RelationEffects& effects = relation_effects_[node.effects];
    effects.set_connected(effects.connected() + result.affected());
    effects.set_already_connected(effects.already_connected() + static_cast<int64_t>(rows.size()) - result.affected());
    return absl::OkStatus();
  }

  absl::Status operator()(const plan::ReadBack&) {
    const int count = store_.rows(0).size();
    if (count == 0) return absl::OkStatus();
    std::vector<Encoded> keys;
    for (const Field* field : program_.nodes[0].model->primary_key().fields) {
      std::vector<Encoded> values;
      for (int row = 0; row < count; ++row) values.push_back(*store_.Key(0, field, row));
      keys.push_back(EncodeArray(field->type, values));
    }
    return RunReadByKeys(*program_.returning, *sql_.returning, keys, arguments_, connection_, context_, response_);
  }

 private:
  absl::StatusOr<pg::Result> Execute(int statement, const std::vector<int>& rows, const FoundColumns& found = {}) {
    const sql::StepStatement& step = (*statements_)[statement];
    const Parameters parameters(step, program_, store_, arguments_, rows, found);
    ROWAN_RETURN_IF_ERROR(context_.Observe(connection_, step.statement, parameters.views()));
    ++context_.counters.statements;
    return connection_.Execute(step.statement, parameters.views(), context_.call);
  }

  void FillCurrent(int node, int row, const pg::Result& result, int found, int column) {
    const std::vector<NodeColumn>& columns = program_.nodes[node].columns;
    for (size_t c = 0; c < columns.size(); ++c) {
      if (columns[c].version != Version::kCurrent) continue;
      store_.Set(node, static_cast<int>(c), row,
                 {std::string(result.bytes(found, column)), result.null(found, column)});
      ++column;
    }
  }

  absl::Status ChangeRoot(const Model* written, bool matched) {
    const std::vector<int> rows = AllRows(store_.rows(0).size());
    if (!matched && rows.empty()) return absl::OkStatus();
    written_ = written;
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
    if (matched) effects_.set_matched(result.affected());
    effects_.set_changed(result.affected());
    return absl::OkStatus();
  }

  absl::Status Disconnect(int node, const std::vector<int>& rows) {
    if (rows.empty()) return absl::OkStatus();
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
    v1::RelationEffects& effects = relation_effects_[program_.nodes[node].effects];
    effects.set_disconnected(effects.disconnected() + result.affected());
    return absl::OkStatus();
  }

  // Whether the row's current foreign key is its parent's key.
  bool HasParent(int node, int row) {
    const Node& described = program_.nodes[node];
    return std::all_of(described.relation->pairs.begin(), described.relation->pairs.end(), [&](const ColumnPair& pair) {
      const Encoded& current = store_.Value(node, described.Find(pair.to, Version::kCurrent), row);
      return SameValue(&current, store_.Key(described.parent, pair.from, store_.rows(node).parent[row]));
    });
  }

  bool Owned(int node, int row) {
    const Node& described = program_.nodes[node];
    return std::all_of(described.relation->pairs.begin(), described.relation->pairs.end(), [&](const ColumnPair& pair) {
      return !store_.Value(node, described.Find(pair.to, Version::kCurrent), row).null;
    });
  }

  static void AppendBytes(std::string_view value, std::string& bytes) {
    bytes += std::to_string(value.size()) + ":";
    bytes += value;
  }

  // The row's key as it is in the database, in a form to compare by.
  std::string KeyBytes(int node, const std::vector<const Field*>& fields, int row) {
    std::string bytes;
    for (const Field* field : fields) {
      const int current = program_.nodes[node].Find(field, Version::kCurrent);
      const Encoded* value = current >= 0 ? &store_.Value(node, current, row) : store_.Key(node, field, row);
      AppendBytes(value == nullptr ? std::string_view() : value->bytes, bytes);
    }
    return bytes;
  }

  std::string KeyOf(int node, const std::vector<const Field*>& fields, int row) {
    std::string text;
    for (const Field* field : fields) {
      const Encoded* value = store_.Key(node, field, row);
      text += (text.empty() ? "" : ", ") + (value == nullptr ? "null" : KeyText(field->type, *value));
    }
    return text;
  }

  // The place in the request that the incumbent stands in the way of.
  std::string PlacePath(const plan::Vacate& step) {
    const std::string path = store_.Path(step.node, 0);
    return step.keys_from_parent ? path : path + "." + step.relation->name;
  }

  void CountConnected(int effects, bool already) {
    v1::RelationEffects& counted = relation_effects_[effects];
    if (already) {
      counted.set_already_connected(counted.already_connected() + 1);
    } else {
      counted.set_connected(counted.connected() + 1);
    }
  }

  void WriteEffects() {
    for (size_t i = 0; i < relation_effects_.size(); ++i) relation_effects_[i].set_path(program_.effect_paths[i]);
    std::sort(relation_effects_.begin(), relation_effects_.end(),
              [](const v1::RelationEffects& a, const v1::RelationEffects& b) { return a.path() < b.path(); });
    for (v1::RelationEffects& effects : relation_effects_) *effects_.add_relations() = std::move(effects);
    *response_.mutable_effects() = effects_;
    if (program_.returning) HydrateShape(program_.returning->root, *response_.mutable_shape());
  }

  const plan::Program& program_;
  const sql::RenderedProgram& sql_;
  const Arguments& arguments_;
  pg::Connection& connection_;
  const Context& context_;
  v1::MutationResponse& response_;
  RowStore store_;
  v1::Effects effects_;
  std::vector<v1::RelationEffects> relation_effects_;
  const std::vector<sql::StepStatement>* statements_ = nullptr;
  const Model* written_ = nullptr;
};

}  // namespace

absl::Status RunProgram(const CompiledMutation& mutation, const Arguments& arguments, pg::Connection& connection,
                        const Context& context, v1::MutationResponse& response, const Model*& written) {
  ProgramRunner runner(mutation, arguments, connection, context, response);
  absl::Status status = runner.Run();
  written = runner.written();
  return status;
}

}  // namespace rowan::exec
