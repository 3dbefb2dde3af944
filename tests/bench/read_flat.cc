// Reads the results of statements as a plain program would that wants rows and no trees: in single-row mode, in binary,
// one statement after the other, each value looked at.
//
//   bench_read_flat CONNINFO SQL...      prints {"rows": 1700000, "bytes": 31415926, "seconds": 1.234}
#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>

namespace {

struct Read {
  int64_t rows = 0;
  int64_t bytes = 0;
};

// Adds what a statement returns. False when it fails.
bool ReadRows(PGconn* connection, const char* sql, Read& read) {
  if (PQsendQueryParams(connection, sql, 0, nullptr, nullptr, nullptr, nullptr, /*resultFormat=*/1) == 0) return false;
  PQsetSingleRowMode(connection);
  bool ok = true;
  while (PGresult* result = PQgetResult(connection)) {
    const ExecStatusType status = PQresultStatus(result);
    ok = ok && (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK);
    for (int row = 0; row < PQntuples(result); ++row) {
      ++read.rows;
      for (int column = 0; column < PQnfields(result); ++column) read.bytes += PQgetlength(result, row, column);
    }
    PQclear(result);
  }
  return ok;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_read_flat CONNINFO SQL...\n");
    return 2;
  }
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(argv[1]), &PQfinish);
  const auto begun = std::chrono::steady_clock::now();
  Read read;
  for (int i = 2; i < argc; ++i) {
    if (PQstatus(connection.get()) == CONNECTION_OK && ReadRows(connection.get(), argv[i], read)) continue;
    std::fprintf(stderr, "%s", PQerrorMessage(connection.get()));
    return 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  std::printf("{\"rows\": %lld, \"bytes\": %lld, \"seconds\": %.6f}\n", static_cast<long long>(read.rows),
              static_cast<long long>(read.bytes), seconds);
  return 0;
}
