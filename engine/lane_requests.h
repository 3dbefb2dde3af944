// Requests that go to PostgreSQL together with others (pg/lanes.h). Private to engine.cc.
#pragma once

#include <memory>

#include "engine/bind/bind_query.h"
#include "engine/engine.h"
#include "engine/exec/context.h"
#include "engine/exec/run_mutation.h"
#include "engine/exec/run_read.h"
#include "engine/ir/arguments.h"
#include "engine/pg/lanes.h"
#include "engine/served_schema.h"

namespace rowan {

// A Get of one statement. `done` is as in Engine::BeginGet.
std::unique_ptr<pg::LaneStatement> LaneGet(std::shared_ptr<ServedSchema> schema,
                                           std::shared_ptr<const exec::CompiledRead> read, BoundRead bound,
                                           const exec::Context& context, SharedDone done);

// An Insert that StandsAlone. Null where its steps have to run, or where it has so many rows that others would wait for it.
std::unique_ptr<pg::LaneStatement> LaneInsert(std::shared_ptr<ServedSchema> schema,
                                              std::shared_ptr<const exec::CompiledMutation> mutation, Arguments arguments,
                                              const exec::Context& context, SharedDone done);

}  // namespace rowan
