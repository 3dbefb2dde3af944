// The catalog of a canonical schema. Nothing is decided here: the canonical form says it all.
#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/catalog/field_type.h"
#include "engine/catalog/naming.h"
#include "engine/catalog/proto_enums.h"
#include "engine/catalog/schema_draft.h"

namespace rowan {
namespace {

RelationKind KindOf(v1::RelationKind kind) {
  switch (kind) {
    case v1::RELATION_KIND_HAS_ONE:
      return RelationKind::kHasOne;
    case v1::RELATION_KIND_HAS_MANY:
      return RelationKind::kHasMany;
    case v1::RELATION_KIND_MANY_TO_MANY:
      return RelationKind::kManyToMany;
    case v1::RELATION_KIND_BELONGS_TO:
    case v1::RELATION_KIND_UNSPECIFIED:
    case v1::RelationKind_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::RelationKind_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return RelationKind::kBelongsTo;
}

Generator GeneratorOf(const v1::Default& given) {
  if (given.has_literal()) return given.literal().has_null_value() ? Generator::kNone : Generator::kLiteral;
  if (given.kind_case() == v1::Default::kExpression) return Generator::kExpression;
  switch (given.generator()) {
    case v1::DEFAULT_GENERATOR_NOW:
      return Generator::kNow;
    case v1::DEFAULT_GENERATOR_UUID:
      return Generator::kUuid;
    case v1::DEFAULT_GENERATOR_IDENTITY:
      return Generator::kIdentity;
    case v1::DEFAULT_GENERATOR_UNSPECIFIED:
    case v1::DefaultGenerator_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::DefaultGenerator_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Generator::kNone;
}

std::unique_ptr<Field> BuildField(const v1::Field& proto, const Model& model, int index) {
  auto field = std::make_unique<Field>();
  field->name = proto.name();
  field->column = proto.column();
  field->type = FieldTypeOf(proto.type());
  field->model = &model;
  field->index = index;
  field->nullable = proto.nullable();
  field->read_only = proto.read_only();
  field->version = proto.version();
  field->omittable = proto.optional();
  field->generator = GeneratorOf(proto.default_());
  field->generated = proto.generated();
  field->description = proto.description();
  field->renamed_from = proto.renamed_from();
  if (field->generator == Generator::kExpression) field->literal_text = proto.default_().expression();
  if (field->generator == Generator::kLiteral) {
    // Encoded once already, when it was checked.
    if (auto encoded = EncodeValue(field->type, proto.default_().literal(), Path("default")); encoded.ok()) {
      field->literal = *std::move(encoded);
    }
    field->literal_text = SqlLiteral(proto.default_().literal());
  }
  return field;
}

template <typename Names>
std::vector<const Field*> FieldsOf(const Model& model, const Names& names) {
  std::vector<const Field*> fields;
  for (const std::string& name : names) fields.push_back(model.FindField(name));
  return fields;
}

std::unique_ptr<Model> BuildModel(const v1::Model& proto) {
  auto model = std::make_unique<Model>();
  model->name = proto.name();
  model->schema = proto.database_schema();
  model->read_only = proto.read_only();
  model->renamed_from = proto.renamed_from();
  model->table = proto.table();
  model->description = proto.description();
  for (const v1::Field& field : proto.fields()) {
    model->fields.push_back(BuildField(field, *model, static_cast<int>(model->fields.size())));
    model->field_by_name.emplace(field.name(), model->fields.back().get());
  }
  model->keys.push_back({proto.primary_key_name(), FieldsOf(*model, proto.primary_key()), true});
  for (const v1::UniqueKey& key : proto.unique_keys())
    model->keys.push_back({key.name(), FieldsOf(*model, key.fields()), false});
  for (const v1::Index& index : proto.indexes()) {
    model->indexes.push_back({index.name(), FieldsOf(*model, index.fields()), index.unique(), index.predicate()});
  }
  for (const v1::Check& check : proto.checks()) model->checks.push_back({check.name(), check.expression()});
  return model;
}

std::vector<JunctionColumn> JunctionColumns(const google::protobuf::RepeatedPtrField<std::string>& columns,
                                            const Model& model) {
  std::vector<JunctionColumn> built;
  for (int i = 0; i < columns.size(); ++i) built.push_back({columns[i], model.primary_key().fields[i]});
  return built;
}

std::vector<std::string> NamesOfColumns(const std::vector<JunctionColumn>& first,
                                        const std::vector<JunctionColumn>& second = {}) {
  std::vector<std::string> names;
  for (const JunctionColumn& column : first) names.push_back(column.column);
  for (const JunctionColumn& column : second) names.push_back(column.column);
  return names;
}

// The columns of a model's belongsTo, in the order of the primary key that they refer to.
std::vector<JunctionColumn> JunctionColumns(const Relation& belongs_to) {
  std::vector<JunctionColumn> built;
  for (const Field* key : belongs_to.target->primary_key().fields) {
    const auto pair = std::find_if(belongs_to.pairs.begin(), belongs_to.pairs.end(),
                                   [&](const ColumnPair& candidate) { return candidate.to == key; });
    built.push_back({pair->from->column, key});
  }
  return built;
}

std::string ForeignKeyName(const Relation& belongs_to) {
  const auto& keys = belongs_to.source->foreign_keys;
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const ForeignKey& candidate) { return candidate.relation == &belongs_to; });
  return key->constraint;
}

// The constraint over exactly the columns of both sides.
std::string KeyName(const Junction& junction) {
  const auto is_column = [&](const Field* field) {
    const auto in = [&](const std::vector<JunctionColumn>& side) {
      return std::any_of(side.begin(), side.end(),
                         [&](const JunctionColumn& column) { return column.column == field->column; });
    };
    return in(junction.source) || in(junction.target);
  };
  const size_t size = junction.source.size() + junction.target.size();
  const auto key = std::find_if(junction.model->keys.begin(), junction.model->keys.end(), [&](const Key& candidate) {
    return candidate.fields.size() == size && std::all_of(candidate.fields.begin(), candidate.fields.end(), is_column);
  });
  return key->constraint;
}

void FillFromModel(const v1::Junction& proto, const Catalog& catalog, Junction& junction) {
  junction.model = catalog.FindModel(proto.model());
  junction.schema = junction.model->schema;
  junction.table = junction.model->table;
  junction.source_relation = junction.model->FindRelation(proto.source_relation());
  junction.target_relation = junction.model->FindRelation(proto.target_relation());
  junction.source = JunctionColumns(*junction.source_relation);
  junction.target = JunctionColumns(*junction.target_relation);
  junction.primary_key = KeyName(junction);
  junction.source_foreign_key = ForeignKeyName(*junction.source_relation);
  junction.target_foreign_key = ForeignKeyName(*junction.target_relation);
}

// All belongsTo relations are linked already.
Junction BuildJunction(const v1::Relation& proto, const Relation& relation, const Catalog& catalog) {
  Junction junction;
  // Both ends must come to the same schema.
  junction.schema = std::min(relation.source->schema, relation.target->schema);
  if (!proto.junction().model().empty()) {
    FillFromModel(proto.junction(), catalog, junction);
    return junction;
  }
  junction.table = proto.junction().table();
  junction.source = JunctionColumns(proto.junction().source_columns(), *relation.source);
  junction.target = JunctionColumns(proto.junction().target_columns(), *relation.target);
  // Both ends must come to the same order; between a model and itself the ends' names decide.
  const auto place = [](const Model& model) { return std::tie(model.schema, model.table); };
  const auto here = std::tuple_cat(place(*relation.source), std::tie(relation.name));
  junction.owner = proto.inverse().empty() || here < std::tuple_cat(place(*relation.target), std::tie(proto.inverse()));
  junction.source_first =
      relation.source == relation.target ? junction.owner : place(*relation.source) < place(*relation.target);
  const auto& first = junction.source_first ? junction.source : junction.target;
  const auto& second = junction.source_first ? junction.target : junction.source;
  const auto name = [](const std::string& given, std::string usual) { return given.empty() ? usual : given; };
  const v1::Junction& given = proto.junction();
  junction.primary_key = name(given.primary_key_name(), ConstraintName("pk", junction.table, {}));
  junction.source_foreign_key =
      name(given.source_constraint_name(), ConstraintName("fk", junction.table, NamesOfColumns(junction.source)));
  junction.target_foreign_key =
      name(given.target_constraint_name(), ConstraintName("fk", junction.table, NamesOfColumns(junction.target)));
  junction.reverse_index = name(given.index_name(), ConstraintName("idx", junction.table, NamesOfColumns(second, first)));
  junction.on_update = ActionOf(given.on_update());
  junction.on_delete = ActionOf(given.on_delete());
  return junction;
}

// Builds a model's relations; their inverses, foreign keys and junctions come when all are there.
void BuildRelations(const v1::Model& proto, Model& model, const Catalog& catalog) {
  for (const v1::Relation& given : proto.relations()) {
    auto relation = std::make_unique<Relation>();
    relation->name = given.name();
    relation->kind = KindOf(given.kind());
    relation->source = &model;
    relation->target = catalog.FindModel(given.target());
    relation->index = static_cast<int>(model.relations.size());
    relation->ownership =
        given.on_connect_owned() == v1::OWNERSHIP_POLICY_FAIL ? OwnershipPolicy::kFail : OwnershipPolicy::kMove;
    relation->delete_displaced = given.on_displaced() == v1::DISPLACEMENT_POLICY_DELETE;
    relation->description = given.description();
    relation->renamed_from = given.renamed_from();
    model.relation_by_name.emplace(given.name(), relation.get());
    model.relations.push_back(std::move(relation));
  }
}

void AddForeignKey(const v1::Relation& proto, Relation& relation, Model& holder, const Model& target,
                   const std::vector<const Field*>& fields, const std::vector<const Field*>& references) {
  relation.required = proto.required();
  const bool belongs_to = relation.kind == RelationKind::kBelongsTo;
  for (size_t i = 0; i < fields.size(); ++i) {
    relation.pairs.push_back(belongs_to ? ColumnPair{fields[i], references[i]} : ColumnPair{references[i], fields[i]});
  }
  holder.foreign_keys.push_back({proto.constraint_name(), fields, &target, references, ActionOf(proto.on_update()),
                                 ActionOf(proto.on_delete()), &relation});
}

void LinkBelongsTo(const v1::Relation& proto, Relation& relation, Model& model) {
  const std::vector<const Field*> fields = FieldsOf(model, proto.fields());
  AddForeignKey(proto, relation, model, *relation.target, fields, FieldsOf(*relation.target, proto.references()));
  const std::vector<std::string> usual = ForeignKeyFieldNames(proto.name(), ToVector(proto.references()));
  for (size_t i = 0; i < fields.size(); ++i) {
    Field& field = *model.fields[fields[i]->index];
    // A field that several foreign keys share is that of the narrowest, which it identifies best.
    if (field.foreign_key_of != nullptr && field.foreign_key_of->pairs.size() <= fields.size()) continue;
    field.foreign_key_of = &relation;
    field.implicit = field.name == usual[i];
  }
}

// Links a hasOne, hasMany or manyToMany to its other end. All belongsTo relations are linked already.
void LinkInverse(const v1::Relation& proto, Relation& relation, Catalog& catalog) {
  Model& target = **std::find_if(catalog.models.begin(), catalog.models.end(),
                                 [&](const auto& model) { return model.get() == relation.target; });
  if (relation.kind == RelationKind::kManyToMany) relation.junction = BuildJunction(proto, relation, catalog);
  if (proto.inverse().empty()) {
    if (relation.kind == RelationKind::kManyToMany) return;
    AddForeignKey(proto, relation, target, *relation.source, FieldsOf(target, proto.fields()),
                  relation.source->primary_key().fields);
    return;
  }
  Relation& inverse = *target.relations[target.FindRelation(proto.inverse())->index];
  relation.inverse = &inverse;
  if (relation.kind == RelationKind::kManyToMany) return;
  relation.required = inverse.required;
  for (const ColumnPair& pair : inverse.pairs) relation.pairs.push_back({pair.to, pair.from});
  if (relation.delete_displaced) inverse.delete_displaced = true;
  if (inverse.inverse == nullptr) inverse.inverse = &relation;
}

}  // namespace

std::shared_ptr<Catalog> BuildCatalog(const v1::Schema& canonical) {
  auto catalog = std::make_shared<Catalog>();
  catalog->schema_name = canonical.name();
  catalog->database_schema = canonical.database_schema();
  catalog->version = canonical.version();
  for (const v1::Model& proto : canonical.models()) {
    catalog->models.push_back(BuildModel(proto));
    catalog->model_by_name.emplace(proto.name(), catalog->models.back().get());
  }
  const auto each_relation = [&](auto visit) {
    for (int m = 0; m < canonical.models_size(); ++m) {
      Model& model = *catalog->models[m];
      for (int r = 0; r < canonical.models(m).relations_size(); ++r)
        visit(canonical.models(m).relations(r), *model.relations[r], model);
    }
  };
  for (int m = 0; m < canonical.models_size(); ++m) BuildRelations(canonical.models(m), *catalog->models[m], *catalog);
  each_relation([](const v1::Relation& proto, Relation& relation, Model& model) {
    if (relation.kind == RelationKind::kBelongsTo) LinkBelongsTo(proto, relation, model);
  });
  each_relation([&](const v1::Relation& proto, Relation& relation, Model&) {
    if (relation.kind != RelationKind::kBelongsTo) LinkInverse(proto, relation, *catalog);
  });
  return catalog;
}

}  // namespace rowan
