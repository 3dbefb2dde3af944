#include "clients/cli/request_mix.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/document/request.h"
#include "engine/base/nearest.h"
#include "engine/base/status_macros.h"
#include "rowan/v1/data_service.pb.h"

namespace rowan::cli {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr std::string_view kVerbs[] = {"get",    "stream", "aggregate", "exists", "insert",
                                       "update", "upsert", "delete",    "batch"};
constexpr std::string_view kOthers[] = {"name", "weight", "model"};

bool IsVerb(std::string_view key) {
  return std::find(std::begin(kVerbs), std::end(kVerbs), key) != std::end(kVerbs);
}

absl::Status UnknownKey(const std::string& key) {
  std::vector<std::string_view> known(std::begin(kOthers), std::end(kOthers));
  known.insert(known.end(), std::begin(kVerbs), std::end(kVerbs));
  std::string listed;
  for (const std::string_view name : known) absl::StrAppend(&listed, listed.empty() ? "" : ", ", std::string(name));
  const std::vector<std::string> nearest = NearestNames(key, known);
  return absl::InvalidArgumentError(absl::StrCat(
      "a request has no key \"", key, "\"",
      nearest.empty() ? absl::StrCat("; there are ", listed) : absl::StrCat(" (did you mean \"", nearest[0], "\"?)")));
}

// The method of a verb: "get" -> Get.
const MethodDescriptor& MethodOf(std::string verb) {
  verb[0] = absl::ascii_toupper(static_cast<unsigned char>(verb[0]));
  const google::protobuf::ServiceDescriptor* service =
      v1::GetRequest::descriptor()->file()->FindServiceByName("DataService");
  return *service->FindMethodByName(verb);
}

// The request that the oneof of an explain holds.
const Message& RequestOf(const v1::ExplainRequest& explain) {
  const google::protobuf::Reflection& reflection = *explain.GetReflection();
  const auto* oneof = explain.GetDescriptor()->FindOneofByName("request");
  return reflection.GetMessage(explain, reflection.GetOneofFieldDescriptor(explain, oneof));
}

absl::StatusOr<MixedRequest> ReadRequest(const std::string& schema, document::Node node) {
  if (!node.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(document::Describe(node)),
                                                   " stands where a request is needed: {model: User, get: {…}}"));
  }
  MixedRequest mixed;
  std::string verb, model;
  document::Node operation;
  for (document::Member& member : node.members) {
    if (IsVerb(member.key)) {
      if (!verb.empty())
        return absl::InvalidArgumentError(absl::StrCat("a request has one verb, not ", verb, " and ", member.key));
      verb = member.key;
      operation = std::move(member.value);
    } else if (member.key == "name" && member.value.is_text()) {
      mixed.name = member.value.text;
    } else if (member.key == "model" && member.value.is_text()) {
      model = member.value.text;
    } else if (member.key == "weight") {
      if (member.value.kind != document::Node::Kind::kNumber || !absl::SimpleAtod(member.value.text, &mixed.weight) ||
          !(mixed.weight > 0 && mixed.weight < 1e9)) {
        return absl::InvalidArgumentError("the weight of a request is a number above 0");
      }
    } else if (member.key == "name" || member.key == "model") {
      return absl::InvalidArgumentError(absl::StrCat(std::string(document::Describe(member.value)),
                                                     " stands where the ", member.key, ", a text, is needed"));
    } else {
      return UnknownKey(member.key);
    }
  }
  if (verb.empty())
    return absl::InvalidArgumentError("a request needs a verb with its document, for example {model: User, get: {…}}");
  if (model.empty() != (verb == "batch")) {
    return absl::InvalidArgumentError(model.empty() ? "a request needs \"model\", the model's name"
                                                    : "a batch has no model; its operations have");
  }
  std::vector<Blank> blanks;
  ROWAN_RETURN_IF_ERROR(TakeBlanks(operation, blanks));
  ROWAN_ASSIGN_OR_RETURN(const v1::ExplainRequest explain, document::ToExplainRequest(verb, schema, model, operation));
  const MethodDescriptor& method = MethodOf(verb);
  ROWAN_ASSIGN_OR_RETURN(mixed.request, RequestTemplate::Make(RequestOf(explain), std::move(blanks)));
  mixed.method = absl::StrCat("/", method.service()->full_name(), "/", method.name());
  mixed.streams = method.server_streaming();
  mixed.response = google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.output_type());
  if (mixed.name.empty()) mixed.name = model.empty() ? verb : absl::StrCat(verb, " ", model);
  return mixed;
}

}  // namespace

absl::StatusOr<std::vector<MixedRequest>> ReadMix(const std::string& schema, document::Node document) {
  std::vector<document::Node> requests;
  if (document.is_object() && document.members.size() == 1 && document.members[0].key == "requests") {
    document::Node list = std::move(document.members[0].value);
    document = std::move(list);
  }
  if (document.is_list()) {
    requests = std::move(document.items);
  } else {
    requests.push_back(std::move(document));
  }
  if (requests.empty()) return absl::InvalidArgumentError("the list of requests is empty");
  std::vector<MixedRequest> mix;
  for (size_t i = 0; i < requests.size(); ++i) {
    absl::StatusOr<MixedRequest> mixed = ReadRequest(schema, std::move(requests[i]));
    if (!mixed.ok()) {
      absl::Status placed(mixed.status().code(), absl::StrCat("requests[", i, "]: ", mixed.status().message()));
      mixed.status().ForEachPayload(
          [&](absl::string_view url, const absl::Cord& payload) { placed.SetPayload(url, payload); });
      return placed;
    }
    mix.push_back(*std::move(mixed));
  }
  return mix;
}

}  // namespace rowan::cli
