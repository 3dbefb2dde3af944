#include "engine/lane_requests.h"

#include <google/protobuf/arena.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/errors_transaction.h"
#include "engine/exec/run_chain.h"
#include "engine/operation.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

class GetStatement : public pg::LaneStatement {
 public:
  GetStatement(std::shared_ptr<ServedSchema> schema, std::shared_ptr<const exec::CompiledRead> read, BoundRead bound,
               const exec::Context& context, SharedDone done)
      : schema_(std::move(schema)),
        read_(std::move(read)),
        arguments_(std::move(bound.arguments)),
        expect_(bound.expect),
        context_(context),
        done_(std::move(done)) {}

  const pg::Statement& statement() const override { return read_->sql.selects.front().statement; }
  std::vector<pg::Parameter> parameters() const override {
    return exec::SlotParameters(read_->sql.selects.front(), arguments_);
  }
  bool abandoned() const override {
    return context_.call.cancellation->cancelled() || Clock::now() >= context_.call.deadline;
  }

  void Finish(End end, std::optional<pg::Result> rows) override {
    if (end == End::kFailed) read_->pace->NoteSlow();
    exec::Reply reply;
    // Whatever is wrong, running it again tells.
    if (!rows || abandoned() || !exec::WriteGet(*read_, arguments_, *std::move(rows), context_, reply).ok() ||
        !CheckCount(expect_, arguments_, reply.records).ok()) {
      done_(std::nullopt);
      return;
    }
    ++context_.counters.statements;
    done_(absl::StrCat(read_->shape, reply.bytes));
  }

 private:
  const std::shared_ptr<ServedSchema> schema_;
  const std::shared_ptr<const exec::CompiledRead> read_;
  const Arguments arguments_;
  const std::optional<ir::Expectation> expect_;
  const exec::Context context_;
  const SharedDone done_;
};

class InsertStatement : public pg::LaneStatement {
 public:
  // Null where its steps have to run.
  static std::unique_ptr<InsertStatement> Prepare(std::shared_ptr<ServedSchema> schema,
                                                  std::shared_ptr<const exec::CompiledMutation> mutation,
                                                  Arguments arguments, const exec::Context& context, SharedDone done) {
    std::unique_ptr<InsertStatement> insert(
        new InsertStatement(std::move(schema), std::move(mutation), std::move(arguments), context, std::move(done)));
    insert->run_ = exec::ChainRun::Prepare(*insert->mutation_, insert->arguments_, insert->context_, insert->response_);
    return insert->run_ == nullptr ? nullptr : std::move(insert);
  }

  const pg::Statement& statement() const override { return run_->statement(); }
  std::vector<pg::Parameter> parameters() const override { return run_->parameters(); }
  bool abandoned() const override {
    return context_.call.cancellation->cancelled() || Clock::now() >= context_.call.deadline;
  }

  void Finish(End end, std::optional<pg::Result> rows) override {
    if (end == End::kUnknown) return done_(errors::CommitOutcomeUnknown(""));
    if (end == End::kFailed) mutation_->pace->NoteFailure(begun_);
    if (!rows) return done_(std::nullopt);
    ++context_.counters.statements;
    const absl::StatusOr<bool> written = run_->Finish(*rows);
    // Once it is written, an error says so and nothing else.
    if (!written.ok()) return done_(written.status());
    if (!*written) return done_(std::nullopt);
    done_(response_.SerializeAsString());
  }

 private:
  InsertStatement(std::shared_ptr<ServedSchema> schema, std::shared_ptr<const exec::CompiledMutation> mutation,
                  Arguments arguments, const exec::Context& context, SharedDone done)
      : schema_(std::move(schema)),
        mutation_(std::move(mutation)),
        arguments_(std::move(arguments)),
        context_(context),
        done_(std::move(done)) {}

  const std::shared_ptr<ServedSchema> schema_;
  const std::shared_ptr<const exec::CompiledMutation> mutation_;
  const Arguments arguments_;
  const exec::Context context_;
  const SharedDone done_;
  const Clock::time_point begun_ = Clock::now();
  google::protobuf::Arena arena_;
  v1::MutationResponse& response_ = *google::protobuf::Arena::CreateMessage<v1::MutationResponse>(&arena_);
  std::unique_ptr<exec::ChainRun> run_;
};

// More rows than these would let others wait that go with them.
constexpr int64_t kMostSharedRows = 100;

bool IsSmall(const Arguments& arguments) {
  int64_t rows = 0;
  for (const InputRows& of_node : arguments.rows) rows += of_node.size();
  return rows <= kMostSharedRows;
}

}  // namespace

std::unique_ptr<pg::LaneStatement> LaneGet(std::shared_ptr<ServedSchema> schema,
                                           std::shared_ptr<const exec::CompiledRead> read, BoundRead bound,
                                           const exec::Context& context, SharedDone done) {
  return std::make_unique<GetStatement>(std::move(schema), std::move(read), std::move(bound), context, std::move(done));
}

std::unique_ptr<pg::LaneStatement> LaneInsert(std::shared_ptr<ServedSchema> schema,
                                              std::shared_ptr<const exec::CompiledMutation> mutation, Arguments arguments,
                                              const exec::Context& context, SharedDone done) {
  if (!IsSmall(arguments)) return nullptr;
  return InsertStatement::Prepare(std::move(schema), std::move(mutation), std::move(arguments), context, std::move(done));
}

}  // namespace rowan
