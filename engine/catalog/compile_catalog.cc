#include "engine/catalog/compile_catalog.h"

#include <algorithm>
#include <utility>

#include "engine/base/nearest.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/schema_draft.h"
#include "engine/catalog/schema_version.h"

namespace rowan {

std::string RelationDraft::QualifiedName() const {
  return source->proto->name() + "." + proto->name();
}

std::string ModelDraft::FieldPath(std::string_view field) const {
  return path + ".fields." + std::string(field);
}

bool ModelDraft::IsPrimary(const std::string& field) const {
  return std::find(primary.begin(), primary.end(), field) != primary.end();
}

void Draft::Report(std::string reason, std::string path, std::string message,
                   std::map<std::string, std::string> metadata) {
  problems.push_back({std::move(reason), std::move(path), std::move(message), std::move(metadata)});
}

void Draft::Unknown(std::string path, std::string_view what, std::string_view name,
                    const std::vector<std::string_view>& existing) {
  const std::vector<std::string> nearest = NearestNames(name, existing);
  std::string listed;
  for (const std::string& candidate : nearest) listed += (listed.empty() ? "" : ", ") + candidate;
  std::map<std::string, std::string> metadata = {{"name", Printable(name)}};
  if (!listed.empty()) metadata.emplace("nearest", listed);
  Report("UNKNOWN_TARGET", std::move(path),
         "there is no " + std::string(what) + " \"" + Printable(name) + "\"" +
             (listed.empty() ? "" : "; did you mean " + listed + "?"),
         std::move(metadata));
}

void Draft::Notice(std::string reason, std::string path, std::string message) {
  notices.push_back({std::move(reason), std::move(path), std::move(message)});
}

std::vector<std::string> ColumnsOf(const ModelDraft& model, const std::vector<std::string>& fields) {
  std::vector<std::string> columns;
  for (const std::string& field : fields) columns.push_back(model.fields.at(field)->column());
  return columns;
}

bool IsKey(const ModelDraft& model, const std::vector<std::string>& fields) {
  if (SameNames(model.primary, fields)) return true;
  const auto& keys = model.proto->unique_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const v1::UniqueKey& key) { return SameNames(ToVector(key.fields()), fields); });
}

bool SameNames(std::vector<std::string> a, std::vector<std::string> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

bool IsInteger(const v1::FieldType& type) {
  return !type.array() && (type.scalar() == v1::SCALAR_TYPE_INT16 || type.scalar() == v1::SCALAR_TYPE_INT32 ||
                           type.scalar() == v1::SCALAR_TYPE_INT64);
}

bool HasDefault(const v1::Field& field) {
  return field.default_().kind_case() != v1::Default::KIND_NOT_SET && !field.default_().literal().has_null_value();
}

absl::StatusOr<CompiledSchema> CompileSchema(const v1::Schema& schema) {
  Draft draft;
  draft.schema = schema;
  draft.schema.DiscardUnknownFields();
  draft.schema.clear_version();
  draft.schema.clear_apply_time();
  CheckParts(draft);
  ResolveForeignKeys(draft);
  CheckFormerNames(draft);
  ResolveTypes(draft);
  ResolveNullability(draft);
  ResolveDefaults(draft);
  ResolveKeys(draft);
  ResolveJunctions(draft);
  CheckNames(draft);
  CheckCycles(draft);
  if (!draft.problems.empty()) return errors::SchemaInvalid(draft.problems);

  CompiledSchema compiled;
  draft.schema.set_version(SchemaVersion(draft.schema));
  compiled.catalog = BuildCatalog(draft.schema);
  compiled.canonical = std::move(draft.schema);
  compiled.notices = std::move(draft.notices);
  return compiled;
}

}  // namespace rowan
