#include "engine/ir/insert_order.h"

namespace rowan::ir {
namespace {

void Visit(const RecordNode& record, bool creates, std::vector<int>& order);

void Visit(const RelationWrite& write, std::vector<int>& order) {
  for (const RelatedUpdate& related : write.update) {
    Visit(*related.update, /*creates=*/false, order);
    if (related.create != nullptr) Visit(*related.create, /*creates=*/true, order);
  }
  for (const ConnectOrCreate& either : write.connect_or_create) Visit(*either.create, /*creates=*/true, order);
  if (write.create != nullptr) Visit(*write.create, /*creates=*/true, order);
}

void Visit(const RecordNode& record, bool creates, std::vector<int>& order) {
  for (const RelationWrite& write : record.relations) {
    if (write.relation->kind == RelationKind::kBelongsTo) Visit(write, order);
  }
  if (creates) order.push_back(record.rows);
  for (const RelationWrite& write : record.relations) {
    if (write.relation->kind != RelationKind::kBelongsTo) Visit(write, order);
  }
}

}  // namespace

std::vector<int> InsertOrder(const Mutation& mutation) {
  std::vector<int> order;
  if (mutation.on_conflict && mutation.on_conflict->update.model != nullptr) {
    Visit(mutation.on_conflict->update, /*creates=*/false, order);
  }
  Visit(mutation.root, mutation.kind == MutationKind::kInsert || mutation.kind == MutationKind::kUpsert, order);
  return order;
}

}  // namespace rowan::ir
