#include "engine/store/plan_migration.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/errors.h"
#include "engine/catalog/naming.h"
#include "engine/store/render_ddl.h"

namespace rowan::store {
namespace {

// Fields of two catalogs are the same when their columns are.
bool SameColumns(const std::vector<const Field*>& a, const std::vector<const Field*>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Field* x, const Field* y) { return x->column == y->column; });
}

bool SameColumns(const std::vector<JunctionColumn>& a, const std::vector<JunctionColumn>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const JunctionColumn& x, const JunctionColumn& y) {
    return x.column == y.column && x.field->type == y.field->type;
  });
}

// Returns the part called `name`, or null.
template <typename Parts, typename NameOf>
auto FindPart(const Parts& parts, const std::string& name, NameOf name_of) -> decltype(&parts[0]) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return name_of(part) == name; });
  return found == parts.end() ? nullptr : &*found;
}

constexpr auto kConstraint = [](const auto& part) -> const std::string& { return part.constraint; };
constexpr auto kName = [](const auto& part) -> const std::string& { return part.name; };

// A catalog's junctions by table, each as its owner's relation.
std::map<std::string, const Relation*> Junctions(const Catalog& catalog) {
  std::map<std::string, const Relation*> junctions;
  for (const auto& model : catalog.models) {
    for (const auto& relation : model->relations) {
      if (relation->junction.has_value() && relation->junction->owner)
        junctions.emplace(relation->junction->table, relation.get());
    }
  }
  return junctions;
}

// A catalog's native enums by name, with the first field that has each.
std::map<std::string, const Field*> NativeEnums(const Catalog& catalog) {
  std::map<std::string, const Field*> enums;
  for (const auto& model : catalog.models) {
    for (const auto& field : model->fields) {
      if (!field->type.native_name.empty()) enums.emplace(field->type.native_name, field.get());
    }
  }
  return enums;
}

class Migration {
 public:
  void Compare(const Catalog& from, const Catalog& to) {
    if (from.database_schema != to.database_schema) {
      return Refuse("database_schema", "move tables",
                    absl::StrCat("the tables are in ", Printable(from.database_schema)));
    }
    CompareTypes(NativeEnums(from), to);
    for (const auto& model : from.models) {
      if (to.FindModel(model->name) == nullptr) Refuse(PathOf(*model), "drop table", "the model is no longer there");
    }
    for (const auto& model : to.models) {
      const Model* before = from.FindModel(model->name);
      before == nullptr ? Create(*model) : CompareModel(*before, *model);
    }
    CompareJunctions(Junctions(from), Junctions(to));
  }

  void CreateAll(const Catalog& to) {
    CompareTypes({}, to);
    for (const auto& model : to.models) Create(*model);
    CompareJunctions({}, Junctions(to));
  }

  absl::StatusOr<std::vector<SchemaStep>> Take(std::vector<SchemaStep> steps) {
    if (!refused_.empty()) return errors::UnsupportedChange(refused_);
    for (std::vector<SchemaStep>* group :
         {&types_, &tables_, &columns_, &constraints_, &junctions_, &foreign_keys_, &indexes_}) {
      steps.insert(steps.end(), std::make_move_iterator(group->begin()), std::make_move_iterator(group->end()));
    }
    return steps;
  }

 private:
  void Refuse(const std::string& path, const std::string& change, const std::string& what) {
    refused_.push_back({"UNSUPPORTED_CHANGE",
                        path,
                        absl::StrCat(change, " is not supported yet, only additions are: ", what),
                        {{"change", change}}});
  }

  void CompareTypes(const std::map<std::string, const Field*>& before, const Catalog& to) {
    for (const auto& [name, field] : NativeEnums(to)) {
      // Other labels are another type, which is reported at the fields.
      if (before.count(name) == 0) types_.push_back(CreateType(field->type, PathOf(*field)));
    }
  }

  void Create(const Model& model) {
    tables_.push_back(CreateTable(model));
    for (const ForeignKey& key : model.foreign_keys) foreign_keys_.push_back(AddForeignKey(model, key));
    for (const IndexDefinition& index : model.indexes) indexes_.push_back(CreateIndex(model, index));
  }

  void CompareModel(const Model& before, const Model& after) {
    if (before.table != after.table) {
      return Refuse(PathOf(after), "rename table", absl::StrCat("the table is called ", Printable(before.table)));
    }
    for (const auto& field : before.fields) {
      if (after.FindField(field->name) == nullptr)
        Refuse(PathOf(*field), "drop column", "the field is no longer there");
    }
    for (const auto& field : after.fields) {
      const Field* was = before.FindField(field->name);
      was == nullptr ? columns_.push_back(AddColumn(*field)) : CompareField(*was, *field);
    }
    CompareKeys(before, after);
    CompareIndexes(before, after);
    CompareChecks(before, after);
    CompareForeignKeys(before, after);
  }

  void CompareField(const Field& before, const Field& after) {
    const std::string path = PathOf(after);
    if (before.column != after.column)
      Refuse(path, "rename column", absl::StrCat("the column is called ", Printable(before.column)));
    if (before.type != after.type) {
      const bool labels = before.type.scalar == Scalar::kEnum && after.type.scalar == Scalar::kEnum;
      Refuse(path, labels ? "change labels" : "change type",
             absl::StrCat("the column is ", Printable(SqlType(before.type))));
    }
    if (before.nullable != after.nullable) {
      Refuse(path, "change nullability", before.nullable ? "the column is nullable" : "the column is NOT NULL");
    }
    if (before.generator != after.generator || before.literal_text != after.literal_text) {
      Refuse(path, "change default",
             before.generator == Generator::kNone ? "the column has no default" : "the column has another default");
    }
  }

  void CompareKeys(const Model& before, const Model& after) {
    if (!SameColumns(before.primary_key().fields, after.primary_key().fields)) {
      Refuse(PathOf(after) + ".primary_key", "change primary key", "the table has another primary key");
    }
    for (const Key& key : before.keys) {
      if (!key.primary && FindPart(after.keys, key.constraint, kConstraint) == nullptr) {
        Refuse(PathOf(*key.fields.front()), "drop unique key",
               absl::StrCat("the table has ", Printable(key.constraint)));
      }
    }
    for (const Key& key : after.keys) {
      if (key.primary) continue;
      const Key* was = FindPart(before.keys, key.constraint, kConstraint);
      if (was == nullptr) {
        constraints_.push_back(AddUniqueKey(after, key));
      } else if (!SameColumns(was->fields, key.fields)) {
        Refuse(PathOf(*key.fields.front()), "change unique key",
               absl::StrCat(Printable(key.constraint), " has other fields"));
      }
    }
  }

  void CompareIndexes(const Model& before, const Model& after) {
    for (const IndexDefinition& index : before.indexes) {
      if (FindPart(after.indexes, index.name, kName) != nullptr) continue;
      const bool redundant = !index.unique && index.predicate.empty() &&
                             std::any_of(after.keys.begin(), after.keys.end(),
                                         [&](const Key& key) { return SameColumns(key.fields, index.fields); });
      if (redundant) {
        indexes_.push_back(DropIndex(after, index.name));
      } else {
        Refuse(PathOf(after) + ".indexes", "drop index", absl::StrCat("the table has ", Printable(index.name)));
      }
    }
    for (const IndexDefinition& index : after.indexes) {
      const IndexDefinition* was = FindPart(before.indexes, index.name, kName);
      if (was == nullptr) {
        indexes_.push_back(CreateIndex(after, index));
      } else if (was->unique != index.unique || was->predicate != index.predicate ||
                 !SameColumns(was->fields, index.fields)) {
        Refuse(PathOf(after) + ".indexes", "change index", absl::StrCat(Printable(index.name), " is another one"));
      }
    }
  }

  void CompareChecks(const Model& before, const Model& after) {
    const std::string path = PathOf(after) + ".checks.";
    for (const CheckDefinition& check : before.checks) {
      if (FindPart(after.checks, check.name, kName) == nullptr) {
        Refuse(path + Printable(check.name), "drop check", "the check is no longer there");
      }
    }
    for (const CheckDefinition& check : after.checks) {
      const CheckDefinition* was = FindPart(before.checks, check.name, kName);
      if (was == nullptr) {
        constraints_.push_back(AddCheck(after, check));
      } else if (was->expression != check.expression) {
        Refuse(path + Printable(check.name), "change check", "the table has another expression");
      }
    }
  }

  void CompareForeignKeys(const Model& before, const Model& after) {
    for (const ForeignKey& key : before.foreign_keys) {
      if (FindPart(after.foreign_keys, key.constraint, kConstraint) == nullptr) {
        Refuse(PathOf(*key.relation), "drop foreign key", absl::StrCat("the table has ", Printable(key.constraint)));
      }
    }
    for (const ForeignKey& key : after.foreign_keys) {
      const ForeignKey* was = FindPart(before.foreign_keys, key.constraint, kConstraint);
      if (was == nullptr) {
        foreign_keys_.push_back(AddForeignKey(after, key));
        continue;
      }
      const bool same_columns = SameColumns(was->fields, key.fields) && SameColumns(was->references, key.references);
      if (was->target->table != key.target->table || !same_columns) {
        Refuse(PathOf(*key.relation), "change foreign key", absl::StrCat(Printable(key.constraint), " is another one"));
      } else if (was->on_update != key.on_update || was->on_delete != key.on_delete) {
        Refuse(PathOf(*key.relation), "change action", absl::StrCat(Printable(key.constraint), " has other actions"));
      }
    }
  }

  void CompareJunctions(const std::map<std::string, const Relation*>& before,
                        const std::map<std::string, const Relation*>& after) {
    for (const auto& [table, relation] : before) {
      if (after.count(table) == 0)
        Refuse(PathOf(*relation), "drop junction", absl::StrCat("the table ", Printable(table), " is there"));
    }
    for (const auto& [table, relation] : after) {
      const auto was = before.find(table);
      if (was == before.end()) {
        junctions_.push_back(CreateJunction(*relation));
        indexes_.push_back(CreateReverseIndex(*relation));
        continue;
      }
      const Relation& old = *was->second;
      // Which end owns the junction may change when the other is declared.
      const bool flipped = old.source->name != relation->source->name ||
                           (old.source == old.target && !SameColumns(old.junction->source, relation->junction->source));
      const auto& old_source = flipped ? old.junction->target : old.junction->source;
      const auto& old_target = flipped ? old.junction->source : old.junction->target;
      if (!SameColumns(old_source, relation->junction->source) ||
          !SameColumns(old_target, relation->junction->target)) {
        Refuse(PathOf(*relation), "change junction",
               absl::StrCat("the table ", Printable(table), " has other columns"));
      }
    }
  }

  std::vector<errors::SchemaProblem> refused_;
  std::vector<SchemaStep> types_, tables_, columns_, constraints_, junctions_, foreign_keys_, indexes_;
};

}  // namespace

absl::StatusOr<std::vector<SchemaStep>> PlanMigration(const Catalog* from, const Catalog& to, bool schema_exists) {
  Migration migration;
  from == nullptr ? migration.CreateAll(to) : migration.Compare(*from, to);
  std::vector<SchemaStep> steps;
  if (!schema_exists) steps.push_back(CreateSchema(to));
  return migration.Take(std::move(steps));
}

}  // namespace rowan::store
