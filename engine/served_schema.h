// One version of a schema while it is served, with the plans that were made for it. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/base/limits.h"
#include "engine/catalog/catalog.h"
#include "engine/exec/run_mutation.h"
#include "engine/exec/run_read.h"
#include "engine/plan_cache.h"

namespace rowan::v1 {
class Schema;
}

namespace rowan {

// Counts since start, over all schemas.
struct PlanCacheCounters {
  std::atomic<int64_t> hits = 0;
  std::atomic<int64_t> misses = 0;
};

struct ServedSchema {
  // `counters` outlive it.
  ServedSchema(std::shared_ptr<const Catalog> served, const v1::Schema& described, const Limits& limits,
               PlanCacheCounters& counted);
  ~ServedSchema();

  const std::shared_ptr<const Catalog> catalog;
  const std::unique_ptr<const v1::Schema> canonical;
  PlanCacheCounters& counters;
  PlanCache<exec::CompiledRead> reads;
  PlanCache<exec::CompiledLockingRead> locking_reads;
  PlanCache<exec::CompiledAggregation> aggregations;
  PlanCache<exec::CompiledExists> existences;
  PlanCache<exec::CompiledMutation> mutations;
};

// Return the plan and the statements of a bound request, from the cache where its form was met before. A read with a
// lock is for CompileLocking.
std::shared_ptr<const exec::CompiledRead> Compile(ServedSchema& schema, ir::Read read);
std::shared_ptr<const exec::CompiledLockingRead> CompileLocking(ServedSchema& schema, ir::Read read);
std::shared_ptr<const exec::CompiledAggregation> Compile(ServedSchema& schema, ir::Aggregation aggregation);
std::shared_ptr<const exec::CompiledExists> Compile(ServedSchema& schema, ir::Exists exists);
std::shared_ptr<const exec::CompiledMutation> Compile(ServedSchema& schema, ir::Mutation mutation);

}  // namespace rowan
