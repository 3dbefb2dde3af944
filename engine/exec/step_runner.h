// Runs the steps of one attempt inside the transaction that the connection is in. Private to engine/exec.
//
//   program_runner.cc   the run, what steps share, effects and the answer
//   run_finding.cc      steps that find, check and drop rows
//   run_writing.cc      steps that write records, and that move values between rows
//   run_relating.cc     steps that write relations
//   run_chain.cc        the steps of a chain at once
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/exec/bind_parameters.h"
#include "engine/exec/node_rows.h"
#include "engine/exec/program_runner.h"
#include "engine/pg/connection.h"

namespace rowan::exec {

// What happened to one relation, as v1::RelationEffects says it.
struct RelationCounts {
  int64_t created = 0;
  int64_t connected = 0;
  int64_t already_connected = 0;
  int64_t reassigned = 0;
  int64_t disconnected = 0;
  int64_t displaced = 0;
  int64_t updated = 0;
  int64_t deleted = 0;
};

enum class UpsertOutcome { kKept, kInserted, kUpdated };

class StepRunner {
 public:
  // Without a connection no steps are run that need one.
  StepRunner(const CompiledMutation& mutation, const Arguments& arguments, pg::Connection* connection,
             const Context& context, v1::MutationResponse& response);

  absl::Status Run();

  // --- run_chain.cc
  // Does the steps of a chain that need no database. False when rows of the request say the same twice, which only the steps
  // tell apart.
  absl::StatusOr<bool> PrepareChain();
  // The statement of the chain.
  const sql::StepStatement& Chain() const;
  // Its parameters, once it is prepared.
  Parameters ChainParameters() const;
  // Takes what was written from the request and from the answer of the chain, and what is to be returned.
  absl::Status FinishChain(const pg::Result& result);

  // The model that the statement which failed was writing.
  const Model* written() const { return written_; }

  // --- run_finding.cc
  absl::Status operator()(const plan::LockRows& step);
  absl::Status operator()(const plan::FindMatches& step);
  absl::Status operator()(const plan::Match& step);
  absl::Status operator()(const plan::Expand& step);
  absl::Status operator()(const plan::CheckNames& step);
  absl::Status operator()(const plan::Require& step);
  absl::Status operator()(const plan::CheckRelated& step);
  absl::Status operator()(const plan::FindRelated& step);
  absl::Status operator()(const plan::Split& step);
  absl::Status operator()(const plan::Filter& step);
  absl::Status operator()(const plan::CheckVersion& step);

  // --- run_writing.cc
  absl::Status operator()(const plan::Adopt& step);
  absl::Status operator()(const plan::Allot& step);
  absl::Status operator()(const plan::CopyDown& step);
  absl::Status operator()(const plan::CopyUp& step);
  absl::Status operator()(const plan::CopyNew& step);
  absl::Status operator()(const plan::ClearForeignKey& step);
  absl::Status operator()(const plan::InsertRows& step);
  absl::Status operator()(const plan::UpsertRows& step);
  absl::Status operator()(const plan::FindUpserted& step);
  absl::Status operator()(const plan::UpdateRows& step);
  absl::Status operator()(const plan::DeleteRows& step);
  absl::Status operator()(const plan::UpdateWhere& step);
  absl::Status operator()(const plan::DeleteWhere& step);
  absl::Status operator()(const plan::DeleteRelated& step);

  // --- run_relating.cc
  absl::Status operator()(const plan::Vacate& step);
  absl::Status operator()(const plan::Move& step);
  absl::Status operator()(const plan::Release& step);
  absl::Status operator()(const plan::ReleaseCurrent& step);
  absl::Status operator()(const plan::ReleaseOthers& step);
  absl::Status operator()(const plan::UnlinkOthers& step);
  absl::Status operator()(const plan::Link& step);
  absl::Status operator()(const plan::Unlink& step);
  absl::Status operator()(const plan::Patch& step);

  absl::Status operator()(const plan::ReadBack& step);

 private:
  const plan::Node& node(int number) const { return program_.nodes[number]; }
  RelationCounts& effects(int number) { return relation_effects_[node(number).effects]; }
  std::vector<int> AllRows(int number) const;
  absl::StatusOr<pg::Result> Execute(int statement, const std::vector<int>& rows, const FoundColumns& found = {});
  // Fills the current columns of a row from those of a result, which are in the order of `fields`, or of the node's current
  // columns where there are none.
  void FillCurrent(int number, int row, const pg::Result& result, int found, int column,
                   const std::vector<const Field*>* fields = nullptr);
  absl::Status CheckExpectation(int64_t matched) const;

  // --- run_chain.cc
  bool NamesTwice(int number) const;
  absl::Status TakeAnswer(const pg::Result& result);
  absl::Status ReturnKeys(const pg::Result& result);

  // Whether the request names the node's rows by a key.
  bool NamesRows(int number) const;
  // Whether the row belongs to its parent row, or to any (hasOne, hasMany).
  bool HasParent(int number, int row) const;
  bool Owned(int number, int row) const;
  // The row's primary key in the database, in a form to compare by.
  std::string KeyBytes(int number, const std::vector<const Field*>& fields, int row) const;
  // The same of `count` columns of a result row.
  static std::string KeyBytes(const pg::Result& result, int row, size_t first, size_t count);
  static void AppendKeyBytes(const Encoded* value, std::string& bytes);
  std::string NewKeyBytes(int number, const std::vector<const Field*>& fields, int row) const;
  // Keys for people.
  std::string KeyOf(int number, const std::vector<const Field*>& fields, int row) const;
  // Keeps the related rows; of what the request names, each must be related to one of the matched parents.
  absl::Status KeepRelated(int number, absl::Span<const char> related);
  // Rows that are named or found several times for one part of the request count once; others contradict.
  absl::Status MergeSame(int number);
  absl::Status ChangeWhere(const Model* written);
  // Rows that the request names were there when they were locked. Where fewer were written to, it deleted some itself.
  absl::Status CheckStillThere(int number, int64_t named, int64_t written) const;
  // No row that a delete by filter took may be named by what stands beside it.
  absl::Status CheckNoneNamed(int number, const pg::Result& deleted) const;
  absl::Status Disconnect(int number, const std::vector<int>& rows);
  void CountConnected(int number, bool already);
  // The place in the request that the incumbent stands in the way of.
  std::string PlacePath(const plan::Vacate& step) const;
  void WriteEffects();

  const plan::Program& program_;
  const sql::RenderedProgram& sql_;
  const Arguments& arguments_;
  pg::Connection* const connection_;
  const Context& context_;
  v1::MutationResponse& response_;
  RowStore store_;
  int64_t matched_ = 0;
  int64_t changed_ = 0;
  std::vector<RelationCounts> relation_effects_;
  const std::vector<sql::StepStatement>* statements_ = nullptr;
  const Model* written_ = nullptr;
  FoundColumns matches_;  // what FindMatches found
  // Upserts: the primary key and the outcome by record of the request.
  std::vector<std::vector<Encoded>> upserted_;
  std::vector<UpsertOutcome> outcomes_;
  // By relation (its effects) and primary key: the node and row that moves a record to another parent.
  std::map<std::pair<int, std::string>, std::pair<int, int>> movers_;
  std::map<std::string, bool> inserted_;  // by primary key: whether UpsertRows inserted it
};

}  // namespace rowan::exec
