#include <algorithm>
#include <set>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/base/status_macros.h"
#include "engine/bind/binder.h"
#include "engine/bind/mutation_binder.h"
#include "engine/types/codec.h"
#include "rowan/v1/mutation.pb.h"

namespace rowan {
namespace {

// The names in a map in byte order, so that errors do not depend on the map's.
template <typename Map>
absl::InlinedVector<std::string_view, 8> SortedNames(const Map& map) {
  absl::InlinedVector<std::string_view, 8> names;
  for (const auto& [name, unused] : map) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

// The fields that the parent of a new record gives: the foreign key of the belongsTo at the other end.
std::set<const Field*> FieldsFromParent(const RecordRules& rules) {
  std::set<const Field*> fields;
  if (rules.update || rules.relation == nullptr || rules.relation->kind == RelationKind::kBelongsTo) return fields;
  for (const ColumnPair& pair : rules.relation->pairs) fields.insert(pair.to);
  return fields;
}

bool InKey(const Field& field) {
  return std::any_of(field.model->keys.begin(), field.model->keys.end(), [&](const Key& key) {
    return std::find(key.fields.begin(), key.fields.end(), &field) != key.fields.end();
  });
}

bool IsNumber(const Type& type) {
  switch (type.scalar) {
    case Scalar::kInt16:
    case Scalar::kInt32:
    case Scalar::kInt64:
    case Scalar::kFloat32:
    case Scalar::kFloat64:
    case Scalar::kDecimal:
      return !type.array;
    case Scalar::kBool:
    case Scalar::kString:
    case Scalar::kText:
    case Scalar::kBytes:
    case Scalar::kUuid:
    case Scalar::kDate:
    case Scalar::kTime:
    case Scalar::kTimestamp:
    case Scalar::kLocalTimestamp:
    case Scalar::kJson:
    case Scalar::kEnum:
      return false;
  }
  return false;
}

std::string_view AllowedChanges(const Field& field) {
  if (InKey(field) || field.version) return "none; write a value";
  if (field.type.array) return "append";
  if (IsNumber(field.type)) return "increment, decrement, multiply";
  if (field.type.scalar == Scalar::kJson) return "merge";
  const bool moment = field.type.scalar == Scalar::kTimestamp || field.type.scalar == Scalar::kLocalTimestamp ||
                      field.type.scalar == Scalar::kDate || field.type.scalar == Scalar::kTime;
  return moment ? "now" : "none; write a value";
}

}  // namespace

std::string MutationBinder::ElementPath(int node, int row) const {
  const NodeOrigin& origin = origins_[node];
  const InputRows& rows = arguments_.rows[node];
  std::string path = origin.parent < 0 && *origin.verb != '\0' ? origin.verb : "data";
  if (origin.parent >= 0) {
    path = absl::StrCat(RowPath(origin.parent, rows.parent[row]), ".", origin.relation->name);
    if (*origin.verb != '\0') absl::StrAppend(&path, ".", origin.verb);
  }
  if (rows.ordinal[row] >= 0) absl::StrAppend(&path, "[", rows.ordinal[row], "]");
  return path;
}

std::string MutationBinder::RowPath(int node, int row) const {
  const char* part = origins_[node].part;
  return *part == '\0' ? ElementPath(node, row) : absl::StrCat(ElementPath(node, row), ".", part);
}

int MutationBinder::AddRows(const RecordRules& rules) {
  arguments_.rows.emplace_back();
  origins_.push_back({rules.parent, rules.relation, rules.verb, rules.part});
  models_.push_back(nullptr);
  return static_cast<int>(origins_.size()) - 1;
}

int MutationBinder::AddRows(int parent, const Relation& relation, const char* verb) {
  return AddRows(RecordRules{.relation = &relation, .parent = parent, .verb = verb});
}

void MutationBinder::AddRow(int node, int parent, int ordinal) {
  arguments_.rows[node].parent.push_back(parent);
  arguments_.rows[node].ordinal.push_back(ordinal);
}

absl::Status MutationBinder::Count(size_t nodes) {
  nodes_ += nodes;
  if (nodes_ > static_cast<size_t>(context_.limits.mutation_nodes)) {
    return errors::TooManyNodes(Path("data"), context_.limits.mutation_nodes, "records and keys");
  }
  return absl::OkStatus();
}

absl::Status MutationBinder::BindRoot(const Model& model, const std::vector<RecordSource>& sources,
                                      const RecordRules& rules, ir::RecordNode& root) {
  return BindRecords(model, sources, rules, root);
}

absl::Status MutationBinder::BindRecords(const Model& model, const std::vector<RecordSource>& sources,
                                         const RecordRules& rules, ir::RecordNode& bound) {
  bound.model = &model;
  bound.rows = AddRows(rules);
  models_[bound.rows] = &model;
  for (const RecordSource& source : sources) AddRow(bound.rows, source.parent, source.ordinal);
  ROWAN_RETURN_IF_ERROR(Count(sources.size()));
  if (rules.depth > context_.limits.write_depth) {
    const std::string path = RowPath(bound.rows, 0);
    return errors::DepthExceeded(Path(path), "writes", context_.limits.write_depth);
  }
  if (rules.update && !sources.empty() && sources.front().key != nullptr) {
    bound.key = sources.front().key->key;
    for (size_t k = 0; k < bound.key->fields.size(); ++k) {
      std::vector<Encoded> values;
      values.reserve(sources.size());
      for (const RecordSource& source : sources) values.push_back(source.key->values[k]);
      arguments_.rows[bound.rows].columns.push_back(std::move(values));
      arguments_.rows[bound.rows].given.emplace_back(sources.size(), 1);
    }
  }
  ROWAN_RETURN_IF_ERROR(CheckNames(model, sources, rules, bound.rows));
  ROWAN_RETURN_IF_ERROR(TakeNames(sources, rules, bound.rows));
  ROWAN_RETURN_IF_ERROR(BindValues(model, sources, rules, bound));
  if (!rules.update) ROWAN_RETURN_IF_ERROR(CheckRequired(model, sources, rules, bound.rows));
  const auto junction_of = [&](int row) { return &sources[row].record->junction(); };
  const auto path_of = [&](int row) { return RowPath(bound.rows, row); };
  if (rules.relation != nullptr && rules.linked) {
    ROWAN_RETURN_IF_ERROR(BindJunction(*rules.relation, !rules.update, static_cast<int>(sources.size()), junction_of,
                                       path_of, bound.rows, bound.junction));
  }
  return BindRelations(model, sources, rules, bound);
}

absl::Status MutationBinder::CheckNames(const Model& model, const std::vector<RecordSource>& sources,
                                        const RecordRules& rules, int node) {
  for (size_t row = 0; row < sources.size(); ++row) {
    const v1::RecordInput& record = *sources[row].record;
    const auto fail_at = [&](auto make) {
      const std::string at = RowPath(node, static_cast<int>(row));
      return make(Path(at));
    };
    for (std::string_view name : SortedNames(record.values())) {
      if (model.FindField(name) != nullptr) continue;
      return fail_at([&](const Path& path) { return FindField(model, name, path.Member(name)).status(); });
    }
    for (std::string_view name : SortedNames(record.relations())) {
      if (model.FindRelation(name) == nullptr) {
        return fail_at([&](const Path& path) { return FindRelation(model, name, path.Member(name)).status(); });
      }
      if (!rules.plain) continue;
      return fail_at([&](const Path& path) {
        return errors::VerbNotAllowed(path.Member(name), "a write of a relation", name, "update, with a key",
                                      "updateMany writes values and changes only");
      });
    }
    for (std::string_view name : SortedNames(record.changes())) {
      if (model.FindField(name) == nullptr) {
        return fail_at([&](const Path& path) { return FindField(model, name, path.Member(name)).status(); });
      }
      if (!rules.update) {
        return fail_at([&](const Path& path) {
          return errors::ConflictingInput(path.Member(name), "", "a new record holds nothing that could be changed");
        });
      }
      if (record.values().contains(name)) {
        return fail_at([&](const Path& path) {
          return errors::ConflictingInput(path.Member(name), "", "the field has a value and a change");
        });
      }
    }
    const bool junction = rules.relation != nullptr && rules.relation->junction && !rules.update;
    if (record.junction_size() > 0 && !junction) {
      return fail_at([&](const Path& path) {
        return errors::VerbNotAllowed(path.Member("$junction"), "$junction", model.name, "values of the record",
                                      "no junction is written with this record");
      });
    }
  }
  return absl::OkStatus();
}

absl::Status MutationBinder::TakeNames(const std::vector<RecordSource>& sources, const RecordRules& rules, int node) {
  for (size_t row = 0; row < sources.size(); ++row) {
    const std::string& name = sources[row].record->name();
    if (name.empty()) continue;
    const std::string at = RowPath(node, static_cast<int>(row));
    const Path path(at);
    if (rules.update || !rules.named) {
      return errors::VerbNotAllowed(path.Member("$name"), "$name", name, "names of records under create",
                                    "the record may not be created");
    }
    if (!names_.emplace(name, RowReference{node, static_cast<int>(row)}).second) {
      return errors::DuplicateName(path.Member("$name"), name);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Encoded> MutationBinder::BindValue(const Field& field, const v1::Value& value, const Path& path) {
  if (field.read_only) return errors::ReadOnlyField(path, field.model->name, field.name);
  ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(field.type, value, path));
  if (encoded.null && !field.nullable) return errors::NullNotAllowed(path, field.model->name, field.name);
  return encoded;
}

absl::Status MutationBinder::BindValues(const Model& model, const std::vector<RecordSource>& sources,
                                        const RecordRules& rules, ir::RecordNode& bound) {
  const std::set<const Field*> from_parent = FieldsFromParent(rules);
  const bool keyed = !rules.update && !sources.empty() && sources.front().key != nullptr;
  for (const auto& field : model.fields) {
    std::vector<Encoded> values(sources.size(), Encoded{.null = true});
    std::vector<char> given(sources.size());
    size_t count = 0;
    // A new record that is known by a key has its values.
    int in_key = -1;
    if (keyed) {
      const std::vector<const Field*>& fields = sources.front().key->key->fields;
      const auto found = std::find(fields.begin(), fields.end(), field.get());
      if (found != fields.end()) in_key = static_cast<int>(found - fields.begin());
    }
    for (size_t row = 0; row < sources.size(); ++row) {
      const auto found = sources[row].record->values().find(field->name);
      const bool has_value = found != sources[row].record->values().end();
      if (in_key >= 0) values[row] = sources[row].key->values[in_key];
      if (has_value) {
        // Paths cost, so they are made for mistakes only.
        const auto fail = [&] {
          const std::string at = RowPath(bound.rows, static_cast<int>(row));
          const Path record(at);
          const Path path = record.Member(field->name);
          if (from_parent.contains(field.get())) {
            return errors::ConflictingInput(path, "", "the record that it is nested in gives this foreign key");
          }
          absl::StatusOr<Encoded> again = BindValue(*field, found->second, path);
          if (!again.ok()) return again.status();
          return errors::ConflictingInput(path, "", "the key that the record is known by has another value");
        };
        if (from_parent.contains(field.get())) return fail();
        absl::StatusOr<Encoded> encoded = BindValue(*field, found->second, Path(""));
        if (!encoded.ok() || (in_key >= 0 && encoded->bytes != values[row].bytes)) return fail();
        values[row] = *std::move(encoded);
      }
      if (!has_value && in_key < 0) continue;
      given[row] = 1;
      ++count;
    }
    if (count > 0) {
      const bool expected = rules.update && field->version;
      bound.columns.push_back({.field = field.get(), .always = count == sources.size(), .expected = expected});
      arguments_.rows[bound.rows].columns.push_back(std::move(values));
      arguments_.rows[bound.rows].given.push_back(std::move(given));
    }
    if (rules.update) ROWAN_RETURN_IF_ERROR(BindChanges(*field, sources, bound));
  }
  return absl::OkStatus();
}

absl::Status MutationBinder::BindChanges(const Field& field, const std::vector<RecordSource>& sources,
                                         ir::RecordNode& bound) {
  struct Changes {
    std::vector<Encoded> values;
    std::vector<char> given;
    size_t count = 0;
  };
  std::map<ir::Change, Changes> changes;
  for (size_t row = 0; row < sources.size(); ++row) {
    const auto found = sources[row].record->changes().find(field.name);
    if (found == sources[row].record->changes().end()) continue;
    const std::string at = RowPath(bound.rows, static_cast<int>(row));
    const Path record(at);
    ROWAN_ASSIGN_OR_RETURN(auto bound_change, BindChange(field, found->second, record.Member(field.name)));
    Changes& of_kind = changes[bound_change.first];
    of_kind.values.resize(sources.size(), Encoded{.null = true});
    of_kind.given.resize(sources.size());
    of_kind.values[row] = std::move(bound_change.second);
    of_kind.given[row] = 1;
    ++of_kind.count;
  }
  for (auto& [change, of_kind] : changes) {
    bound.columns.push_back({.field = &field, .always = of_kind.count == sources.size(), .change = change});
    arguments_.rows[bound.rows].columns.push_back(std::move(of_kind.values));
    arguments_.rows[bound.rows].given.push_back(std::move(of_kind.given));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::pair<ir::Change, Encoded>> MutationBinder::BindChange(const Field& field,
                                                                          const v1::FieldChange& change,
                                                                          const Path& path) {
  const v1::Value* operand = nullptr;
  ir::Change kind = ir::Change::kNow;
  const char* word = "now";
  switch (change.change_case()) {
    case v1::FieldChange::kIncrement:
      kind = ir::Change::kIncrement, word = "increment", operand = &change.increment();
      break;
    case v1::FieldChange::kDecrement:
      kind = ir::Change::kDecrement, word = "decrement", operand = &change.decrement();
      break;
    case v1::FieldChange::kMultiply:
      kind = ir::Change::kMultiply, word = "multiply", operand = &change.multiply();
      break;
    case v1::FieldChange::kAppend:
      kind = ir::Change::kAppend, word = "append", operand = &change.append();
      break;
    case v1::FieldChange::kMerge:
      kind = ir::Change::kMerge, word = "merge", operand = &change.merge();
      break;
    case v1::FieldChange::kNow:
      if (change.now()) break;
      [[fallthrough]];
    case v1::FieldChange::CHANGE_NOT_SET:
      return errors::MissingArgument(path, absl::StrCat("a change of: ", std::string(AllowedChanges(field))));
  }
  const Path at = path.Member(word);
  if (field.read_only) return errors::ReadOnlyField(path, field.model->name, field.name);
  const std::string_view allowed = AllowedChanges(field);
  if (absl::StrCat(", ", std::string(allowed), ",").find(absl::StrCat(", ", word, ",")) == std::string::npos) {
    return errors::ChangeNotAllowed(at, TypeName(field.type), allowed);
  }
  if (operand == nullptr) return std::pair(kind, Encoded{.null = true});
  Type type = field.type;
  if (kind == ir::Change::kAppend && operand->kind_case() != v1::Value::kArrayValue) {
    type.array = false;
    ROWAN_ASSIGN_OR_RETURN(const Encoded element, EncodeValue(type, *operand, at));
    return std::pair(kind, EncodeArray(type, {element}));
  }
  ROWAN_ASSIGN_OR_RETURN(Encoded encoded, EncodeValue(type, *operand, at));
  if (encoded.null) return errors::NullNotAllowed(at, field.model->name, field.name);
  if (kind == ir::Change::kMerge) {
    const size_t first = encoded.bytes.find_first_not_of(" \t\r\n", 1);
    if (first == std::string::npos || encoded.bytes[first] != '{') {
      return errors::MalformedValue(at, "json", "only an object can be merged");
    }
  }
  return std::pair(kind, std::move(encoded));
}

// Every field of a new row must come from somewhere.
absl::Status MutationBinder::CheckRequired(const Model& model, const std::vector<RecordSource>& sources,
                                           const RecordRules& rules, int node) {
  const std::set<const Field*> from_parent = FieldsFromParent(rules);
  for (const auto& field : model.fields) {
    if (field->omittable || from_parent.contains(field.get())) continue;
    const Relation* relation = field->foreign_key_of;
    for (size_t row = 0; row < sources.size(); ++row) {
      const v1::RecordInput& record = *sources[row].record;
      if (record.values().contains(field->name)) continue;
      if (relation != nullptr && record.relations().contains(relation->name)) continue;
      if (const KeySource* known = sources[row].key; known != nullptr) {
        const std::vector<const Field*>& key = known->key->fields;
        if (std::find(key.begin(), key.end(), field.get()) != key.end()) continue;
      }
      const std::string at = RowPath(node, static_cast<int>(row));
      const std::string_view missing = relation != nullptr && field->implicit ? relation->name : field->name;
      const std::string instead =
          relation == nullptr ? absl::StrCat("\"", field->name, "\": a value")
                              : absl::StrCat("\"", relation->name, "\": {\"connect\": …} or {\"create\": …}, or \"",
                                             field->name, "\": a value");
      return errors::RequiredField(Path(at).Member(missing), model.name, missing, instead);
    }
  }
  return absl::OkStatus();
}

absl::Status MutationBinder::BindJunction(const Relation& relation, bool complete, int rows,
                                          const std::function<const JunctionValues*(int)>& values_of,
                                          const std::function<std::string(int)>& path_of, int node,
                                          std::vector<ir::InputColumn>& columns) {
  const Model* model = relation.junction ? relation.junction->model : nullptr;
  std::set<const Field*> keys;  // the foreign keys, which the relation itself gives
  if (model != nullptr) {
    for (const Relation* end : {relation.junction->source_relation, relation.junction->target_relation}) {
      for (const ColumnPair& pair : end->pairs) keys.insert(pair.from);
    }
  }
  for (int row = 0; row < rows; ++row) {
    const JunctionValues& values = *values_of(row);
    if (model == nullptr && values.empty()) continue;
    const std::string at = path_of(row);
    const Path path(at);
    const Path junction = path.Member("$junction");
    if (model == nullptr) {
      return errors::VerbNotAllowed(junction, "$junction", relation.name, "a junction that is a model",
                                    "the relation's junction has no fields of its own");
    }
    for (std::string_view name : SortedNames(values)) {
      const Path member = junction.Member(name);
      ROWAN_ASSIGN_OR_RETURN(const Field* field, FindField(*model, name, member));
      if (keys.contains(field)) {
        return errors::ConflictingInput(member, "", "the relation itself gives this foreign key");
      }
    }
    for (const auto& field : model->fields) {
      if (!complete || field->omittable || keys.contains(field.get()) || values.contains(field->name)) continue;
      return errors::RequiredField(junction.Member(field->name), model->name, field->name,
                                   absl::StrCat("\"$junction\": {\"", field->name, "\": a value}"));
    }
  }
  if (model == nullptr) return absl::OkStatus();
  for (const auto& field : model->fields) {
    std::vector<Encoded> encoded(rows, Encoded{.null = true});
    std::vector<char> given(rows);
    int count = 0;
    for (int row = 0; row < rows; ++row) {
      const JunctionValues& values = *values_of(row);
      const auto found = values.find(field->name);
      if (found == values.end()) continue;
      const std::string at = path_of(row);
      const Path path(at);
      const Path junction = path.Member("$junction");
      ROWAN_ASSIGN_OR_RETURN(encoded[row], BindValue(*field, found->second, junction.Member(field->name)));
      given[row] = 1;
      ++count;
    }
    if (count == 0) continue;
    columns.push_back({.field = field.get(), .always = count == rows});
    arguments_.rows[node].columns.push_back(std::move(encoded));
    arguments_.rows[node].given.push_back(std::move(given));
  }
  return absl::OkStatus();
}

}  // namespace rowan
