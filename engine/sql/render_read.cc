#include "engine/sql/render_read.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "engine/sql/render_list.h"
#include "engine/sql/render_predicate.h"
#include "engine/sql/writer.h"

namespace rowan::sql {
namespace {

// The types of the columns of a row that is not nested, in the order of plan/select.h.
std::vector<Type> ColumnTypes(const plan::Select& select) {
  const Type count{.scalar = Scalar::kInt64};
  std::vector<Type> types;
  for (const Field* field : select.fields) types.push_back(field->type);
  types.insert(types.end(), select.counts.size(), count);
  for (const plan::Select& related : select.related) {
    if (related.window.total != ir::Total::kNone) types.push_back(count);
  }
  for (const Field* field : select.links) types.push_back(field->type);
  if (!select.keyed) return types;
  for (const ir::Order& by : select.order) {
    const bool own = by.path.empty() && by.many == nullptr;
    if (!own || plan::FieldColumn(select, plan::Strategy::kTagged, by.field) < 0) types.push_back(by.type());
  }
  return types;
}

// The columns of a tagged result beside the tag. Selects share them, each has the first that are free of the types it needs, so rows
// are hardly wider than the widest select.
class SharedColumns {
 public:
  // Returns the positions of columns of the types, behind the tag.
  std::vector<int> Take(const std::vector<Type>& types) {
    std::vector<bool> taken(types_.size());
    std::vector<int> columns;
    for (const Type& type : types) {
      const std::string name = TravelsAsText(type) ? (type.array ? "text[]" : "text") : CastType(type);
      size_t at = 0;
      while (at < types_.size() && (taken[at] || types_[at] != name)) ++at;
      if (at == types_.size()) {
        types_.push_back(name);
        taken.push_back(false);
      }
      taken[at] = true;
      columns.push_back(static_cast<int>(at) + 1);
    }
    return columns;
  }
  // The names of all types.
  const std::vector<std::string>& types() const { return types_; }

 private:
  std::vector<std::string> types_;
};

std::string ColumnName(int column) {
  return "c" + std::to_string(column);
}

// What holds the rows of a select of a tagged read.
std::string RowsName(const plan::Select& select) {
  return "l" + std::to_string(select.number);
}

// Whether related selects need the positions of the select's rows.
bool TellsPositions(const plan::Select& select) {
  return std::any_of(select.related.begin(), select.related.end(),
                     [](const plan::Select& related) { return !plan::NamesKey(related); });
}

// One statement: of a whole read that is nested or tagged, or of one select by level.
class SelectRenderer {
 public:
  explicit SelectRenderer(plan::Strategy strategy) : strategy_(strategy) {}

  ReadStatement RenderRoot(const plan::Select& root) {
    if (root.by_keys) return RenderByKeys(root);
    RenderRootRows(root);
    if (!root.lock) return Take("read " + root.model->name, 0);
    RenderLock(*root.lock, Alias(root));
    return Take("lock " + root.model->name, 0);
  }

  ReadStatement RenderTotal(const plan::Select& root) {
    const bool exact = root.window.total == ir::Total::kExact;
    writer_ << (exact ? "SELECT count(*)" : "SELECT 1");
    ListRenderer(writer_, scope_, root).RenderAll({[&] { writer_.Table(*root.model, Alias(root)); }, nullptr});
    return Take((exact ? "count " : "estimate ") + root.model->name, 0);
  }

  // A whole read whose rows say which select they are of. Selects that others hang on are read once and kept.
  ReadStatement RenderTagged(const plan::Select& root, std::vector<std::vector<int>>& columns) {
    SharedColumns shared;
    TakeColumns(root, shared, columns);
    RenderKept(root, nullptr);
    RenderBranch(root, nullptr, shared, columns);
    return Take("read " + root.model->name, 0);
  }

  // A select by level: `k` holds the keys of all parents, and a row says by k.n whose it is.
  ReadStatement RenderLevel(const plan::Select& select, const std::string& place) {
    const std::vector<const Field*> links = plan::LinkFields(*select.relation);
    const std::string description = "read " + select.model->name + " at " + place;
    std::string arrays;
    std::string columns;
    for (size_t i = 0; i < links.size(); ++i) {
      Type type = links[i]->type;
      type.array = true;
      arrays += (i == 0 ? "" : ", ") + writer_.NextParameter(type);
      columns += ColumnName(static_cast<int>(i)) + ", ";
    }
    if (plan::NamesKey(select)) {
      RenderOfKeys(select, [&] { writer_ << " = ANY(" << arrays << ")"; });
    } else {
      RenderOfPositions(select, [&] { writer_ << "unnest(" << arrays << ") WITH ORDINALITY AS k(" << columns << "n)"; });
    }
    return Take(description, static_cast<int>(links.size()));
  }

  // The rows of a select by level whose keys are integers from one to another.
  pg::Statement RenderRange(const plan::Select& select) {
    const Type& type = plan::LinkFields(*select.relation).front()->type;
    RenderOfKeys(select, [&] {
      writer_ << " BETWEEN ";
      writer_.Parameter(type) << " AND ";
      writer_.Parameter(type);
    });
    return writer_.Take();
  }

 private:
  ReadStatement Take(std::string description, int keys) {
    return {std::move(description), writer_.Take(), keys, std::move(scope_.slots), std::nullopt};
  }

  void RenderRootRows(const plan::Select& root) {
    writer_ << "SELECT ";
    RenderOutput(root);
    ListRenderer(writer_, scope_, root).Render({[&] { writer_.Table(*root.model, Alias(root)); }, nullptr});
  }

  // The rows whose key, which they say, is as the condition says.
  void RenderOfKeys(const plan::Select& select, const std::function<void()>& condition) {
    const std::string alias = Alias(select);
    const Relation& relation = *select.relation;
    const auto key = [&]() -> Writer& {
      return relation.junction ? writer_.Column("j" + alias, relation.junction->source.front().column)
                               : writer_.Column(alias, relation.pairs.front().to->column);
    };
    writer_ << "SELECT ";
    key();
    RenderOutput(select, /*first=*/false);
    ListRenderer(writer_, scope_, select)
        .Render({[&] { RenderRelatedFrom(writer_, relation, alias); }, [&] {
                   key();
                   condition();
                 },
                 [&] { key(); }});
  }

  // The rows that hang on those of `keys`, which are k.c0, …, and say by k.n which.
  void RenderOfPositions(const plan::Select& select, const std::function<void()>& keys) {
    const Relation& relation = *select.relation;
    const std::string alias = Alias(select);
    writer_ << "SELECT k.n";
    RenderOutput(select, /*first=*/false);
    const auto on = [&] { RenderKeyOn(relation, alias); };
    const auto position = [&] { writer_ << "k.n"; };
    ListRenderer list(writer_, scope_, select);
    if (!select.cut()) {
      ListSource source{[&] {
                          keys();
                          writer_ << " JOIN ";
                          RenderKeyedFrom(relation, alias);
                        },
                        nullptr, position};
      // The tables that the order needs follow.
      list.Render(source);
    } else {
      // What cuts a list holds per parent, so each parent's list is a sub-select of its own.
      writer_ << " FROM ";
      keys();
      writer_ << " CROSS JOIN LATERAL (SELECT " << alias << ".*";
      list.Render({[&] { RenderRelatedFrom(writer_, relation, alias); }, on});
      writer_ << ") " << alias;
      list.RenderJoins();
      list.RenderOrder(position);
    }
  }

  void TakeColumns(const plan::Select& select, SharedColumns& shared, std::vector<std::vector<int>>& columns) {
    std::vector<Type> types = ColumnTypes(select);
    if (select.relation != nullptr) {
      const Type position{.scalar = Scalar::kInt64};
      types.insert(types.begin(), plan::NamesKey(select) ? plan::LinkFields(*select.relation).front()->type : position);
    }
    columns.push_back(shared.Take(types));
    for (const plan::Select& related : select.related) TakeColumns(related, shared, columns);
  }

  // The rows that others hang on, before all that reads them: `WITH l0(c0, c1) AS MATERIALIZED (…), …`.
  void RenderKept(const plan::Select& select, const plan::Select* parent) {
    if (select.related.empty()) return;
    writer_ << (parent == nullptr ? "WITH " : ", ");
    const bool positions = TellsPositions(select);
    RenderNames(select, positions);
    writer_ << " AS MATERIALIZED (";
    if (positions) writer_ << "SELECT row_number() OVER (), s.* FROM (";
    RenderRowsOf(select, parent);
    writer_ << (positions ? ") s)" : ")");
    for (const plan::Select& related : select.related) RenderKept(related, &select);
    if (parent == nullptr) writer_ << " ";
  }

  // `l2(k, c0, c1)`: the key, where there is one, and the columns of plan/select.h.
  void RenderNames(const plan::Select& select, bool positions) {
    const int columns = static_cast<int>(ColumnTypes(select).size());
    std::string names = positions ? "n" : "";
    const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
    if (select.relation != nullptr) add("k");
    for (int column = 0; column < columns; ++column) add(ColumnName(column));
    writer_ << RowsName(select) << "(" << names << ")";
  }

  void RenderRowsOf(const plan::Select& select, const plan::Select* parent) {
    if (parent == nullptr) {
      RenderRootRows(select);
      return;
    }
    const std::vector<const Field*> links = plan::LinkFields(*select.relation);
    const auto link = [&](const Field* field) {
      return ColumnName(plan::FieldColumn(*parent, plan::Strategy::kTagged, field));
    };
    if (plan::NamesKey(select)) {
      RenderOfKeys(select, [&] {
        writer_ << " = ANY(ARRAY(SELECT " << link(links.front());
        RenderParents(*parent);
        writer_ << "))";
      });
      return;
    }
    RenderOfPositions(select, [&] {
      writer_ << "(SELECT n";
      for (const Field* field : links) {
        writer_ << ", " << link(field);
        if (TravelsAsText(field->type)) writer_ << "::" << CastType(field->type);
      }
      RenderParents(*parent);
      writer_ << ") AS k(n";
      for (size_t i = 0; i < links.size(); ++i) writer_ << ", " << ColumnName(static_cast<int>(i));
      writer_ << ")";
    });
  }

  // ` FROM l0`, without the row that only tells that there are more.
  void RenderParents(const plan::Select& parent) {
    writer_ << " FROM " << RowsName(parent);
    if (parent.relation != nullptr || parent.window.limit == ir::kNoSlot) return;
    writer_ << " LIMIT ";
    if (parent.window.rows > 0) {
      writer_ << std::to_string(parent.window.rows - 1);
    } else {
      ListRenderer(writer_, scope_, parent).RenderLimit();
      writer_ << " - 1";
    }
  }

  // `SELECT 2, l2.k, NULL::text, l2.c0 FROM l2`, and those of the selects below.
  void RenderBranch(const plan::Select& select, const plan::Select* parent, const SharedColumns& shared,
                    const std::vector<std::vector<int>>& columns) {
    if (parent != nullptr) writer_ << " UNION ALL ";
    const std::string rows = RowsName(select);
    std::vector<std::string> values;
    for (const std::string& type : shared.types()) values.push_back("NULL::" + type);
    int next = select.relation == nullptr ? 0 : -1;
    for (const int column : columns[select.number]) {
      values[column - 1] = rows + "." + (next < 0 ? "k" : ColumnName(next));
      ++next;
    }
    writer_ << "SELECT " << std::to_string(select.number);
    for (const std::string& value : values) writer_ << ", " << value;
    writer_ << " FROM ";
    if (select.related.empty()) {
      writer_ << "(";
      RenderRowsOf(select, parent);
      writer_ << ") ";
      RenderNames(select, false);
    } else {
      writer_ << rows;
    }
    for (const plan::Select& related : select.related) RenderBranch(related, &select, shared, columns);
  }

  void RenderLock(const ir::RowLock& lock, const std::string& alias) {
    switch (lock.strength) {
      case ir::LockStrength::kUpdate:
        writer_ << " FOR UPDATE";
        break;
      case ir::LockStrength::kNoKeyUpdate:
        writer_ << " FOR NO KEY UPDATE";
        break;
      case ir::LockStrength::kShare:
        writer_ << " FOR SHARE";
        break;
      case ir::LockStrength::kKeyShare:
        writer_ << " FOR KEY SHARE";
        break;
    }
    writer_ << " OF " << alias;
    switch (lock.wait) {
      case ir::LockWait::kWait:
        break;
      case ir::LockWait::kNoWait:
        writer_ << " NOWAIT";
        break;
      case ir::LockWait::kSkipLocked:
        writer_ << " SKIP LOCKED";
        break;
    }
  }

  // What joins a relation's rows to the keys k.
  void RenderKeyOn(const Relation& relation, const std::string& alias) {
    int column = 0;
    if (relation.junction) {
      Join(writer_, relation.junction->source, " AND ", [&](const JunctionColumn& source) {
        writer_.Column("j" + alias, source.column) << " = k.c" << std::to_string(column++);
      });
      return;
    }
    Join(writer_, relation.pairs, " AND ", [&](const ColumnPair& pair) {
      writer_.Column(alias, pair.to->column) << " = k.c" << std::to_string(column++);
    });
  }

  // `<junction> ON <keys> JOIN <target> ON …`, or `<target> ON <keys>`.
  void RenderKeyedFrom(const Relation& relation, const std::string& alias) {
    if (!relation.junction) {
      writer_.Table(*relation.target, alias) << " ON ";
      RenderKeyOn(relation, alias);
      return;
    }
    writer_.Table(*relation.junction, "j" + alias) << " ON ";
    RenderKeyOn(relation, alias);
    writer_ << " JOIN ";
    writer_.Table(*relation.target, alias) << " ON ";
    Join(writer_, relation.junction->target, " AND ", [&](const JunctionColumn& column) {
      writer_.Column(alias, column.field->column) << " = ";
      writer_.Column("j" + alias, column.column);
    });
  }

  // The columns of plan/select.h.
  void RenderOutput(const plan::Select& select, bool first = true) {
    const std::string alias = Alias(select);
    const auto next = [&] {
      if (!std::exchange(first, false)) writer_ << ", ";
    };
    for (const Field* field : select.fields) {
      next();
      writer_.Output(alias, *field);
    }
    for (const ir::Count& count : select.counts) {
      next();
      RenderRelatedAggregate(writer_, scope_, *count.relation, {}, count.where ? &*count.where : nullptr, alias);
    }
    if (strategy_ == plan::Strategy::kNested) {
      for (const plan::Select& related : select.related) {
        next();
        RenderNested(related, alias);
      }
    }
    for (const plan::Select& related : select.related) {
      if (related.window.total == ir::Total::kNone) continue;
      next();
      writer_ << "(SELECT count(*)";
      ListRenderer(writer_, scope_, related).RenderAll(Source(related, alias));
      writer_ << ")";
    }
    for (const Field* field : select.links) {
      next();
      writer_.Output(alias, *field);
    }
    if (!select.keyed) return;
    for (size_t i = 0; i < select.order.size(); ++i) {
      const ir::Order& by = select.order[i];
      const bool own = by.path.empty() && by.many == nullptr;
      if (own && plan::FieldColumn(select, strategy_, by.field) >= 0) continue;
      next();
      ListRenderer(writer_, scope_, select).RenderPlace(static_cast<int>(i));
      writer_ << Writer::OutputCast(by.type());
    }
  }

  // A row for to-one (null where there is none), an array of rows for to-many.
  void RenderNested(const plan::Select& select, const std::string& parent_alias) {
    writer_ << (select.to_many() ? "ARRAY(SELECT ROW(" : "(SELECT ROW(");
    RenderOutput(select);
    writer_ << ")";
    ListRenderer(writer_, scope_, select).Render(Source(select, parent_alias));
    writer_ << ")";
  }

  ListSource Source(const plan::Select& select, const std::string& parent_alias) {
    return {[this, &select] { RenderRelatedFrom(writer_, *select.relation, Alias(select)); },
            [this, &select, parent_alias] {
              RenderRelatedOn(writer_, *select.relation, parent_alias, Alias(select));
            }};
  }

  // The arrays of keys are the first parameters, so they are numbered before anything else is rendered.
  ReadStatement RenderByKeys(const plan::Select& root) {
    const std::string alias = Alias(root);
    std::string arrays;
    std::string columns;
    std::string matches;
    int column = 0;
    for (const Field* field : root.model->primary_key().fields) {
      Type type = field->type;
      type.array = true;
      const std::string name = "c" + std::to_string(column++);
      arrays += (arrays.empty() ? "" : ", ") + writer_.NextParameter(type);
      columns += name + ", ";
      matches += (matches.empty() ? "" : " AND ") + alias + "." + pg::QuoteIdentifier(field->column) + " = k." + name;
    }
    writer_ << "SELECT ";
    RenderOutput(root);
    writer_ << " FROM unnest(" << arrays << ") WITH ORDINALITY AS k(" << columns << "n) JOIN ";
    writer_.Table(*root.model, alias) << " ON " << matches << " ORDER BY k.n";
    return Take("read back " + root.model->name, column);
  }

  const plan::Strategy strategy_;
  Writer writer_;
  PredicateScope scope_;
};

void RenderLevels(const plan::Select& select, const std::string& place, RenderedRead& rendered) {
  for (const plan::Select& related : select.related) {
    const std::string at = place.empty() ? related.name : place + "." + related.name;
    ReadStatement& statement = rendered.selects.emplace_back(SelectRenderer(plan::Strategy::kByLevel).RenderLevel(related, at));
    if (plan::HasRanges(related)) statement.range = SelectRenderer(plan::Strategy::kByLevel).RenderRange(related);
    RenderLevels(related, at, rendered);
  }
}

}  // namespace

RenderedRead RenderRead(const plan::Read& read) {
  RenderedRead rendered;
  switch (read.strategy) {
    case plan::Strategy::kNested:
      rendered.selects.push_back(SelectRenderer(read.strategy).RenderRoot(read.root));
      break;
    case plan::Strategy::kByLevel:
      rendered.selects.push_back(SelectRenderer(read.strategy).RenderRoot(read.root));
      RenderLevels(read.root, "", rendered);
      break;
    case plan::Strategy::kTagged:
      rendered.selects.push_back(SelectRenderer(read.strategy).RenderTagged(read.root, rendered.columns));
      break;
  }
  if (read.root.window.total != ir::Total::kNone) rendered.total = SelectRenderer(read.strategy).RenderTotal(read.root);
  return rendered;
}

// The groups are a sub-select with columns c0, c1, …, on which having and the order work.
ReadStatement RenderAggregation(const ir::Aggregation& aggregation) {
  Writer writer;
  PredicateScope scope;
  std::vector<Type> types;
  for (const ir::GroupKey& key : aggregation.keys) types.push_back(key.field->type);
  for (const ir::AggregateColumn& column : aggregation.columns) types.push_back(column.aggregate.type);
  writer << "SELECT ";
  for (size_t i = 0; i < types.size(); ++i) {
    writer << (i == 0 ? "g.c" : ", g.c") << std::to_string(i) << Writer::OutputCast(types[i]);
  }
  writer << " FROM (SELECT ";
  int position = 0;
  const auto key_alias = [](int key, int step) { return "o0_" + std::to_string(key) + "_" + std::to_string(step); };
  for (const ir::GroupKey& key : aggregation.keys) {
    if (position > 0) writer << ", ";
    const int steps = static_cast<int>(key.path.size());
    writer.Column(steps == 0 ? "t0" : key_alias(position, steps - 1), key.field->column)
        << " AS c" << std::to_string(position);
    ++position;
  }
  for (const ir::AggregateColumn& column : aggregation.columns) {
    if (position > 0) writer << ", ";
    RenderAggregate(writer, column.aggregate, "t0");
    if (column.where) {
      writer << " FILTER (WHERE ";
      RenderPredicate(writer, scope, *column.where, "t0");
      writer << ")";
    }
    writer << " AS c" << std::to_string(position++);
  }
  writer << " FROM ";
  writer.Table(*aggregation.model, "t0");
  for (size_t i = 0; i < aggregation.keys.size(); ++i) {
    RenderPath(writer, aggregation.keys[i].path, "t0",
               [&](int step) { return key_alias(static_cast<int>(i), step); });
  }
  if (aggregation.where) {
    writer << " WHERE ";
    RenderPredicate(writer, scope, *aggregation.where, "t0");
  }
  if (!aggregation.keys.empty()) {
    writer << " GROUP BY ";
    for (size_t i = 0; i < aggregation.keys.size(); ++i) writer << (i == 0 ? "" : ", ") << std::to_string(i + 1);
  }
  writer << ") g";
  if (aggregation.having) {
    writer << " WHERE ";
    RenderPredicate(writer, scope, *aggregation.having, "g");
  }
  for (size_t i = 0; i < aggregation.order.size(); ++i) {
    writer << (i == 0 ? " ORDER BY " : ", ") << "g.c" << std::to_string(aggregation.order[i].position);
    RenderDirection(writer, aggregation.order[i].descending, aggregation.order[i].nulls_first);
  }
  const Type count{.scalar = Scalar::kInt64};
  writer << " LIMIT ";
  RenderSlot(writer, scope, count, aggregation.window.limit);
  if (aggregation.window.offset != ir::kNoSlot) {
    writer << " OFFSET ";
    RenderSlot(writer, scope, count, aggregation.window.offset);
  }
  return {"aggregate " + aggregation.model->name, writer.Take(), 0, std::move(scope.slots)};
}

ReadStatement RenderExists(const ir::Exists& exists) {
  Writer writer;
  PredicateScope scope;
  writer << "SELECT EXISTS (SELECT 1 FROM ";
  writer.Table(*exists.model, "t0");
  if (exists.where) {
    writer << " WHERE ";
    RenderPredicate(writer, scope, *exists.where, "t0");
  }
  writer << ")";
  return {"look for " + exists.model->name, writer.Take(), 0, std::move(scope.slots)};
}

}  // namespace rowan::sql
