// Renders ordered lists: what they are read from, where they begin, their order and their limits. Private to engine/sql
// and never fails.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/plan/select.h"
#include "engine/sql/render_predicate.h"
#include "engine/sql/writer.h"

namespace rowan::sql {

// The rows of a select as a part of a statement. `from` and `on` are how its table comes in and what joins it to its
// parent; `on` is empty for a root. `key` is what rows are ordered by before the list's own order: whose they are, which
// makes a sort cheaper where an index has it already; empty for rows of one parent.
struct ListSource {
  std::function<void()> from;
  std::function<void()> on;
  std::function<void()> key = nullptr;
};

class ListRenderer {
 public:
  ListRenderer(Writer& writer, PredicateScope& scope, const plan::Select& select);

  // Writes ` FROM … [WHERE …] [ORDER BY …] [LIMIT …] [OFFSET …]`.
  void Render(const ListSource& source);
  // Writes ` FROM … [WHERE …]`, without regard to cursor, order and limits: what a total counts.
  void RenderAll(const ListSource& source);
  // Writes ` ORDER BY …`, or nothing. `key` is that of ListSource.
  void RenderOrder(const std::function<void()>& key);
  // Writes the tables that the order's values come from, for the row with the select's alias.
  void RenderJoins();
  // Writes the limit, of which there is one: one more than was asked for.
  void RenderLimit();
  // Writes the value of the i-th order.
  void RenderPlace(int i);

  const std::string& alias() const { return alias_; }

 private:
  // ` FROM … WHERE …` of the rows that the filter lets through, the first of each combination when `distinct` is asked for.
  // Returns whether a WHERE was written.
  bool RenderSource(const ListSource& source);
  void RenderOrderBy(bool reversed, bool leading);
  void RenderCursor();
  void RenderLimits();
  std::string JoinAlias(int order, int step) const;

  Writer& writer_;
  PredicateScope& scope_;
  const plan::Select& select_;
  const std::string alias_;
};

// The alias of a select's rows.
std::string Alias(const plan::Select& select);

// Writes `LEFT JOIN`s along a path of to-one relations from the row with the alias. `name(i)` is the alias of step i.
void RenderPath(Writer& writer, const std::vector<const Relation*>& path, std::string_view from,
                const std::function<std::string(int)>& name);

// Writes `ASC`, `DESC` and the place of nulls where they are not PostgreSQL's defaults.
void RenderDirection(Writer& writer, bool descending, bool nulls_first);

}  // namespace rowan::sql
