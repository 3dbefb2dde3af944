// Measures what a request costs between its bytes and its SQL once its form was met before: decoding it, binding it,
// and finding its plan.
//
//   bench_bind_and_plan SCHEMA.yaml MODEL DOCUMENT     of a read; prints {"parse_us": 1.2, "bind_and_plan_us": 3.4}
//
// Each figure is the median of rounds, so that a moment in which the machine did something else does not count.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "clients/document/parse_document.h"
#include "clients/document/request.h"
#include "clients/document/schema.h"
#include "engine/base/status_macros.h"
#include "engine/bind/bind_query.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/served_schema.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan {
namespace {

constexpr int kRounds = 101;
constexpr int kTimes = 200;  // in a round

template <typename Work>
double MedianMicroseconds(const Work& work) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i) work();
    rounds.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun).count() /
                     kTimes);
  }
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  return rounds[kRounds / 2];
}

absl::Status Measure(const std::string& schema_file, const std::string& model, const std::string& text) {
  std::ostringstream schema_text;
  schema_text << std::ifstream(schema_file).rdbuf();
  ROWAN_ASSIGN_OR_RETURN(const document::Node schema_node, document::ParseYaml(schema_text.str()));
  ROWAN_ASSIGN_OR_RETURN(const v1::Schema schema, document::ToSchema(schema_node));
  ROWAN_ASSIGN_OR_RETURN(const CompiledSchema compiled, CompileSchema(schema));
  ROWAN_ASSIGN_OR_RETURN(const document::Node node, document::ParseDocument(text, document::SyntaxOf(text, "")));
  ROWAN_ASSIGN_OR_RETURN(const v1::GetRequest request, document::ToGetRequest(schema.name(), model, node));
  const Limits limits;
  const TokenKey tokens("bench");
  PlanCacheCounters counters;
  ServedSchema served(compiled.catalog, compiled.canonical, limits, counters);
  const BindContext context{*served.catalog, limits, tokens};
  ROWAN_ASSIGN_OR_RETURN(BoundRead first, BindGet(request, context));
  Compile(served, std::move(first.read));

  const std::string bytes = request.SerializeAsString();
  bool ok = true;
  const double parse = MedianMicroseconds([&] {
    v1::GetRequest parsed;
    ok = parsed.ParseFromString(bytes) && ok;
  });
  const double bind_and_plan = MedianMicroseconds([&] {
    absl::StatusOr<BoundRead> bound = BindGet(request, context);
    ok = bound.ok() && Compile(served, std::move(bound->read)) != nullptr && ok;
  });
  if (!ok || counters.misses != 1) return absl::InternalError("a request that was met before was planned again");
  std::printf("{\"parse_us\": %.3f, \"bind_and_plan_us\": %.3f}\n", parse, bind_and_plan);
  return absl::OkStatus();
}

}  // namespace
}  // namespace rowan

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bench_bind_and_plan SCHEMA.yaml MODEL DOCUMENT\n");
    return 2;
  }
  const absl::Status status = rowan::Measure(argv[1], argv[2], argv[3]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
