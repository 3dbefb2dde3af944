#include "service/embedded_postgres.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "service/log.h"

namespace rowan::service {
namespace {

namespace fs = std::filesystem;

constexpr auto kStartPatience = std::chrono::seconds(60);

// The folder of the newest installed server, as Debian lays it out, or of one on the PATH.
std::string FindBinaries() {
  int newest = 0;
  std::string folder;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > newest && fs::exists(entry.path() / "bin" / "postgres") &&
        fs::exists(entry.path() / "bin" / "initdb")) {
      newest = version;
      folder = (entry.path() / "bin").string();
    }
  }
  if (!folder.empty()) return folder;
  std::istringstream path(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
  for (std::string part; std::getline(path, part, ':');) {
    if (fs::exists(fs::path(part) / "postgres") && fs::exists(fs::path(part) / "initdb")) return part;
  }
  return "";
}

std::string DefaultFolder() {
  if (geteuid() == 0) return "/var/lib/rowan";
  const char* data = std::getenv("XDG_DATA_HOME");
  const char* home = std::getenv("HOME");
  return data != nullptr && *data != '\0' ? std::string(data) + "/rowan"
                                          : std::string(home == nullptr ? "." : home) + "/.local/share/rowan";
}

// The user that the server runs as: PostgreSQL refuses root.
const passwd* ServerUser() {
  if (geteuid() != 0) return nullptr;
  const passwd* user = getpwnam("postgres");
  return user != nullptr ? user : getpwnam("nobody");
}

void GiveTo(const passwd* user, const std::string& path) {
  if (user != nullptr && chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
    Log(LogLevel::kWarning, "cannot give a folder to the server's user", {{"path", path}});
  }
}

// Starts a program with its output in a file. It goes when we go, however we go.
pid_t Spawn(const std::vector<std::string>& arguments, const std::string& log) {
  // Everything that allocates is done before the fork: another thread may hold the allocator's lock.
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const passwd* user = ServerUser();
  const uid_t uid = user == nullptr ? 0 : user->pw_uid;
  const gid_t gid = user == nullptr ? 0 : user->pw_gid;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  // A terminal's Ctrl-C is for us, who then stop the server properly.
  setsid();
  if (user != nullptr && (setgroups(0, nullptr) != 0 || setgid(gid) != 0 || setuid(uid) != 0)) _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGINT);
  if (getppid() != parent) _exit(125);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

// The end of a log file, for an error message.
std::string Tail(const std::string& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  const std::string all = text.str();
  return all.size() <= 1000 ? all : all.substr(all.size() - 1000);
}

// Whether the server of the pid takes queries. It says so in its pid file, whose first line is its pid and whose eighth
// is its state; that its socket is open is not enough, since it may still be recovering.
bool Ready(const std::string& data, pid_t pid) {
  std::ifstream file(data + "/postmaster.pid");
  std::string first;
  std::string line;
  if (!std::getline(file, first) || std::atoi(first.c_str()) != pid) return false;
  for (int i = 1; i < 8; ++i) {
    if (!std::getline(file, line)) return false;
  }
  return line.starts_with("ready");
}

}  // namespace

struct EmbeddedPostgres::Impl {
  std::string binaries;
  std::string folder;
  std::string socket_folder;
  int lock = -1;
  std::mutex mutex;
  std::condition_variable ended;
  bool stopping = false;
  pid_t server = -1;
  // Children are told of their parent's thread's death (PR_SET_PDEATHSIG), so one thread starts the server and lives as
  // long as it.
  std::thread supervisor;

  ~Impl() {
    if (supervisor.joinable()) {
      {
        std::lock_guard guard(mutex);
        stopping = true;
        if (server > 0) kill(server, SIGINT);
      }
      ended.notify_all();
      supervisor.join();
    }
    std::error_code ignored;
    if (!socket_folder.empty()) fs::remove_all(socket_folder, ignored);
    if (lock >= 0) close(lock);
  }

  std::string Log() const { return folder + "/server.log"; }
  std::string Data() const { return folder + "/data"; }

  absl::Status Prepare() {
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure) return absl::FailedPreconditionError("cannot make the folder " + folder + ": " + failure.message());
    const passwd* user = ServerUser();
    GiveTo(user, folder);
    lock = open((folder + "/rowand.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) {
      return absl::FailedPreconditionError("the folder " + folder +
                                           " is used by another rowand; give this one another --embedded-dir");
    }
    char sockets[] = "/tmp/rowand-XXXXXX";
    if (mkdtemp(sockets) == nullptr) return absl::FailedPreconditionError("cannot make a folder under /tmp");
    socket_folder = sockets;
    GiveTo(user, socket_folder);
    if (fs::exists(Data() + "/PG_VERSION")) return absl::OkStatus();
    if (fs::exists(Data())) {
      return absl::FailedPreconditionError(
          Data() + " is not a PostgreSQL data directory and is left alone; give another --embedded-dir");
    }
    // Made beside its place and moved there when complete, so that a first start that was cut short leaves nothing that
    // looks usable.
    const std::string unfinished = folder + "/rowand-initdb";
    fs::remove_all(unfinished, failure);
    const pid_t child = Spawn(
        {binaries + "/initdb", "-D", unfinished, "-U", "rowan", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"},
        Log());
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) return absl::InternalError("initdb failed: " + Tail(Log()));
    fs::rename(unfinished, Data(), failure);
    if (failure) return absl::InternalError("cannot make " + Data() + ": " + failure.message());
    return absl::OkStatus();
  }

  pid_t SpawnServer() const {
    return Spawn({binaries + "/postgres", "-D", Data(), "-k", socket_folder, "-c", "listen_addresses=", "-c",
                  "max_connections=200", "-c", "unix_socket_permissions=0700"},
                 Log());
  }

  // Starts the server and starts it again when it dies, until we are to stop.
  void Supervise() {
    auto pause = std::chrono::milliseconds(100);
    for (;;) {
      const auto begun = std::chrono::steady_clock::now();
      pid_t running;
      {
        std::lock_guard guard(mutex);
        if (stopping) return;
        running = server = SpawnServer();
      }
      waitpid(running, nullptr, 0);
      std::unique_lock guard(mutex);
      server = -1;
      ended.notify_all();
      if (stopping) return;
      service::Log(LogLevel::kError, "the embedded PostgreSQL ended and is started again", {{"log", Log()}});
      if (std::chrono::steady_clock::now() - begun > std::chrono::seconds(30)) pause = std::chrono::milliseconds(100);
      ended.wait_for(guard, pause, [this] { return stopping; });
      pause = std::min(pause * 2, std::chrono::milliseconds(10000));
    }
  }

  absl::Status AwaitStart() {
    const auto until = std::chrono::steady_clock::now() + kStartPatience;
    for (;;) {
      {
        std::lock_guard guard(mutex);
        if (server > 0 && Ready(Data(), server)) return absl::OkStatus();
      }
      if (std::chrono::steady_clock::now() > until)
        return absl::InternalError("the server does not start: " + Tail(Log()));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
};

EmbeddedPostgres::EmbeddedPostgres(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EmbeddedPostgres::~EmbeddedPostgres() = default;

absl::StatusOr<std::unique_ptr<EmbeddedPostgres>> EmbeddedPostgres::Start(const std::string& folder) {
  auto impl = std::make_unique<Impl>();
  impl->binaries = FindBinaries();
  if (impl->binaries.empty()) {
    return absl::FailedPreconditionError(
        "no database is configured and no PostgreSQL is installed to start one: install the package postgresql, or "
        "give --db-url");
  }
  impl->folder = fs::absolute(folder.empty() ? DefaultFolder() : folder).string();
  ROWAN_RETURN_IF_ERROR(impl->Prepare());
  impl->supervisor = std::thread([raw = impl.get()] { raw->Supervise(); });
  ROWAN_RETURN_IF_ERROR(impl->AwaitStart());
  return std::unique_ptr<EmbeddedPostgres>(new EmbeddedPostgres(std::move(impl)));
}

std::string EmbeddedPostgres::conninfo() const {
  return "host=" + impl_->socket_folder + " user=rowan dbname=postgres";
}
const std::string& EmbeddedPostgres::folder() const {
  return impl_->folder;
}

}  // namespace rowan::service
