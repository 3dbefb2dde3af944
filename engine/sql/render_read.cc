#include "engine/sql/render_read.h"

#include <string>
#include <utility>

#include "engine/sql/render_predicate.h"
#include "engine/sql/writer.h"

namespace rowan::sql {
namespace {

std::string Alias(const plan::Select& select) {
  return "t" + std::to_string(select.number);
}

class ReadRenderer {
 public:
  ReadStatement Render(const plan::Select& root) {
    const std::string key_source = root.by_keys ? KeySource(root) : "";
    writer_ << "SELECT ";
    RenderOutput(root);
    writer_ << " FROM " << key_source;
    if (!root.by_keys) {
      writer_.Table(*root.model, Alias(root));
      if (root.where) {
        writer_ << " WHERE ";
        RenderPredicate(writer_, scope_, *root.where, Alias(root));
      }
      RenderWindow(root);
    }
    return {writer_.Take(), std::move(scope_.slots)};
  }

 private:
  // The fields, then one column per related select: a row for to-one (null where there is none), an array of rows for
  // to-many.
  void RenderOutput(const plan::Select& select) {
    const std::string alias = Alias(select);
    bool first = true;
    for (const Field* field : select.fields) {
      if (!std::exchange(first, false)) writer_ << ", ";
      writer_.Column(alias, field->column);
    }
    for (const plan::Select& related : select.related) {
      if (!std::exchange(first, false)) writer_ << ", ";
      writer_ << (related.relation->to_many() ? "ARRAY(SELECT ROW(" : "(SELECT ROW(");
      RenderOutput(related);
      writer_ << ") ";
      RenderRelated(writer_, *related.relation, alias, Alias(related));
      if (related.where) {
        writer_ << " AND ";
        RenderPredicate(writer_, scope_, *related.where, Alias(related));
      }
      RenderWindow(related);
      writer_ << ")";
    }
  }

  void RenderWindow(const plan::Select& select) {
    const std::string alias = Alias(select);
    if (!select.order.empty()) {
      writer_ << " ORDER BY ";
      Join(writer_, select.order, ", ",
           [&](const ir::Order& by) { writer_.Column(alias, by.field->column) << (by.descending ? " DESC" : ""); });
    }
    const Type count{.scalar = Scalar::kInt64};
    if (select.window.limit != ir::kNoSlot) {
      writer_ << " LIMIT ";
      RenderSlot(writer_, scope_, count, select.window.limit);
    }
    if (select.window.offset != ir::kNoSlot) {
      writer_ << " OFFSET ";
      RenderSlot(writer_, scope_, count, select.window.offset);
    }
  }

  // The arrays of keys are the first parameters, so they are numbered before anything else is rendered.
  std::string KeySource(const plan::Select& root) {
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
      matches +=
          (matches.empty() ? "" : " AND ") + Alias(root) + "." + pg::QuoteIdentifier(field->column) + " = k." + name;
    }
    Writer table;
    table.Table(*root.model, Alias(root));
    return "unnest(" + arrays + ") WITH ORDINALITY AS k(" + columns + "n) JOIN " + table.Take().text + " ON " +
           matches + " ORDER BY k.n";
  }

 private:
  Writer writer_;
  PredicateScope scope_;
};

}  // namespace

ReadStatement RenderRead(const plan::Select& root) {
  return ReadRenderer().Render(root);
}

}  // namespace rowan::sql
