#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/declarations.h"
#include "engine/base/status_macros.h"

namespace rowan::cli {
namespace {

// rowan.<schema>, but never one of Rowan's own packages, rowan.v1 and its successors.
std::string PackageOf(const std::string& schema) {
  std::string name = schema;
  std::replace(name.begin(), name.end(), '-', '_');
  const bool own = name.size() > 1 && name[0] == 'v' && std::all_of(name.begin() + 1, name.end(), absl::ascii_isdigit);
  return absl::StrCat("rowan.", name, own ? "_" : "");
}

std::string TypeOf(const v1::FieldType& type) {
  switch (type.scalar()) {
    case v1::SCALAR_TYPE_INT16:
    case v1::SCALAR_TYPE_INT32:
      return "int32";
    case v1::SCALAR_TYPE_INT64:
    case v1::SCALAR_TYPE_AUTO_INCREMENT:
      return "int64";
    case v1::SCALAR_TYPE_FLOAT32:
      return "float";
    case v1::SCALAR_TYPE_FLOAT64:
    case v1::SCALAR_TYPE_NUMBER:
      return "double";
    case v1::SCALAR_TYPE_BOOL:
      return "bool";
    case v1::SCALAR_TYPE_BYTES:
      return "bytes";
    case v1::SCALAR_TYPE_TIMESTAMP:
    case v1::SCALAR_TYPE_LOCAL_TIMESTAMP:
      return ".google.protobuf.Timestamp";
    default:  // texts, and what travels as text
      return "string";
  }
}

// createdAt -> created_at, HTTPServer -> http_server.
std::string SnakeCase(const std::string& name) {
  std::string snake;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool after_lower = i > 0 && (absl::ascii_islower(name[i - 1]) || absl::ascii_isdigit(name[i - 1]));
    const bool before_lower =
        i > 0 && i + 1 < name.size() && absl::ascii_isupper(name[i - 1]) && absl::ascii_islower(name[i + 1]);
    if (absl::ascii_isupper(name[i]) && (after_lower || before_lower)) snake += '_';
    snake += absl::ascii_tolower(name[i]);
  }
  return snake;
}

// What protobuf makes of a field's name for JSON.
std::string JsonName(const std::string& name) {
  std::string json;
  bool upper = false;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      json += upper ? absl::ascii_toupper(c) : c;
      upper = false;
    }
  }
  return json;
}

// protobuf holds two names for the same that differ in case and underscores only.
std::string Fold(const std::string& name) {
  return absl::AsciiStrToLower(JsonName(name));
}

struct Entry {
  int number = 0;
  std::string name;
  std::string type;  // with its label
  std::string comment;
};

absl::StatusOr<std::vector<Entry>> EntriesOf(const v1::Model& model, const std::string& package) {
  std::vector<Entry> entries;
  for (const v1::Field& field : model.fields()) {
    const v1::FieldType& type = field.type();
    const char* label = type.array() ? "repeated " : field.nullable() ? "optional " : "";
    std::string comment = field.description();
    if (!type.labels().empty())
      absl::StrAppend(&comment, comment.empty() ? "" : "\n", "One of ", absl::StrJoin(type.labels(), ", "), ".");
    entries.push_back({field.number(), field.name(), label + TypeOf(type), comment});
  }
  for (const v1::Relation& relation : model.relations()) {
    entries.push_back(
        {relation.number(), relation.name(),
         absl::StrCat(IsToMany(relation) ? "repeated " : "optional ", ".", package, ".", relation.target()),
         relation.description()});
  }
  for (const Entry& entry : entries) {
    if (entry.number > 0) continue;
    return absl::InvalidArgumentError(absl::StrCat(model.name(), ".", entry.name,
                                                   " has no number; numbers are allotted when a schema is registered"));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.number < b.number; });
  return entries;
}

// "reserved 3, 5 to 7;" for numbers that must not be used again.
std::string ReservedOf(const v1::Model& model) {
  const std::set<int> retired(model.retired_numbers().begin(), model.retired_numbers().end());
  std::vector<std::string> ranges;
  for (auto first = retired.begin(); first != retired.end();) {
    auto last = first;
    while (std::next(last) != retired.end() && *std::next(last) == *last + 1) ++last;
    ranges.push_back(first == last ? absl::StrCat(*first) : absl::StrCat(*first, " to ", *last));
    first = std::next(last);
  }
  return ranges.empty() ? "" : absl::StrCat("  reserved ", absl::StrJoin(ranges, ", "), ";\n");
}

absl::Status AppendMessage(const v1::Model& model, const std::string& package, std::string& out) {
  ROWAN_ASSIGN_OR_RETURN(const std::vector<Entry> entries, EntriesOf(model, package));
  AppendComment(model.description(), "//", out);
  absl::StrAppend(&out, "message ", model.name(), " {\n", ReservedOf(model));
  std::set<std::string> taken;
  for (const Entry& entry : entries) {
    std::string name = SnakeCase(entry.name);
    // A name of underscores alone has no name in JSON by itself.
    for (int attempt = 0; Fold(name).empty() || !taken.insert(Fold(name)).second; ++attempt)
      name = absl::StrCat(SnakeCase(entry.name), "_", entry.number, attempt == 0 ? "" : absl::StrCat("x", attempt));
    AppendComment(entry.comment, "  //", out);
    absl::StrAppend(&out, "  ", entry.type, " ", name, " = ", entry.number);
    if (JsonName(name) != entry.name) absl::StrAppend(&out, " [json_name = ", Quoted(entry.name), "]");
    out += ";\n";
  }
  out += "}\n";
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ProtoOf(const v1::Schema& schema) {
  const std::string package = PackageOf(schema.name());
  std::string out = absl::StrCat("// Version ", schema.version(), " of the schema ", schema.name(), ".\n");
  AppendComment(schema.description(), "//", out);
  absl::StrAppend(&out, "syntax = \"proto3\";\n\npackage ", package, ";\n");
  std::string messages;
  for (const v1::Model& model : schema.models()) {
    messages += "\n";
    ROWAN_RETURN_IF_ERROR(AppendMessage(model, package, messages));
  }
  // An import that is not needed is a warning.
  if (messages.find(" .google.protobuf.Timestamp ") != std::string::npos)
    out += "\nimport \"google/protobuf/timestamp.proto\";\n";
  return out + messages;
}

}  // namespace rowan::cli
