// What stands beside the records of a page: whether there are more, cursors and totals. Private to clients/cli.
#pragma once

#include <string>

#include "clients/cli/console.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {

// Prints on `err` what the records of a page do not tell, at the root and in nested lists: that there are more, which
// is never left out, totals, and the cursors of pages that the request asked for or that were cut. Prints nothing for a
// plain read that gave everything.
void TellPage(const v1::GetRequest& request, const v1::GetResponse& response, Console& console);

// Prints on `err` what the answer of an operation does not tell: that there are more records or groups, totals, and
// cursors of lists that have more. `place` says which operation it is.
void TellOperation(const std::string& place, const v1::OperationResult& result, Console& console);

}  // namespace rowan::cli
