#include "engine/sql/render_read.h"

#include <string>
#include <utility>

#include "engine/sql/render_predicate.h"
#include "engine/sql/writer.h"

namespace rowan::sql {
namespace {

std::string Alias(const plan::Select& select) { return "t" + std::to_string(select.number); }

class ReadRenderer {
 public:
  ReadStatement Render(const plan::Select& root) {
    writer_ << "SELECT ";
    RenderOutput(root);
    writer_ << " FROM ";
    if (root.by_keys) {
      RenderKeySource(root);
    } else {
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
  // The fields, then one column per related select: a row for to-one (null where there is none), an array of rows for to-many.
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
      Join(writer_, select.order, ", ", [&](const ir::Order& by) {
        writer_.Column(alias, by.field->column) << (by.descending ? " DESC" : "");
      });
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

  void RenderKeySource(const plan::Select& root) {
    const std::string alias = Alias(root);
    const std::vector<const Field*>& key = root.model->primary_key().fields;
    writer_ << key_source_ << " JOIN ";
    writer_.Table(*root.model, alias) << " ON ";
    int column = 0;
    Join(writer_, key, " AND ", [&](const Field* field) {
      writer_.Column(alias, field->column) << " = k.c" << std::to_string(column++);
    });
    writer_ << " ORDER BY k.n";
  }

 public:
  // The arrays of keys must be the first parameters, so they are numbered before anything else is rendered.
  void PrepareKeySource(const plan::Select& root) {
    Writer keys;
    const std::vector<const Field*>& fields = root.model->primary_key().fields;
    std::string columns;
    for (size_t i = 0; i < fields.size(); ++i) columns += "c" + std::to_string(i) + ", ";
    keys << "unnest(";
    Join(keys, fields, ", ", [&](const Field* field) {
      Type type = field->type;
      type.array = true;
      keys.Parameter(type);
    });
    keys << ") WITH ORDINALITY AS k(" << columns << "n)";
    pg::Statement fragment = keys.Take();
    key_source_ = fragment.text;
    writer_.Reserve(fragment.parameter_oids);
  }

 private:
  Writer writer_;
  PredicateScope scope_;
  std::string key_source_;
};

}  // namespace

ReadStatement RenderRead(const plan::Select& root) {
  ReadRenderer renderer;
  if (root.by_keys) renderer.PrepareKeySource(root);
  return renderer.Render(root);
}

}  // namespace rowan::sql
