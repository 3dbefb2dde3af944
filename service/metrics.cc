#include "service/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace rowan::service {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

namespace {

// Brings a counter up to what the engine counted. The engine's counts only grow.
void RaiseTo(Counter& counter, int64_t count) {
  counter.Increment(static_cast<double>(count) - counter.Value());
}

}  // namespace

struct Metrics::Registered {
  std::mutex mutex;  // of Text: two readers must not raise a counter twice
  std::mutex calls_mutex;
  std::map<std::pair<std::string, std::string>, Histogram*> known_calls;  // by method and code
  prometheus::Registry registry;
  Family<Histogram>& calls = BuildHistogram()
                                 .Name("rowan_rpc_duration_seconds")
                                 .Help("Duration of calls by method and code.")
                                 .Register(registry);
  Family<Gauge>& in_flight =
      BuildGauge().Name("rowan_rpc_in_flight").Help("Calls that are being served.").Register(registry);
  Family<Gauge>& pool =
      BuildGauge().Name("rowan_db_pool_connections").Help("Connections by pool and state.").Register(registry);
  Family<Counter>& plans =
      BuildCounter().Name("rowan_plan_cache_lookups_total").Help("Plan cache look-ups by result.").Register(registry);
  Family<Counter>& statements =
      BuildCounter().Name("rowan_db_statements_total").Help("Statements sent since start.").Register(registry);
  Family<Counter>& lane_reads = BuildCounter()
                                    .Name("rowan_db_lane_reads_total")
                                    .Help("Reads on shared connections by result; unanswered ones were run elsewhere.")
                                    .Register(registry);
  Family<Counter>& lane_inserts = BuildCounter()
                                    .Name("rowan_db_lane_inserts_total")
                                    .Help("Inserts on shared connections by result; unanswered ones were run elsewhere.")
                                    .Register(registry);
  Family<Counter>& lane_round_trips = BuildCounter()
                                          .Name("rowan_db_lane_round_trips_total")
                                          .Help("Round trips of shared connections since start.")
                                          .Register(registry);
  Family<Counter>& retries = BuildCounter()
                                 .Name("rowan_transaction_retries_total")
                                 .Help("Transactions tried again since start.")
                                 .Register(registry);
  Family<Gauge>& build =
      BuildGauge().Name("rowan_build_info").Help("Always 1; the labels tell the build.").Register(registry);
};

Metrics::Metrics() : registered_(std::make_unique<Registered>()) {
  registered_->build.Add({{"version", ROWAN_VERSION}}).Set(1);
}
Metrics::~Metrics() = default;

void Metrics::CountCall(const std::string& method, const std::string& code, double seconds) {
  static const Histogram::BucketBoundaries kBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                       0.25,   0.5,   1,      2.5,   5,    10,    30};
  Histogram* histogram;
  {
    // Finding a family's member by its labels takes longer than all the rest.
    std::lock_guard lock(registered_->calls_mutex);
    Histogram*& known = registered_->known_calls[{method, code}];
    if (known == nullptr) known = &registered_->calls.Add({{"method", method}, {"code", code}}, kBuckets);
    histogram = known;
  }
  histogram->Observe(seconds);
}

std::string Metrics::Text(const Engine* engine, int in_flight) {
  Registered& all = *registered_;
  std::lock_guard lock(all.mutex);
  all.in_flight.Add({}).Set(in_flight);
  if (engine != nullptr) {
    const auto set_pool = [&](const char* name, const pg::PoolState& state) {
      all.pool.Add({{"pool", name}, {"state", "idle"}}).Set(state.idle);
      all.pool.Add({{"pool", name}, {"state", "leased"}}).Set(state.leased);
      all.pool.Add({{"pool", name}, {"state", "waiting"}}).Set(state.waiting);
    };
    set_pool("interactive", engine->interactive_pool());
    set_pool("stream", engine->stream_pool());
    set_pool("transaction", engine->transaction_pool());
    const pg::LaneCounts lanes = engine->lanes();
    RaiseTo(all.lane_reads.Add({{"result", "answered"}}), lanes.answered);
    RaiseTo(all.lane_reads.Add({{"result", "unanswered"}}), lanes.unanswered);
    const pg::LaneCounts inserts = engine->insert_lanes();
    RaiseTo(all.lane_inserts.Add({{"result", "answered"}}), inserts.answered);
    RaiseTo(all.lane_inserts.Add({{"result", "unanswered"}}), inserts.unanswered);
    RaiseTo(all.lane_round_trips.Add({}), lanes.round_trips + inserts.round_trips);
    const EngineCounters counters = engine->counters();
    RaiseTo(all.plans.Add({{"result", "hit"}}), counters.plan_cache_hits);
    RaiseTo(all.plans.Add({{"result", "miss"}}), counters.plan_cache_misses);
    RaiseTo(all.statements.Add({}), counters.statements);
    RaiseTo(all.retries.Add({}), counters.retries);
  }
  return prometheus::TextSerializer().Serialize(all.registry.Collect());
}

}  // namespace rowan::service
