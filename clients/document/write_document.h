// From the tree of a document to text.
#pragma once

#include <string>
#include <string_view>

#include "clients/document/node.h"

namespace rowan::document {

// Returns the text of a node as JSON on one line, without spaces: {"id":1,"tags":["a"]}.
std::string ToJsonLine(const Node& node);

// Returns the text of a node as JSON over several lines, indented by two spaces, without a line break at its end.
std::string ToJson(const Node& node);

// Returns the text of a node as YAML with a line break at its end. Objects down to level `block_depth` take a line per
// key; deeper ones, and all lists, are written in braces and brackets. ParseYaml gives the node back.
std::string ToYaml(const Node& node, int block_depth);

// Appends a text in quotes, escaped as JSON wants it. Other characters than quotes, backslashes and controls stay
// UTF-8.
void AppendJsonText(std::string_view text, std::string& out);

}  // namespace rowan::document
