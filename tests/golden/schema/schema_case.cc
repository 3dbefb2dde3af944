#include "tests/golden/schema/schema_case.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/document/parse_document.h"
#include "clients/document/schema.h"
#include "engine/base/errors.h"
#include "engine/base/identifier.h"
#include "engine/base/status_macros.h"
#include "engine/store/image_of_catalog.h"
#include "engine/store/match_catalogs.h"
#include "engine/types/type.h"
#include "google/rpc/error_details.pb.h"

namespace rowan::golden {
namespace {

constexpr std::string_view kCase = "==== ";
constexpr std::string_view kThen = "---- then";
constexpr std::string_view kAllow = "allow: ";
constexpr std::string_view kLeaveOut = "leave out: ";
constexpr std::string_view kRefused = "refused: ";

std::string Trim(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? text : text + "\n";
}

std::string FieldNames(const std::vector<const Field*>& fields) {
  return absl::StrJoin(fields, ", ", [](std::string* out, const Field* field) { out->append(field->name); });
}

std::string JunctionText(const Junction& junction) {
  const auto columns = [](const std::vector<JunctionColumn>& side) {
    return absl::StrJoin(side, ", ",
                         [](std::string* out, const JunctionColumn& column) { out->append(column.column); });
  };
  return absl::StrCat(
      " through ", junction.table, " (", columns(junction.source), " | ", columns(junction.target), ")",
      junction.owner ? " owner" : "",
      junction.model == nullptr ? "" : absl::StrCat(" of model ", junction.model->name, " key ", junction.primary_key));
}

std::string RenamedText(const std::string& former) {
  return former.empty() ? "" : absl::StrCat(" renamed from ", former);
}

std::string FieldText(const Field& field) {
  static constexpr const char* kGenerators[] = {"", " = now", " = uuid", " = identity", " = ", " = sql "};
  std::string text =
      absl::StrCat("  field ", field.name, field.name == field.column ? "" : " \"" + field.column + "\"", ": ",
                   TypeName(field.type), kGenerators[static_cast<int>(field.generator)], field.literal_text);
  for (const auto& [given, word] : {std::pair(field.nullable, " nullable"), std::pair(field.omittable, " omittable"),
                                    std::pair(field.read_only, " read-only"), std::pair(field.version, " version"),
                                    std::pair(field.implicit, " implicit")}) {
    if (given) text += word;
  }
  if (field.foreign_key_of != nullptr) absl::StrAppend(&text, " of ", field.foreign_key_of->name);
  if (TravelsAsText(field.type)) absl::StrAppend(&text, " native ", SqlType(field.type));
  if (!field.generated.empty()) absl::StrAppend(&text, " generated ", field.generated);
  return text + RenamedText(field.renamed_from) + "\n";
}

std::string RelationText(const Relation& relation) {
  static constexpr const char* kKinds[] = {"belongsTo", "hasOne", "hasMany", "manyToMany"};
  std::string text = absl::StrCat("  relation ", relation.name, ": ", kKinds[static_cast<int>(relation.kind)], " ",
                                  relation.target->name);
  for (const ColumnPair& pair : relation.pairs) absl::StrAppend(&text, " ", pair.from->name, "->", pair.to->name);
  if (relation.junction.has_value()) text += JunctionText(*relation.junction);
  if (relation.required) text += " required";
  if (relation.ownership == OwnershipPolicy::kFail) text += " fail-if-owned";
  if (relation.delete_displaced) text += " delete-displaced";
  if (relation.inverse != nullptr) absl::StrAppend(&text, ", inverse ", relation.inverse->name);
  return text + RenamedText(relation.renamed_from) + "\n";
}

std::string CatalogText(const Catalog& catalog) {
  std::string text;
  for (const auto& model : catalog.models) {
    absl::StrAppend(&text, "model ", model->name, " ", QuoteQualified(model->schema, model->table),
                    model->read_only ? " read-only" : "", RenamedText(model->renamed_from), "\n");
    for (const auto& field : model->fields) text += FieldText(*field);
    for (const Key& key : model->keys)
      absl::StrAppend(&text, "  ", key.primary ? "primary key (" : "unique key (", FieldNames(key.fields), ")\n");
    for (const auto& relation : model->relations) text += RelationText(*relation);
  }
  return text;
}

std::string LockText(store::TableLock lock) {
  static constexpr const char* kLocks[] = {"", ", SHARE UPDATE EXCLUSIVE", ", SHARE", ", SHARE ROW EXCLUSIVE",
                                           ", ACCESS EXCLUSIVE"};
  return kLocks[static_cast<int>(lock)];
}

std::string ErrorText(const absl::Status& status) {
  std::string text = absl::StrCat(absl::StatusCodeToString(status.code()), " ", ErrorReasonOf(status), "\n");
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  google::rpc::BadRequest request;
  if (payload.has_value() && request.ParseFromString(std::string(*payload))) {
    for (const auto& violation : request.field_violations()) {
      absl::StrAppend(&text, violation.field(), ": ", violation.description(), "\n");
    }
  } else {
    absl::StrAppend(&text, std::string(status.message()), "\n");
  }
  for (const auto& [name, value] : ErrorMetadataOf(status)) {
    if (name != "path") absl::StrAppend(&text, "  ", name, " = ", value, "\n");
  }
  return text;
}

absl::StatusOr<CompiledSchema> Compile(const std::string& text) {
  ROWAN_ASSIGN_OR_RETURN(const v1::Schema schema, ParseSchema(text));
  return CompileSchema(schema);
}

// What stands between the two schemas of a change: how full the tables are, and what is allowed.
//
//   ---- then, with rows
//   ---- then, with many rows
//   allow: drop column posts.body
//   leave out: drop table posts
//   refused: DATA_CONFLICT
std::string ChangeOutcome(const SchemaCase& golden, const CompiledSchema& after) {
  const absl::StatusOr<CompiledSchema> before = Compile(golden.before);
  if (!before.ok()) return "the schema before: " + ErrorText(before.status());
  const store::DatabaseImage known = store::ImageOf(*before->catalog);
  store::DatabaseImage live = known;
  const int64_t bytes = golden.rows == ", with rows" ? 8192 : golden.rows == ", with many rows" ? int64_t{1} << 30 : 0;
  for (auto& [name, table] : live.tables) table.bytes = bytes;
  const store::DatabaseImage wanted = store::ImageOf(*after.catalog);
  store::Matches matches = store::MatchCatalogs(*before->catalog, *after.catalog);
  const auto migration =
      store::PlanMigration({.live = live,
                            .wanted = wanted,
                            .known = known,
                            .registered = known,
                            .renames = store::RenamesOf(*before->catalog, *after.catalog, matches),
                            .default_schema = after.catalog->database_schema,
                            .allow_data_loss = {golden.allowed.begin(), golden.allowed.end()},
                            .leave_out = {golden.left_out.begin(), golden.left_out.end()}});
  return migration.ok() ? StepsText(*migration) : ErrorText(migration.status());
}

}  // namespace

absl::StatusOr<std::vector<SchemaFile>> ReadSchemaFiles(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".golden") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<SchemaFile> files;
  for (const std::string& path : paths) {
    SchemaFile file{.path = path};
    std::ifstream stream(path);
    std::string* part = nullptr;
    for (std::string line; std::getline(stream, line);) {
      if (line.rfind(kCase, 0) == 0) {
        file.cases.push_back({.title = line.substr(kCase.size())});
        part = &file.cases.back().schema;
      } else if (line.rfind(kThen, 0) == 0 && part != nullptr) {
        file.cases.back().before = Trim(*part);
        file.cases.back().rows = line.substr(kThen.size());
        part->clear();
      } else if (line.rfind(kAllow, 0) == 0 && part != nullptr) {
        file.cases.back().allowed.push_back(line.substr(kAllow.size()));
      } else if (line.rfind(kLeaveOut, 0) == 0 && part != nullptr) {
        file.cases.back().left_out.push_back(line.substr(kLeaveOut.size()));
      } else if (line.rfind(kRefused, 0) == 0 && part != nullptr) {
        file.cases.back().refused = line.substr(kRefused.size());
      } else if (line == "----" && part != nullptr) {
        part = &file.cases.back().expected;
      } else if (part != nullptr) {
        *part += line + "\n";
      } else if (!line.empty()) {
        return absl::InvalidArgumentError(path + ": a line before the first case: " + line);
      }
    }
    for (SchemaCase& golden : file.cases) {
      golden.schema = Trim(golden.schema);
      golden.expected = Trim(golden.expected);
    }
    files.push_back(std::move(file));
  }
  return files;
}

void WriteSchemaFile(const SchemaFile& file) {
  std::ofstream stream(file.path);
  for (size_t i = 0; i < file.cases.size(); ++i) {
    const SchemaCase& golden = file.cases[i];
    stream << (i == 0 ? "" : "\n") << kCase << golden.title << "\n";
    if (!golden.before.empty()) stream << golden.before << kThen << golden.rows << "\n";
    for (const std::string& name : golden.allowed) stream << kAllow << name << "\n";
    for (const std::string& name : golden.left_out) stream << kLeaveOut << name << "\n";
    if (!golden.refused.empty()) stream << kRefused << golden.refused << "\n";
    stream << golden.schema << "----\n" << golden.expected;
  }
}

absl::StatusOr<v1::Schema> ParseSchema(const std::string& text) {
  constexpr std::string_view kProto = "proto\n";
  if (text.rfind(kProto, 0) != 0) {
    ROWAN_ASSIGN_OR_RETURN(const document::Node node, document::ParseYaml(text));
    return document::ToSchema(node);
  }
  v1::Schema schema;
  if (!google::protobuf::TextFormat::ParseFromString(text.substr(kProto.size()), &schema)) {
    return absl::InvalidArgumentError("no textproto of a schema");
  }
  return schema;
}

std::string StepsText(const store::Migration& migration) {
  static constexpr const char* kRisks[] = {"safe", "may fail", "blocking", "breaking", "LOSSY"};
  std::string text;
  for (const store::SchemaStep& step : migration.steps) {
    absl::StrAppend(&text, "-- ", step.stage > 1 || migration.steps.back().stage > 1 ? absl::StrCat(step.stage, ". ") : "",
                    step.description, " (", step.path, ") ", kRisks[static_cast<int>(step.risk)], LockText(step.lock),
                    step.alone ? ", alone" : "", step.explanation.empty() ? "" : ": ", step.explanation, "\n", step.sql, "\n");
  }
  for (const std::string& name : migration.unused) absl::StrAppend(&text, "unused: ", name, "\n");
  return text.empty() ? "(no steps)\n" : text;
}

std::string Outcome(const SchemaCase& golden) {
  const absl::StatusOr<CompiledSchema> compiled = Compile(golden.schema);
  if (!compiled.ok()) return ErrorText(compiled.status());
  if (!golden.before.empty()) return ChangeOutcome(golden, *compiled);
  std::string text = CatalogText(*compiled->catalog);
  for (const SchemaNotice& notice : compiled->notices) {
    absl::StrAppend(&text, notice.reason, " ", notice.path, ": ", notice.message, "\n");
  }
  store::DatabaseImage empty;
  empty.schemas = {"public"};
  const store::DatabaseImage wanted = store::ImageOf(*compiled->catalog);
  const auto migration = store::PlanMigration({.live = empty,
                                               .wanted = wanted,
                                               .known = empty,
                                               .registered = empty,
                                               .default_schema = compiled->catalog->database_schema});
  return migration.ok() ? text + StepsText(*migration) : ErrorText(migration.status());
}

}  // namespace rowan::golden
