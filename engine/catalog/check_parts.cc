// The first step of compilation: each part of the schema by itself.
#include <algorithm>
#include <iterator>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/schema_draft.h"
#include "engine/catalog/sql_expression.h"

namespace rowan {
namespace {

constexpr int kMaxModels = 2000;
constexpr int kMaxLength = 10'485'760;
constexpr int kMaxPrecision = 1000;
constexpr int kMaxLabels = 1000;
constexpr int kMaxKeyFields = 32;  // PostgreSQL's INDEX_MAX_KEYS

// Columns that every table of PostgreSQL has.
constexpr std::string_view kSystemColumns[] = {"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"};

// Returns what is wrong with a name that requests use, or "".
std::string IdentifierFault(std::string_view name) {
  if (name.empty()) return "the name is missing";
  if (!IsIdentifier(name)) {
    return absl::StrCat("\"", Printable(name),
                        "\" is no name: begin with a letter or _, go on with letters, digits or _");
  }
  if (name.size() > kLongestName) {
    return absl::StrCat("the name \"", Printable(name), "\" has ", name.size(), " bytes; 63 are the most");
  }
  return "";
}

// The path of a part with a name that is wrong, by which people find it all the same; the position where there is none.
std::string FaultyPath(const std::string& list, std::string_view name, int position) {
  return name.empty() ? absl::StrCat(list, "[", position, "]") : absl::StrCat(list, ".", Printable(name));
}

void CheckText(Draft& draft, const std::string& path, std::string_view text) {
  if (!IsPlainText(text)) draft.Invalid(path, "the text holds a NUL byte or is not valid UTF-8");
}

// A name in PostgreSQL that the schema gives: anything that fits, as it is always quoted.
void CheckGivenName(Draft& draft, const std::string& path, std::string_view name) {
  CheckText(draft, path, name);
  if (name.size() > kLongestName) {
    draft.Invalid(path,
                  absl::StrCat("the name \"", Printable(name), "\" has ", name.size(),
                               " bytes; PostgreSQL keeps 63: give a shorter one, or leave it out to get one made"));
  }
}

void CheckDatabaseSchema(Draft& draft, const std::string& path, const std::string& name) {
  CheckGivenName(draft, path, name);
  if (name == "rowan" || name == "information_schema" || absl::StartsWith(name, "pg_")) {
    draft.Invalid(path, absl::StrCat("\"", Printable(name), "\" is reserved: choose another, for example \"public\""));
  }
}

void CheckSchemaName(Draft& draft) {
  std::string as_identifier = draft.schema.name();
  std::replace(as_identifier.begin(), as_identifier.end(), '-', '_');
  const std::string& name = draft.schema.name();
  if (name.empty()) {
    draft.Invalid("schema", "the name is missing");
  } else if (!IsIdentifier(as_identifier) || name[0] == '_' || name[0] == '-' || name.size() > kLongestName) {
    draft.Invalid(
        "schema",
        absl::StrCat("\"", Printable(name),
                     "\" is no name of a schema: 1 to 63 characters, a letter, then letters, digits, _ or -"));
  }
}

void CheckLabels(Draft& draft, const std::string& path, const v1::FieldType& type) {
  if (type.labels().empty() || type.labels_size() > kMaxLabels) {
    draft.Invalid(path + ".labels", absl::StrCat("an enum has 1 to 1000 labels, not ", type.labels_size()));
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < type.labels_size(); ++i) {
    const std::string& label = type.labels(i);
    const std::string at = absl::StrCat(path, ".labels[", i, "]");
    if (label.empty() || label.size() > kLongestName) {
      draft.Invalid(at, absl::StrCat("a label has 1 to 63 bytes, not ", label.size()));
    }
    CheckText(draft, at, label);
    if (!seen.insert(label).second)
      draft.Invalid(at, absl::StrCat("the label \"", Printable(label), "\" is there twice"));
  }
}

constexpr int kMaxModifiers = 4;

// The type's own name in the database, for enums and texts.
void CheckNative(Draft& draft, const std::string& path, const v1::FieldType& type) {
  CheckGivenName(draft, path, type.native_type());
  CheckGivenName(draft, path + ".schema", type.native_schema());
  if (type.native_type().empty() && (!type.native_schema().empty() || !type.native_modifiers().empty())) {
    draft.Invalid(path + ".name", "the name of the native type is missing");
  }
  if (type.scalar() == v1::SCALAR_TYPE_ENUM && !type.native_modifiers().empty()) {
    draft.Invalid(path + ".modifiers", "an enum takes no modifiers");
  }
  if (type.native_modifiers_size() > kMaxModifiers) {
    draft.Invalid(path + ".modifiers", absl::StrCat("a type has at most 4 modifiers, not ", type.native_modifiers_size()));
  }
  for (const int modifier : type.native_modifiers()) {
    if (modifier >= 0 && modifier <= kMaxLength) continue;
    draft.Invalid(path + ".modifiers", absl::StrCat("a modifier is 0 to ", kMaxLength, ", not ", modifier));
  }
}

void CheckType(Draft& draft, const std::string& path, const v1::Field& field) {
  const v1::FieldType& type = field.type();
  const v1::ScalarType scalar = type.scalar();
  if (scalar == v1::SCALAR_TYPE_UNSPECIFIED || !v1::ScalarType_IsValid(scalar)) {
    draft.Invalid(path, "the type is missing or unknown: for example int64, string, timestamp");
    return;
  }
  if (type.has_length()) {
    if (scalar != v1::SCALAR_TYPE_STRING) draft.Invalid(path, "only string takes a length");
    if (type.length() < 1 || type.length() > kMaxLength) {
      draft.Invalid(path, absl::StrCat("the length is 1 to ", kMaxLength, ", not ", type.length()));
    }
  }
  if (type.has_precision() || type.has_scale()) {
    if (scalar != v1::SCALAR_TYPE_DECIMAL) draft.Invalid(path, "only decimal takes a precision and a scale");
    if (!type.has_precision()) {
      draft.Invalid(path, "a scale needs a precision: decimal(precision, scale)");
    } else if (type.precision() < 1 || type.precision() > kMaxPrecision) {
      draft.Invalid(path, absl::StrCat("the precision is 1 to ", kMaxPrecision, ", not ", type.precision()));
    } else if (type.scale() < 0 || type.scale() > type.precision()) {
      draft.Invalid(path, absl::StrCat("the scale is 0 to the precision ", type.precision(), ", not ", type.scale()));
    }
  }
  const std::string at = path.substr(0, path.rfind('.'));
  if (scalar == v1::SCALAR_TYPE_ENUM) CheckLabels(draft, at, type);
  if (scalar != v1::SCALAR_TYPE_ENUM && !type.labels().empty()) draft.Invalid(path, "only enum takes labels");
  if (scalar == v1::SCALAR_TYPE_ENUM || scalar == v1::SCALAR_TYPE_TEXT) {
    CheckNative(draft, at + ".native", type);
  } else if (!type.native_type().empty() || !type.native_schema().empty() || !type.native_modifiers().empty()) {
    draft.Invalid(path, "only enum and text take a native type");
  }
  if (type.array() && scalar == v1::SCALAR_TYPE_AUTO_INCREMENT) draft.Invalid(path, "auto_increment has no arrays");
}

void CheckExpression(Draft& draft, const std::string& path, const std::string& expression) {
  CheckText(draft, path, expression);
  if (std::string fault = SqlExpressionFault(expression); !fault.empty()) draft.Invalid(path, std::move(fault));
}

void CheckRenamed(Draft& draft, const std::string& path, const std::string& former, const std::string& name) {
  if (former.empty()) return;
  if (std::string fault = IdentifierFault(former); !fault.empty()) draft.Invalid(path + ".renamed_from", std::move(fault));
  if (former == name) draft.Invalid(path + ".renamed_from", "it is the name that it has");
}

void CheckFields(Draft& draft, ModelDraft& model) {
  for (int i = 0; i < model.proto->fields_size(); ++i) {
    v1::Field& field = *model.proto->mutable_fields(i);
    if (std::string fault = IdentifierFault(field.name()); !fault.empty()) {
      draft.Invalid(FaultyPath(model.path + ".fields", field.name(), i), std::move(fault));
      continue;
    }
    const std::string path = model.FieldPath(field.name());
    if (!model.fields.emplace(field.name(), &field).second) {
      draft.Report("NAME_COLLISION", path, absl::StrCat("the model has two fields named \"", field.name(), "\""),
                   {{"name", field.name()}});
      continue;
    }
    CheckType(draft, path + ".type", field);
    CheckGivenName(draft, path + ".column", field.column());
    CheckText(draft, path + ".description", field.description());
    if (field.column().empty()) field.set_column(SnakeCase(field.name()));
    v1::FieldType& type = *field.mutable_type();
    if (!type.native_type().empty() && type.native_schema().empty()) {
      type.set_native_schema(type.scalar() == v1::SCALAR_TYPE_ENUM ? model.proto->database_schema() : "pg_catalog");
    }
    CheckExpression(draft, path + ".generated", field.generated());
    CheckRenamed(draft, path, field.renamed_from(), field.name());
    field.clear_number();
    if (std::find(std::begin(kSystemColumns), std::end(kSystemColumns), field.column()) != std::end(kSystemColumns)) {
      draft.Invalid(path, absl::StrCat("every table of PostgreSQL has a column \"", field.column(),
                                       "\" of its own: give the field another `column`"));
    }
  }
}

// A junction is described as a table or as a model.
template <typename Refuse>
void CheckJunctionParts(const v1::Junction& junction, Refuse refuse) {
  if (junction.model().empty()) {
    const char* why = "it names a belongs_to of the junction's `model`, which is missing";
    refuse(!junction.source_relation().empty(), "junction.source_relation", why);
    refuse(!junction.target_relation().empty(), "junction.target_relation", why);
    return;
  }
  const char* why = "the junction is a model, which has the table and its columns: write it there";
  refuse(!junction.table().empty(), "junction.table", why);
  refuse(!junction.source_columns().empty(), "junction.source_columns", why);
  refuse(!junction.target_columns().empty(), "junction.target_columns", why);
  refuse(!junction.primary_key_name().empty(), "junction.primary_key_name", why);
  refuse(!junction.source_constraint_name().empty(), "junction.source_constraint_name", why);
  refuse(!junction.target_constraint_name().empty(), "junction.target_constraint_name", why);
  refuse(!junction.index_name().empty(), "junction.index_name", why);
  refuse(junction.on_update() != v1::REFERENTIAL_ACTION_UNSPECIFIED, "junction.on_update", why);
  refuse(junction.on_delete() != v1::REFERENTIAL_ACTION_UNSPECIFIED, "junction.on_delete", why);
}

// The columns of a junction are required, so nothing can be put in their place.
bool FitsJunction(v1::ReferentialAction action) {
  return action == v1::REFERENTIAL_ACTION_UNSPECIFIED || action == v1::REFERENTIAL_ACTION_NO_ACTION ||
         action == v1::REFERENTIAL_ACTION_RESTRICT || action == v1::REFERENTIAL_ACTION_CASCADE;
}

// Reports attributes that the relation's kind does not have.
void CheckAttributes(Draft& draft, RelationDraft& relation) {
  const v1::Relation& proto = *relation.proto;
  const auto refuse = [&](bool given, const char* attribute, const char* why) {
    if (!given) return;
    draft.Invalid(absl::StrCat(relation.path, ".", attribute), why);
    relation.broken = true;
  };
  switch (proto.kind()) {
    case v1::RELATION_KIND_BELONGS_TO:
      refuse(proto.has_junction(), "junction", "only many_to_many has a junction");
      refuse(proto.on_connect_owned() != v1::OWNERSHIP_POLICY_UNSPECIFIED, "on_connect_owned",
             "only has_one and has_many own what they relate to");
      break;
    case v1::RELATION_KIND_HAS_ONE:
    case v1::RELATION_KIND_HAS_MANY:
      refuse(proto.has_junction(), "junction", "only many_to_many has a junction");
      refuse(!proto.references().empty(), "references",
             "the other end refers to this model's primary key; for another key declare the belongs_to there");
      refuse(proto.unique() && proto.kind() == v1::RELATION_KIND_HAS_MANY, "unique",
             "of a has_many there can be several: use has_one");
      break;
    case v1::RELATION_KIND_MANY_TO_MANY: {
      const char* why = "many_to_many has no such attribute: its junction's foreign keys are required and cascade";
      refuse(!proto.fields().empty(), "fields", why);
      refuse(!proto.references().empty(), "references", why);
      refuse(!proto.constraint_name().empty(), "constraint_name", why);
      refuse(proto.on_update() != v1::REFERENTIAL_ACTION_UNSPECIFIED, "on_update", why);
      refuse(proto.on_delete() != v1::REFERENTIAL_ACTION_UNSPECIFIED, "on_delete", why);
      refuse(proto.index(), "index", why);
      refuse(proto.nullable(), "nullable", why);
      refuse(proto.optional(), "optional", why);
      refuse(proto.required(), "required", why);
      refuse(proto.unique(), "unique", why);
      refuse(proto.on_connect_owned() != v1::OWNERSHIP_POLICY_UNSPECIFIED, "on_connect_owned", why);
      CheckJunctionParts(proto.junction(), refuse);
      const char* actions = "a junction's columns are required: cascade, restrict or no action";
      refuse(!FitsJunction(proto.junction().on_update()), "junction.on_update", actions);
      refuse(!FitsJunction(proto.junction().on_delete()), "junction.on_delete", actions);
      break;
    }
    default:
      draft.Invalid(relation.path, "the kind is missing or unknown: belongs_to, has_one, has_many or many_to_many");
      relation.broken = true;
  }
  refuse(!v1::ReferentialAction_IsValid(proto.on_update()), "on_update", "an unknown action");
  refuse(!v1::ReferentialAction_IsValid(proto.on_delete()), "on_delete", "an unknown action");
  refuse(!v1::OwnershipPolicy_IsValid(proto.on_connect_owned()), "on_connect_owned", "an unknown policy");
  refuse(!v1::DisplacementPolicy_IsValid(proto.on_displaced()), "on_displaced", "an unknown policy");
  refuse(proto.on_displaced() != v1::DISPLACEMENT_POLICY_UNSPECIFIED && proto.kind() != v1::RELATION_KIND_HAS_ONE,
         "on_displaced", "only in a has_one does a row take another one's place: write it there");
  if (proto.required() && (proto.nullable() || proto.optional())) {
    refuse(true, "required", "a relation is either required or nullable (optional), not both");
  }
}

void CheckJunctionNames(Draft& draft, const RelationDraft& relation) {
  const v1::Junction& junction = relation.proto->junction();
  CheckGivenName(draft, relation.path + ".junction.table", junction.table());
  CheckGivenName(draft, relation.path + ".junction.primary_key_name", junction.primary_key_name());
  CheckGivenName(draft, relation.path + ".junction.source_constraint_name", junction.source_constraint_name());
  CheckGivenName(draft, relation.path + ".junction.target_constraint_name", junction.target_constraint_name());
  CheckGivenName(draft, relation.path + ".junction.index_name", junction.index_name());
  for (const std::string& column : junction.source_columns()) {
    CheckGivenName(draft, relation.path + ".junction.source_columns", column);
  }
  for (const std::string& column : junction.target_columns()) {
    CheckGivenName(draft, relation.path + ".junction.target_columns", column);
  }
}

void CheckRelations(Draft& draft, ModelDraft& model) {
  std::sort(model.proto->mutable_relations()->pointer_begin(), model.proto->mutable_relations()->pointer_end(),
            [](const v1::Relation* a, const v1::Relation* b) { return a->name() < b->name(); });
  for (int i = 0; i < model.proto->relations_size(); ++i) {
    v1::Relation& proto = *model.proto->mutable_relations(i);
    if (std::string fault = IdentifierFault(proto.name()); !fault.empty()) {
      draft.Invalid(FaultyPath(model.path + ".relations", proto.name(), i), std::move(fault));
      continue;
    }
    auto relation = std::make_unique<RelationDraft>();
    relation->proto = &proto;
    relation->source = &model;
    relation->path = absl::StrCat(model.path, ".relations.", proto.name());
    const bool is_field = model.fields.count(proto.name()) != 0;
    if (is_field || model.relation_by_name.count(proto.name()) != 0) {
      draft.Report("NAME_COLLISION", relation->path,
                   absl::StrCat("the model has ", is_field ? "a field and a relation" : "two relations", " named \"",
                                proto.name(), "\""),
                   {{"name", proto.name()}});
      continue;
    }
    CheckText(draft, relation->path + ".description", proto.description());
    CheckGivenName(draft, relation->path + ".constraint_name", proto.constraint_name());
    CheckRenamed(draft, relation->path, proto.renamed_from(), proto.name());
    proto.clear_number();
    CheckAttributes(draft, *relation);
    CheckJunctionNames(draft, *relation);
    for (const std::string& field : proto.fields()) {
      if (std::string fault = IdentifierFault(field); !fault.empty()) {
        draft.Invalid(relation->path + ".fields", std::move(fault));
        relation->broken = true;
      }
    }
    model.relation_by_name.emplace(proto.name(), relation.get());
    model.relations.push_back(std::move(relation));
  }
}

void CheckListedFields(Draft& draft, const std::string& path,
                       const google::protobuf::RepeatedPtrField<std::string>& fields) {
  if (fields.empty()) draft.Invalid(path, "no fields are named");
  if (fields.size() > kMaxKeyFields)
    draft.Invalid(path, absl::StrCat("PostgreSQL takes 32 fields at most, not ", fields.size()));
  std::set<std::string_view> seen;
  for (const std::string& field : fields) {
    if (!seen.insert(field).second) draft.Invalid(path, absl::StrCat("\"", Printable(field), "\" is named twice"));
  }
}

void CheckLists(Draft& draft, ModelDraft& model) {
  if (!model.proto->primary_key().empty())
    CheckListedFields(draft, model.path + ".primary_key", model.proto->primary_key());
  for (int i = 0; i < model.proto->unique_keys_size(); ++i) {
    const std::string path = absl::StrCat(model.path, ".unique[", i, "]");
    CheckListedFields(draft, path, model.proto->unique_keys(i).fields());
    CheckGivenName(draft, path + ".name", model.proto->unique_keys(i).name());
  }
  for (int i = 0; i < model.proto->indexes_size(); ++i) {
    const std::string path = absl::StrCat(model.path, ".indexes[", i, "]");
    CheckListedFields(draft, path, model.proto->indexes(i).fields());
    CheckGivenName(draft, path + ".name", model.proto->indexes(i).name());
    CheckExpression(draft, path + ".predicate", model.proto->indexes(i).predicate());
  }
  for (int i = 0; i < model.proto->checks_size(); ++i) {
    const v1::Check& check = model.proto->checks(i);
    if (check.name().empty()) {
      draft.Invalid(absl::StrCat(model.path, ".checks[", i, "]"), "the name is missing");
      continue;
    }
    const std::string path = absl::StrCat(model.path, ".checks.", Printable(check.name()));
    CheckGivenName(draft, path, check.name());
    if (check.expression().empty()) draft.Invalid(path, "the expression is missing");
    CheckExpression(draft, path, check.expression());
  }
}

void ResolveTargets(Draft& draft) {
  for (ModelDraft& model : draft.models) {
    for (auto& relation : model.relations) {
      const auto target = draft.model_by_name.find(relation->proto->target());
      if (target != draft.model_by_name.end()) {
        relation->target = target->second;
        continue;
      }
      relation->broken = true;
      if (relation->proto->target().empty()) {
        draft.Invalid(relation->path + ".target", "the name of the related model is missing");
      } else {
        draft.Unknown(relation->path + ".target", "model", relation->proto->target(), NamesOf(draft.model_by_name));
      }
    }
  }
}

}  // namespace

void CheckParts(Draft& draft) {
  v1::Schema& schema = draft.schema;
  CheckSchemaName(draft);
  if (schema.database_schema().empty()) schema.set_database_schema("public");
  CheckDatabaseSchema(draft, "database_schema", schema.database_schema());
  CheckText(draft, "description", schema.description());
  if (schema.models_size() > kMaxModels) {
    draft.Invalid("models", absl::StrCat("a schema has at most 2000 models, not ", schema.models_size()));
    return;
  }
  std::stable_sort(schema.mutable_models()->pointer_begin(), schema.mutable_models()->pointer_end(),
                   [](const v1::Model* a, const v1::Model* b) { return a->name() < b->name(); });
  for (int i = 0; i < schema.models_size(); ++i) {
    v1::Model& proto = *schema.mutable_models(i);
    if (std::string fault = IdentifierFault(proto.name()); !fault.empty()) {
      draft.Invalid(FaultyPath("models", proto.name(), i), std::move(fault));
      continue;
    }
    const std::string path = "models." + proto.name();
    if (draft.model_by_name.count(proto.name()) != 0) {
      draft.Report("NAME_COLLISION", path, absl::StrCat("the schema has two models named \"", proto.name(), "\""),
                   {{"name", proto.name()}});
      continue;
    }
    ModelDraft& model = draft.models.emplace_back();
    model.proto = &proto;
    model.path = path;
    draft.model_by_name.emplace(proto.name(), &model);
    CheckGivenName(draft, path + ".table", proto.table());
    if (proto.table().empty()) proto.set_table(SnakeCase(proto.name()));
    if (proto.database_schema().empty()) proto.set_database_schema(schema.database_schema());
    // Else it is the schema's, which was checked already.
    if (proto.database_schema() != schema.database_schema()) {
      CheckDatabaseSchema(draft, path + ".database_schema", proto.database_schema());
    }
    CheckGivenName(draft, path + ".primary_key_name", proto.primary_key_name());
    if (proto.primary_key_name().empty()) proto.set_primary_key_name(ConstraintName("pk", proto.table(), {}));
    CheckRenamed(draft, path, proto.renamed_from(), proto.name());
    proto.clear_retired_numbers();
    CheckText(draft, path + ".description", proto.description());
    if (proto.fields_size() > kMaxFields) {
      draft.Invalid(path + ".fields", absl::StrCat("a model has at most 500 fields, not ", proto.fields_size()));
      continue;
    }
    if (proto.relations_size() > kMaxRelations) {
      draft.Invalid(path + ".relations",
                    absl::StrCat("a model has at most 500 relations, not ", proto.relations_size()));
      continue;
    }
    CheckFields(draft, model);
    CheckRelations(draft, model);
    CheckLists(draft, model);
  }
  ResolveTargets(draft);
}

void CheckFormerNames(Draft& draft) {
  using Claims = std::map<std::string, std::string>;  // former name -> who had it
  const auto check = [&](const std::string& path, const std::string& former, const std::string& name, bool there, Claims& claims) {
    if (former.empty() || former == name) return;
    if (there) {
      draft.Invalid(path + ".renamed_from", absl::StrCat("\"", Printable(former), "\" is still there beside it"));
    } else if (const auto [claim, first] = claims.emplace(former, name); !first) {
      draft.Invalid(path + ".renamed_from", absl::StrCat("\"", Printable(former), "\" is what ", claim->second, " was called"));
    }
  };
  Claims models;
  for (const ModelDraft& model : draft.models) {
    const std::string& former_model = model.proto->renamed_from();
    check(model.path, former_model, model.proto->name(), draft.model_by_name.count(former_model) != 0, models);
    Claims fields;
    for (const auto& [name, field] : model.fields) {
      check(model.FieldPath(name), field->renamed_from(), name, model.fields.count(field->renamed_from()) != 0, fields);
    }
    Claims relations;
    for (const auto& relation : model.relations) {
      const std::string& former = relation->proto->renamed_from();
      check(relation->path, former, relation->proto->name(), model.relation_by_name.count(former) != 0, relations);
    }
  }
}

}  // namespace rowan
