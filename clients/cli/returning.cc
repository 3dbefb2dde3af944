#include "clients/cli/returning.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/input.h"
#include "clients/document/request.h"
#include "engine/base/status_macros.h"

namespace rowan::cli {

absl::StatusOr<document::Node> WithReturning(std::string_view verb, document::Node document,
                                             const std::string& returning) {
  if (returning.empty()) return document;
  if (verb != "insert" && verb != "update" && verb != "delete") {
    return absl::InvalidArgumentError(absl::StrCat("--returning is for insert, update and delete; a ",
                                                   std::string(verb), " says in \"select\" what it wants"));
  }
  ROWAN_ASSIGN_OR_RETURN(document::Node selection, ReadReturning(returning));
  document::Node whole = std::move(document);
  if (verb == "insert" && !document::IsLongInsert(whole)) {
    document::Node data = std::move(whole);
    whole = document::Object();
    whole.Add("data", std::move(data));
  }
  if (whole.Find("returning") != nullptr)
    return absl::InvalidArgumentError("both the document and --returning say what to return; say it once");
  if (whole.is_object()) whole.Add("returning", std::move(selection));
  return whole;
}

}  // namespace rowan::cli
