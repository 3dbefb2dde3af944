#include "tests/golden/golden_request.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <sstream>

#include "clients/document/parse_document.h"
#include "clients/document/request.h"
#include "clients/document/value.h"
#include "engine/base/status_macros.h"
#include "engine/bind/bind_query.h"
#include "engine/ir/position.h"
#include "engine/ir/shape_key.h"
#include "engine/types/codec.h"

namespace rowan::golden {
namespace {

absl::StatusOr<std::string> Seal(const v1::GetRequest& request, const document::Node& values,
                                 const BindContext& context) {
  ROWAN_ASSIGN_OR_RETURN(const BoundRead bound, BindGet(request, context));
  ir::Position position;
  for (size_t i = 0; i < values.items.size() && i < bound.read.order.size(); ++i) {
    v1::Value value;
    ROWAN_RETURN_IF_ERROR(document::ReadValue(values.items[i], Path("cursor"), value));
    ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(bound.read.order[i].type(), value, Path("cursor")));
    position.values.push_back(std::move(encoded));
  }
  const ir::Read& read = bound.read;
  const std::string identity = ir::ListIdentity(context.catalog.version, *read.selection.model, nullptr, read.where,
                                                read.distinct, read.order, bound.arguments,
                                                bound.arguments.lists[read.window.list]);
  return context.tokens.Seal(identity, ir::EncodePosition(position));
}

}  // namespace

absl::StatusOr<v1::ExplainRequest> ReadRequest(const std::string& schema, const Case& golden,
                                               const BindContext& context) {
  std::istringstream words(golden.request);
  std::string verb;
  std::string model;
  words >> verb;
  if (verb == "proto") {
    v1::ExplainRequest request;
    if (!google::protobuf::TextFormat::ParseFromString(golden.request.substr(verb.size()), &request)) {
      return absl::InvalidArgumentError("the textproto of \"" + golden.title + "\" does not parse");
    }
    return request;
  }
  if (verb == "batch") {
    std::string rest;
    std::getline(words, rest, '\0');
    ROWAN_ASSIGN_OR_RETURN(const document::Node node, document::ParseYaml(rest));
    v1::ExplainRequest request;
    ROWAN_ASSIGN_OR_RETURN(*request.mutable_batch(), document::ToBatchRequest(schema, node));
    return request;
  }
  words >> model;
  std::string rest;
  std::getline(words, rest, '\0');
  ROWAN_ASSIGN_OR_RETURN(document::Node node, document::ParseYaml(rest));
  const auto cursor = std::find_if(node.members.begin(), node.members.end(), [](const document::Member& member) {
    return member.key == "cursor" && member.value.is_list();
  });
  if (cursor == node.members.end()) return document::ToExplainRequest(verb, schema, model, node);
  const document::Node values = cursor->value;
  node.members.erase(cursor);
  ROWAN_ASSIGN_OR_RETURN(v1::ExplainRequest request, document::ToExplainRequest(verb, schema, model, node));
  ROWAN_ASSIGN_OR_RETURN(std::string token, Seal(request.get(), values, context));
  request.mutable_get()->mutable_page()->set_cursor(std::move(token));
  return request;
}

}  // namespace rowan::golden
