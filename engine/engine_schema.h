// What the calls of SchemaService mean: as the functions of Engine of the same names, which see to the rest.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "engine/base/call.h"
#include "engine/base/token.h"
#include "engine/served_schemas.h"
#include "engine/store/schema_store.h"

namespace rowan::v1 {
class ApplySchemaRequest;
class ApplySchemaResponse;
class CheckDriftRequest;
class CheckDriftResponse;
class GetSchemaRequest;
class IntrospectRequest;
class IntrospectResponse;
class ListSchemasResponse;
class ListSchemaVersionsRequest;
class ListSchemaVersionsResponse;
class Schema;
}  // namespace rowan::v1

namespace rowan {

// Applies a schema and takes it into service.
absl::Status ApplySchema(const v1::ApplySchemaRequest& request, const std::string& actor, const Call& call,
                         const store::SchemaStore& store, ServedSchemas& schemas, v1::ApplySchemaResponse& response);

absl::Status GetSchema(const v1::GetSchemaRequest& request, const store::SchemaStore& store,
                       const ServedSchemas& schemas, v1::Schema& response);

void ListSchemas(const ServedSchemas& schemas, v1::ListSchemasResponse& response);

absl::Status ListSchemaVersions(const v1::ListSchemaVersionsRequest& request, const store::SchemaStore& store,
                                const ServedSchemas& schemas, const TokenKey& tokens,
                                v1::ListSchemaVersionsResponse& response);

absl::Status CheckDrift(const v1::CheckDriftRequest& request, const store::SchemaStore& store,
                        const ServedSchemas& schemas, v1::CheckDriftResponse& response);

absl::Status Introspect(const v1::IntrospectRequest& request, const store::SchemaStore& store,
                        v1::IntrospectResponse& response);

}  // namespace rowan
