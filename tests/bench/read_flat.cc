// Runs statements as a plain program would that wants rows and no trees: prepared, in binary, one after the other in
// single-row mode, each value looked at.
//
//   bench_read_flat [--times N] [--pipeline] CONNINFO SQL...
//
// --times N runs all of them N times (default 1). --pipeline sends them together, in one round trip. Prints the sums:
// {"rows": 1700000, "bytes": 31415926, "seconds": 1.234}
#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace {

struct Read {
  int64_t rows = 0;
  int64_t bytes = 0;
};

// Adds what the next statement returns. False when it fails.
bool ReadRows(PGconn* connection, Read& read) {
  bool ok = true;
  while (PGresult* result = PQgetResult(connection)) {
    const ExecStatusType status = PQresultStatus(result);
    ok = ok && (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
    for (int row = 0; row < PQntuples(result); ++row) {
      ++read.rows;
      for (int column = 0; column < PQnfields(result); ++column) read.bytes += PQgetlength(result, row, column);
    }
    PQclear(result);
  }
  return ok;
}

bool Prepare(PGconn* connection, int count, char** sql) {
  for (int i = 0; i < count; ++i) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(
        PQprepare(connection, std::to_string(i).c_str(), sql[i], 0, nullptr), &PQclear);
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) return false;
  }
  return true;
}

bool Send(PGconn* connection, int statement) {
  return PQsendQueryPrepared(connection, std::to_string(statement).c_str(), 0, nullptr, nullptr, nullptr,
                             /*resultFormat=*/1) == 1;
}

bool RunInTurn(PGconn* connection, int count, Read& read) {
  for (int i = 0; i < count; ++i) {
    if (!Send(connection, i) || PQsetSingleRowMode(connection) == 0 || !ReadRows(connection, read)) return false;
  }
  return true;
}

bool RunInPipeline(PGconn* connection, int count, Read& read) {
  if (PQenterPipelineMode(connection) == 0) return false;
  for (int i = 0; i < count; ++i) {
    if (!Send(connection, i)) return false;
  }
  if (PQpipelineSync(connection) == 0) return false;
  for (int i = 0; i < count; ++i) {
    if (!ReadRows(connection, read)) return false;
  }
  const std::unique_ptr<PGresult, decltype(&PQclear)> end(PQgetResult(connection), &PQclear);
  return PQresultStatus(end.get()) == PGRES_PIPELINE_SYNC && PQexitPipelineMode(connection) == 1;
}

}  // namespace

int main(int argc, char** argv) {
  int at = 1;
  int times = 1;
  bool pipeline = false;
  for (; at < argc && std::strncmp(argv[at], "--", 2) == 0; ++at) {
    if (std::strcmp(argv[at], "--pipeline") == 0) {
      pipeline = true;
    } else if (std::strcmp(argv[at], "--times") == 0 && at + 1 < argc) {
      times = std::atoi(argv[++at]);
    } else {
      at = argc;
    }
  }
  if (argc - at < 2 || times < 1) {
    std::fprintf(stderr, "usage: bench_read_flat [--times N] [--pipeline] CONNINFO SQL...\n");
    return 2;
  }
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(argv[at]), &PQfinish);
  const int count = argc - at - 1;
  Read read;
  bool ok = PQstatus(connection.get()) == CONNECTION_OK && Prepare(connection.get(), count, argv + at + 1);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; ok && i < times; ++i) {
    ok = pipeline ? RunInPipeline(connection.get(), count, read) : RunInTurn(connection.get(), count, read);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  if (!ok) {
    std::fprintf(stderr, "%s", PQerrorMessage(connection.get()));
    return 1;
  }
  std::printf("{\"rows\": %lld, \"bytes\": %lld, \"seconds\": %.6f}\n", static_cast<long long>(read.rows),
              static_cast<long long>(read.bytes), seconds);
  return 0;
}
