// A private PostgreSQL for a newcomer: started from the installed binaries when no database is configured, kept
// running, stopped with us. It listens on a unix socket in a folder of its own and nowhere else.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace rowan::service {

class EmbeddedPostgres {
 public:
  // Starts it on the data in `folder`, which is made on first use; empty: /var/lib/rowan for root, else
  // $XDG_DATA_HOME/rowan or
  // ~/.local/share/rowan. As root it runs as the user postgres. Errors: no server is installed (with the package to
  // install), the folder is used by another rowand or cannot be made, the server does not start (with its log's end).
  static absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> Start(const std::string& folder);
  // Stops it: open transactions are rolled back, data is written out.
  ~EmbeddedPostgres();

  // Returns a libpq connection string.
  std::string conninfo() const;
  const std::string& folder() const;

 private:
  struct Impl;
  explicit EmbeddedPostgres(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowan::service
