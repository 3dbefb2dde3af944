#include "engine/sql/render_read.h"

#include <algorithm>
#include <utility>

#include "engine/sql/render_list.h"
#include "engine/sql/render_predicate.h"
#include "engine/sql/writer.h"

namespace rowan::sql {
namespace {

// One statement: of a whole nested read, or of one select by level.
class SelectRenderer {
 public:
  explicit SelectRenderer(plan::Strategy strategy) : strategy_(strategy) {}

  ReadStatement RenderRoot(const plan::Select& root) {
    if (root.by_keys) return RenderByKeys(root);
    writer_ << "SELECT ";
    RenderOutput(root);
    ListRenderer(writer_, scope_, root).Render({[&] { writer_.Table(*root.model, Alias(root)); }, nullptr});
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

  // A select by level: `k` holds the keys of all parents, and a row says by k.n whose it is.
  ReadStatement RenderLevel(const plan::Select& select, const std::string& place) {
    const Relation& relation = *select.relation;
    const std::string alias = Alias(select);
    const std::vector<const Field*> links = plan::LinkFields(relation);
    const std::string description = "read " + select.model->name + " at " + place;
    std::string arrays;
    std::string columns;
    for (size_t i = 0; i < links.size(); ++i) {
      Type type = links[i]->type;
      type.array = true;
      arrays += (i == 0 ? "" : ", ") + writer_.NextParameter(type);
      columns += "c" + std::to_string(i) + ", ";
    }
    if (plan::NamesKey(select)) {
      RenderOfKeys(select, " = ANY(" + arrays + ")");
      return Take(description, 1);
    }
    writer_ << "SELECT k.n";
    RenderOutput(select, /*first=*/false);
    const std::string keys = "unnest(" + arrays + ") WITH ORDINALITY AS k(" + columns + "n)";
    const auto on = [&] { RenderKeyOn(relation, alias); };
    ListRenderer list(writer_, scope_, select);
    if (!select.cut()) {
      ListSource source{[&] {
                          writer_ << keys << " JOIN ";
                          RenderKeyedFrom(relation, alias);
                        },
                        nullptr};
      // The tables that the order needs follow.
      list.Render(source);
    } else {
      // What cuts a list holds per parent, so each parent's list is a sub-select of its own.
      writer_ << " FROM " << keys << " CROSS JOIN LATERAL (SELECT " << alias << ".*";
      list.Render({[&] { RenderRelatedFrom(writer_, relation, alias); }, on});
      writer_ << ") " << alias;
      list.RenderJoins();
      list.RenderOrder();
    }
    return Take(description, static_cast<int>(links.size()));
  }

  // The rows of a select by level whose keys are integers from one to another.
  pg::Statement RenderRange(const plan::Select& select) {
    const Type& type = plan::LinkFields(*select.relation).front()->type;
    const std::string first = writer_.NextParameter(type);
    RenderOfKeys(select, " BETWEEN " + first + " AND " + writer_.NextParameter(type));
    return writer_.Take();
  }

 private:
  ReadStatement Take(std::string description, int keys) {
    return {std::move(description), writer_.Take(), keys, std::move(scope_.slots), std::nullopt};
  }

  // The rows whose key, which they say, is as the condition says.
  void RenderOfKeys(const plan::Select& select, const std::string& condition) {
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
        .Render({[&] { RenderRelatedFrom(writer_, relation, alias); }, [&] { key() << condition; }, [&] { key(); }});
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
  rendered.selects.push_back(SelectRenderer(read.strategy).RenderRoot(read.root));
  if (read.strategy == plan::Strategy::kByLevel) RenderLevels(read.root, "", rendered);
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
