// A throw-away PostgreSQL for tests: a data directory of its own under the temporary folder, a unix socket, no port. It
// ends with the process that started it, whatever way that ends, and leaves nothing behind when it ends normally.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rowan::test {

// Not for sharing between threads while it is started, killed or restarted.
class PrivatePostgres {
 public:
  // The one of this process, started on first use. Aborts the program when no PostgreSQL is installed: a missing server
  // is a failure.
  static PrivatePostgres& Shared();

  PrivatePostgres() = default;
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  // Makes the data directory and starts the server. Errors: what initdb or the server said.
  absl::Status Start();
  // Ends the server at once, as a crash would.
  void Kill();
  // Starts it again on the same data after Kill.
  absl::Status Restart();

  // Returns a libpq connection string for a database.
  std::string conninfo(const std::string& database) const;
  // Creates an empty database, dropping one of the name, and returns its connection string.
  absl::StatusOr<std::string> CreateDatabase(const std::string& name);

 private:
  absl::Status StartServer();

  std::string folder_;
  pid_t server_ = -1;
};

}  // namespace rowan::test
