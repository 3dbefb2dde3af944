#include "engine/catalog/catalog.h"

namespace rowan {
namespace {

template <typename T>
const T* Find(const absl::flat_hash_map<std::string, const T*>& by_name, std::string_view name) {
  const auto found = by_name.find(absl::string_view(name.data(), name.size()));
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace

const Field* Model::FindField(std::string_view name) const {
  return Find(field_by_name, name);
}

const Relation* Model::FindRelation(std::string_view name) const {
  return Find(relation_by_name, name);
}

const Model* Catalog::FindModel(std::string_view name) const {
  return Find(model_by_name, name);
}

}  // namespace rowan
