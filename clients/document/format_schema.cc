#include "clients/document/format_schema.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/document/document_error.h"
#include "clients/document/schema.h"
#include "clients/document/schema_words.h"
#include "clients/document/write_document.h"
#include "clients/document/yaml_comments.h"
#include "engine/base/status_macros.h"

namespace rowan::document {
namespace {

using Keys = std::span<const std::string_view>;

// --- the order of keys

void Order(Node& node, Keys keys) {
  const auto rank = [&](const Member& member) {
    return std::find(keys.begin(), keys.end(), member.key) - keys.begin();
  };
  std::stable_sort(node.members.begin(), node.members.end(),
                   [&](const Member& a, const Member& b) { return rank(a) < rank(b); });
}

// Calls `visit` with the member of a key, if there is one.
void WithMember(Node& node, std::string_view key, const std::function<void(Node&)>& visit) {
  for (Member& member : node.members) {
    if (member.key == key) visit(member.value);
  }
}

void OrderField(Node& field) {
  if (!field.is_object()) return;
  Order(field, kFieldKeys);
  WithMember(field, "native", [](Node& native) { Order(native, kNativeKeys); });
  if (field.members.size() != 1 || field.members[0].key != "type") return;
  Node type = std::move(field.members[0].value);
  field = std::move(type);
}

void OrderRelation(Node& relation) {
  Order(relation, kRelationKeys);
  WithMember(relation, "junction", [](Node& junction) { Order(junction, kJunctionKeys); });
}

void OrderModel(Node& model) {
  Order(model, kModelKeys);
  WithMember(model, "unique", [](Node& unique) {
    for (Node& key : unique.items) Order(key, kUniqueKeyKeys);
  });
  WithMember(model, "indexes", [](Node& indexes) {
    for (Node& index : indexes.items) Order(index, kIndexKeys);
  });
  WithMember(model, "fields", [](Node& fields) {
    for (Member& field : fields.members) OrderField(field.value);
  });
  WithMember(model, "relations", [](Node& relations) {
    for (Member& relation : relations.members) OrderRelation(relation.value);
  });
}

void OrderSchema(Node& schema) {
  Order(schema, kSchemaKeys);
  WithMember(schema, "models", [](Node& models) {
    for (Member& model : models.members) OrderModel(model.value);
  });
}

// --- lines

// A key that gets a line of its own, what is told before and behind it, and those below it.
struct Line {
  std::string key;
  int first = 0;  // lines of the source, from 0
  int last = 0;   // of a value that is written on the line
  bool leaf = true;
  std::vector<Line> below;
  std::vector<std::string> before;  // comments; an empty one is a blank line
  std::string behind;
};

int LastLine(const YAML::Node& yaml) {
  int last = yaml.Mark().line;
  for (const auto& entry : yaml) {
    if (entry.IsDefined()) {
      last = std::max(last, LastLine(entry));
    } else {
      last = std::max({last, LastLine(entry.first), LastLine(entry.second)});
    }
  }
  return last;
}

// The lines of an object whose keys get lines down to a depth.
std::vector<Line> LinesOf(const YAML::Node& yaml, int depth) {
  std::vector<Line> lines;
  for (const auto& entry : yaml) {
    Line& line = lines.emplace_back();
    line.key = entry.first.Scalar();
    line.first = entry.first.Mark().line;
    line.leaf = depth <= 1 || !entry.second.IsMap() || entry.second.size() == 0;
    if (line.leaf) {
      line.last = std::max(line.first, LastLine(entry.second));
    } else {
      line.below = LinesOf(entry.second, depth - 1);
    }
  }
  return lines;
}

void Flatten(std::vector<Line>& lines, std::vector<Line*>& flat) {
  for (Line& line : lines) {
    flat.push_back(&line);
    Flatten(line.below, flat);
  }
}

// The comments that belong to no key: those before the first one, and those behind the last.
struct Margins {
  std::vector<std::string> head;
  std::vector<std::string> foot;
};

// Gives every comment, and the blank lines before comments and keys, to the line that it stands at.
Margins Distribute(const std::vector<Comment>& comments, const std::vector<std::string>& text,
                   std::vector<Line>& lines) {
  Margins margins;
  std::vector<Line*> flat;
  Flatten(lines, flat);
  const auto follows_blank = [&](int line) { return line > 0 && absl::StripAsciiWhitespace(text[line - 1]).empty(); };
  const auto put = [&](const Comment& comment, std::vector<std::string>& where) {
    if (!comment.trailing && follows_blank(comment.line)) where.push_back("");
    where.push_back(comment.text);
  };
  for (const Comment& comment : comments) {
    const auto next = std::find_if(flat.begin(), flat.end(), [&](Line* line) { return line->first > comment.line; });
    if (next == flat.begin()) {
      put(comment, margins.head);
      continue;
    }
    Line& owner = **(next - 1);
    if (comment.trailing && owner.first == comment.line) {
      owner.behind = comment.text;
    } else if (comment.trailing || (owner.leaf && comment.line <= owner.last)) {
      owner.before.push_back(comment.text);
    } else {
      put(comment, next == flat.end() ? margins.foot : (*next)->before);
    }
  }
  for (Line* line : flat) {
    const bool shares = std::any_of(flat.begin(), flat.end(),
                                    [&](Line* other) { return other != line && other->first == line->first; });
    if (!shares && follows_blank(line->first)) (line == flat.front() ? margins.head : line->before).push_back("");
  }
  return margins;
}

// --- writing

void WriteComments(const std::vector<std::string>& comments, const std::string& indent, std::string& out) {
  for (const std::string& comment : comments) {
    // One blank line at a time, and none at the top.
    if (!comment.empty()) {
      absl::StrAppend(&out, indent, comment, "\n");
    } else if (!out.empty() && !absl::EndsWith(out, "\n\n")) {
      out += "\n";
    }
  }
}

// A scalar, or anything in braces and brackets, without a line break.
std::string OneLine(const Node& node) {
  return std::string(absl::StripTrailingAsciiWhitespace(ToYaml(node, 0)));
}

void Write(const Node& node, const std::vector<Line>& lines, const std::string& indent, std::string& out) {
  for (const Member& member : node.members) {
    const Line& line = *std::find_if(lines.begin(), lines.end(), [&](const Line& l) { return l.key == member.key; });
    WriteComments(line.before, indent, out);
    absl::StrAppend(&out, indent, OneLine(Text(member.key)), ":");
    if (line.leaf) absl::StrAppend(&out, " ", OneLine(member.value));
    if (!line.behind.empty()) absl::StrAppend(&out, " ", line.behind);
    out += "\n";
    if (!line.leaf) Write(member.value, line.below, indent + "  ", out);
  }
}

std::vector<std::string> SortedTexts(const std::vector<Comment>& comments) {
  std::vector<std::string> texts;
  for (const Comment& comment : comments) texts.push_back(comment.text);
  std::sort(texts.begin(), texts.end());
  return texts;
}

}  // namespace

absl::StatusOr<std::string> FormatSchema(std::string_view text, Syntax syntax) {
  ROWAN_ASSIGN_OR_RETURN(Node node, ParseDocument(text, syntax));
  ROWAN_RETURN_IF_ERROR(ToSchema(node).status());
  OrderSchema(node);
  if (syntax == Syntax::kJson) return ToJson(node) + "\n";
  const std::vector<Comment> comments = FindComments(text);
  std::vector<Line> lines = LinesOf(YAML::Load(std::string(text)), kBlockDepth);
  const Margins margins =
      Distribute(comments, absl::StrSplit(absl::string_view(text.data(), text.size()), '\n'), lines);
  std::string out;
  WriteComments(margins.head, "", out);
  Write(node, lines, "", out);
  WriteComments(margins.foot, "", out);
  // What was read in an unforeseen way must not be lost.
  const absl::StatusOr<Node> again = ParseDocument(out, syntax);
  if (!again.ok() || !(*again == node) || SortedTexts(FindComments(out)) != SortedTexts(comments)) {
    return DocumentError(
        Path(""), "the text cannot be laid out without losing a part of it; write its comments on lines of their own");
  }
  return out;
}

}  // namespace rowan::document
