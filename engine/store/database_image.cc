#include "engine/store/database_image.h"

namespace rowan::store {

const ColumnImage* TableImage::FindColumn(const std::string& column) const {
  for (const ColumnImage& candidate : columns) {
    if (candidate.name == column) return &candidate;
  }
  return nullptr;
}

const KeyImage* TableImage::PrimaryKey() const {
  for (const KeyImage& key : keys) {
    if (key.primary) return &key;
  }
  return nullptr;
}

const TableImage* DatabaseImage::FindTable(const ObjectName& table) const {
  const auto found = tables.find(table);
  return found == tables.end() ? nullptr : &found->second;
}

}  // namespace rowan::store
