#include "engine/store/order_renames.h"

#include <set>

#include "engine/catalog/naming.h"

namespace rowan::store {

std::vector<Rename> OrderRenames(std::vector<Rename> renames) {
  std::set<Place> taken;
  for (const Rename& rename : renames) taken.insert(rename.from);
  std::vector<Rename> ordered;
  while (!renames.empty()) {
    std::vector<Rename> waiting;
    for (Rename& rename : renames) {
      if (taken.count(rename.to) != 0) {
        waiting.push_back(std::move(rename));
        continue;
      }
      taken.erase(rename.from);
      ordered.push_back(std::move(rename));
    }
    const bool circle = waiting.size() == renames.size();
    if (circle) {
      Rename& first = waiting.front();
      const Place passing{first.from.first, Shortened(first.to.second + "_renamed")};
      taken.erase(first.from);
      ordered.push_back({first.from, passing, first.which});
      first.from = passing;
    }
    renames = std::move(waiting);
  }
  return ordered;
}

}  // namespace rowan::store
