#include "engine/store/apply_schema.h"

#include <algorithm>
#include <optional>
#include <pqxx/pqxx>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/identifier.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/schema_version.h"
#include "engine/store/connection.h"
#include "engine/store/driver_errors.h"
#include "engine/store/image_of_catalog.h"
#include "engine/store/match_catalogs.h"
#include "engine/store/normalize_image.h"
#include "engine/store/read_image.h"
#include "engine/store/registry.h"

namespace rowan::store {
namespace {

// Adds what `more` has to `image`: tables, and parts of tables.
void Merge(const DatabaseImage& more, DatabaseImage& image) {
  const auto add = [](const auto& from, auto& to) {
    for (const auto& part : from) {
      const bool there = std::any_of(to.begin(), to.end(), [&](const auto& other) { return other.name == part.name; });
      if (!there) to.push_back(part);
    }
  };
  image.schemas.insert(more.schemas.begin(), more.schemas.end());
  image.enums.insert(more.enums.begin(), more.enums.end());
  for (const auto& [name, table] : more.tables) {
    const auto [found, added] = image.tables.emplace(name, table);
    if (added) continue;
    add(table.columns, found->second.columns);
    add(table.keys, found->second.keys);
    add(table.indexes, found->second.indexes);
    add(table.checks, found->second.checks);
    add(table.foreign_keys, found->second.foreign_keys);
  }
}

SchemaDifference Described(const Difference& difference) {
  return {difference.gravity, KindName(difference.kind), difference.path,
          difference.object,  difference.expected,       difference.found};
}

std::vector<SchemaDifference> Described(std::vector<Difference> differences) {
  std::stable_sort(differences.begin(), differences.end(),
                   [](const Difference& a, const Difference& b) { return a.gravity > b.gravity; });
  std::vector<SchemaDifference> described;
  for (const Difference& difference : differences) described.push_back(Described(difference));
  return described;
}

absl::Status CheckAdopted(const std::vector<SchemaDifference>& differences) {
  std::vector<errors::SchemaProblem> problems;
  for (const SchemaDifference& difference : differences) {
    if (difference.gravity != Gravity::kError) continue;
    problems.push_back({difference.kind,
                        difference.path,
                        absl::StrCat(difference.object, " is ",
                                     difference.found.empty() ? "not there" : difference.found, ", and the schema says ",
                                     difference.expected),
                        {{"kind", difference.kind},
                         {"object", difference.object},
                         {"expected", difference.expected},
                         {"found", difference.found}}});
  }
  return problems.empty() ? absl::OkStatus() : errors::AdoptionMismatch(problems);
}

// Everything that a plan is made of, so that the images outlive it.
struct Planned {
  DatabaseImage live;
  DatabaseImage wanted;
  DatabaseImage known;
  DatabaseImage registered;
  Matches matches;  // from the registered version
  Migration migration;
};

class Applying {
 public:
  Applying(const StoreOptions& store, const ApplyOptions& options, const CompiledSchema& schema)
      : store_(store), options_(options), schema_(schema), name_(schema.canonical.name()) {}

  absl::StatusOr<ApplyResult> Run() {
    const absl::Status status = Guarded(store_.log, step_, [&]() -> absl::Status {
      // Held to the end by a transaction that does nothing else, so that nobody else applies between the stages.
      pqxx::connection guard(store_.conninfo);
      std::optional<pqxx::work> lock;
      ROWAN_RETURN_IF_ERROR(AwaitRegistry(store_.lock_timeout, [&] {
        lock.emplace(guard);
        Configure(*lock, store_.lock_timeout, std::chrono::milliseconds(0));
        SetLocal(*lock, "idle_in_transaction_session_timeout", "0");
        const bool locked = TryLockRegistry(*lock);
        if (!locked) lock.reset();
        return locked;
      }));
      ROWAN_RETURN_IF_ERROR(Retried([&] { return RunLocked(); }));
      return staged_ ? RunStages() : absl::OkStatus();
    });
    ROWAN_RETURN_IF_ERROR(status);
    return std::move(result_);
  }

 private:
  // Runs `work` again when a table's lock was not to be had in time. Those who queued behind us have their turn meanwhile.
  template <typename Work>
  absl::Status Retried(Work work) {
    std::mt19937 random(std::random_device{}());
    for (int attempt = 1;; ++attempt) {
      const absl::Status status = Guarded(store_.log, step_, work);
      const bool locked = ErrorReasonOf(status) == "LOCK_TIMEOUT";
      const auto elapsed = std::chrono::steady_clock::now() - begun_;
      const bool late = options_.statement_timeout.count() > 0 && elapsed >= options_.statement_timeout;
      if (status.ok() || !locked || late || attempt >= store_.lock_attempts) return status;
      const int longest = 50 << std::min(attempt, 6);
      std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution<int>(longest / 2, longest)(random)));
    }
  }

  absl::Status RunLocked() {
    result_ = {};
    result_.canonical = schema_.canonical;
    pqxx::connection connection(store_.conninfo);
    {
      pqxx::work transaction(connection);
      Configure(transaction, store_.lock_timeout, options_.statement_timeout);
      ROWAN_ASSIGN_OR_RETURN(const bool done, ReadRegistered(transaction));
      const bool compares = options_.adopt == Adopt::kWarn || options_.adopt == Adopt::kEnforce;
      if (done && !compares) return absl::OkStatus();
      // What authors write in checks and predicates means the tables of their schema.
      SetLocal(transaction, "search_path", SearchPath(schema_.catalog->database_schema));
      if (options_.adopt != Adopt::kNo) return AdoptIn(transaction, done);
      ROWAN_RETURN_IF_ERROR(PlanIn(transaction));
      result_.steps = planned_.migration.steps;
      result_.unused = planned_.migration.unused;
      const int stages = result_.steps.empty() ? 1 : result_.steps.back().stage;
      const bool alone = !result_.steps.empty() && result_.steps.front().alone;
      if (stages == 1 && !alone) {
        RunSteps(transaction, 1);
        return Finish(transaction);
      }
      if (options_.validate_only) {
        result_.tried = false;
        result_.apply_time = absl::Now();
        return absl::OkStatus();
      }
    }
    staged_ = true;
    return absl::OkStatus();
  }

  // Returns whether there is nothing to do.
  absl::StatusOr<bool> ReadRegistered(pqxx::work& transaction) {
    const std::vector<RegistryRow> rows = ReadSchemas(transaction, name_);
    const std::string current = rows.empty() ? "" : rows[0].version;
    if (options_.expected_version.has_value() && *options_.expected_version != current) {
      return errors::VersionMismatch(name_, *options_.expected_version, current);
    }
    const std::optional<std::string> attempt = ReadAttempt(transaction, name_);
    if (current == schema_.canonical.version() && !attempt.has_value()) {
      result_.apply_time = rows[0].apply_time;
      FillNumbers(transaction, NumbersFromJson(rows[0].numbers), result_.canonical);
      return true;
    }
    planned_ = {};
    if (!rows.empty()) {
      ROWAN_ASSIGN_OR_RETURN(const CompiledSchema registered, Recompile(rows[0]));
      registered_ = registered.catalog;
      registered_numbers_ = NumbersFromJson(rows[0].numbers);
      planned_.registered = ImageOf(*registered_);
      ROWAN_ASSIGN_OR_RETURN(planned_.matches, MatchesOf(transaction));
    }
    planned_.known = planned_.registered;
    v1::Schema attempted;
    if (attempt.has_value() && attempted.ParseFromString(*attempt)) {
      // What does not compile any more was not begun by this version, and made nothing that it knows.
      if (const auto compiled = CompileSchema(attempted); compiled.ok()) Merge(ImageOf(*compiled->catalog), planned_.known);
    }
    return false;
  }

  // How the schema's parts were called in the registered version. The way back to an earlier version undoes what was
  // renamed on the way from there, step by step.
  absl::StatusOr<Matches> MatchesOf(pqxx::work& transaction) {
    if (!options_.earlier) return MatchCatalogs(*registered_, *schema_.catalog);
    const std::optional<RegistryRow> target = FindVersion(transaction, name_, schema_.canonical.version());
    constexpr int kPage = 100;
    std::vector<RegistryRow> since;
    for (int64_t before = 0;;) {
      const std::vector<RegistryRow> page = ReadHistory(transaction, name_, before, kPage);
      for (const RegistryRow& row : page) {
        before = row.id;
        if (!target.has_value() || row.id >= target->id) since.push_back(row);
      }
      if (page.size() < kPage || (target.has_value() && before <= target->id)) break;
    }
    std::shared_ptr<const Catalog> from = schema_.catalog;
    Matches matches = MatchCatalogs(*from, *from);
    for (auto row = since.rbegin(); row != since.rend(); ++row) {
      ROWAN_ASSIGN_OR_RETURN(const CompiledSchema next, Recompile(*row));
      matches = Compose(matches, MatchCatalogs(*from, *next.catalog));
      from = next.catalog;
    }
    return Inverted(matches);
  }

  void ReadImages(pqxx::work& transaction) {
    planned_.wanted = ImageOf(*schema_.catalog);
    std::set<std::string> schemas = planned_.wanted.schemas;
    schemas.insert(planned_.known.schemas.begin(), planned_.known.schemas.end());
    for (const auto& [name, table] : planned_.wanted.tables) schemas.insert(name.schema);
    planned_.live = ReadImage(transaction, schemas);
    Normalize(transaction, planned_.wanted, planned_.live);
  }

  absl::Status PlanIn(pqxx::work& transaction) {
    ReadImages(transaction);
    Renames renames;
    if (registered_ != nullptr) renames = RenamesOf(*registered_, *schema_.catalog, planned_.matches);
    ROWAN_ASSIGN_OR_RETURN(planned_.migration, PlanMigration({.live = planned_.live,
                                                              .wanted = planned_.wanted,
                                                              .known = planned_.known,
                                                              .registered = planned_.registered,
                                                              .renames = std::move(renames),
                                                              .default_schema = schema_.catalog->database_schema,
                                                              .allow_data_loss = options_.allow_data_loss,
                                                              .leave_out = options_.leave_out,
                                                              .online = options_.online,
                                                              .most_locks = MostLocks(transaction)}));
    return absl::OkStatus();
  }

  // A third of what PostgreSQL has room for in all transactions together.
  static int MostLocks(pqxx::work& transaction) {
    const int room = transaction.exec_params(
        "SELECT current_setting('max_locks_per_transaction')::int * "
        "(current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)")[0][0].as<int>();
    return std::max(room / 3, 1);
  }

  // `done`: the version is registered already, and only compared.
  absl::Status AdoptIn(pqxx::work& transaction, bool done) {
    if (options_.adopt != Adopt::kOff) {
      ReadImages(transaction);
      result_.differences = Described(CompareImages(planned_.live, planned_.wanted));
    }
    if (options_.adopt == Adopt::kEnforce) ROWAN_RETURN_IF_ERROR(CheckAdopted(result_.differences));
    return done ? absl::OkStatus() : Finish(transaction);
  }

  void RunSteps(pqxx::transaction_base& transaction, int stage) {
    for (const SchemaStep& step : result_.steps) {
      if (step.stage != stage) continue;
      step_ = &step;
      transaction.exec_params(step.sql);
    }
    step_ = nullptr;
  }

  // Registers the schema and ends the transaction.
  absl::Status Finish(pqxx::work& transaction) {
    const MemberNumbers numbers =
        AllotNumbers(transaction, *schema_.catalog, registered_.get(), registered_numbers_, planned_.matches);
    result_.apply_time =
        Register(transaction, schema_, numbers, result_.steps, options_.adopt != Adopt::kNo, options_.actor);
    FillNumbers(transaction, numbers, result_.canonical);
    if (options_.validate_only) return absl::OkStatus();  // the transaction's destructor rolls back
    transaction.commit();
    result_.applied = true;
    return absl::OkStatus();
  }

  absl::Status RunStages() {
    pqxx::connection connection(store_.conninfo);
    const int last = result_.steps.back().stage;
    // The last steps may be ones that no transaction holds; then registering is a stage of its own.
    const int end = result_.steps.back().alone ? last + 1 : last;
    for (int stage = 1; stage <= end; ++stage) {
      const auto first = std::find_if(result_.steps.begin(), result_.steps.end(),
                                      [&](const SchemaStep& step) { return step.stage == stage; });
      const bool alone = first != result_.steps.end() && first->alone;
      const absl::Status status = Retried([&]() -> absl::Status {
        if (alone) return RunAlone(connection, *first);
        pqxx::work transaction(connection);
        Configure(transaction, store_.lock_timeout, options_.statement_timeout);
        SetLocal(transaction, "search_path", SearchPath(schema_.catalog->database_schema));
        // Known from the first stage on, so that whoever comes next knows what is there.
        if (stage == 1) WriteAttempt(transaction, name_, CanonicalContent(schema_.canonical), options_.actor);
        RunSteps(transaction, stage);
        if (stage == end) return Finish(transaction);
        transaction.commit();
        return absl::OkStatus();
      });
      if (status.ok()) continue;
      const bool known = ErrorReasonOf(status) != "COMMIT_OUTCOME_UNKNOWN";
      return stage > 1 && known ? errors::InStage(status, stage, end, StepsBefore(stage)) : status;
    }
    return absl::OkStatus();
  }

  std::vector<std::string> StepsBefore(int stage) const {
    std::vector<std::string> steps;
    for (const SchemaStep& step : result_.steps) {
      if (step.stage < stage) steps.push_back(step.description);
    }
    return steps;
  }

  // Concurrent builds wait for others by themselves and keep nobody off meanwhile.
  absl::Status RunAlone(pqxx::connection& connection, const SchemaStep& step) {
    if (step.stage == 1) {
      pqxx::work transaction(connection);
      WriteAttempt(transaction, name_, CanonicalContent(schema_.canonical), options_.actor);
      transaction.commit();
    }
    pqxx::nontransaction session(connection);
    session.exec_params("SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', $1, false), "
                        "set_config('search_path', $2, false), set_config('client_min_messages', 'error', false)",
                        absl::StrCat(options_.statement_timeout.count()), SearchPath(schema_.catalog->database_schema));
    step_ = &step;
    session.exec(step.sql);
    step_ = nullptr;
    return absl::OkStatus();
  }

  const StoreOptions& store_;
  const ApplyOptions& options_;
  const CompiledSchema& schema_;
  const std::string name_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::shared_ptr<const Catalog> registered_;
  MemberNumbers registered_numbers_;
  Planned planned_;
  ApplyResult result_;
  bool staged_ = false;  // not all in one transaction
  const SchemaStep* step_ = nullptr;  // that runs
};

}  // namespace

absl::StatusOr<ApplyResult> ApplySchema(const StoreOptions& store, const ApplyOptions& options, const CompiledSchema& schema) {
  return Applying(store, options, schema).Run();
}

absl::StatusOr<std::vector<SchemaDifference>> FindDrift(const StoreOptions& store, const Catalog& schema) {
  const SchemaStep* const step = nullptr;
  std::vector<SchemaDifference> differences;
  ROWAN_RETURN_IF_ERROR(Guarded(store.log, step, [&]() -> absl::Status {
    pqxx::connection connection(store.conninfo);
    pqxx::work transaction(connection);
    Configure(transaction, store.lock_timeout, std::chrono::milliseconds(0));
    SetLocal(transaction, "search_path", SearchPath(schema.database_schema));
    DatabaseImage wanted = ImageOf(schema);
    std::set<std::string> schemas = wanted.schemas;
    for (const auto& [name, table] : wanted.tables) schemas.insert(name.schema);
    DatabaseImage live = ReadImage(transaction, schemas);
    Normalize(transaction, wanted, live);
    differences = Described(CompareImages(live, wanted));
    return absl::OkStatus();
  }));
  return differences;
}

}  // namespace rowan::store
