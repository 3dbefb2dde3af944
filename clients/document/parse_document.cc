#include "clients/document/parse_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/document/document_error.h"
#include "engine/base/status_macros.h"

namespace rowan::document {
namespace {

// Returns the offset of the first byte that is not UTF-8, or npos.
size_t FindInvalidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    const unsigned lead = byte(i);
    const size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0) return i;
    for (size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return i;
    }
    // Overlong forms, surrogates and numbers past U+10FFFF show in the second byte.
    if ((lead == 0xE0 && byte(i + 1) < 0xA0) || (lead == 0xED && byte(i + 1) > 0x9F) ||
        (lead == 0xF0 && byte(i + 1) < 0x90) || (lead == 0xF4 && byte(i + 1) > 0x8F)) {
      return i;
    }
    i += length;
  }
  return std::string_view::npos;
}

// A parser may quote the input up to the middle of a character; what is left of it is shown as question marks.
absl::Status SyntaxError(std::string message) {
  for (size_t bad = FindInvalidUtf8(message); bad != std::string::npos; bad = FindInvalidUtf8(message))
    message[bad] = '?';
  return DocumentError(Path(""), message);
}

// Returns the second member with a key that an object has twice, or null.
const Member* RepeatedMember(const Node& object) {
  std::vector<const Member*> members;
  for (const Member& member : object.members) members.push_back(&member);
  const auto less = [](const Member* a, const Member* b) { return a->key < b->key; };
  const auto same = [](const Member* a, const Member* b) { return a->key == b->key; };
  std::stable_sort(members.begin(), members.end(), less);
  const auto repeated = std::adjacent_find(members.begin(), members.end(), same);
  return repeated == members.end() ? nullptr : *std::next(repeated);
}

// "line 2, column 7: " for a byte offset into a text.
std::string Place(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const size_t line_start = before.rfind('\n');
  const size_t column = line_start == std::string_view::npos ? before.size() : before.size() - line_start - 1;
  return absl::StrCat("line ", 1 + std::count(before.begin(), before.end(), '\n'), ", column ",
                      std::max<size_t>(column, 1), ": ");
}

// A long double, because the parser refuses numbers that overflow its own type, though only their digits are kept.
using Json = nlohmann::basic_json<std::map, std::vector, std::string, bool, int64_t, uint64_t, long double>;

// Builds the tree from the events of the JSON parser, which keep the digits of numbers.
class JsonTree {
 public:
  explicit JsonTree(std::string_view text) : text_(text) {}

  bool null() { return Put(Null()); }
  bool boolean(bool value) { return Put(Bool(value)); }
  bool number_integer(int64_t value) { return Put(Number(value)); }
  bool number_unsigned(uint64_t value) { return Put(Number(std::to_string(value))); }
  bool number_float(long double, const std::string& digits) { return Put(Number(digits)); }
  bool string(std::string& value) { return Put(Text(std::move(value))); }
  bool binary(Json::binary_t&) { return false; }  // JSON text has none
  bool start_object(size_t) { return Open(Object()); }
  bool start_array(size_t) { return Open(List()); }
  bool end_array() { return Close(); }

  bool key(std::string& key) {
    open_.back()->Add(key, Null());
    return true;
  }

  bool end_object() {
    if (const Member* again = RepeatedMember(*open_.back())) {
      status_ = SyntaxError(absl::StrCat("the key \"", again->key, "\" appears twice in one object"));
      return false;
    }
    return Close();
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) {
    // The text after "[json.exception.…] parse error at line 1, column 8: " says what was found and what was expected.
    std::string_view what = error.what();
    if (const size_t bracket = what.find("] "); bracket != std::string_view::npos) what.remove_prefix(bracket + 2);
    if (what.substr(0, 14) == "parse error at") {
      if (const size_t colon = what.find(": "); colon != std::string_view::npos) what.remove_prefix(colon + 2);
    }
    status_ = SyntaxError(absl::StrCat(Place(text_, position), std::string(what)));
    return false;
  }

  absl::StatusOr<Node> Take() && {
    if (!status_.ok()) return status_;
    return std::move(root_);
  }

 private:
  // Puts a value where the next one belongs: at the root, in the open list, or in the open object's last member.
  Node* Attach(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return &root_;
    }
    Node& parent = *open_.back();
    if (parent.is_list()) return &parent.items.emplace_back(std::move(node));
    parent.members.back().value = std::move(node);
    return &parent.members.back().value;
  }

  bool Put(Node node) {
    Attach(std::move(node));
    return true;
  }

  bool Open(Node node) {
    if (open_.size() == kMaxDepth) {
      status_ = SyntaxError(absl::StrCat("the document is nested more than ", kMaxDepth, " levels deep"));
      return false;
    }
    open_.push_back(Attach(std::move(node)));
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  Node root_;
  // Nodes are stable while they are open: a list or an object grows only after its last child is closed.
  std::vector<Node*> open_;
  absl::Status status_;
};

// Reads a scalar or a key, whose escapes can name what no text may hold: the parser writes "\\_" as a byte of Latin-1.
absl::StatusOr<std::string> ReadScalar(const YAML::Node& yaml, const std::string& place) {
  if (FindInvalidUtf8(yaml.Scalar()) == std::string_view::npos) return yaml.Scalar();
  return SyntaxError(absl::StrCat(place, "a text is not UTF-8 once its escapes are read; write the character itself"));
}

std::string Place(const YAML::Mark& mark) {
  return absl::StrCat("line ", mark.line + 1, ", column ", mark.column + 1, ": ");
}

// Unfolds a YAML node, aliases included.
absl::Status FromYaml(const YAML::Node& yaml, int depth, int& nodes, Node& node) {
  const std::string place = Place(yaml.Mark());
  if (++nodes > kMaxNodes)
    return SyntaxError(absl::StrCat(place, "the document unfolds to more than ", kMaxNodes, " values"));
  const std::string& tag = yaml.Tag();
  const bool plain = tag.empty() || tag == "?";
  if (!plain && tag != "!" && tag != "tag:yaml.org,2002:str") {
    return SyntaxError(absl::StrCat(place, "the tag ", tag, " has no meaning here; write the value without it"));
  }
  if (!yaml.IsScalar() && depth > kMaxDepth) {
    return SyntaxError(absl::StrCat(place, "the document is nested more than ", kMaxDepth, " levels deep"));
  }
  switch (yaml.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      node = Null();
      return absl::OkStatus();
    case YAML::NodeType::Scalar: {
      ROWAN_ASSIGN_OR_RETURN(std::string text, ReadScalar(yaml, place));
      node = plain ? ReadPlainScalar(text) : Text(std::move(text));
      return absl::OkStatus();
    }
    case YAML::NodeType::Sequence:
      node = List();
      for (const YAML::Node& item : yaml) {
        ROWAN_RETURN_IF_ERROR(FromYaml(item, depth + 1, nodes, node.items.emplace_back()));
      }
      return absl::OkStatus();
    case YAML::NodeType::Map:
      node = Object();
      for (const auto& entry : yaml) {
        if (!entry.first.IsScalar()) {
          return SyntaxError(absl::StrCat(place, "a key is no text; write it in quotes"));
        }
        ROWAN_ASSIGN_OR_RETURN(const std::string key, ReadScalar(entry.first, place));
        ROWAN_RETURN_IF_ERROR(FromYaml(entry.second, depth + 1, nodes, node.Add(key, Null())));
      }
      if (const Member* again = RepeatedMember(node)) {
        const auto entry = std::next(yaml.begin(), again - node.members.data());
        return SyntaxError(
            absl::StrCat(Place(entry->first.Mark()), "the key \"", again->key, "\" appears twice in one object"));
      }
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

// Takes the events of a document and keeps nothing.
class IgnoreEvents : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// Tells whether anything follows the first document of a text. YAML::LoadAll would tell too, but it never returns on a
// stray comma, which it takes for one empty document after another. Throws YAML::Exception for bad syntax.
bool GoesOn(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  IgnoreEvents ignore;
  return parser.HandleNextDocument(ignore) && parser.HandleNextDocument(ignore);
}

}  // namespace

Syntax SyntaxOf(std::string_view text, std::string_view name) {
  const auto ends = [&](std::string_view suffix) {
    return name.size() >= suffix.size() && name.substr(name.size() - suffix.size()) == suffix;
  };
  if (ends(".json")) return Syntax::kJson;
  if (ends(".yaml") || ends(".yml")) return Syntax::kYaml;
  const std::string_view blank = " \t\r\n";
  const size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return Syntax::kYaml;
  if (text[first] != '[' && text[first] != '{') return IsJsonNumber(text) ? Syntax::kJson : Syntax::kYaml;
  // Past the brackets of lists, the first object tells.
  const size_t open = text.find_first_not_of(" \t\r\n[", first);
  if (open == std::string_view::npos || text[open] != '{') return Syntax::kJson;
  const size_t key = text.find_first_not_of(blank, open + 1);
  return key == std::string_view::npos || text[key] == '"' || text[key] == '}' ? Syntax::kJson : Syntax::kYaml;
}

absl::StatusOr<Node> ParseDocument(std::string_view text, Syntax syntax) {
  switch (syntax) {
    case Syntax::kJson:
      return ParseJson(text);
    case Syntax::kYaml:
      return ParseYaml(text);
  }
  return Null();
}

absl::StatusOr<Node> ParseJson(std::string_view text) {
  if (const size_t bad = FindInvalidUtf8(text); bad != std::string_view::npos) {
    return SyntaxError(absl::StrCat(Place(text, bad + 1), "the text is not UTF-8"));
  }
  JsonTree tree(text);
  Json::sax_parse(text.begin(), text.end(), &tree);
  return std::move(tree).Take();
}

absl::StatusOr<Node> ParseYaml(std::string_view text) {
  if (const size_t bad = FindInvalidUtf8(text); bad != std::string_view::npos) {
    return SyntaxError(absl::StrCat(Place(text, bad + 1), "the text is not UTF-8"));
  }
  const auto is_control = [](char c) { return c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r'; };
  if (const auto bad = std::find_if(text.begin(), text.end(), is_control); bad != text.end()) {
    return SyntaxError(absl::StrCat(Place(text, bad - text.begin() + 1),
                                    "the text holds a control character; write it as an escape in quotes"));
  }
  try {
    const std::string copy(text);
    if (GoesOn(copy)) return SyntaxError("the text goes on after the end of the YAML document; send one document");
    Node node;
    int nodes = 0;
    ROWAN_RETURN_IF_ERROR(FromYaml(YAML::Load(copy), 1, nodes, node));
    return node;
  } catch (const YAML::Exception& error) {
    return SyntaxError(absl::StrCat("line ", error.mark.line + 1, ", column ", error.mark.column + 1, ": ", error.msg));
  }
}

bool IsJsonNumber(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t start = i;
    while (i < text.size() && absl::ascii_isdigit(text[i])) ++i;
    return i - start;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const bool zero = i < text.size() && text[i] == '0';
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

Node ReadPlainScalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Null();
  if (text == "true" || text == "True" || text == "TRUE") return Bool(true);
  if (text == "false" || text == "False" || text == "FALSE") return Bool(false);
  return IsJsonNumber(text) ? Number(std::string(text)) : Text(std::string(text));
}

}  // namespace rowan::document
