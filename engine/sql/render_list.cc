#include "engine/sql/render_list.h"

#include <algorithm>
#include <utility>

namespace rowan::sql {
namespace {

const Type kCount{.scalar = Scalar::kInt64};

}  // namespace

std::string Alias(const plan::Select& select) {
  return "t" + std::to_string(select.number);
}

void RenderPath(Writer& writer, const std::vector<const Relation*>& path, std::string_view from,
                const std::function<std::string(int)>& name) {
  std::string parent(from);
  for (size_t i = 0; i < path.size(); ++i) {
    const std::string alias = name(static_cast<int>(i));
    writer << " LEFT JOIN ";
    RenderRelatedFrom(writer, *path[i], alias);
    writer << " ON ";
    RenderRelatedOn(writer, *path[i], parent, alias);
    parent = alias;
  }
}

void RenderDirection(Writer& writer, bool descending, bool nulls_first) {
  if (descending) writer << " DESC";
  if (nulls_first != descending) writer << (nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

ListRenderer::ListRenderer(Writer& writer, PredicateScope& scope, const plan::Select& select)
    : writer_(writer), scope_(scope), select_(select), alias_(Alias(select)) {}

std::string ListRenderer::JoinAlias(int order, int step) const {
  return "o" + std::to_string(select_.number) + "_" + std::to_string(order) + "_" + std::to_string(step);
}

void ListRenderer::RenderJoins() {
  for (size_t i = 0; i < select_.order.size(); ++i) {
    const ir::Order& by = select_.order[i];
    const int order = static_cast<int>(i);
    RenderPath(writer_, by.path, alias_, [&](int step) { return JoinAlias(order, step); });
    if (by.many == nullptr) continue;
    const int steps = static_cast<int>(by.path.size());
    writer_ << " CROSS JOIN LATERAL (SELECT ";
    RenderRelatedAggregate(writer_, scope_, *by.many, by.aggregate, nullptr,
                           steps == 0 ? alias_ : JoinAlias(order, steps - 1));
    writer_ << " AS v) " << JoinAlias(order, steps);
  }
}

void ListRenderer::RenderPlace(int i) {
  const ir::Order& by = select_.order[i];
  const int steps = static_cast<int>(by.path.size());
  if (by.many != nullptr) {
    writer_ << JoinAlias(i, steps) << ".v";
  } else {
    writer_.Column(steps == 0 ? alias_ : JoinAlias(i, steps - 1), by.field->column);
  }
}

void ListRenderer::RenderOrderBy(bool reversed, bool leading) {
  for (size_t i = 0; i < select_.order.size(); ++i) {
    if (i > 0 || leading) writer_ << ", ";
    RenderPlace(static_cast<int>(i));
    const ir::Order& by = select_.order[i];
    RenderDirection(writer_, by.descending != reversed, by.nulls_first != reversed);
  }
}

void ListRenderer::RenderOrder(const std::function<void()>& key) {
  if (select_.order.empty()) return;
  writer_ << " ORDER BY ";
  if (key) key();
  RenderOrderBy(select_.window.backward, key != nullptr);
}

bool ListRenderer::RenderSource(const ListSource& source) {
  writer_ << " FROM ";
  const bool distinct = !select_.distinct.empty();
  if (distinct) {
    writer_ << "(SELECT DISTINCT ON (";
    Join(writer_, select_.distinct, ", ", [&](const Field* field) { writer_.Column(alias_, field->column); });
    writer_ << ") " << alias_ << ".* FROM ";
  }
  source.from();
  RenderJoins();
  bool where = false;
  const auto condition = [&] { writer_ << (std::exchange(where, true) ? " AND " : " WHERE "); };
  if (source.on) {
    condition();
    source.on();
  }
  if (select_.where) {
    condition();
    RenderPredicate(writer_, scope_, *select_.where, alias_);
  }
  if (!distinct) return where;
  writer_ << " ORDER BY ";
  Join(writer_, select_.distinct, ", ", [&](const Field* field) { writer_.Column(alias_, field->column); });
  RenderOrderBy(false, true);
  writer_ << ") " << alias_;
  RenderJoins();
  return false;
}

void ListRenderer::RenderAll(const ListSource& source) {
  RenderSource(source);
}

void ListRenderer::Render(const ListSource& source) {
  const bool where = RenderSource(source);
  if (!select_.window.cursor.empty()) {
    writer_ << (where ? " AND " : " WHERE ");
    RenderCursor();
  }
  RenderOrder(source.key);
  RenderLimits();
}

void ListRenderer::RenderLimit() {
  if (select_.window.rows > 0) {
    writer_ << std::to_string(select_.window.rows);
  } else {
    RenderSlot(writer_, scope_, kCount, select_.window.limit);
  }
}

void ListRenderer::RenderLimits() {
  if (select_.window.limit != ir::kNoSlot) {
    writer_ << " LIMIT ";
    RenderLimit();
  }
  if (select_.window.offset != ir::kNoSlot) {
    writer_ << " OFFSET ";
    RenderSlot(writer_, scope_, kCount, select_.window.offset);
  }
}

// The rows beyond the cursor, in the direction of reading. One comparison of rows, which an index serves, where all values
// run in one direction and none is null; else, by places: equal in all places before, and beyond in this one.
void ListRenderer::RenderCursor() {
  const std::vector<ir::Order>& order = select_.order;
  const std::vector<int>& cursor = select_.window.cursor;
  const bool reversed = select_.window.backward;
  const auto descending = [&](const ir::Order& by) { return by.descending != reversed; };
  const auto value = [&](size_t i) { RenderSlot(writer_, scope_, order[i].type(), cursor[i]); };
  const bool uniform = std::all_of(order.begin(), order.end(), [&](const ir::Order& by) {
    return descending(by) == descending(order.front()) && !by.nullable();
  });
  if (uniform) {
    writer_ << "(";
    for (size_t i = 0; i < order.size(); ++i) {
      if (i > 0) writer_ << ", ";
      RenderPlace(static_cast<int>(i));
    }
    writer_ << ")" << (descending(order.front()) ? " < " : " > ") << "(";
    for (size_t i = 0; i < order.size(); ++i) {
      if (i > 0) writer_ << ", ";
      value(i);
    }
    writer_ << ")";
    return;
  }
  writer_ << "(";
  bool first_place = true;
  for (size_t i = 0; i < order.size(); ++i) {
    const bool nulls_first = order[i].nulls_first != reversed;
    const bool at_null = cursor[i] == ir::kNoSlot;
    // Nothing is beyond a null that comes last.
    if (at_null && !nulls_first) continue;
    if (!std::exchange(first_place, false)) writer_ << " OR ";
    writer_ << "(";
    for (size_t j = 0; j < i; ++j) {
      RenderPlace(static_cast<int>(j));
      if (cursor[j] == ir::kNoSlot) {
        writer_ << " IS NULL";
      } else {
        writer_ << " = ";
        value(j);
      }
      writer_ << " AND ";
    }
    if (at_null) {
      RenderPlace(static_cast<int>(i));
      writer_ << " IS NOT NULL";
    } else {
      const bool nulls_beyond = order[i].nullable() && !nulls_first;
      if (nulls_beyond) writer_ << "(";
      RenderPlace(static_cast<int>(i));
      writer_ << (descending(order[i]) ? " < " : " > ");
      value(i);
      if (nulls_beyond) {
        writer_ << " OR ";
        RenderPlace(static_cast<int>(i));
        writer_ << " IS NULL)";
      }
    }
    writer_ << ")";
  }
  // Only nulls that come last everywhere: there is nothing beyond. (Only a read-only model's primary key may be null.)
  if (first_place) writer_ << "false";
  writer_ << ")";
}

}  // namespace rowan::sql
