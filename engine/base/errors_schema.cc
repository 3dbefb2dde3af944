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

absl::Status UnsupportedChange(const std::vector<SchemaProblem>& problems) {
  return Problems(absl::StatusCode::kFailedPrecondition, "UNSUPPORTED_CHANGE",
                  "this change of the schema is not supported yet", problems);
}

absl::Status VersionMismatch(std::string_view schema, std::string_view expected, std::string_view current) {
  return MakeError(
      absl::StatusCode::kAborted,
      "schema " + Str(schema) + " is at version " + Quoted(current) + ", not " + Quoted(expected) +
          ": another change came first. Read it and send yours on top.",
      {.reason = "VERSION_MISMATCH",
       .metadata = {{"schema", Str(schema)}, {"expected", Quotable(expected)}, {"current", Str(current)}}});
}

absl::Status TableExists(std::string_view path, std::string_view table) {
  return RequestError("TABLE_EXISTS", Str(path),
                      Quoted(table) + " exists already and does not belong to this schema. Name another, or remove it.",
                      {{"table", Quotable(table)}}, absl::StatusCode::kFailedPrecondition);
}

absl::Status DataConflict(std::string_view path, std::string_view sqlstate, std::string_view what) {
  return RequestError("DATA_CONFLICT", Str(path), "the rows in the database do not allow this: " + Str(what) + ".",
                      {{"sqlstate", Str(sqlstate)}}, absl::StatusCode::kFailedPrecondition);
}

}  // namespace rowan::errors
