#include "engine/exec/expectation.h"
#include "engine/exec/program_runner.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/run_read.h"
#include "engine/exec/step_runner.h"
#include "engine/hydrate/hydrate.h"
#include "engine/types/codec.h"
#include "engine/types/key_types.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {

using plan::Node;
using plan::NodeColumn;
using plan::Version;

StepRunner::StepRunner(const CompiledMutation& mutation, const Arguments& arguments, pg::Connection* connection,
                       const Context& context, v1::MutationResponse& response)
    : program_(mutation.program),
      sql_(mutation.sql),
      arguments_(arguments),
      connection_(connection),
      context_(context),
      response_(response),
      store_(mutation.program, arguments),
      relation_effects_(mutation.program.effect_paths.size()) {
  if (!program_.conflict) return;
  upserted_.resize(store_.rows(0).size());
  outcomes_.resize(store_.rows(0).size(), UpsertOutcome::kKept);
}

absl::Status StepRunner::Run() {
  for (size_t i = 0; i < program_.steps.size(); ++i) {
    statements_ = &sql_.steps[i];
    written_ = nullptr;
    ROWAN_RETURN_IF_ERROR(std::visit(*this, program_.steps[i]));
  }
  WriteEffects();
  return absl::OkStatus();
}

std::vector<int> StepRunner::AllRows(int number) const {
  std::vector<int> rows(store_.rows(number).size());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int>(i);
  return rows;
}

absl::StatusOr<pg::Result> StepRunner::Execute(int statement, const std::vector<int>& rows, const FoundColumns& found) {
  const sql::StepStatement& step = (*statements_)[statement];
  const Parameters parameters(step, program_, store_, arguments_, &rows, found);
  ROWAN_RETURN_IF_ERROR(context_.Observe(*connection_, step.statement, parameters.views()));
  ++context_.counters.statements;
  return connection_->Execute(step.statement, parameters.views(), context_.call);
}

void StepRunner::FillCurrent(int number, int row, const pg::Result& result, int found, int column,
                             const std::vector<const Field*>* fields) {
  const std::vector<NodeColumn>& columns = node(number).columns;
  for (size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].version != Version::kCurrent) continue;
    int at = column;
    if (fields != nullptr) {
      at += static_cast<int>(std::find(fields->begin(), fields->end(), columns[c].field) - fields->begin());
    } else {
      ++column;
    }
    store_.Set(number, static_cast<int>(c), row, {std::string(result.bytes(found, at)), result.null(found, at)});
  }
}

void StepRunner::AppendKeyBytes(const Encoded* value, std::string& bytes) {
  const std::string_view text = value == nullptr ? std::string_view() : std::string_view(value->bytes);
  bytes += std::to_string(text.size()) + ":";
  bytes += text;
}

namespace {

bool SameValue(const Encoded& a, const Encoded& b) {
  return !a.null && !b.null && a.bytes == b.bytes;
}

}  // namespace

bool StepRunner::HasParent(int number, int row) const {
  const Node& described = node(number);
  return std::all_of(described.relation->pairs.begin(), described.relation->pairs.end(), [&](const ColumnPair& pair) {
    // Both as they were when the rows were locked, whatever was written to the parent since.
    const int parent = store_.rows(number).parent[row];
    const Encoded* key = store_.Stored(described.parent, pair.from, parent);
    if (key == nullptr) key = store_.Key(described.parent, pair.from, parent);
    const auto converted = key == nullptr ? std::nullopt : ConvertKey(*key, pair.from->type, pair.to->type);
    return converted.has_value() && SameValue(store_.Value(number, described.Find(pair.to, Version::kCurrent), row), *converted);
  });
}

bool StepRunner::Owned(int number, int row) const {
  const Node& described = node(number);
  return std::all_of(described.relation->pairs.begin(), described.relation->pairs.end(), [&](const ColumnPair& pair) {
    return !store_.Value(number, described.Find(pair.to, Version::kCurrent), row).null;
  });
}

bool StepRunner::NamesRows(int number) const {
  const std::vector<NodeColumn>& columns = node(number).columns;
  return std::any_of(columns.begin(), columns.end(), [](const NodeColumn& column) {
    return column.version == Version::kExpected && !column.field->version;
  });
}

absl::Status StepRunner::CheckStillThere(int number, int64_t named, int64_t written) const {
  if (written == named) return absl::OkStatus();
  // Others that are not written to are kept as they are by a trigger.
  const bool deletes = std::any_of(program_.steps.begin(), program_.steps.end(), [](const plan::Step& step) {
    return std::holds_alternative<plan::DeleteRows>(step) || std::holds_alternative<plan::DeleteRelated>(step);
  });
  if (!NamesRows(number) || !deletes) return absl::OkStatus();
  return errors::ConflictingInput(Path(program_.Place(number)), "", "it deletes a record that is named here");
}

std::string StepRunner::KeyBytes(const pg::Result& result, int row, size_t first, size_t count) {
  std::string bytes;
  for (size_t column = first; column < first + count; ++column) {
    const std::string_view value = result.bytes(row, static_cast<int>(column));
    bytes += std::to_string(value.size()) + ":";
    bytes += value;
  }
  return bytes;
}

std::string StepRunner::KeyBytes(int number, const std::vector<const Field*>& fields, int row) const {
  std::string bytes;
  for (const Field* field : fields) AppendKeyBytes(store_.Stored(number, field, row), bytes);
  return bytes;
}

std::string StepRunner::NewKeyBytes(int number, const std::vector<const Field*>& fields, int row) const {
  std::string bytes;
  for (const Field* field : fields) AppendKeyBytes(store_.Key(number, field, row), bytes);
  return bytes;
}

std::string StepRunner::KeyOf(int number, const std::vector<const Field*>& fields, int row) const {
  std::string text;
  for (const Field* field : fields) {
    const Encoded* value = store_.Key(number, field, row);
    text += (text.empty() ? "" : ", ") + (value == nullptr ? "null" : KeyText(field->type, *value));
  }
  return text;
}

absl::Status StepRunner::CheckExpectation(int64_t matched) const {
  return program_.expect ? exec::CheckExpectation(*program_.expect, arguments_.expected, matched) : absl::OkStatus();
}

void StepRunner::CountConnected(int number, bool already) {
  RelationCounts& counted = effects(number);
  if (already) {
    counted.already_connected += 1;
  } else {
    counted.connected += 1;
  }
}

absl::Status StepRunner::operator()(const plan::ReadBack&) {
  const std::vector<const Field*>& key = node(0).model->primary_key().fields;
  std::vector<std::vector<Encoded>> values(key.size());
  const auto add = [&](size_t k, const Encoded* value) {
    values[k].push_back(value == nullptr ? Encoded{.null = true} : *value);
  };
  if (program_.conflict && !program_.conflict->in_place) {
    for (const int number : {program_.conflict->update, 0}) {
      for (int row = 0; row < store_.rows(number).size(); ++row) {
        std::vector<Encoded>& of_record = upserted_[store_.rows(number).source[row]];
        of_record.clear();
        for (const Field* field : key) of_record.push_back(*store_.Key(number, field, row));
      }
    }
    for (const std::vector<Encoded>& of_record : upserted_) {
      for (size_t k = 0; k < key.size(); ++k) add(k, &of_record[k]);
    }
  } else {
    for (int row = 0; row < store_.rows(0).size(); ++row) {
      for (size_t k = 0; k < key.size(); ++k) add(k, store_.Key(0, key[k], row));
    }
  }
  if (values.front().empty()) return absl::OkStatus();
  std::vector<Encoded> keys;
  for (size_t k = 0; k < key.size(); ++k) keys.push_back(EncodeArray(key[k]->type, values[k]));
  return RunReadByKeys(*program_.returning, *sql_.returning, keys, arguments_, *connection_, context_, response_);
}

void StepRunner::WriteEffects() {
  if (program_.conflict && !program_.conflict->in_place) {
    for (const int source : store_.rows(0).source) outcomes_[source] = UpsertOutcome::kInserted;
    if (!program_.conflict->keep) {
      for (const int source : store_.rows(program_.conflict->update).source) {
        outcomes_[source] = UpsertOutcome::kUpdated;
      }
    }
  }
  v1::Effects& effects = *response_.mutable_effects();
  for (const UpsertOutcome outcome : outcomes_) {
    switch (outcome) {
      case UpsertOutcome::kInserted:
        response_.add_outcomes(v1::UPSERT_OUTCOME_INSERTED);
        effects.set_inserted(effects.inserted() + 1);
        break;
      case UpsertOutcome::kUpdated:
        response_.add_outcomes(v1::UPSERT_OUTCOME_UPDATED);
        break;
      case UpsertOutcome::kKept:
        response_.add_outcomes(v1::UPSERT_OUTCOME_KEPT);
        break;
    }
  }
  if (program_.conflict) matched_ = static_cast<int64_t>(outcomes_.size());
  effects.set_matched(matched_);
  effects.set_changed(changed_);
  absl::InlinedVector<std::pair<std::string_view, const RelationCounts*>, 8> by_path;
  for (size_t i = 0; i < relation_effects_.size(); ++i) {
    // A relation that was not written by name is told of only when somebody had to give way.
    const std::vector<int>& unnamed = program_.unnamed_effects;
    const bool named = std::find(unnamed.begin(), unnamed.end(), static_cast<int>(i)) == unnamed.end();
    if (named || relation_effects_[i].displaced > 0) by_path.emplace_back(program_.effect_paths[i], &relation_effects_[i]);
  }
  std::sort(by_path.begin(), by_path.end());
  for (const auto& [path, counts] : by_path) {
    v1::RelationEffects& relation = *effects.add_relations();
    relation.set_path(path.data(), path.size());
    relation.set_created(counts->created);
    relation.set_connected(counts->connected);
    relation.set_already_connected(counts->already_connected);
    relation.set_reassigned(counts->reassigned);
    relation.set_disconnected(counts->disconnected);
    relation.set_displaced(counts->displaced);
    relation.set_updated(counts->updated);
    relation.set_deleted(counts->deleted);
  }
  if (program_.returning) HydrateShape(program_.returning->root, *response_.mutable_shape());
}

absl::Status RunProgram(const CompiledMutation& mutation, const Arguments& arguments, pg::Connection& connection,
                        const Context& context, v1::MutationResponse& response, const Model*& written) {
  StepRunner runner(mutation, arguments, &connection, context, response);
  absl::Status status = runner.Run();
  written = runner.written();
  return status;
}

}  // namespace rowan::exec
