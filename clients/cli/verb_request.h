// What a data command asks for, put together from its document and its flags. Private to clients/cli.
#pragma once

#include "absl/status/statusor.h"
#include "clients/cli/console.h"
#include "clients/cli/options.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {

// Reads the document of the options' verb and returns its request. Without a document a get and a stream select all
// fields, and an exists looks for any record; the others need one. Flags like --limit stand in place of the document's
// keys; --returning is added to it. Errors: INVALID_ARGUMENT for those of files, syntax and form, for a flag that the
// verb does not have, and when both the document and --returning say what to return.
absl::StatusOr<v1::ExplainRequest> ReadVerbRequest(const Options& options, Console& console);

}  // namespace rowan::cli
