// The server's configuration. Each setting has one name in three shapes: flag --db-pool-size, environment
// ROWAN_DB_POOL_SIZE, file db.pool_size. A flag wins over the environment, that over the file, that over the default.
// See docs/reference/configuration.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace rowan::service {

struct Config {
  std::string grpc_address = "127.0.0.1:50051";
  std::string address_file;                      // where to write the address in use; empty: nowhere
  std::string admin_address = "127.0.0.1:9090";  // or "off"
  bool insecure_listen = false;
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string db_url;  // libpq's; empty: PG* variables, or else the embedded server
  int db_pool_size = 10;
  int db_stream_pool_size = 4;
  int db_lanes = 2;
  int db_transaction_pool_size = 10;
  std::chrono::milliseconds db_pool_wait{1000};
  int db_queue_limit = 1000;
  std::chrono::milliseconds query_timeout{30000};
  std::chrono::milliseconds schema_timeout{3600000};
  std::chrono::milliseconds schema_poll_interval{500};
  std::chrono::milliseconds stream_timeout{3600000};
  std::chrono::milliseconds stream_stall_timeout{60000};
  std::chrono::milliseconds transaction_idle_timeout{30000};
  std::chrono::milliseconds transaction_timeout{300000};
  std::chrono::milliseconds request_retention{86400000};
  std::string token_secret;  // what cursors and resume tokens are sealed with; empty: one that the registry keeps
  std::string embedded_dir;  // empty: see EmbeddedPostgres
  int64_t message_in_bytes = 4 << 20;
  int64_t message_out_bytes = 16 << 20;
  int workers = 16;
  int stream_workers = 64;
  int max_streams_per_connection = 1000;
  std::chrono::milliseconds max_connection_age{0};  // 0: no limit
  std::chrono::milliseconds drain_grace{5000};
  std::chrono::milliseconds drain_timeout{20000};
  std::string log_format = "auto";  // auto, text, json
  std::string log_level = "info";   // debug, info, warning, error
};

// "127.0.0.1:50051" and "[::1]:50051" in parts; port 0 stands for any free one.
struct Address {
  std::string host;  // without brackets
  int port;
};

// Where a setting's value came from: "default", "file", "environment" or "flag".
struct Setting {
  std::string name;   // db.pool_size
  std::string value;  // as text; secrets redacted
  std::string origin;
  std::string help;
};

struct LoadedConfig {
  Config config;
  std::vector<Setting> settings;  // in the order of the documentation
};

// Reads flags (`--name value`, `--name=value`; a bool's value may be left out), the environment and the file that
// --config or ROWAN_CONFIG names. Errors: INVALID_ARGUMENT that names the setting, what was given and what is allowed;
// unknown names with the nearest known one. `environment` holds all variables. Every secret may come from a file:
// --db-url-file, ROWAN_DB_URL_FILE, db.url_file.
absl::StatusOr<LoadedConfig> LoadConfig(const std::vector<std::string>& flags,
                                        const std::map<std::string, std::string>& environment);

// Returns the help for all flags, one per line.
std::string ConfigHelp();

// Read "500ms", "30s", "5m", "1h" up to 480h; "512", "64KiB", "4MiB", "1GiB"; and "host:port".
absl::StatusOr<std::chrono::milliseconds> ParseDuration(const std::string& text);
absl::StatusOr<int64_t> ParseSize(const std::string& text);
absl::StatusOr<Address> ParseAddress(const std::string& text);

}  // namespace rowan::service
