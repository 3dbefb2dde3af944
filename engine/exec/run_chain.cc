#include "engine/exec/run_chain.h"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/exec/step_runner.h"
#include "engine/hydrate/hydrate.h"
#include "engine/types/codec.h"
#include "engine/types/message_writer.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::exec {

using plan::NodeRole;
using plan::Version;

bool AnswersItself(const plan::Program& program) {
  return !program.returning || program.ReturnsKeysOnly();
}

const sql::StepStatement& StepRunner::Chain() const {
  return sql_.ChainFor(program_, arguments_.rows);
}

Parameters StepRunner::ChainParameters() const {
  return Parameters(Chain(), program_, store_, arguments_, nullptr);
}

absl::StatusOr<bool> StepRunner::PrepareChain() {
  if (store_.rows(0).size() == 0) return false;
  if (program_.returning && store_.rows(0).size() > context_.limits.root_page) return false;
  for (const plan::Step& step : program_.steps) {
    if (const auto* allot = std::get_if<plan::Allot>(&step)) {
      const bool literal = node(allot->node).columns[allot->column].field->generator == Generator::kLiteral;
      if (literal) ROWAN_RETURN_IF_ERROR((*this)(*allot));
    } else if (const auto* down = std::get_if<plan::CopyDown>(&step)) {
      ROWAN_RETURN_IF_ERROR((*this)(*down));
    } else if (const auto* up = std::get_if<plan::CopyUp>(&step)) {
      ROWAN_RETURN_IF_ERROR((*this)(*up));
    } else if (const auto* link = std::get_if<plan::Link>(&step)) {
      if (NamesTwice(link->node)) return false;
    }
  }
  return true;
}

bool StepRunner::NamesTwice(int number) const {
  if (node(number).role != NodeRole::kConnect) return false;
  const NodeRows& rows = store_.rows(number);
  if (rows.size() < 2) return false;
  const std::vector<const Field*>& key = node(number).model->primary_key().fields;
  std::set<std::pair<int, std::string>> seen;
  for (int row = 0; row < rows.size(); ++row) {
    if (!seen.emplace(rows.parent[row], KeyBytes(number, key, row)).second) return true;
  }
  return false;
}

absl::Status StepRunner::FinishChain(const pg::Result& result) {
  for (const plan::Step& step : program_.steps) {
    if (const auto* insert = std::get_if<plan::InsertRows>(&step)) {
      const int64_t inserted = store_.rows(insert->node).size();
      if (node(insert->node).effects < 0) {
        matched_ = inserted;
        changed_ = inserted;
      } else {
        effects(insert->node).created += inserted;
      }
    } else if (const auto* link = std::get_if<plan::Link>(&step)) {
      if (node(link->node).role == NodeRole::kConnect) effects(link->node).connected += store_.rows(link->node).size();
    }
  }
  ROWAN_RETURN_IF_ERROR(TakeAnswer(result));
  WriteEffects();
  return absl::OkStatus();
}

absl::Status StepRunner::TakeAnswer(const pg::Result& result) {
  if (!program_.returning) return absl::OkStatus();
  const std::vector<const Field*>& key = node(0).model->primary_key().fields;
  // The keys that were allotted, in the order of the rows.
  for (size_t k = 0; k < key.size(); ++k) {
    const int at = static_cast<int>(k) + 1;
    if (result.null(0, at)) continue;
    ROWAN_ASSIGN_OR_RETURN(std::vector<Encoded> values, DecodeArray(result.bytes(0, at)));
    if (static_cast<int>(values.size()) != store_.rows(0).size()) return errors::Internal("allotted too few keys");
    const int column = node(0).Find(key[k], Version::kNew);
    for (size_t row = 0; row < values.size(); ++row) store_.Set(0, column, static_cast<int>(row), std::move(values[row]));
  }
  return program_.ReturnsKeysOnly() ? ReturnKeys(result) : (*this)(plan::ReadBack{});
}

absl::Status StepRunner::ReturnKeys(const pg::Result& result) {
  const std::vector<const Field*>& key = node(0).model->primary_key().fields;
  // The keys of the rows that are there, in any order: a trigger may have kept some out.
  std::vector<std::vector<Encoded>> present;
  for (size_t k = 0; k < key.size(); ++k) {
    const int at = static_cast<int>(key.size() + k) + 1;
    present.emplace_back();
    if (result.null(0, at)) continue;
    ROWAN_ASSIGN_OR_RETURN(present.back(), DecodeArray(result.bytes(0, at)));
  }
  std::set<std::string> there;
  for (size_t row = 0; row < present.front().size(); ++row) {
    std::string bytes;
    for (const std::vector<Encoded>& values : present) AppendKeyBytes(&values[row], bytes);
    there.insert(std::move(bytes));
  }
  matched_ = static_cast<int64_t>(there.size());
  changed_ = matched_;
  const std::vector<LevelRows> no_levels;
  const Hydrator hydrator(*program_.returning, arguments_, context_.catalog, context_.tokens, no_levels);
  MessageWriter writer;
  for (int row = store_.rows(0).size() - 1; row >= 0; --row) {
    if (!there.contains(NewKeyBytes(0, key, row))) continue;
    Columns columns;
    for (const Field* field : program_.returning->root.fields) {
      const Encoded& value = *store_.Key(0, field, row);
      columns.push_back({value.bytes, value.null});
    }
    const size_t end = writer.size();
    ROWAN_RETURN_IF_ERROR(hydrator.Root(row, columns, writer));
    writer.Close(v1::MutationResponse::kRecordsFieldNumber, end);
  }
  const std::string_view bytes = writer.bytes();
  return response_.MergeFromString(std::string(bytes)) ? absl::OkStatus() : errors::Internal("records do not parse");
}

namespace {

// What the row of a chain's statement comes to.
absl::StatusOr<bool> FinishRow(const pg::Result& result, StepRunner& runner) {
  if (result.rows() != 1) return errors::Internal("a chain has not one row");
  if (result.bytes(0, 0) != std::string_view("\1", 1)) return false;
  ROWAN_RETURN_IF_ERROR(runner.FinishChain(result));
  return true;
}

}  // namespace

absl::StatusOr<bool> RunChain(const CompiledMutation& mutation, const Arguments& arguments, bool alone,
                              pg::Connection& connection, const Context& context, v1::MutationResponse& response) {
  StepRunner runner(mutation, arguments, &connection, context, response);
  ROWAN_ASSIGN_OR_RETURN(const bool prepared, runner.PrepareChain());
  if (!prepared) return false;
  const Parameters parameters = runner.ChainParameters();
  const pg::Statement& statement = runner.Chain().statement;
  ROWAN_RETURN_IF_ERROR(context.Observe(connection, statement, parameters.views()));
  ++context.counters.statements;
  ROWAN_ASSIGN_OR_RETURN(const pg::Result result,
                         alone ? connection.ExecuteWrite(statement, parameters.views(), context.call)
                               : connection.Execute(statement, parameters.views(), context.call));
  return FinishRow(result, runner);
}

struct ChainRun::State {
  State(const CompiledMutation& of, const Arguments& arguments, const Context& context, v1::MutationResponse& response)
      : runner(of, arguments, /*connection=*/nullptr, context, response) {}

  StepRunner runner;
  std::optional<Parameters> owned;
};

ChainRun::ChainRun(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChainRun::~ChainRun() = default;

std::unique_ptr<ChainRun> ChainRun::Prepare(const CompiledMutation& mutation, const Arguments& arguments,
                                            const Context& context, v1::MutationResponse& response) {
  auto state = std::make_unique<State>(mutation, arguments, context, response);
  const absl::StatusOr<bool> prepared = state->runner.PrepareChain();
  if (!prepared.ok() || !*prepared) return nullptr;
  state->owned = state->runner.ChainParameters();
  return std::unique_ptr<ChainRun>(new ChainRun(std::move(state)));
}

const pg::Statement& ChainRun::statement() const {
  return state_->runner.Chain().statement;
}

std::vector<pg::Parameter> ChainRun::parameters() const {
  return state_->owned->views();
}

absl::StatusOr<bool> ChainRun::Finish(const pg::Result& result) {
  return FinishRow(result, state_->runner);
}

}  // namespace rowan::exec
