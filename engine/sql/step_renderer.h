// Renders the statements of one step and notes the source of each of their parameters. Private to engine/sql.
//
//   render_mutation.cc    what all steps share, and those without a statement
//   render_finding.cc     steps that find and lock
//   render_writing.cc     steps that write records
//   render_relating.cc    steps that write relations
//   render_chain.cc       the steps of a chain as one statement
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/sql/render_mutation.h"
#include "engine/sql/writer.h"

namespace rowan::sql {

// What stands in for a value that a row does not give.
std::string DefaultSql(const Field& field);

class StepRenderer {
 public:
  explicit StepRenderer(const plan::Program& program) : program_(program) {}

  std::vector<StepStatement> Take() { return std::move(statements_); }

  // --- render_chain.cc
  // Renders all steps of the program's chain. `of_one`: lone nodes have one row.
  StepStatement RenderChain(bool of_one);

  // --- no statement
  void operator()(const plan::Expand&) {}
  void operator()(const plan::CheckNames&) {}
  void operator()(const plan::Require&) {}
  void operator()(const plan::Split&) {}
  void operator()(const plan::Adopt&) {}
  void operator()(const plan::CheckVersion&) {}
  void operator()(const plan::CopyDown&) {}
  void operator()(const plan::CopyUp&) {}
  void operator()(const plan::CopyNew&) {}
  void operator()(const plan::ClearForeignKey&) {}
  void operator()(const plan::ReadBack&) {}

  // --- render_finding.cc
  void operator()(const plan::LockRows& step);
  void operator()(const plan::FindMatches& step);
  void operator()(const plan::Match& step);
  void operator()(const plan::CheckRelated& step);
  void operator()(const plan::FindRelated& step);
  void operator()(const plan::Filter& step);
  void operator()(const plan::FindUpserted& step);
  void operator()(const plan::Vacate& step);

  // --- render_writing.cc
  void operator()(const plan::Allot& step);
  void operator()(const plan::InsertRows& step);
  void operator()(const plan::UpsertRows& step);
  void operator()(const plan::UpdateRows& step);
  void operator()(const plan::DeleteRows& step);
  void operator()(const plan::UpdateWhere& step);
  void operator()(const plan::DeleteWhere& step);
  void operator()(const plan::DeleteRelated& step);

  // --- render_relating.cc
  void operator()(const plan::Move& step);
  void operator()(const plan::Release& step);
  void operator()(const plan::ReleaseCurrent& step);
  void operator()(const plan::ReleaseOthers& step);
  void operator()(const plan::UnlinkOthers& step);
  void operator()(const plan::Link& step);
  void operator()(const plan::Unlink& step);
  void operator()(const plan::Patch& step);

 private:
  // --- parameters
  std::string Next(ParameterSource source, const Type& type);
  void Parameter(ParameterSource source, const Type& type);
  void Array(ParameterSource source, const Type& type);
  void Finish(std::string description);

  // --- pieces of SQL
  // `) AS k(c0, c1)`
  void Names(size_t count);
  // `unnest($1, $2) AS k(c0, c1)`, with `n` for the position of each row when asked.
  template <typename Items, typename Write>
  void KeySource(const Items& items, Write write, bool ordinality = false) {
    writer_ << "unnest(";
    Join(writer_, items, ", ", write);
    writer_ << (ordinality ? ") WITH ORDINALITY AS k(" : ") AS k(");
    for (size_t i = 0; i < items.size(); ++i) writer_ << (i == 0 ? "" : ", ") << "c" << std::to_string(i);
    writer_ << (ordinality ? ", n)" : ")");
  }
  void KeysOf(int node, const std::vector<const Field*>& fields);
  void ParentKeys(int node, const Relation& relation, bool ordinality);
  // `t."a" = k.c0 AND t."b" = k.c1`
  void MatchKey(const std::vector<const Field*>& fields, size_t first = 0);
  void MatchColumns(const std::vector<JunctionColumn>& columns, std::string_view alias, std::string_view keys,
                    size_t first);
  // `"post_tags" j ON j."post_id" = k.c0 JOIN "tags" t ON t."id" = j."tag_id"`, or `"posts" t ON t."user_id" = k.c0`
  void JoinRelated(const Relation& relation);
  void OrderByKey(const Model& model);
  // The node's current columns: `t."a", t."b"`.
  void RenderCurrent(const plan::Node& node, std::string_view separator);
  void RenderFilter(const ir::Predicate& where, std::string_view before);
  void RenderWhere();
  // `UPDATE t SET a = NULL FROM `
  void Clear(const Model& model, const std::vector<const Field*>& fields);
  // `, "version" = t."version" + 1`, where the model has such a field.
  void CountVersion(const Model& model, std::string_view separator = ", ");

  // --- render_chain.cc
  // Whether all records that a step names are there.
  void AllThere(const plan::LockRows& step);
  bool IsLone(int node) const { return of_one_ && program_.Lone(node); }
  // `(SELECT v FROM a0_2)[k.n]`: one of the keys that the chain allots, by the column of that position, or the only one.
  std::string AllottedKey(const plan::Chain::Column& keys, const std::string& position);
  std::string ChainedValue(const plan::Chain::Source& source);
  // Key fields of a row and of its parent. Those that are known are in the array of the name.
  std::string OwnKey(int node, const Field* field, const std::string& name);
  std::string ParentKey(int node, const Field* field, const std::string& name);
  // The same of the row's parent.
  std::string AllottedParentKey(const plan::Chain::Column& keys, int node);
  // Whether the column is filled by its own identity.
  bool LeftOut(int node, int column) const;
  // Where the chain has a column's values from; null for those that are known, and outside of chains.
  const plan::Chain::Source* Chained(int node, int column) const {
    return chain_ == nullptr ? nullptr : chain_->Find(node, column);
  }

  // --- values of rows. `k.c0` and the like; the arrays that it comes from are added to `arrays_` and `names_`.
  std::string RowValue(int node, int column);
  std::string KnownValue(int node, int column);
  std::string RowGiven(int node, int column);
  // Writes a query of as many new values as the step's node has rows.
  void NewValues(const plan::Allot& step);
  std::string Changed(int node, int column, const std::string& value);
  void AddArray(ParameterSource source, const Type& type, const std::string& name);
  // The same for an array that several columns take their values by.
  void AddArrayOnce(ParameterSource source, const Type& type, const std::string& name);
  // ` FROM unnest(…) AS k(…)`, or as many rows as the node has where no array was added.
  void FromArrays(int node);
  // ` ("a", "b") SELECT k.c0, … FROM unnest(…) AS k(…)`: the rows of a node as an insert's source, in the order of the key.
  void InsertSource(int node, const Key* order);
  // `"a" = …, "b" = …`, for the columns of an update.
  void Assignments(int node);

  static std::vector<const Field*> ForeignKey(const plan::Node& node) {
    return plan::ForeignKeyFields(*node.relation);
  }
  static std::vector<JunctionColumn> BothEnds(const Junction& junction);
  void JunctionArrays(int node);

  // --- pieces of descriptions
  std::string At(int number) const { return number == 0 ? "" : " at " + program_.Place(number); }
  static std::string Ends(const plan::Node& node);

  const plan::Program& program_;
  const plan::Chain* chain_ = nullptr;  // while a chain is rendered
  bool of_one_ = false;                 // whether lone nodes have one row, and no arrays of values
  bool guarded_ = false;                // whether its parts write only when all named records are there
  bool numbered_ = false;               // whether the rows' positions are asked for, as k.n
  Writer writer_;
  std::vector<ParameterSource> sources_;
  std::vector<std::string> arrays_;
  std::vector<std::string> names_;
  std::vector<StepStatement> statements_;
};

std::string_view LockSql(plan::Lock lock);

}  // namespace rowan::sql
