#include "engine/base/path.h"

namespace rowan {

std::string Path::Text() const {
  std::string text = parent_ == nullptr ? "" : parent_->Text();
  if (index_ >= 0) return text + "[" + std::to_string(index_) + "]";
  if (!text.empty() && !name_.empty()) text += '.';
  return text.append(name_);
}

}  // namespace rowan
