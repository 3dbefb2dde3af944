// The part of the catalogue (see errors.h) that transactions, references and kept answers need. Paths are text, for they
// were kept from bind.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace rowan {

// Moves an error into a larger request: "data.name" becomes "operations[1].data.name" in its message and its details. An
// error of a request that has no path gets `prefix` itself; what is nobody's fault (a time-out, a lost connection) stays
// as it is.
absl::Status WithPathPrefix(const absl::Status& status, std::string_view prefix);

namespace errors {

// --- references. `why` ends the sentence "the reference … ".
absl::Status UnknownReference(std::string_view path, std::string_view reference, std::string_view why);
absl::Status EmptyReference(std::string_view path, std::string_view reference);

// --- transactions. `why` is a sentence without its full stop.
absl::Status TransactionMisuse(std::string_view path, std::string_view why);
// Of an Exists; what counts records has ExpectationFailed.
absl::Status UnexpectedExistence(std::string_view path, bool expected);

// --- kept answers
absl::Status KeyReused();
// With a request_id the outcome is there to be asked for.
absl::Status CommitOutcomeUnknown(std::string_view request_id);

}  // namespace errors
}  // namespace rowan
