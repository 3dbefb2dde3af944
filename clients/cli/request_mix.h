// The requests that a load is made of. Private to clients/cli.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/request_template.h"
#include "clients/document/node.h"

namespace rowan::cli {

// One kind of request.
struct MixedRequest {
  std::string name;
  double weight = 1;   // how often it is sent, compared with the others
  std::string method;  // "/rowan.v1.DataService/Get"
  bool streams = false;
  RequestTemplate request;
  const google::protobuf::Message* response = nullptr;  // of its type; lives for ever
};

// Reads a request, a list of requests, or {requests: […]}. A request has a model, a verb with its document as in a
// batch, and perhaps a name and a weight; the verbs are those of explain. Errors: INVALID_ARGUMENT that says in which
// request what is wrong.
absl::StatusOr<std::vector<MixedRequest>> ReadMix(const std::string& schema, document::Node document);

}  // namespace rowan::cli
