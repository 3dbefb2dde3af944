#include <algorithm>
#include <map>
#include <utility>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/step_runner.h"
#include "engine/types/codec.h"
#include "engine/types/key_types.h"

namespace rowan::exec {

using plan::Node;
using plan::NodeRole;
using plan::Version;

std::string StepRunner::PlacePath(const plan::Vacate& step) const {
  const std::string path = store_.Path(step.node, 0);
  return step.keys_from_parent ? path : path + "." + step.relation->name;
}

absl::Status StepRunner::operator()(const plan::Vacate& step) {
  const Node& taking = node(step.node);
  std::vector<int> rows;
  std::map<std::string, int> places;
  for (int row = 0; row < store_.rows(step.node).size(); ++row) {
    std::string place;
    bool taken = true;
    for (const ColumnPair& pair : step.pairs) {
      const Encoded* key = step.keys_from_parent
                               ? store_.Key(taking.parent, pair.from, store_.rows(step.node).parent[row])
                               : store_.Key(step.node, pair.to, row);
      const Type& type = (step.keys_from_parent ? pair.from : pair.to)->type;
      const auto value = key == nullptr ? std::nullopt : ConvertKey(*key, type, pair.to->type);
      taken = taken && value.has_value() && !value->null;
      if (taken) place += std::to_string(value->bytes.size()) + ":" + value->bytes;
    }
    if (!taken) continue;
    const auto [other, is_new] = places.emplace(std::move(place), row);
    if (!is_new) {
      return errors::ConflictingInput(Path(store_.Path(step.node, row)), store_.Path(step.node, other->second),
                                      "both take one place in the one-to-one relation " + step.relation->name);
    }
    rows.push_back(row);
  }
  if (rows.empty()) return absl::OkStatus();
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
  const std::vector<const Field*>& key = step.holder->primary_key().fields;
  std::map<std::string, int> ours;
  if (taking.role != NodeRole::kCreate) {
    for (int row : AllRows(step.node)) ours.emplace(KeyBytes(step.node, key, row), row);
  }
  FoundColumns found(key.size());
  std::string incumbent;
  int64_t displaced = 0;
  bool refused = false;
  for (int row = 0; row < result.rows(); ++row) {
    const auto own = ours.find(KeyBytes(result, row, 0, key.size()));
    if (own != ours.end()) {
      const auto taker = places.find(KeyBytes(result, row, key.size(), step.pairs.size()));
      if (taker != places.end() && taker->second == own->second) continue;  // it stays
    }
    // PostgreSQL checks unique keys row by row: one that the request moves on has to leave first, and is not displaced.
    displaced += own == ours.end();
    refused = refused || own != ours.end() || step.incumbent == plan::Vacate::Incumbent::kRefuse;
    for (size_t k = 0; k < key.size(); ++k) {
      found[k].push_back({std::string(result.bytes(row, static_cast<int>(k)))});
      if (found[k].size() == 1) incumbent += (k == 0 ? "" : ", ") + KeyText(key[k]->type, found[k].front());
    }
  }
  if (found.front().empty()) return absl::OkStatus();
  if (refused && step.incumbent != plan::Vacate::Incumbent::kDetach) {
    return errors::RelationOccupied(PlacePath(step), step.holder->name, incumbent);
  }
  ROWAN_RETURN_IF_ERROR(Execute(1, rows, found).status());
  RelationCounts& counted = relation_effects_[step.effects];
  counted.displaced += displaced;
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Move& step) {
  const Node& moving = node(step.node);
  const std::vector<const Field*>& key = moving.model->primary_key().fields;
  std::vector<int> moved;
  std::vector<int> stolen;
  for (int row = 0; row < store_.rows(step.node).size(); ++row) {
    if (!store_.rows(step.node).found[row]) continue;
    const auto [named, is_new] =
        movers_.emplace(std::pair(moving.effects, KeyBytes(step.node, key, row)), std::pair(step.node, row));
    if (!is_new) {
      const auto [mover, moved_by] = named->second;
      return errors::ConflictingInput(Path(store_.Path(step.node, row)), store_.Path(mover, moved_by),
                                      "one record cannot belong to two parents");
    }
    if (HasParent(step.node, row)) {
      CountConnected(step.node, /*already=*/true);
      continue;
    }
    if (Owned(step.node, row)) stolen.push_back(row);
    moved.push_back(row);
  }
  if (!stolen.empty() && moving.relation->ownership == OwnershipPolicy::kFail) {
    std::vector<std::string> paths;
    std::vector<std::string> keys;
    for (int row : stolen) {
      paths.push_back(store_.Path(step.node, row));
      keys.push_back(KeyOf(step.node, key, row));
    }
    return errors::AlreadyOwned(paths, moving.model->name, keys);
  }
  if (moved.empty()) return absl::OkStatus();
  written_ = moving.model;
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, moved));
  ROWAN_RETURN_IF_ERROR(CheckStillThere(step.node, static_cast<int64_t>(moved.size()), result.affected()));
  RelationCounts& counted = effects(step.node);
  counted.connected += result.affected();
  counted.reassigned += static_cast<int64_t>(stolen.size());
  return absl::OkStatus();
}

absl::Status StepRunner::Disconnect(int number, const std::vector<int>& rows) {
  if (rows.empty()) return absl::OkStatus();
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
  RelationCounts& counted = effects(number);
  counted.disconnected += result.affected();
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Release& step) {
  std::vector<int> rows;
  for (int row = 0; row < store_.rows(step.node).size(); ++row) {
    if (store_.rows(step.node).found[row] && HasParent(step.node, row)) rows.push_back(row);
  }
  return Disconnect(step.node, rows);
}

absl::Status StepRunner::operator()(const plan::ReleaseCurrent& step) {
  const int64_t before = effects(step.node).disconnected;
  const std::vector<int> rows = AllRows(step.node);
  ROWAN_RETURN_IF_ERROR(Disconnect(step.node, rows));
  const bool all = effects(step.node).disconnected - before == static_cast<int64_t>(rows.size());
  if (all || !step.strict) return absl::OkStatus();
  std::vector<std::string> paths;
  for (int row : rows) paths.push_back(store_.Path(step.node, row));
  return errors::NotConnected(paths, node(step.node).model->name, {});
}

absl::Status StepRunner::operator()(const plan::ReleaseOthers& step) {
  return Disconnect(step.node, AllRows(step.node));
}

absl::Status StepRunner::operator()(const plan::UnlinkOthers& step) {
  return Disconnect(step.node, AllRows(step.node));
}

absl::Status StepRunner::operator()(const plan::Unlink& step) {
  const int64_t before = effects(step.node).disconnected;
  ROWAN_RETURN_IF_ERROR(Disconnect(step.node, AllRows(step.node)));
  if (!step.counted) effects(step.node).disconnected = before;
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Link& step) {
  // What the request created in place of what it looked for counts as created only.
  std::vector<int> fresh;
  std::vector<int> others;
  for (int row : AllRows(step.node)) (store_.rows(step.node).fresh[row] ? fresh : others).push_back(row);
  for (const std::vector<int>* part : {&fresh, &others}) {
    const std::vector<int>& rows = *part;
    if (rows.empty()) continue;
    // Links that exist take the junction's values first; then those that are missing are made.
    const bool writes = statements_->size() > 1;
    if (writes) ROWAN_RETURN_IF_ERROR(Execute(0, rows).status());
    ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(writes ? 1 : 0, rows));
    if (node(step.node).role != NodeRole::kConnect || part == &fresh) continue;
    RelationCounts& counted = effects(step.node);
    counted.connected += result.affected();
    counted.already_connected += static_cast<int64_t>(rows.size()) - result.affected();
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Patch& step) {
  const std::vector<int> rows = AllRows(step.node);
  if (rows.empty()) return absl::OkStatus();
  written_ = node(node(step.node).parent).model;
  ROWAN_RETURN_IF_ERROR(Execute(0, rows).status());
  for (size_t i = 0; i < rows.size(); ++i) CountConnected(step.node, /*already=*/false);
  return absl::OkStatus();
}

}  // namespace rowan::exec
