#include "engine/engine_schema.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/errors_transaction.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/catalog/naming.h"
#include "rowan/v1/schema_service.pb.h"

namespace rowan {
namespace {

constexpr int kMostNames = 10'000;
constexpr int kDefaultVersions = 50;
constexpr int kMostVersions = 1'000;

void SetTime(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const int64_t microseconds = absl::ToUnixMicros(time);
  timestamp.set_seconds(microseconds / 1'000'000);
  timestamp.set_nanos(static_cast<int32_t>(microseconds % 1'000'000 * 1000));
}

v1::TableLock LockOf(store::TableLock lock) {
  switch (lock) {
    case store::TableLock::kNone:
      return v1::TABLE_LOCK_NONE;
    case store::TableLock::kShareUpdateExclusive:
      return v1::TABLE_LOCK_SHARE_UPDATE_EXCLUSIVE;
    case store::TableLock::kShare:
      return v1::TABLE_LOCK_SHARE;
    case store::TableLock::kShareRowExclusive:
      return v1::TABLE_LOCK_SHARE_ROW_EXCLUSIVE;
    case store::TableLock::kAccessExclusive:
      return v1::TABLE_LOCK_ACCESS_EXCLUSIVE;
  }
  return v1::TABLE_LOCK_UNSPECIFIED;
}

v1::StepRisk RiskOf(store::StepRisk risk) {
  switch (risk) {
    case store::StepRisk::kSafe:
      return v1::STEP_RISK_SAFE;
    case store::StepRisk::kMayFail:
      return v1::STEP_RISK_MAY_FAIL;
    case store::StepRisk::kBlocking:
      return v1::STEP_RISK_BLOCKING;
    case store::StepRisk::kBreaking:
      return v1::STEP_RISK_BREAKING;
    case store::StepRisk::kLossy:
      return v1::STEP_RISK_LOSSY;
  }
  return v1::STEP_RISK_UNSPECIFIED;
}

v1::Severity SeverityOf(store::Gravity gravity) {
  switch (gravity) {
    case store::Gravity::kNotice:
      return v1::SEVERITY_NOTICE;
    case store::Gravity::kWarning:
      return v1::SEVERITY_WARNING;
    case store::Gravity::kError:
      return v1::SEVERITY_ERROR;
  }
  return v1::SEVERITY_UNSPECIFIED;
}

template <typename Response>
void AddSteps(const std::vector<store::SchemaStep>& steps, Response& response) {
  for (const store::SchemaStep& step : steps) {
    v1::SchemaStep& described = *response.add_steps();
    described.set_description(step.description);
    described.set_sql(step.sql);
    described.set_path(step.path);
    described.set_lock(LockOf(step.lock));
    described.set_risk(RiskOf(step.risk));
    described.set_explanation(step.explanation);
    described.set_stage(step.stage);
    described.set_alone(step.alone);
  }
}

void AddDiagnostic(v1::Severity severity, std::string reason, std::string path, std::string message,
                   v1::ApplySchemaResponse& response) {
  v1::Diagnostic& diagnostic = *response.add_diagnostics();
  diagnostic.set_severity(severity);
  diagnostic.set_reason(std::move(reason));
  diagnostic.set_path(std::move(path));
  diagnostic.set_message(std::move(message));
}

std::string Text(const store::SchemaDifference& difference) {
  if (difference.expected.empty()) return absl::StrCat(difference.object, " is not in the schema: ", difference.found);
  return absl::StrCat(difference.object, " is ", difference.found.empty() ? "not there" : difference.found,
                      ", and the schema says ", difference.expected);
}

// What the request asks for beside its content.
absl::StatusOr<store::ApplyOptions> OptionsOf(const v1::ApplySchemaRequest& request) {
  store::ApplyOptions options{.validate_only = request.validate_only()};
  if (request.has_expected_version()) options.expected_version = request.expected_version();
  if (request.allow_data_loss_size() > kMostNames) {
    return errors::TooManyNodes(Path("allow_data_loss"), kMostNames, "steps");
  }
  if (request.leave_out_size() > kMostNames) {
    return errors::TooManyNodes(Path("leave_out"), kMostNames, "steps");
  }
  options.allow_data_loss = {request.allow_data_loss().begin(), request.allow_data_loss().end()};
  options.leave_out = {request.leave_out().begin(), request.leave_out().end()};
  switch (request.online()) {
    case v1::ONLINE_POLICY_UNSPECIFIED:
    case v1::ONLINE_POLICY_AUTO:
      options.online = store::Online::kAuto;
      break;
    case v1::ONLINE_POLICY_ALWAYS:
      options.online = store::Online::kAlways;
      break;
    case v1::ONLINE_POLICY_NEVER:
      options.online = store::Online::kNever;
      break;
    default:
      return errors::MissingArgument(Path("online"), "AUTO, ALWAYS or NEVER");
  }
  switch (request.adopt()) {
    case v1::ADOPT_LEVEL_UNSPECIFIED:
      break;
    case v1::ADOPT_LEVEL_OFF:
      options.adopt = store::Adopt::kOff;
      break;
    case v1::ADOPT_LEVEL_WARN:
      options.adopt = store::Adopt::kWarn;
      break;
    case v1::ADOPT_LEVEL_ENFORCE:
      options.adopt = store::Adopt::kEnforce;
      break;
    default:
      return errors::MissingArgument(Path("adopt"), "OFF, WARN or ENFORCE");
  }
  return options;
}

// The schema that is to be registered: what is given, or what the history has.
absl::StatusOr<CompiledSchema> ContentOf(const v1::ApplySchemaRequest& request, const store::SchemaStore& store,
                                         const ServedSchemas& schemas) {
  switch (request.content_case()) {
    case v1::ApplySchemaRequest::kSchema:
      return CompileSchema(request.schema());
    case v1::ApplySchemaRequest::kEarlier: {
      const v1::SchemaVersionName& earlier = request.earlier();
      const absl::Status known = schemas.Find(earlier.name().substr(0, earlier.name().find('@'))).status();
      if (!known.ok()) return WithPathPrefix(known, "earlier");
      ROWAN_ASSIGN_OR_RETURN(store::StoredSchema stored,
                             store.LoadVersion(earlier.name(), earlier.version(), "earlier.version"));
      return std::move(stored.compiled);
    }
    case v1::ApplySchemaRequest::CONTENT_NOT_SET:
      break;
  }
  return errors::MissingArgument(Path("schema"), "a schema, or an earlier version of one");
}

}  // namespace

absl::Status ApplySchema(const v1::ApplySchemaRequest& request, const std::string& actor, const Call& call,
                         const store::SchemaStore& store, ServedSchemas& schemas, v1::ApplySchemaResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(store::ApplyOptions options, OptionsOf(request));
  ROWAN_ASSIGN_OR_RETURN(const CompiledSchema compiled, ContentOf(request, store, schemas));
  options.actor = actor;
  options.earlier = request.has_earlier();
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(call.deadline - Clock::now());
  options.statement_timeout = std::max(left, std::chrono::milliseconds(1));
  ROWAN_ASSIGN_OR_RETURN(const store::ApplyResult applied, store.Apply(compiled, options));
  for (const SchemaNotice& notice : compiled.notices) {
    AddDiagnostic(v1::SEVERITY_NOTICE, notice.reason, notice.path, notice.message, response);
  }
  for (const store::SchemaDifference& difference : applied.differences) {
    // Errors that did not end the call are what WARN is for.
    const v1::Severity severity =
        difference.gravity == store::Gravity::kError ? v1::SEVERITY_WARNING : SeverityOf(difference.gravity);
    AddDiagnostic(severity, difference.kind, difference.path, Text(difference), response);
  }
  for (const std::string& name : applied.unused) {
    AddDiagnostic(v1::SEVERITY_WARNING, "UNUSED_PERMISSION", "",
                  absl::StrCat("there is no step \"", Printable(name), "\" that this could be about"), response);
  }
  if (!applied.tried) {
    AddDiagnostic(v1::SEVERITY_NOTICE, "NOT_TRIED", "",
                  "the steps are planned and were not tried, since some of them cannot be undone", response);
  }
  AddSteps(applied.steps, response);
  response.set_applied(applied.applied);
  *response.mutable_schema() = applied.canonical;
  SetTime(applied.apply_time, *response.mutable_schema()->mutable_apply_time());
  // If another server applied another version right after this one, the watcher sees to it.
  if (applied.applied) {
    store.NoteFacts(*compiled.catalog);
    schemas.Serve(compiled.catalog, response.schema());
  }
  return absl::OkStatus();
}

absl::Status GetSchema(const v1::GetSchemaRequest& request, const store::SchemaStore& store,
                       const ServedSchemas& schemas, v1::Schema& response) {
  ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema,
                         schemas.Find(request.name().substr(0, request.name().find('@'))));
  if (request.version().empty() || request.version() == schema->catalog->version) {
    response = *schema->canonical;
    return absl::OkStatus();
  }
  ROWAN_ASSIGN_OR_RETURN(store::StoredSchema stored,
                         store.LoadVersion(schema->catalog->schema_name, request.version(), "version"));
  ROWAN_RETURN_IF_ERROR(stored.compiled.status());
  response = stored.compiled->canonical;
  SetTime(stored.apply_time, *response.mutable_apply_time());
  return absl::OkStatus();
}

void ListSchemas(const ServedSchemas& schemas, v1::ListSchemasResponse& response) {
  for (const std::shared_ptr<ServedSchema>& schema : schemas.Current()) {
    v1::SchemaSummary& summary = *response.add_schemas();
    summary.set_name(schema->catalog->schema_name);
    summary.set_version(schema->catalog->version);
    *summary.mutable_apply_time() = schema->canonical->apply_time();
    summary.set_model_count(schema->canonical->models_size());
    summary.set_description(schema->canonical->description());
  }
}

absl::Status ListSchemaVersions(const v1::ListSchemaVersionsRequest& request, const store::SchemaStore& store,
                                const ServedSchemas& schemas, const TokenKey& tokens,
                                v1::ListSchemaVersionsResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, schemas.Find(request.name()));
  const std::string& name = schema->catalog->schema_name;
  if (request.page_size() < 0 || request.page_size() > kMostVersions) {
    return errors::LimitOutOfRange(Path("page_size"), request.page_size(), kMostVersions);
  }
  const int size = request.page_size() == 0 ? kDefaultVersions : request.page_size();
  const std::string purpose = absl::StrCat("schema versions:", name);
  int64_t before = 0;
  if (!request.page_token().empty()) {
    const auto payload = tokens.Open(purpose, request.page_token());
    if (!payload.has_value() || !absl::SimpleAtoi(*payload, &before)) return errors::CursorMismatch(Path("page_token"));
  }
  ROWAN_ASSIGN_OR_RETURN(std::vector<store::HistoryEntry> entries, store.History(name, before, size + 1));
  const bool more = entries.size() > static_cast<size_t>(size);
  if (more) entries.resize(size);
  for (const store::HistoryEntry& entry : entries) {
    v1::SchemaVersion& version = *response.add_versions();
    version.set_version(entry.version);
    SetTime(entry.apply_time, *version.mutable_apply_time());
    version.set_applied_by(entry.applied_by);
    version.set_checksum(entry.checksum);
    version.set_adopted(entry.adopted);
    AddSteps(entry.steps, version);
  }
  if (more) response.set_next_page_token(tokens.Seal(purpose, absl::StrCat(entries.back().id)));
  return absl::OkStatus();
}

absl::Status CheckDrift(const v1::CheckDriftRequest& request, const store::SchemaStore& store,
                        const ServedSchemas& schemas, v1::CheckDriftResponse& response) {
  ROWAN_ASSIGN_OR_RETURN(const std::shared_ptr<ServedSchema> schema, schemas.Find(request.name()));
  ROWAN_ASSIGN_OR_RETURN(const std::vector<store::SchemaDifference> differences, store.FindDrift(*schema->catalog));
  response.set_version(schema->catalog->version);
  for (const store::SchemaDifference& difference : differences) {
    v1::SchemaDifference& described = *response.add_differences();
    described.set_severity(SeverityOf(difference.gravity));
    described.set_kind(difference.kind);
    described.set_path(difference.path);
    described.set_object(difference.object);
    described.set_expected(difference.expected);
    described.set_found(difference.found);
  }
  return absl::OkStatus();
}

absl::Status Introspect(const v1::IntrospectRequest& request, const store::SchemaStore& store,
                        v1::IntrospectResponse& response) {
  store::IntrospectOptions options{request.name(), {request.tables().begin(), request.tables().end()}};
  ROWAN_ASSIGN_OR_RETURN(store::Introspection found,
                         store.Introspect({request.database_schemas().begin(), request.database_schemas().end()},
                                          std::move(options)));
  *response.mutable_schema() = std::move(found.schema);
  *response.mutable_diagnostics() = {std::make_move_iterator(found.diagnostics.begin()),
                                     std::make_move_iterator(found.diagnostics.end())};
  return absl::OkStatus();
}

}  // namespace rowan
