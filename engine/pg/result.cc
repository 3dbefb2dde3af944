#include "engine/pg/result.h"

#include <libpq-fe.h>

#include <cstdlib>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_split.h"

namespace rowan::pg {
namespace {

constexpr char kPayload[] = "rowan/database_error";

}  // namespace

void Result::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

Result::Result(pg_result* result) : result_(result) {}
int Result::rows() const {
  return PQntuples(result_.get());
}
int Result::columns() const {
  return PQnfields(result_.get());
}
bool Result::null(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Result::bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

int64_t Result::affected() const {
  return std::strtoll(PQcmdTuples(result_.get()), nullptr, 10);
}

// The parts travel in the status's payload, separated by NUL, which none of them can hold.
absl::Status DatabaseErrorStatus(const DatabaseError& error) {
  const bool broken = error.sqlstate.empty();
  absl::Status status(broken ? absl::StatusCode::kUnavailable : absl::StatusCode::kUnknown, "database error");
  std::string payload;
  for (const std::string* part : {&error.sqlstate, &error.message, &error.detail, &error.schema, &error.table,
                                  &error.column, &error.constraint}) {
    payload += *part;
    payload += '\0';
  }
  status.SetPayload(kPayload, absl::Cord(payload));
  return status;
}

std::unique_ptr<DatabaseError> DatabaseErrorOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload) return nullptr;
  const std::vector<std::string> parts = absl::StrSplit(std::string(*payload), '\0');
  auto error = std::make_unique<DatabaseError>();
  std::string* const fields[] = {&error->sqlstate, &error->message, &error->detail,    &error->schema,
                                 &error->table,    &error->column,  &error->constraint};
  for (size_t i = 0; i < std::size(fields) && i < parts.size(); ++i) *fields[i] = parts[i];
  return error;
}

}  // namespace rowan::pg
