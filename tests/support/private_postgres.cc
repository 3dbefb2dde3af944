#include "tests/support/private_postgres.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "engine/base/status_macros.h"

namespace rowan::test {
namespace {

// The newest installed server, as Debian lays it out.
std::string Binary(const std::string& name) {
  std::string newest;
  int version = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::filesystem::path path = entry.path() / "bin" / name;
    const int found = std::atoi(entry.path().filename().c_str());
    if (found > version && std::filesystem::exists(path)) {
      version = found;
      newest = path.string();
    }
  }
  return newest;
}

// PostgreSQL refuses to run as root, so root hands over to the user of the package.
const passwd* ServerUser() {
  return geteuid() == 0 ? getpwnam("postgres") : nullptr;
}

// Starts a program with its output in a file. The program ends when this process does.
pid_t Spawn(const std::vector<std::string>& arguments, const std::string& log) {
  const passwd* user = ServerUser();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (user != nullptr && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) _exit(126);
  // After the change of user, which clears it. SIGQUIT makes the server end at once.
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) _exit(125);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

absl::Status Failure(const std::string& what, const std::string& log) {
  std::ifstream stream(log);
  std::stringstream text;
  text << stream.rdbuf();
  return absl::InternalError(what + ": " + text.str());
}

}  // namespace

PrivatePostgres& PrivatePostgres::Shared() {
  static PrivatePostgres server;
  static const absl::Status started = server.Start();
  if (!started.ok()) {
    fprintf(stderr, "no PostgreSQL for the tests: %s\n", std::string(started.message()).c_str());
    abort();
  }
  return server;
}

PrivatePostgres::~PrivatePostgres() {
  Kill();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

absl::Status PrivatePostgres::Start() {
  const std::string initdb = Binary("initdb");
  if (initdb.empty()) return absl::NotFoundError("initdb is not installed (package postgresql)");
  char folder[] = "/tmp/rowan-test-XXXXXX";
  if (mkdtemp(folder) == nullptr) return absl::InternalError("cannot make a folder under /tmp");
  folder_ = folder;
  if (const passwd* user = ServerUser(); user != nullptr && chown(folder, user->pw_uid, user->pw_gid) != 0) {
    return absl::InternalError("cannot give the folder to the server's user");
  }
  const std::string log = folder_ + "/initdb.log";
  const pid_t child = Spawn({initdb, "-D", folder_ + "/data", "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                             "--locale=C.UTF-8", "--no-sync"},
                            log);
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) return Failure("initdb failed", log);
  return StartServer();
}

absl::Status PrivatePostgres::StartServer() {
  const std::string log = folder_ + "/server.log";
  server_ =
      Spawn({Binary("postgres"), "-D", folder_ + "/data", "-k", folder_, "-c", "listen_addresses=", "-c", "fsync=off",
             "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_connections=200"},
            log);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (PQping(conninfo("postgres").c_str()) != PQPING_OK) {
    if (waitpid(server_, nullptr, WNOHANG) == server_ || std::chrono::steady_clock::now() > until) {
      return Failure("the server did not start", log);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return absl::OkStatus();
}

void PrivatePostgres::Kill() {
  if (server_ < 0) return;
  kill(server_, SIGQUIT);
  waitpid(server_, nullptr, 0);
  server_ = -1;
}

absl::Status PrivatePostgres::Restart() {
  Kill();
  return StartServer();
}

std::string PrivatePostgres::conninfo(const std::string& database) const {
  return "host=" + folder_ + " user=postgres dbname=" + database;
}

absl::StatusOr<std::string> PrivatePostgres::CreateDatabase(const std::string& name) {
  PGconn* connection = PQconnectdb(conninfo("postgres").c_str());
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  std::string failure = PQstatus(connection) == CONNECTION_OK ? "" : PQerrorMessage(connection);
  for (const std::string& sql :
       {"DROP DATABASE IF EXISTS \"" + name + "\" WITH (FORCE)", "CREATE DATABASE \"" + name + "\""}) {
    if (!failure.empty()) break;
    PGresult* result = PQexec(connection, sql.c_str());
    if (PQresultStatus(result) != PGRES_COMMAND_OK) failure = PQresultErrorMessage(result);
    PQclear(result);
  }
  PQfinish(connection);
  if (!failure.empty()) return absl::InternalError(failure);
  return conninfo(name);
}

}  // namespace rowan::test
