#include "engine/store/introspect.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/status_macros.h"
#include "engine/catalog/compile_catalog.h"
#include "engine/catalog/naming.h"
#include "engine/store/introspection_draft.h"
#include "google/rpc/error_details.pb.h"

namespace rowan::store {
namespace {

using Kind = ImagePart::Kind;

constexpr const char* kBadRequest = "type.googleapis.com/google.rpc.BadRequest";

// What compiling said, by paths.
std::vector<std::pair<std::string, std::string>> ProblemsOf(const absl::Status& status) {
  std::vector<std::pair<std::string, std::string>> problems;
  google::rpc::BadRequest bad;
  const auto payload = status.GetPayload(kBadRequest);
  if (!payload.has_value() || !bad.ParseFromString(std::string(*payload))) return problems;
  for (const auto& violation : bad.field_violations()) {
    const std::string& text = violation.description();  // "[REASON] message"
    const size_t end = text.find("] ");
    problems.emplace_back(violation.field(), end == std::string::npos ? text : text.substr(end + 2));
  }
  return problems;
}

// The smallest part that the path leads into; null when it leads into none.
const ImagePart* FindPart(const std::map<std::string, ImagePart>& parts, std::string path) {
  while (true) {
    const auto found = parts.find(path);
    if (found != parts.end()) return &found->second;
    const size_t end = path.find_last_of(".[");
    if (end == std::string::npos) return nullptr;
    path.resize(end);
  }
}

int RankOf(v1::RelationKind kind) {
  if (kind == v1::RELATION_KIND_BELONGS_TO) return 0;
  return kind == v1::RELATION_KIND_MANY_TO_MANY ? 2 : 1;
}

// By kind and name: the columns of foreign keys come in another order in a table that is made from the schema.
void SortRelations(v1::Model& model) {
  std::stable_sort(model.mutable_relations()->pointer_begin(), model.mutable_relations()->pointer_end(),
                   [](const v1::Relation* a, const v1::Relation* b) {
                     return std::pair(RankOf(a->kind()), std::string_view(a->name())) <
                            std::pair(RankOf(b->kind()), std::string_view(b->name()));
                   });
}

void WriteModels(IntrospectionDraft& draft) {
  std::vector<TableDraft*> tables;
  for (auto& [name, table] : draft.tables) {
    if (!table.junction) tables.push_back(&table);
  }
  std::sort(tables.begin(), tables.end(), [](const TableDraft* a, const TableDraft* b) { return a->name < b->name; });
  for (TableDraft* table : tables) {
    table->model = draft.schema.add_models();
    draft.parts["models." + table->name] = {Kind::kTable, table->image->name, ""};
    table->model->set_name(table->name);
    const ObjectName& name = table->image->name;
    if (name.name != SnakeCase(table->name)) table->model->set_table(name.name);
    if (name.schema != draft.home) table->model->set_database_schema(name.schema);
    if (table->read_only) table->model->set_read_only(true);
    table->model->set_description(table->image->comment);
  }
  WriteRelations(draft);
  for (TableDraft* table : tables) {
    WriteFields(draft, *table);
    WriteKeys(draft, *table);
  }
  WriteJunctions(draft);
  for (v1::Model& model : *draft.schema.mutable_models()) SortRelations(model);
}

// Objects that belong to no table that was asked for are not listed.
void NoteUnheld(IntrospectionDraft& draft) {
  for (const UnheldObject& unheld : draft.image.unheld) {
    const bool asked = std::any_of(draft.tables.begin(), draft.tables.end(), [&](const auto& by_name) {
      const std::string table = absl::StrCat(by_name.first.schema, ".", by_name.first.name);
      return unheld.object == table || absl::StartsWith(unheld.object, table + ".");
    });
    if (!asked) continue;
    v1::Diagnostic& diagnostic = draft.diagnostics.emplace_back();
    diagnostic.set_severity(v1::SEVERITY_NOTICE);
    diagnostic.set_reason("UNHELD");
    diagnostic.set_path(unheld.object);
    diagnostic.set_message(
        absl::StrCat("a schema cannot say this: ", unheld.what, ". It stays in the database as it is"));
  }
}

void NoteMissingTables(IntrospectionDraft& draft) {
  for (const std::string& asked : draft.options.tables) {
    const bool found = std::any_of(draft.image.tables.begin(), draft.image.tables.end(), [&](const auto& by_name) {
      return asked == by_name.first.name || asked == absl::StrCat(by_name.first.schema, ".", by_name.first.name);
    });
    if (found) continue;
    v1::Diagnostic& diagnostic = draft.diagnostics.emplace_back();
    diagnostic.set_severity(v1::SEVERITY_WARNING);
    diagnostic.set_reason("UNKNOWN_TABLE");
    diagnostic.set_path(asked);
    diagnostic.set_message("there is no such table in the schemas that were looked at");
  }
}

// Everything but what is left out.
void Fill(IntrospectionDraft& draft) {
  draft.schema.set_name(draft.options.name.empty() ? "database" : draft.options.name);
  if (draft.home != "public") draft.schema.set_database_schema(draft.home);
  DraftTables(draft);
  DraftRelations(draft);
  DraftJunctions(draft);
  NameRelations(draft);
  WriteModels(draft);
  NoteUnheld(draft);
  NoteMissingTables(draft);
}

void Sort(std::vector<v1::Diagnostic>& diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const v1::Diagnostic& a, const v1::Diagnostic& b) {
    return std::tie(a.path(), a.reason(), a.message()) < std::tie(b.path(), b.reason(), b.message());
  });
}

}  // namespace

void IntrospectionDraft::Note(v1::Severity severity, const char* reason, const ObjectName& table,
                              const std::string& part, std::string message) {
  v1::Diagnostic& diagnostic = diagnostics.emplace_back();
  diagnostic.set_severity(severity);
  diagnostic.set_reason(reason);
  diagnostic.set_path(absl::StrCat(table.schema, ".", table.name, part.empty() ? "" : ".", part));
  diagnostic.set_message(std::move(message));
}

std::string HomeSchema(const std::set<std::string>& schemas) {
  return schemas.empty() || schemas.count("public") != 0 ? "public" : *schemas.begin();
}

absl::StatusOr<Introspection> Introspect(const DatabaseImage& image, const IntrospectOptions& options) {
  std::set<ImagePart> left_out;
  std::map<ImagePart, std::string> faults;
  while (true) {
    IntrospectionDraft draft{
        .image = image, .options = options, .left_out = left_out, .home = HomeSchema(image.schemas)};
    Fill(draft);
    const auto compiled = CompileSchema(draft.schema);
    if (compiled.ok()) {
      for (const auto& [part, fault] : faults) {
        draft.Note(v1::SEVERITY_WARNING, "LEFT_OUT", part.table, part.name, fault);
      }
      Sort(draft.diagnostics);
      return Introspection{std::move(draft.schema), std::move(draft.diagnostics)};
    }
    // Each round leaves out at least one part more.
    bool more = false;
    for (const auto& [path, fault] : ProblemsOf(compiled.status())) {
      const ImagePart* const part = FindPart(draft.parts, path);
      if (part == nullptr || !left_out.insert(*part).second) continue;
      faults.emplace(*part, fault);
      more = true;
    }
    if (!more) return compiled.status();
  }
}

}  // namespace rowan::store
