#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/step_runner.h"
#include "engine/types/codec.h"
#include "engine/types/key_types.h"

namespace rowan::exec {

using plan::Node;
using plan::NodeColumn;
using plan::NodeRole;
using plan::Version;

absl::Status StepRunner::operator()(const plan::Adopt& step) {
  const Node& adopting = node(step.node);
  std::vector<const Field*> named;
  for (const NodeColumn& column : adopting.columns) {
    if (column.version == Version::kExpected) named.push_back(column.field);
  }
  absl::flat_hash_map<std::string, int> created;
  for (int row = 0; row < store_.rows(step.create).size(); ++row) {
    created.emplace(NewKeyBytes(step.create, named, row), row);
  }
  for (int row = 0; row < store_.rows(step.node).size(); ++row) {
    if (store_.rows(step.node).found[row]) continue;
    const auto found = created.find(KeyBytes(step.node, named, row));
    if (found == created.end()) return errors::Internal("a record that was created is not there");
    for (size_t c = 0; c < adopting.columns.size(); ++c) {
      if (adopting.columns[c].version != Version::kCurrent) continue;
      const Encoded* value = store_.Key(step.create, adopting.columns[c].field, found->second);
      store_.Set(step.node, static_cast<int>(c), row, value == nullptr ? Encoded{.null = true} : *value);
    }
    store_.rows(step.node).found[row] = 1;
    store_.rows(step.node).fresh[row] = 1;
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::Allot& step) {
  std::vector<int> rows;
  for (int row = 0; row < store_.rows(step.node).size(); ++row) {
    if (!store_.Given(step.node, step.column, row)) rows.push_back(row);
  }
  if (rows.empty()) return absl::OkStatus();
  const Field& field = *node(step.node).columns[step.column].field;
  if (field.generator == Generator::kLiteral) {
    for (int row : rows) store_.Set(step.node, step.column, row, field.literal);
    return absl::OkStatus();
  }
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
  if (result.rows() != static_cast<int>(rows.size())) return errors::Internal("allotted too few keys");
  for (int i = 0; i < result.rows(); ++i) {
    // An expression may come to nothing.
    if (result.null(i, 0) && !field.nullable) {
      return errors::NullNotAllowed(Path(store_.Path(step.node, rows[i])).Member(field.name), field.model->name, field.name);
    }
    store_.Set(step.node, step.column, rows[i], {std::string(result.bytes(i, 0)), result.null(i, 0)});
  }
  return absl::OkStatus();
}

namespace {

// The value of a foreign key's field that refers to the key; null for null and for no key.
absl::StatusOr<Encoded> Referring(const Encoded* key, const Field& referenced, const Field& field, const std::string& path) {
  if (key == nullptr) return Encoded{.null = true};
  std::optional<Encoded> value = ConvertKey(*key, referenced.type, field.type);
  if (value.has_value()) return *std::move(value);
  return errors::ValueOutOfRange(Path(path), TypeName(field.type),
                                 absl::StrCat(field.model->name, ".", field.name, " cannot refer to ", referenced.model->name, " ",
                                              KeyText(referenced.type, *key)));
}

}  // namespace

absl::Status StepRunner::operator()(const plan::CopyDown& step) {
  const Node& children = node(step.node);
  for (const ColumnPair& pair : children.relation->pairs) {
    const int column = children.Find(pair.to, Version::kNew);
    for (int row = 0; row < store_.rows(step.node).size(); ++row) {
      const Encoded* key = store_.Key(children.parent, pair.from, store_.rows(step.node).parent[row]);
      ROWAN_ASSIGN_OR_RETURN(const Encoded value, Referring(key, *pair.from, *pair.to, store_.Path(step.node, row)));
      // The key that a record is known by may hold its foreign key.
      if (store_.Given(step.node, column, row) && store_.Value(step.node, column, row).bytes != value.bytes) {
        return errors::ConflictingInput(Path(store_.Path(step.node, row)), "",
                                        "its key names another parent than the record that it is nested in");
      }
      store_.Set(step.node, column, row, value);
    }
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::CopyUp& step) {
  const Node& targets = node(step.node);
  const Node& holders = node(targets.parent);
  const NodeRows& rows = store_.rows(step.node);
  for (int row = 0; row < rows.size(); ++row) {
    std::vector<int> parents = {rows.parent[row]};
    if (rows.shared) parents = AllRows(targets.parent);
    for (const int parent : parents) {
      bool same = holders.role == NodeRole::kUpdate;
      for (const ColumnPair& pair : targets.relation->pairs) {
        const Encoded* key = store_.Key(step.node, pair.to, row);
        ROWAN_ASSIGN_OR_RETURN(const Encoded value, Referring(key, *pair.to, *pair.from, store_.Path(step.node, row)));
        if (same) {
          const Encoded& current = store_.Value(targets.parent, holders.Find(pair.from, Version::kCurrent), parent);
          same = !value.null && !current.null && value.bytes == current.bytes;
        }
        store_.Set(targets.parent, holders.Find(pair.from, Version::kNew), parent, value);
      }
      if (targets.role == NodeRole::kConnect && !rows.fresh[row]) CountConnected(step.node, same);
    }
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::CopyNew& step) {
  const Node& standing = node(step.node);
  NodeRows& rows = store_.rows(step.node);
  for (int row = 0; row < rows.size(); ++row) {
    for (size_t c = 0; c < standing.columns.size(); ++c) {
      if (standing.columns[c].version != Version::kCurrent) continue;
      const RowReference& created = rows.created[row];
      const Encoded* value = store_.Key(created.node, standing.columns[c].field, created.row);
      store_.Set(step.node, static_cast<int>(c), row, value == nullptr ? Encoded{.null = true} : *value);
    }
    rows.found[row] = 1;
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::ClearForeignKey& step) {
  const Node& named = node(step.node);
  const Node& holders = node(named.parent);
  const std::vector<ColumnPair>& pairs = named.relation->pairs;
  for (int row = 0; row < store_.rows(step.node).size(); ++row) {
    const int parent = store_.rows(step.node).parent[row];
    const bool related = std::all_of(pairs.begin(), pairs.end(), [&](const ColumnPair& pair) {
      return !store_.Value(named.parent, holders.Find(pair.from, Version::kCurrent), parent).null;
    });
    if (!related && step.strict) return errors::NotConnected({store_.Path(step.node, row)}, named.model->name, {});
    for (const ColumnPair& pair : pairs) {
      store_.Set(named.parent, holders.Find(pair.from, Version::kNew), parent, Encoded{.null = true});
    }
    RelationCounts& counted = effects(step.node);
    if (step.counted) counted.disconnected += related;
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::InsertRows& step) {
  const std::vector<int> rows = AllRows(step.node);
  if (rows.empty()) return absl::OkStatus();
  written_ = node(step.node).model;
  absl::StatusOr<pg::Result> result = Execute(0, rows);
  if (!result.ok() && step.contested != nullptr) {
    const auto error = pg::DatabaseErrorOf(result.status());
    if (error != nullptr && error->sqlstate == "23505" && error->constraint == step.contested->constraint) {
      // Somebody else created it since we looked. The next attempt finds it.
      return pg::DatabaseErrorStatus({.sqlstate = "40001", .message = "a record was created meanwhile"});
    }
  }
  if (!result.ok()) return result.status();
  if (node(step.node).effects < 0) {
    matched_ = result->affected();
    changed_ += result->affected();
  } else {
    RelationCounts& counted = effects(step.node);
    counted.created += result->affected();
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::UpsertRows&) {
  written_ = node(0).model;
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, AllRows(0)));
  const int key = static_cast<int>(node(0).model->primary_key().fields.size());
  for (int row = 0; row < result.rows(); ++row) {
    std::string bytes;
    for (int k = 0; k < key; ++k) {
      bytes += std::to_string(result.bytes(row, k).size()) + ":";
      bytes += result.bytes(row, k);
    }
    inserted_.emplace(std::move(bytes), result.bytes(row, key) == std::string_view("\1", 1));
  }
  changed_ = result.rows();
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::FindUpserted&) {
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, AllRows(0)));
  const std::vector<const Field*>& key = node(0).model->primary_key().fields;
  NodeRows& rows = store_.rows(0);
  for (int found = 0; found < result.rows(); ++found) {
    const int row = static_cast<int>(DecodeInt64(result.bytes(found, 0))) - 1;
    rows.found[row] = 1;
    // What the row was to have is of no account where it was kept.
    for (const Field* field : key) {
      const int column = node(0).Find(field, Version::kNew);
      if (column >= 0) rows.columns[column].given[row] = 0;
    }
    FillCurrent(0, row, result, found, 1);
    const auto outcome = inserted_.find(KeyBytes(0, key, row));
    if (outcome == inserted_.end()) continue;
    outcomes_[row] = outcome->second ? UpsertOutcome::kInserted : UpsertOutcome::kUpdated;
  }
  const bool all = std::all_of(rows.found.begin(), rows.found.end(), [](char found) { return found; });
  if (all) return absl::OkStatus();
  return pg::DatabaseErrorStatus({.sqlstate = "40001", .message = "a record was deleted meanwhile"});
}

absl::Status StepRunner::operator()(const plan::UpdateRows& step) {
  // Rows that nothing is written to stay as they are, their version too.
  const std::vector<NodeColumn>& columns = node(step.node).columns;
  std::vector<int> rows;
  for (int row = 0; row < store_.rows(step.node).size(); ++row) {
    for (size_t c = 0; c < columns.size(); ++c) {
      const bool written = columns[c].version == Version::kNew ||
                           (columns[c].version == Version::kExpected && columns[c].field->version);
      if (!written || !store_.Given(step.node, static_cast<int>(c), row)) continue;
      rows.push_back(row);
      break;
    }
  }
  if (rows.empty()) return absl::OkStatus();
  written_ = node(step.node).model;
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
  if (node(step.node).effects < 0) {
    changed_ += result.affected();
  } else {
    RelationCounts& counted = effects(step.node);
    ROWAN_RETURN_IF_ERROR(CheckStillThere(step.node, static_cast<int64_t>(rows.size()), result.affected()));
    counted.updated += result.affected();
  }
  return absl::OkStatus();
}

absl::Status StepRunner::operator()(const plan::DeleteRows& step) {
  const std::vector<int> rows = AllRows(step.node);
  if (rows.empty()) return absl::OkStatus();
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
  if (node(step.node).effects < 0) {
    changed_ += result.affected();
  } else {
    RelationCounts& counted = effects(step.node);
    counted.deleted += result.affected();
  }
  return absl::OkStatus();
}

absl::Status StepRunner::ChangeWhere(const Model* written) {
  written_ = written;
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, {}));
  matched_ = result.affected();
  changed_ = result.affected();
  return CheckExpectation(result.affected());
}

absl::Status StepRunner::operator()(const plan::UpdateWhere&) {
  return ChangeWhere(node(0).model);
}

absl::Status StepRunner::operator()(const plan::DeleteWhere&) {
  return ChangeWhere(nullptr);
}

absl::Status StepRunner::operator()(const plan::DeleteRelated& step) {
  const std::vector<int> rows = AllRows(step.node);
  if (rows.empty()) return absl::OkStatus();
  ROWAN_ASSIGN_OR_RETURN(pg::Result result, Execute(0, rows));
  RelationCounts& counted = effects(step.node);
  counted.deleted += result.affected();
  return step.told ? CheckNoneNamed(step.node, result) : absl::OkStatus();
}

absl::Status StepRunner::CheckNoneNamed(int number, const pg::Result& deleted) const {
  const Node& deleting = node(number);
  const std::vector<const Field*>& key = deleting.model->primary_key().fields;
  std::set<std::string> keys;
  for (int row = 0; row < deleted.rows(); ++row) keys.insert(KeyBytes(deleted, row, 0, key.size()));
  for (int other = 0; other < static_cast<int>(program_.nodes.size()); ++other) {
    const Node& naming = node(other);
    const bool beside = naming.parent == deleting.parent && naming.relation == deleting.relation;
    if (!beside || !NamesRows(other) || naming.role == plan::NodeRole::kDetach) continue;
    for (int row = 0; row < store_.rows(other).size(); ++row) {
      if (!store_.rows(other).found[row] || !keys.contains(KeyBytes(other, key, row))) continue;
      return errors::ConflictingInput(Path(store_.Path(other, row)), program_.Place(number),
                                      "that deletes the record which is named here");
    }
  }
  return absl::OkStatus();
}

}  // namespace rowan::exec
