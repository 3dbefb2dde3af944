// The enums of the proto that are turned into the engine's and back: catalogs are built of schemas, and schemas and shapes are
// written from types. Those that are only read are turned where that is (build_catalog.cc).
#pragma once

#include "engine/catalog/catalog.h"
#include "engine/types/type.h"

namespace rowan::v1 {
enum ScalarType : int;
enum ReferentialAction : int;
}  // namespace rowan::v1

namespace rowan {

// The scalar of a field's type as PostgreSQL stores it: kInt64 of auto-increment, kFloat64 of a number, kText of none.
Scalar ScalarOf(v1::ScalarType scalar);
v1::ScalarType ScalarProto(Scalar scalar);

// What PostgreSQL does where nothing is said is kNoAction.
ReferentialAction ActionOf(v1::ReferentialAction action);
v1::ReferentialAction ActionProto(ReferentialAction action);

}  // namespace rowan
