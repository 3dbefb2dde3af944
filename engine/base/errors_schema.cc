#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "engine/base/error_text.h"

namespace rowan::errors {

// --- schemas

namespace {

absl::Status Problems(absl::StatusCode code, std::string_view reason, const std::string& title,
                      const std::vector<SchemaProblem>& problems) {
  ErrorDetails details{.reason = reason};
  if (!problems.empty()) {
    details.metadata = problems.front().metadata;
    details.metadata["path"] = problems.front().path;
  }
  std::string message = title;
  constexpr size_t kShown = 5;
  for (size_t i = 0; i < problems.size(); ++i) {
    const SchemaProblem& problem = problems[i];
    details.violations.emplace_back(problem.path, "[" + problem.reason + "] " + problem.message);
    if (i < kShown) message += (i == 0 ? ": " : "; ") + problem.path + ": " + problem.message;
  }
  if (problems.size() > kShown) message += "; and " + std::to_string(problems.size() - kShown) + " more";
  return MakeError(code, message, details);
}

}  // namespace

absl::Status SchemaInvalid(const std::vector<SchemaProblem>& problems) {
  return Problems(absl::StatusCode::kInvalidArgument,
                  problems.empty() ? "SCHEMA_INVALID" : std::string_view(problems.front().reason),
                  "the schema is invalid", problems);
}

absl::Status ChangeRefused(const std::vector<SchemaProblem>& problems) {
  return Problems(absl::StatusCode::kFailedPrecondition,
                  problems.empty() ? "UNSUPPORTED_CHANGE" : std::string_view(problems.front().reason),
                  std::string("this change is refused") + kNothingApplied, problems);
}

absl::Status InStage(const absl::Status& status, int stage, int stages, const std::vector<std::string>& done) {
  std::string message = absl::StrReplaceAll(
      status.message(), {{kNothingWritten, ""}, {kNothingCommitted, ""}, {kNothingSent, ""}, {kNothingApplied, ""}});
  if (!absl::EndsWith(message, ".")) message += ".";
  absl::StrAppend(&message, " This was stage ", stage, " of ", stages, ": what came before is done (",
                  Limited(done, 10),
                  "), and the version is not registered. The same request, sent again, goes on from there.");
  absl::Status staged(status.code(), message);
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) { staged.SetPayload(type, payload); });
  return staged;
}

absl::Status AdoptionMismatch(const std::vector<SchemaProblem>& problems) {
  return Problems(absl::StatusCode::kFailedPrecondition, "ADOPTION_MISMATCH",
                  "the tables are not as the schema says, and nothing was registered", problems);
}

absl::Status UnknownVersion(std::string_view path, std::string_view schema, std::string_view version) {
  return RequestError("UNKNOWN_VERSION", Str(path),
                      "schema " + Str(schema) + " was never at version " + Quoted(version) +
                          ". ListSchemaVersions lists those that it was at.",
                      {{"schema", Str(schema)}, {"version", Quotable(version)}}, absl::StatusCode::kNotFound);
}

absl::Status VersionIncompatible(std::string_view schema, std::string_view version, std::string_view current,
                                 std::string_view part, std::string_view object) {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "version " + Quoted(version) + " of schema " + Str(schema) + " is no longer served: the current one, " +
                       Str(current) + ", has no " + Quotable(object) + " as " + Str(part) +
                       " needs it. Move on to the current version.",
                   {.reason = "VERSION_INCOMPATIBLE",
                    .metadata = {{"schema", Str(schema)}, {"version", Str(version)}, {"current", Str(current)}, {"part", Str(part)}}});
}

absl::Status VersionMismatch(std::string_view schema, std::string_view expected, std::string_view current) {
  return MakeError(
      absl::StatusCode::kAborted,
      "schema " + Str(schema) + " is at version " + Quoted(current) + ", not " + Quoted(expected) +
          ": another change came first. Read it and send yours on top.",
      {.reason = "VERSION_MISMATCH",
       .metadata = {{"schema", Str(schema)}, {"expected", Quotable(expected)}, {"current", Str(current)}}});
}

absl::Status UnknownDatabaseSchema(const Path& path, std::string_view name, const Names& existing) {
  const NamesHint hint = Hint(name, existing);
  return RequestError("UNKNOWN_DATABASE_SCHEMA", path.Text(),
                      "the database has no PostgreSQL schema " + Quoted(name) + "." + hint.text,
                      {{"name", Quotable(name)}, {"nearest", hint.nearest}}, absl::StatusCode::kNotFound);
}

absl::Status TableExists(std::string_view path, std::string_view table) {
  return RequestError("TABLE_EXISTS", Str(path),
                      Quoted(table) + " exists already and does not belong to this schema. Name another, or remove it.",
                      {{"table", Quotable(table)}}, absl::StatusCode::kFailedPrecondition);
}

absl::Status DataConflict(std::string_view path, std::string_view sqlstate, std::string_view what) {
  return RequestError("DATA_CONFLICT", Str(path), "the rows in the database do not allow this: " + Str(what) +
                          ". Change the rows first, or what the schema asks of them.",
                      {{"sqlstate", Str(sqlstate)}}, absl::StatusCode::kFailedPrecondition);
}

}  // namespace rowan::errors
