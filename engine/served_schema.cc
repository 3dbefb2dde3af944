#include "engine/served_schema.h"

#include <string>
#include <utility>

#include "engine/hydrate/hydrate.h"
#include "engine/ir/shape_key.h"
#include "engine/plan/mutation.h"
#include "engine/plan/select.h"
#include "engine/sql/render_mutation.h"
#include "engine/sql/render_read.h"
#include "engine/types/message_writer.h"
#include "rowan/v1/data_service.pb.h"
#include "rowan/v1/schema.pb.h"

namespace rowan {
namespace {

// Returns the compiled form of a shape, from the cache or by `compile`.
template <typename Compiled, typename Make>
std::shared_ptr<const Compiled> Cached(PlanCacheCounters& counters, PlanCache<Compiled>& cache,
                                       const std::string& shape, Make compile) {
  if (std::shared_ptr<const Compiled> found = cache.Find(shape)) {
    ++counters.hits;
    return found;
  }
  ++counters.misses;
  auto compiled = std::make_shared<const Compiled>(compile());
  cache.Insert(shape, compiled);
  return compiled;
}

// All responses have their shape there.
constexpr int kShapeField = v1::GetResponse::kShapeFieldNumber;
static_assert(v1::AggregateResponse::kShapeFieldNumber == kShapeField);
static_assert(v1::StreamResponse::kShapeFieldNumber == kShapeField);

// A shape as field 1 of a response.
template <typename Plan>
std::string ShapeBytes(const Plan& plan) {
  v1::Shape shape;
  HydrateShape(plan, shape);
  MessageWriter writer;
  writer.Bytes(kShapeField, shape.SerializeAsString());
  return std::string(writer.bytes());
}

}  // namespace

ServedSchema::ServedSchema(std::shared_ptr<const Catalog> served, const v1::Schema& described, const Limits& limits,
                           PlanCacheCounters& counted)
    : catalog(std::move(served)),
      canonical(std::make_unique<v1::Schema>(described)),
      counters(counted),
      reads(limits.cached_plans),
      locking_reads(limits.cached_plans),
      aggregations(limits.cached_plans),
      existences(limits.cached_plans),
      mutations(limits.cached_plans) {}
ServedSchema::~ServedSchema() = default;

std::shared_ptr<const exec::CompiledRead> Compile(ServedSchema& schema, ir::Read read) {
  const std::string shape = ir::ShapeKey(read);
  return Cached(schema.counters, schema.reads, shape, [&] {
    const bool by_key = read.by_key;
    exec::CompiledRead compiled{plan::PlanRead(std::move(read)), {}, {}, std::make_unique<exec::Pace>(by_key)};
    compiled.sql = sql::RenderRead(compiled.plan);
    compiled.shape = ShapeBytes(compiled.plan.root);
    return compiled;
  });
}

std::shared_ptr<const exec::CompiledLockingRead> CompileLocking(ServedSchema& schema, ir::Read read) {
  const std::string shape = ir::ShapeKey(read);
  return Cached(schema.counters, schema.locking_reads, shape, [&] {
    plan::LockingRead planned = plan::PlanLockingRead(std::move(read));
    exec::CompiledLockingRead compiled{{std::move(planned.keys), {}, {}, nullptr}, std::move(planned.records), {}};
    compiled.keys.sql = sql::RenderRead(compiled.keys.plan);
    compiled.records_sql = std::move(sql::RenderRead(compiled.records).selects.front());
    return compiled;
  });
}

std::shared_ptr<const exec::CompiledAggregation> Compile(ServedSchema& schema, ir::Aggregation aggregation) {
  const std::string shape = ir::ShapeKey(aggregation);
  return Cached(schema.counters, schema.aggregations, shape, [&] {
    sql::ReadStatement rendered = sql::RenderAggregation(aggregation);
    std::string described = ShapeBytes(aggregation);
    return exec::CompiledAggregation{std::move(aggregation), std::move(rendered), std::move(described)};
  });
}

std::shared_ptr<const exec::CompiledExists> Compile(ServedSchema& schema, ir::Exists exists) {
  const std::string shape = ir::ShapeKey(exists);
  return Cached(schema.counters, schema.existences, shape, [&] {
    sql::ReadStatement rendered = sql::RenderExists(exists);
    return exec::CompiledExists{std::move(exists), std::move(rendered)};
  });
}

std::shared_ptr<const exec::CompiledMutation> Compile(ServedSchema& schema, ir::Mutation mutation) {
  const std::string shape = ir::ShapeKey(mutation);
  return Cached(schema.counters, schema.mutations, shape, [&] {
    exec::CompiledMutation compiled{plan::PlanMutation(std::move(mutation)), {}, std::make_unique<exec::Pace>(true)};
    compiled.sql = sql::RenderMutation(compiled.program);
    return compiled;
  });
}

}  // namespace rowan
