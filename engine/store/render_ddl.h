// The DDL of a catalog's parts, each as one step. Never fails. Private to engine/store.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/catalog/catalog.h"
#include "engine/store/plan_migration.h"

namespace rowan::store {

SchemaStep CreateSchema(const Catalog& catalog);
// A native enum; `path` is that of a field that has it.
SchemaStep CreateType(const Type& type, const std::string& path);
// The table with its columns, primary key, unique keys and checks.
SchemaStep CreateTable(const Model& model);
// The junction that the relation, its owner, goes through: table, primary key and foreign keys.
SchemaStep CreateJunction(const Relation& owner);
SchemaStep CreateReverseIndex(const Relation& owner);
SchemaStep AddColumn(const Field& field);
SchemaStep AddUniqueKey(const Model& model, const Key& key);
SchemaStep AddCheck(const Model& model, const CheckDefinition& check);
SchemaStep AddForeignKey(const Model& model, const ForeignKey& key);
SchemaStep CreateIndex(const Model& model, const IndexDefinition& index);
SchemaStep DropIndex(const Model& model, const std::string& index);

// Paths into the document form.
std::string PathOf(const Model& model);
std::string PathOf(const Field& field);
std::string PathOf(const Relation& relation);

}  // namespace rowan::store
