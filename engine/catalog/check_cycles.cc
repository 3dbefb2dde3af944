// A model whose required foreign keys lead in a circle back to it can never get a first row: each would need the
// others' rows before. A required relation of a model to itself is no such circle, as a row may refer to itself; it is
// a notice.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/catalog/schema_draft.h"

namespace rowan {
namespace {

using Edges = std::map<const ModelDraft*, std::vector<const ForeignKeyDraft*>>;

// Removes the models that can have a first row, given that those removed already have rows.
void Strip(std::set<const ModelDraft*>& stuck, const Edges& edges,
           const std::map<const ModelDraft*, std::vector<const ModelDraft*>>& users,
           std::vector<const ModelDraft*> freed) {
  const auto is_stuck = [&](const ModelDraft* model) {
    const auto found = edges.find(model);
    if (found == edges.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(),
                       [&](const ForeignKeyDraft* key) { return stuck.count(key->target) != 0; });
  };
  while (!freed.empty()) {
    const ModelDraft* model = freed.back();
    freed.pop_back();
    if (stuck.count(model) == 0 || is_stuck(model)) continue;
    stuck.erase(model);
    if (const auto found = users.find(model); found != users.end())
      freed.insert(freed.end(), found->second.begin(), found->second.end());
  }
}

// Follows required foreign keys among stuck models until one comes again, and returns the circle.
std::vector<const ForeignKeyDraft*> FindCircle(const ModelDraft* begin, const std::set<const ModelDraft*>& stuck,
                                               const Edges& edges) {
  std::vector<const ForeignKeyDraft*> walked;
  std::map<const ModelDraft*, size_t> position;
  const ModelDraft* at = begin;
  while (position.emplace(at, walked.size()).second) {
    const auto& keys = edges.at(at);
    const auto next = std::find_if(keys.begin(), keys.end(),
                                   [&](const ForeignKeyDraft* key) { return stuck.count(key->target) != 0; });
    walked.push_back(*next);
    at = (*next)->target;
  }
  return {walked.begin() + static_cast<std::ptrdiff_t>(position[at]), walked.end()};
}

}  // namespace

void CheckCycles(Draft& draft) {
  Edges edges;
  std::map<const ModelDraft*, std::vector<const ModelDraft*>> users;
  for (const ForeignKeyDraft& key : draft.foreign_keys) {
    // Others see to the rows of read-only models.
    if (!key.relation->proto->required() || key.holder->proto->read_only()) continue;
    if (key.holder == key.target) {
      draft.Notice("SELF_REQUIRED", key.relation->path,
                   "the first row must refer to itself: give it its own key, or make the relation nullable");
      continue;
    }
    edges[key.holder].push_back(&key);
    users[key.target].push_back(key.holder);
  }
  std::set<const ModelDraft*> stuck;
  std::vector<const ModelDraft*> all;
  for (const ModelDraft& model : draft.models) all.push_back(&model);
  stuck.insert(all.begin(), all.end());
  Strip(stuck, edges, users, all);
  // What is left leads into a circle. Each circle is reported once, then taken as solved to find the next.
  for (const ModelDraft& model : draft.models) {
    while (stuck.count(&model) != 0) {
      std::vector<const ForeignKeyDraft*> circle = FindCircle(&model, stuck, edges);
      std::rotate(circle.begin(),
                  std::min_element(circle.begin(), circle.end(),
                                   [](const ForeignKeyDraft* a, const ForeignKeyDraft* b) {
                                     return a->holder->path < b->holder->path;
                                   }),
                  circle.end());
      std::string text;
      std::vector<const ModelDraft*> freed;
      for (const ForeignKeyDraft* key : circle) {
        absl::StrAppend(&text, text.empty() ? "" : " -> ", key->relation->QualifiedName());
        freed.push_back(key->holder);
      }
      draft.Report("UNSATISFIABLE_CYCLE", circle[0]->relation->path,
                   absl::StrCat("models require each other in a circle (", text,
                                "), so that no first row could ever be inserted: make one of these relations nullable"),
                   {{"cycle", text}});
      std::vector<const ModelDraft*> next;
      for (const ModelDraft* solved : freed) {
        stuck.erase(solved);
        if (const auto found = users.find(solved); found != users.end())
          next.insert(next.end(), found->second.begin(), found->second.end());
      }
      Strip(stuck, edges, users, std::move(next));
    }
  }
}

}  // namespace rowan
