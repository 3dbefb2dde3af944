// Rows of a finished statement, and what PostgreSQL says when one fails.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct pg_result;

namespace rowan::pg {

// Owns a result in binary format. Views into it live as long as it does. Move-only; not for sharing between threads.
class Result {
 public:
  explicit Result(pg_result* result);
  int rows() const;
  int columns() const;
  bool null(int row, int column) const;
  // The value's bytes; empty when null.
  std::string_view bytes(int row, int column) const;
  // Rows that an INSERT, UPDATE or DELETE touched; rows() for a SELECT.
  int64_t affected() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

// What PostgreSQL reports about a failed statement. For the engine and the log; `message` and `detail` never reach a
// client, and the log leaves out `detail`, which can hold values.
struct DatabaseError {
  std::string sqlstate;  // five characters; "" when the connection broke or was never made
  std::string message;
  std::string detail;
  std::string schema;
  std::string table;
  std::string column;
  std::string constraint;
};

// Makes an absl::Status that carries a DatabaseError, for the way from pg to exec, where it becomes an error of the
// catalogue. Code: kUnknown, or kUnavailable when the connection is broken.
absl::Status DatabaseErrorStatus(const DatabaseError& error);

// Returns the DatabaseError that a status carries, or null.
std::unique_ptr<DatabaseError> DatabaseErrorOf(const absl::Status& status);

}  // namespace rowan::pg
