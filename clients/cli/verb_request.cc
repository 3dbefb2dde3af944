#include "clients/cli/verb_request.h"

#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/input.h"
#include "clients/document/parse_document.h"
#include "clients/document/request.h"
#include "engine/base/status_macros.h"

namespace rowan::cli {
namespace {

bool IsRead(std::string_view verb) {
  return verb == "get" || verb == "stream";
}

absl::StatusOr<document::Node> ReadGiven(const Options& options, Console& console) {
  if (HasDocument(options) || (!IsRead(options.verb) && options.verb != "exists"))
    return ReadDocument(options, console);
  document::Node document = document::Object();
  if (IsRead(options.verb)) document.Add("select", document::Object()).Add("*", document::Bool(true));
  return document;
}

// The keys that flags give.
std::vector<document::Member> KeysOf(const ReadFlags& flags) {
  std::vector<document::Member> keys;
  if (flags.limit) keys.push_back({"limit", document::Number(*flags.limit)});
  if (flags.backward) keys.push_back({"backward", document::Bool(true)});
  const std::pair<const char*, const std::optional<std::string>&> texts[] = {{"cursor", flags.cursor},
                                                                             {"total", flags.total},
                                                                             {"strategy", flags.strategy},
                                                                             {"mode", flags.mode},
                                                                             {"resume_token", flags.resume_token}};
  for (const auto& [key, text] : texts) {
    if (text) keys.push_back({key, document::Text(*text)});
  }
  return keys;
}

// The keys that flags of writes give.
absl::StatusOr<std::vector<document::Member>> KeysOf(const WriteFlags& flags) {
  std::vector<document::Member> keys;
  if (flags.dry_run) keys.push_back({"dry_run", document::Bool(true)});
  if (!flags.once.empty()) keys.push_back({"request_id", document::Text(flags.once)});
  if (!flags.expect.empty()) {
    ROWAN_ASSIGN_OR_RETURN(document::Node expect,
                           document::ParseDocument(flags.expect, document::SyntaxOf(flags.expect, "")));
    keys.push_back({"expect", std::move(expect)});
  }
  return keys;
}

// The long form of a document, which has room for keys beside the records or operations.
document::Node Long(std::string_view verb, document::Node document) {
  const bool is_long = verb == "insert" ? document::IsLongInsert(document) : verb != "batch" || document.is_object();
  if (is_long) return document;
  document::Node whole = document::Object();
  whole.Add(verb == "insert" ? "data" : "operations", std::move(document));
  return whole;
}

void Replace(document::Node& document, document::Member key) {
  for (document::Member& member : document.members) {
    if (member.key == key.key) {
      member.value = std::move(key.value);
      return;
    }
  }
  document.members.push_back(std::move(key));
}

absl::StatusOr<document::Node> WithReturning(const Options& options, document::Node document) {
  if (options.verb != "insert" && options.verb != "update" && options.verb != "upsert" && options.verb != "delete") {
    return absl::InvalidArgumentError(absl::StrCat("--returning is for insert, update, upsert and delete, not for ",
                                                   options.verb, "; a read says in \"select\" what it wants"));
  }
  ROWAN_ASSIGN_OR_RETURN(document::Node selection, ReadReturning(options.returning));
  document::Node whole = Long(options.verb, std::move(document));
  if (whole.Find("returning") != nullptr)
    return absl::InvalidArgumentError("both the document and --returning say what to return; say it once");
  if (whole.is_object()) whole.Add("returning", std::move(selection));
  return whole;
}

}  // namespace

absl::StatusOr<v1::ExplainRequest> ReadVerbRequest(const Options& options, Console& console) {
  ROWAN_ASSIGN_OR_RETURN(document::Node document, ReadGiven(options, console));
  if (!options.returning.empty()) {
    ROWAN_ASSIGN_OR_RETURN(document, WithReturning(options, std::move(document)));
  }
  std::vector<document::Member> keys = KeysOf(options.read);
  // Only explain takes a flag for a verb that it does not know yet.
  if (!keys.empty() && options.command == Command::kExplain && !IsRead(options.verb)) {
    return absl::InvalidArgumentError(absl::StrCat("--strategy is for get and stream, not for ", options.verb));
  }
  ROWAN_ASSIGN_OR_RETURN(std::vector<document::Member> write_keys, KeysOf(options.write));
  if (!write_keys.empty()) document = Long(options.verb, std::move(document));
  keys.insert(keys.end(), std::make_move_iterator(write_keys.begin()), std::make_move_iterator(write_keys.end()));
  if (document.is_object()) {
    for (document::Member& key : keys) Replace(document, std::move(key));
  }
  return document::ToExplainRequest(options.verb, options.schema, options.model, document);
}

}  // namespace rowan::cli
