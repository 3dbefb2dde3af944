#include "clients/document/write_document.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "clients/document/parse_document.h"

namespace rowan::document {
namespace {

constexpr int kOneLine = -1;

void Break(int indent, std::string& out) {
  if (indent == kOneLine) return;
  out += '\n';
  out.append(2 * indent, ' ');
}

void AppendJson(const Node& node, int indent, std::string& out) {
  const int inner = indent == kOneLine ? kOneLine : indent + 1;
  switch (node.kind) {
    case Node::Kind::kNull:
      out += "null";
      return;
    case Node::Kind::kBool:
      out += node.truth ? "true" : "false";
      return;
    case Node::Kind::kNumber:
      out += node.text;
      return;
    case Node::Kind::kText:
      AppendJsonText(node.text, out);
      return;
    case Node::Kind::kList:
      out += '[';
      for (const Node& item : node.items) {
        if (&item != &node.items.front()) out += ',';
        Break(inner, out);
        AppendJson(item, inner, out);
      }
      if (!node.items.empty()) Break(indent, out);
      out += ']';
      return;
    case Node::Kind::kObject:
      out += '{';
      for (const Member& member : node.members) {
        if (&member != &node.members.front()) out += ',';
        Break(inner, out);
        AppendJsonText(member.key, out);
        out += indent == kOneLine ? ":" : ": ";
        AppendJson(member.value, inner, out);
      }
      if (!node.members.empty()) Break(indent, out);
      out += '}';
      return;
  }
}

// Whether readers of YAML 1.1, as many languages have, take a text for a boolean.
bool IsFormerBoolean(const std::string& text) {
  const std::string word = absl::AsciiStrToLower(text);
  return word == "yes" || word == "no" || word == "on" || word == "off";
}

// Writes text so that it is read back as text: in quotes where it would mean something else, also to others, or has what
// plain YAML drops.
void EmitText(const std::string& text, YAML::Emitter& out) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  const bool plain = ReadPlainScalar(text).is_text() && text != "<<" && !IsFormerBoolean(text) &&
                     std::none_of(text.begin(), text.end(), is_control);
  if (!plain) out << YAML::DoubleQuoted;
  out << text;
}

void Emit(const Node& node, int block_depth, YAML::Emitter& out) {
  switch (node.kind) {
    case Node::Kind::kNull:
      out << YAML::Null;
      return;
    case Node::Kind::kBool:
      out << node.truth;
      return;
    case Node::Kind::kNumber:
      out << node.text;
      return;
    case Node::Kind::kText:
      EmitText(node.text, out);
      return;
    case Node::Kind::kList:
      out << YAML::Flow << YAML::BeginSeq;
      for (const Node& item : node.items) Emit(item, 0, out);
      out << YAML::EndSeq;
      return;
    case Node::Kind::kObject:
      out << (block_depth > 0 && !node.members.empty() ? YAML::Block : YAML::Flow) << YAML::BeginMap;
      for (const Member& member : node.members) {
        out << YAML::Key;
        EmitText(member.key, out);
        out << YAML::Value;
        Emit(member.value, block_depth - 1, out);
      }
      out << YAML::EndMap;
      return;
  }
}

}  // namespace

std::string ToJsonLine(const Node& node) {
  std::string out;
  AppendJson(node, kOneLine, out);
  return out;
}

std::string ToJson(const Node& node) {
  std::string out;
  AppendJson(node, 0, out);
  return out;
}

std::string ToYaml(const Node& node, int block_depth) {
  YAML::Emitter out;
  out.SetNullFormat(YAML::LowerNull);
  Emit(node, block_depth, out);
  return std::string(out.c_str(), out.size()) + "\n";
}

void AppendJsonText(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        // DEL is legal in JSON, but no terminal should be handed it raw.
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += absl::StrFormat("\\u%04x", c);
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace rowan::document
