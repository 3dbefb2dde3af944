// TypeScript and Python.
#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "clients/cli/declarations.h"

namespace rowan::cli {
namespace {

// Names that no TypeScript interface can have.
constexpr std::string_view kTypeScriptWords[] = {
    "any",     "as",      "async",      "await",     "bigint",  "boolean", "break",    "case",   "catch",
    "class",   "const",   "continue",   "debugger",  "declare", "default", "delete",   "do",     "else",
    "enum",    "export",  "extends",    "false",     "finally", "for",     "function", "if",     "implements",
    "import",  "in",      "instanceof", "interface", "let",     "never",   "new",      "null",   "number",
    "object",  "package", "private",    "protected", "public",  "return",  "static",   "string", "super",
    "switch",  "symbol",  "this",       "throw",     "true",    "try",     "type",     "typeof", "undefined",
    "unknown", "var",     "void",       "while",     "with",    "yield"};

// Names that the Python module uses itself, or that no variable can have.
constexpr std::string_view kPythonWords[] = {
    "False", "None",   "True",    "and",      "as",       "assert",   "async",  "await", "bool",
    "break", "bytes",  "class",   "continue", "datetime", "decimal",  "def",    "del",   "elif",
    "else",  "except", "finally", "float",    "for",      "from",     "global", "if",    "import",
    "in",    "int",    "is",      "lambda",   "list",     "nonlocal", "not",    "or",    "pass",
    "raise", "return", "str",     "try",      "typing",   "uuid",     "while",  "with",  "yield"};

// A name for each model: its own, with underscores behind it where that is taken.
template <size_t n>
std::map<std::string, std::string> NameModels(const v1::Schema& schema, const std::string_view (&words)[n]) {
  std::set<std::string> taken(std::begin(words), std::end(words));
  for (const v1::Model& model : schema.models()) taken.insert(model.name());
  std::map<std::string, std::string> names;
  for (const v1::Model& model : schema.models()) {
    std::string name = model.name();
    if (std::find(std::begin(words), std::end(words), name) != std::end(words)) {
      do name += '_';
      while (!taken.insert(name).second);
    }
    names[model.name()] = name;
  }
  return names;
}

std::string Labels(const v1::FieldType& type, std::string_view between) {
  std::string out;
  for (const std::string& label : type.labels())
    absl::StrAppend(&out, out.empty() ? "" : std::string(between), Quoted(label));
  return out;
}

bool HasMany(const v1::Model& model) {
  return std::any_of(model.relations().begin(), model.relations().end(), IsToMany);
}

bool HasPart(const v1::Model& model, std::string_view name) {
  const auto named = [&](const auto& part) { return part.name() == name; };
  return std::any_of(model.fields().begin(), model.fields().end(), named) ||
         std::any_of(model.relations().begin(), model.relations().end(), named);
}

// --- TypeScript

std::string TypeScriptScalar(const v1::FieldType& type) {
  switch (type.scalar()) {
    case v1::SCALAR_TYPE_INT16:
    case v1::SCALAR_TYPE_INT32:
    case v1::SCALAR_TYPE_INT64:
    case v1::SCALAR_TYPE_AUTO_INCREMENT:
      return "number";
    case v1::SCALAR_TYPE_FLOAT32:
    case v1::SCALAR_TYPE_FLOAT64:
    case v1::SCALAR_TYPE_NUMBER:
      return R"(number | "NaN" | "Infinity" | "-Infinity")";
    case v1::SCALAR_TYPE_BOOL:
      return "boolean";
    case v1::SCALAR_TYPE_JSON:
      return "unknown";
    case v1::SCALAR_TYPE_ENUM:
      return Labels(type, " | ");
    default:  // texts, and what travels as text
      return "string";
  }
}

std::string TypeScriptField(const v1::Field& field) {
  std::string type = TypeScriptScalar(field.type());
  if (field.type().array()) type = absl::StrCat("(", type, " | null)[]");
  return field.nullable() ? type + " | null" : type;
}

// --- Python

std::string PythonScalar(const v1::FieldType& type) {
  switch (type.scalar()) {
    case v1::SCALAR_TYPE_INT16:
    case v1::SCALAR_TYPE_INT32:
    case v1::SCALAR_TYPE_INT64:
    case v1::SCALAR_TYPE_AUTO_INCREMENT:
      return "int";
    case v1::SCALAR_TYPE_FLOAT32:
    case v1::SCALAR_TYPE_FLOAT64:
    case v1::SCALAR_TYPE_NUMBER:
      return "float";
    case v1::SCALAR_TYPE_DECIMAL:
      return "decimal.Decimal";
    case v1::SCALAR_TYPE_BOOL:
      return "bool";
    case v1::SCALAR_TYPE_BYTES:
      return "bytes";
    case v1::SCALAR_TYPE_UUID:
      return "uuid.UUID";
    case v1::SCALAR_TYPE_DATE:
      return "typing.Union[datetime.date, str]";
    case v1::SCALAR_TYPE_TIME:
      return "typing.Union[datetime.time, str]";
    case v1::SCALAR_TYPE_TIMESTAMP:
    case v1::SCALAR_TYPE_LOCAL_TIMESTAMP:
      return "typing.Union[datetime.datetime, str]";
    case v1::SCALAR_TYPE_JSON:
      return "typing.Any";
    case v1::SCALAR_TYPE_ENUM:
      return absl::StrCat("typing.Literal[", Labels(type, ", "), "]");
    default:  // texts
      return "str";
  }
}

std::string PythonField(const v1::Field& field) {
  std::string type = PythonScalar(field.type());
  if (field.type().array()) type = absl::StrCat("typing.List[typing.Optional[", type, "]]");
  return field.nullable() ? absl::StrCat("typing.Optional[", type, "]") : type;
}

}  // namespace

std::string TypeScriptOf(const v1::Schema& schema) {
  std::map<std::string, std::string> names = NameModels(schema, kTypeScriptWords);
  std::string out = absl::StrCat("// Version ", schema.version(), " of the schema ", schema.name(),
                                 ". A record has what was selected, so every property may be absent.\n");
  AppendComment(schema.description(), "//", out);
  for (const v1::Model& model : schema.models()) {
    out += "\n";
    AppendComment(model.description(), "//", out);
    absl::StrAppend(&out, "export interface ", names[model.name()], " {\n");
    for (const v1::Field& field : model.fields()) {
      AppendComment(field.description(), "  //", out);
      absl::StrAppend(&out, "  ", field.name(), "?: ", TypeScriptField(field), ";\n");
    }
    for (const v1::Relation& relation : model.relations()) {
      AppendComment(relation.description(), "  //", out);
      absl::StrAppend(&out, "  ", relation.name(), "?: ", names[relation.target()],
                      IsToMany(relation) ? "[];\n" : " | null;\n");
    }
    if (HasMany(model) && !HasPart(model, "_count")) {
      out += "  _count?: {";
      for (const v1::Relation& relation : model.relations()) {
        if (IsToMany(relation)) absl::StrAppend(&out, " ", relation.name(), "?: number;");
      }
      out += " };\n";
    }
    out += "}\n";
  }
  return out;
}

std::string PythonOf(const v1::Schema& schema) {
  std::map<std::string, std::string> names = NameModels(schema, kPythonWords);
  std::string out = absl::StrCat("# Version ", schema.version(), " of the schema ", schema.name(),
                                 ". A record has what was selected, so every key may be absent.\n");
  AppendComment(schema.description(), "#", out);
  out += "import datetime\nimport decimal\nimport typing\nimport uuid\n";
  for (const v1::Model& model : schema.models()) {
    out += "\n";
    AppendComment(model.description(), "#", out);
    const std::string& name = names[model.name()];
    absl::StrAppend(&out, name, " = typing.TypedDict(\n    ", Quoted(name), ",\n    {\n");
    for (const v1::Field& field : model.fields()) {
      AppendComment(field.description(), "        #", out);
      absl::StrAppend(&out, "        ", Quoted(field.name()), ": ", PythonField(field), ",\n");
    }
    for (const v1::Relation& relation : model.relations()) {
      AppendComment(relation.description(), "        #", out);
      // In quotes, since the target may be declared further below.
      absl::StrAppend(&out, "        ", Quoted(relation.name()), ": typing.", IsToMany(relation) ? "List" : "Optional",
                      "[", Quoted(names[relation.target()]), "],\n");
    }
    if (HasMany(model) && !HasPart(model, "_count")) out += "        \"_count\": typing.Dict[str, int],\n";
    out += "    },\n    total=False,\n)\n";
  }
  return out;
}

}  // namespace rowan::cli
