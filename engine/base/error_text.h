// What the errors of the catalogue are made of. Private to engine/base/errors_*.cc.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/base/errors.h"

namespace rowan {

// Where an Internal error keeps its cause. Not a google.rpc type: the transport leaves it out of the answer.
inline constexpr char kCause[] = "rowan/cause";

// Makes client-supplied text fit for a message: at most 64 bytes, printable, valid UTF-8.
std::string Quotable(std::string_view text);
std::string Quoted(std::string_view text);

// `a, b, c and 4 more`
std::string Listed(const errors::Names& names);
std::string Limited(const std::vector<std::string>& items, size_t most);

// What errors say of a transaction that is rolled back; InStage takes it away again.
inline constexpr char kNothingWritten[] = " Nothing was written; send the request again.";
inline constexpr char kNothingCommitted[] = " Nothing was committed.";
inline constexpr char kNothingSent[] = " Nothing was committed; send the request again.";
inline constexpr char kNothingApplied[] = ", and nothing was applied";

struct NamesHint {
  std::string text;     // "; did you mean name? Existing: …"
  std::string nearest;  // "name, nae"
};
NamesHint Hint(std::string_view name, const errors::Names& existing);

std::string Str(std::string_view text);

// An error of a request at one place.
absl::Status RequestError(std::string_view reason, std::string path, const std::string& message,
                          std::map<std::string, std::string> metadata = {},
                          absl::StatusCode code = absl::StatusCode::kInvalidArgument);

// An error that may be gone after the delay.
absl::Status Retryable(absl::StatusCode code, std::string_view reason, std::string_view message,
                       std::map<std::string, std::string> metadata, absl::Duration delay);

}  // namespace rowan
