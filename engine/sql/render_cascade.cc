#include "engine/sql/render_cascade.h"

#include <algorithm>

#include "engine/sql/render_predicate.h"
#include "engine/sql/writer.h"

namespace rowan::sql {
namespace {

constexpr size_t kMostCascades = 100;

// A foreign key that leads to a table of the chain: from a model, or from a junction.
struct Link {
  const Model* holder = nullptr;         // null for a junction
  const Junction* junction = nullptr;    // its source side refers to the target
  const Model* target = nullptr;
  std::string constraint;
  ReferentialAction action = ReferentialAction::kCascade;
  std::vector<std::pair<std::string, std::string>> columns;  // of the holder, of the target
};

using Chain = std::vector<Link>;

std::vector<Link> LinksTo(const Catalog& catalog, const Model& target) {
  std::vector<Link> links;
  for (const auto& model : catalog.models) {
    for (const ForeignKey& key : model->foreign_keys) {
      if (key.target != &target) continue;
      Link link{model.get(), nullptr, &target, key.constraint, key.on_delete, {}};
      for (size_t i = 0; i < key.fields.size(); ++i) {
        link.columns.emplace_back(key.fields[i]->column, key.references[i]->column);
      }
      links.push_back(std::move(link));
    }
    for (const auto& relation : model->relations) {
      if (relation->source != &target || !relation->junction || relation->junction->model != nullptr) continue;
      Link link{nullptr, &*relation->junction, &target, relation->junction->source_foreign_key,
                relation->junction->on_delete, {}};
      for (const JunctionColumn& column : relation->junction->source) {
        link.columns.emplace_back(column.column, column.field->column);
      }
      links.push_back(std::move(link));
    }
  }
  return links;
}

// The condition that the row with the alias refers, over the chain's first `length` links, to a row that is deleted.
void RenderReached(Writer& writer, PredicateScope& scope, const Chain& chain, size_t length,
                   const std::optional<ir::Predicate>& where) {
  const Link& link = chain[length - 1];
  const std::string holder = "c" + std::to_string(length);
  const std::string target = "c" + std::to_string(length - 1);
  writer << "EXISTS (SELECT 1 FROM ";
  writer.Table(*link.target, target) << " WHERE ";
  Join(writer, link.columns, " AND ", [&](const auto& pair) {
    writer.Column(target, pair.second) << " = ";
    writer.Column(holder, pair.first);
  });
  if (length > 1) {
    writer << " AND ";
    RenderReached(writer, scope, chain, length - 1, where);
  } else if (where) {
    writer << " AND ";
    RenderPredicate(writer, scope, *where, target);
  }
  writer << ")";
}

Cascade RenderChain(const Chain& chain, const std::optional<ir::Predicate>& where) {
  const Link& last = chain.back();
  const std::string alias = "c" + std::to_string(chain.size());
  Writer writer;
  PredicateScope scope;
  writer << "SELECT count(*) FROM ";
  if (last.holder != nullptr) {
    writer.Table(*last.holder, alias);
  } else {
    writer.Table(*last.junction, alias);
  }
  writer << " WHERE ";
  RenderReached(writer, scope, chain, chain.size(), where);
  const std::string& table = last.holder != nullptr ? last.holder->table : last.junction->table;
  ReadStatement count{"count what refers to it in " + table, writer.Take(), 0, std::move(scope.slots)};
  return {last.holder == nullptr ? "" : last.holder->name, table, last.constraint, last.action,
          static_cast<int>(chain.size()), std::move(count)};
}

}  // namespace

std::vector<Cascade> RenderCascades(const Catalog& catalog, const Model& model,
                                    const std::optional<ir::Predicate>& where) {
  std::vector<Cascade> cascades;
  std::vector<Chain> chains;
  for (Link& link : LinksTo(catalog, model)) chains.push_back({std::move(link)});
  for (size_t i = 0; i < chains.size() && cascades.size() < kMostCascades; ++i) {
    const Chain chain = chains[i];
    cascades.push_back(RenderChain(chain, where));
    if (chain.back().holder == nullptr || chain.back().action != ReferentialAction::kCascade) continue;
    for (Link& link : LinksTo(catalog, *chain.back().holder)) {
      const bool again = std::any_of(chain.begin(), chain.end(),
                                     [&](const Link& other) { return other.constraint == link.constraint; });
      if (again) continue;
      Chain longer = chain;
      longer.push_back(std::move(link));
      chains.push_back(std::move(longer));
    }
  }
  return cascades;
}

}  // namespace rowan::sql
