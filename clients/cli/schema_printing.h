// How the commands of schemas print plans, diagnostics and times. Private to clients/cli.
#pragma once

#include <string>

#include "clients/cli/console.h"
#include "clients/document/node.h"
#include "rowan/v1/schema_service.pb.h"

namespace rowan::cli {

// Returns "notice", "warning" or "error".
std::string SeverityName(v1::Severity severity);

// Returns a time as "2024-05-01T12:00:00Z".
std::string TimeText(const google::protobuf::Timestamp& time);

// Returns a diagnostic: severity, reason, path and message.
document::Node ToDocument(const v1::Diagnostic& diagnostic);
// Returns a step with all that a plan tells about it.
document::Node ToDocument(const v1::SchemaStep& step);
// Returns what applying did, or would do.
document::Node ToDocument(const v1::ApplySchemaResponse& response);

// Prints the steps on `out`, a stage after the other; nothing when there are none. `sql`: with their SQL.
void PrintPlan(const google::protobuf::RepeatedPtrField<v1::SchemaStep>& steps, bool sql, Console& console);

}  // namespace rowan::cli
