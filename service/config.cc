#include "service/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "engine/base/nearest.h"
#include "engine/base/status_macros.h"

namespace rowan::service {
namespace {

// One row of the table of settings: how to read it into a Config, and how to show it.
struct SettingSpec {
  std::string name;
  std::string help;
  std::function<absl::Status(const std::string&, Config&)> read;
  std::function<std::string(const Config&)> show;
  bool secret = false;
  bool flag_alone = false;  // --name means --name=true
};

absl::Status Invalid(std::string_view why) {
  return absl::InvalidArgumentError(absl::string_view(why.data(), why.size()));
}

SettingSpec Text(std::string name, std::string Config::*member, std::string help) {
  return {std::move(name), std::move(help),
          [member](const std::string& text, Config& config) {
            config.*member = text;
            return absl::OkStatus();
          },
          [member](const Config& config) { return config.*member; }};
}

SettingSpec Secret(std::string name, std::string Config::*member, std::string help) {
  SettingSpec spec = Text(std::move(name), member, std::move(help));
  // Given but empty is a variable that was not filled in rather than a wish for the default.
  spec.read = [member](const std::string& text, Config& config) {
    if (text.empty()) return Invalid("is empty; leave it out or fill it in");
    config.*member = text;
    return absl::OkStatus();
  };
  spec.show = [member](const Config& config) { return (config.*member).empty() ? "" : "(redacted)"; };
  spec.secret = true;
  return spec;
}

// `off`: a word that may stand instead of an address, or "".
SettingSpec HostPort(std::string name, std::string Config::*member, std::string off, std::string help) {
  SettingSpec spec = Text(std::move(name), member, std::move(help));
  spec.read = [member, off](const std::string& text, Config& config) -> absl::Status {
    if (text.empty() || text != off) ROWAN_RETURN_IF_ERROR(ParseAddress(text).status());
    config.*member = text;
    return absl::OkStatus();
  };
  return spec;
}

SettingSpec Choice(std::string name, std::string Config::*member, std::vector<std::string> allowed, std::string help) {
  SettingSpec spec = Text(std::move(name), member, std::move(help));
  spec.read = [member, allowed](const std::string& text, Config& config) {
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) {
      config.*member = text;
      return absl::OkStatus();
    }
    std::string list;
    for (const std::string& one : allowed) list += (list.empty() ? "" : ", ") + one;
    return Invalid("must be one of " + list);
  };
  return spec;
}

SettingSpec Flag(std::string name, bool Config::*member, std::string help) {
  SettingSpec spec{std::move(name), std::move(help),
                   [member](const std::string& text, Config& config) {
                     if (text != "true" && text != "false") return Invalid("must be true or false");
                     config.*member = text == "true";
                     return absl::OkStatus();
                   },
                   [member](const Config& config) { return config.*member ? "true" : "false"; }};
  spec.flag_alone = true;
  return spec;
}

SettingSpec Count(std::string name, int Config::*member, int least, int most, std::string help) {
  return {std::move(name), std::move(help),
          [=](const std::string& text, Config& config) {
            int value = 0;
            if (!absl::SimpleAtoi(text, &value) || value < least || value > most) {
              return Invalid(absl::StrCat("must be a whole number from ", least, " to ", most));
            }
            config.*member = value;
            return absl::OkStatus();
          },
          [member](const Config& config) { return std::to_string(config.*member); }};
}

SettingSpec Duration(std::string name, std::chrono::milliseconds Config::*member, int least_ms, std::string help) {
  return {std::move(name), std::move(help),
          [=](const std::string& text, Config& config) -> absl::Status {
            ROWAN_ASSIGN_OR_RETURN(const std::chrono::milliseconds duration, ParseDuration(text));
            if (duration.count() < least_ms) return Invalid(absl::StrCat("must be at least ", least_ms, "ms"));
            config.*member = duration;
            return absl::OkStatus();
          },
          [member](const Config& config) { return std::to_string((config.*member).count()) + "ms"; }};
}

SettingSpec Size(std::string name, int64_t Config::*member, std::string help) {
  return {std::move(name), std::move(help),
          [member](const std::string& text, Config& config) -> absl::Status {
            ROWAN_ASSIGN_OR_RETURN(const int64_t size, ParseSize(text));
            if (size < 1024 || size > std::numeric_limits<int>::max()) return Invalid("must be from 1KiB to 2GiB");
            config.*member = size;
            return absl::OkStatus();
          },
          [member](const Config& config) { return std::to_string(config.*member); }};
}

std::vector<SettingSpec> Specs() {
  return {
      HostPort("grpc.address", &Config::grpc_address, "", "host:port to serve gRPC on; port 0 takes any free one"),
      Text("address.file", &Config::address_file, "file to write the address in use to"),
      HostPort("admin.address", &Config::admin_address, "off", "host:port for /livez, /readyz and /metrics, or off"),
      Flag("insecure.listen", &Config::insecure_listen, "listen off loopback without TLS"),
      Text("tls.cert_file", &Config::tls_cert_file, "PEM certificate chain; with tls.key_file turns TLS on"),
      Text("tls.key_file", &Config::tls_key_file, "PEM private key"),
      Secret("db.url", &Config::db_url,
             "PostgreSQL to use, as libpq takes it; without it and PG* variables a private server is started"),
      Count("db.pool_size", &Config::db_pool_size, 1, 1000, "connections for unary calls"),
      Count("db.lanes", &Config::db_lanes, 0, 64, "connections that quick reads share, and as many for small inserts, many in a round trip; 0: none"),
      Count("db.stream_pool_size", &Config::db_stream_pool_size, 1, 1000, "connections for streams"),
      Count("db.transaction_pool_size", &Config::db_transaction_pool_size, 1, 1000,
            "connections for interactive transactions, and how many may be open at once"),
      Duration("db.pool_wait", &Config::db_pool_wait, 0, "longest wait for a connection"),
      Count("db.queue_limit", &Config::db_queue_limit, 1, 1000000, "calls that may wait at once"),
      Duration("query.timeout", &Config::query_timeout, 1, "longest unary call, whatever the client's deadline"),
      Duration("schema.timeout", &Config::schema_timeout, 1,
               "longest change of a schema, introspection or comparison, whatever the client's deadline"),
      Duration("schema.poll_interval", &Config::schema_poll_interval, 10,
               "how often the registry is asked for versions that other servers applied"),
      Duration("stream.timeout", &Config::stream_timeout, 1, "longest stream, whatever the client's deadline"),
      Duration("stream.stall_timeout", &Config::stream_stall_timeout, 1,
               "longest wait for a stream's client to take a message"),
      Duration("transaction.idle_timeout", &Config::transaction_idle_timeout, 1,
               "longest silence of the client of an interactive transaction"),
      Duration("transaction.timeout", &Config::transaction_timeout, 1, "longest interactive transaction"),
      Duration("request.retention", &Config::request_retention, 1, "how long the answers of requests with an id are kept"),
      Secret("token.secret", &Config::token_secret,
             "what cursors and resume tokens are sealed with; without it a secret that the database keeps"),
      Text("embedded.dir", &Config::embedded_dir, "data directory of the embedded PostgreSQL"),
      Size("message.in", &Config::message_in_bytes, "largest request"),
      Size("message.out", &Config::message_out_bytes, "largest reply"),
      Count("workers", &Config::workers, 1, 1000, "threads for unary calls"),
      Count("stream.workers", &Config::stream_workers, 1, 1000, "threads for streams"),
      Count("max.streams_per_connection", &Config::max_streams_per_connection, 1, 1000000,
            "calls at once on one connection"),
      Duration("max.connection_age", &Config::max_connection_age, 0,
               "age at which a connection is asked to go; 0s: never"),
      Duration("drain.grace", &Config::drain_grace, 0, "how long to be not ready before calls are refused on SIGTERM"),
      Duration("drain.timeout", &Config::drain_timeout, 0, "how long to wait for calls after that"),
      Choice("log.format", &Config::log_format, {"auto", "text", "json"}, "text, json, or auto: text on a terminal"),
      Choice("log.level", &Config::log_level, {"debug", "info", "warning", "error"}, "least level to write"),
  };
}

std::string FlagName(const std::string& name) {
  return "--" + absl::StrReplaceAll(name, {{".", "-"}, {"_", "-"}});
}
std::string VariableName(const std::string& name) {
  return "ROWAN_" + absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{".", "_"}}));
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  std::ifstream stream(path);
  if (!stream) return Invalid("the file " + path + " cannot be read");
  std::stringstream text;
  text << stream.rdbuf();
  return std::string(absl::StripAsciiWhitespace(text.str()));
}

// Values by setting name, from one source. A secret's `…_file` is read here.
using Values = std::map<std::string, std::string>;

// Finds the setting that a source's own name stands for; `shape` turns a setting's name into the source's.
absl::Status Take(const std::vector<SettingSpec>& specs, const std::string& given, const std::string& value,
                  const std::function<std::string(const std::string&)>& shape, Values& values) {
  std::vector<std::string> known;
  for (const SettingSpec& spec : specs) {
    if (shape(spec.name) == given) {
      values[spec.name] = value;
      return absl::OkStatus();
    }
    if (spec.secret && shape(spec.name + "_file") == given) {
      ROWAN_ASSIGN_OR_RETURN(values[spec.name], ReadSecretFile(value));
      return absl::OkStatus();
    }
    known.push_back(shape(spec.name));
  }
  const std::vector<std::string> near = NearestNames(given, {known.begin(), known.end()});
  return Invalid("there is no setting " + given + (near.empty() ? "" : "; did you mean " + near.front() + "?"));
}

absl::Status ReadFlags(const std::vector<SettingSpec>& specs, const std::vector<std::string>& flags, Values& values,
                       std::string& file) {
  for (size_t i = 0; i < flags.size(); ++i) {
    const size_t equals = flags[i].find('=');
    const std::string name = flags[i].substr(0, equals);
    if (!name.starts_with("--")) return Invalid("unexpected argument " + name + "; settings begin with --");
    const bool alone = std::any_of(specs.begin(), specs.end(), [&](const SettingSpec& spec) {
      return spec.flag_alone && FlagName(spec.name) == name;
    });
    std::string value = "true";
    if (equals != std::string::npos) {
      value = flags[i].substr(equals + 1);
    } else if (!alone) {
      if (i + 1 == flags.size()) return Invalid(name + " needs a value");
      value = flags[++i];
    }
    if (name == "--config") {
      file = value;
    } else {
      ROWAN_RETURN_IF_ERROR(Take(specs, name, value, FlagName, values));
    }
  }
  return absl::OkStatus();
}

// Variables that others set where a server is started: the command line's, and those that Kubernetes makes for a
// service called rowan.
bool IsOthers(const std::string& name) {
  return name == "ROWAN_ADDRESS" || name == "ROWAN_TIMEOUT" || name == "ROWAN_CA_FILE" || name == "ROWAN_PORT" ||
         name.starts_with("ROWAN_PORT_") || name.starts_with("ROWAN_SERVICE_") || name.starts_with("ROWAN_TEST_");
}

absl::Status ReadEnvironment(const std::vector<SettingSpec>& specs,
                             const std::map<std::string, std::string>& environment, Values& values, std::string& file) {
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("ROWAN_") || IsOthers(name)) continue;
    if (name == "ROWAN_CONFIG") {
      if (file.empty()) file = value;
    } else {
      ROWAN_RETURN_IF_ERROR(Take(specs, name, value, VariableName, values));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadNode(const std::vector<SettingSpec>& specs, const YAML::Node& node, const std::string& prefix,
                      Values& values) {
  for (const auto& entry : node) {
    const std::string name = (prefix.empty() ? "" : prefix + ".") + entry.first.as<std::string>();
    if (entry.second.IsMap()) {
      ROWAN_RETURN_IF_ERROR(ReadNode(specs, entry.second, name, values));
    } else if (entry.second.IsScalar()) {
      ROWAN_RETURN_IF_ERROR(Take(
          specs, name, entry.second.Scalar(), [](const std::string& same) { return same; }, values));
    } else {
      return Invalid(name + " must be a single value");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadFile(const std::vector<SettingSpec>& specs, const std::string& path, Values& values) {
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return absl::OkStatus();
    if (!root.IsMap()) return Invalid(path + " must hold settings by name");
    return ReadNode(specs, root, "", values);
  } catch (const YAML::Exception& error) {
    return Invalid(path + ": " + error.what());
  }
}

}  // namespace

absl::StatusOr<std::chrono::milliseconds> ParseDuration(const std::string& text) {
  static const std::pair<const char*, int64_t> kUnits[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  for (const auto& [unit, factor] : kUnits) {
    int64_t number = 0;
    if (text.substr(digits) == unit && absl::SimpleAtoi(text.substr(0, digits), &number) &&
        number <= int64_t{1} << 40) {
      const std::chrono::milliseconds duration(number * factor);
      // What fits the int of milliseconds that gRPC takes, and the clock's nanoseconds.
      if (duration > std::chrono::hours(480)) return Invalid("must be at most 480h");
      return duration;
    }
  }
  return Invalid("must be a number with a unit: 500ms, 30s, 5m, 1h");
}

absl::StatusOr<int64_t> ParseSize(const std::string& text) {
  static const std::pair<const char*, int64_t> kUnits[] = {
      {"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  for (const auto& [unit, factor] : kUnits) {
    int64_t number = 0;
    if (text.substr(digits) == unit && absl::SimpleAtoi(text.substr(0, digits), &number) &&
        number <= int64_t{1} << 32) {
      return number * factor;
    }
  }
  return Invalid("must be a number of bytes, with a unit or without: 65536, 64KiB, 4MiB, 1GiB");
}

absl::StatusOr<Address> ParseAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  Address address;
  if (colon != std::string::npos) address.host = text.substr(0, colon);
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find_first_of("[]:") != std::string::npos) {
    return Invalid("must be host:port, an IPv6 host in brackets: [::1]:50051");
  }
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool digits = port.find_first_not_of("0123456789") == std::string::npos;
  if (address.host.empty() || !digits || !absl::SimpleAtoi(port, &address.port) || address.port > 65535) {
    return Invalid("must be host:port with a port from 0 to 65535, like 127.0.0.1:50051");
  }
  return address;
}

absl::StatusOr<LoadedConfig> LoadConfig(const std::vector<std::string>& flags,
                                        const std::map<std::string, std::string>& environment) {
  const std::vector<SettingSpec> specs = Specs();
  Values from_flags;
  Values from_environment;
  Values from_file;
  std::string file;
  ROWAN_RETURN_IF_ERROR(ReadFlags(specs, flags, from_flags, file));
  ROWAN_RETURN_IF_ERROR(ReadEnvironment(specs, environment, from_environment, file));
  if (!file.empty()) ROWAN_RETURN_IF_ERROR(ReadFile(specs, file, from_file));
  LoadedConfig loaded;
  for (const SettingSpec& spec : specs) {
    std::string origin = "default";
    for (const auto& [values, name] :
         {std::pair(&from_file, "file"), std::pair(&from_environment, "environment"), std::pair(&from_flags, "flag")}) {
      const auto found = values->find(spec.name);
      if (found == values->end()) continue;
      origin = name;
      if (absl::Status read = spec.read(found->second, loaded.config); !read.ok()) {
        return Invalid(spec.name + " (" + origin + "): " + std::string(read.message()) +
                       (spec.secret ? "" : "; got \"" + found->second + "\""));
      }
    }
    loaded.settings.push_back({spec.name, spec.show(loaded.config), origin, spec.help});
  }
  if (loaded.config.tls_cert_file.empty() != loaded.config.tls_key_file.empty()) {
    return Invalid("tls.cert_file and tls.key_file go together");
  }
  return loaded;
}

std::string ConfigHelp() {
  std::string help;
  const Config defaults;
  for (const SettingSpec& spec : Specs()) {
    std::string flag = FlagName(spec.name);
    flag.resize(std::max<size_t>(flag.size(), 32), ' ');
    const std::string value = spec.show(defaults);
    help += "  " + flag + " " + spec.help + (value.empty() ? "" : " (default " + value + ")") + "\n";
  }
  return help;
}

}  // namespace rowan::service
